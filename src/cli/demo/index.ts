import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { Command } from 'commander';
import { createLog } from '../../app/log.ts';
import { endWithLauncher } from '../../app/parent.ts';
import { ROOT } from '../../app/paths.ts';
import { type Service, startService } from '../../app/service.ts';
import { settingsSchema } from '../../app/settings.ts';
import { systemClock } from '../../lib/clock.ts';
import { isTerminal, type Remediation } from '../../model/remediation.ts';
import { listRemediations } from '../../store/remediations.ts';
import type { CliContext } from '../context.ts';
import { CommandFailed } from '../failure.ts';
import { stopSignal } from '../server.ts';
import { openDemoFolder } from './folder.ts';
import { createDemoRemote, DEFAULT_TOKEN, type DemoRemote, type GitHubStandIn, startGitHub } from './github/index.ts';
import { createNarrator, type Narrator } from './narrator.ts';
import { tellSteps } from './story.ts';
import { sumUp } from './summary.ts';

interface Options {
  readonly dataDir?: string;
  readonly keep?: boolean;
}

/** Longer than it takes on a slow and busy machine; a demo that hangs must say so instead. */
const PATIENCE_MS = 300_000;
/** GitHub's own secrets are longer; this one is known to both ends of the demo only. */
const WEBHOOK_SECRET = 'the-demo-signs-with-this';

export function registerDemo(program: Command, context: CliContext): void {
  program
    .command('demo')
    .description('The whole loop on this machine, without account, cluster or network: a red build becomes green.')
    .option(
      '--data-dir <dir>',
      'where the demo keeps its state; run it again with the same folder to go on after an interruption',
    )
    .option('--keep', 'leave the service running at the end, until Ctrl-C')
    .action((options: Options) => runDemo(options, context));
}

async function runDemo(options: Options, context: CliContext): Promise<void> {
  // `npm run demo` that is killed leaves nothing behind, so that it can be started again in the same folder.
  if (context.env['npm_lifecycle_event'] !== undefined) endWithLauncher();
  const named = options.dataDir ?? context.env['HEALER_DATA_DIR'];
  const folder = await openDemoFolder(
    named === undefined ? mkdtempSync(join(tmpdir(), 'healer-demo-')) : resolve(named),
  );
  const narrator = createNarrator(context, systemClock);
  const remote = await createDemoRemote(folder.github);
  const github = await startGitHub({
    dataDir: folder.github,
    remote: { owner: remote.owner, name: remote.name, defaultBranch: remote.defaultBranch },
    webhook: null,
    hold: true,
    pullRequests: [remote.pullRequest],
    // After a kill the stand-in sends again what nobody acknowledged, as a person would press “Redeliver”.
    redeliver: true,
    log: (line) => narrator.say('github', line, 'quiet'),
    ...(context.env['HEALER_DEMO_RECORD'] === undefined ? {} : { recordTo: context.env['HEALER_DEMO_RECORD'] }),
  });
  const service = await startService({
    settings: demoSettings(folder.healer, github),
    log: quietLog(context),
    env: context.env,
  });
  try {
    introduce(narrator, folder.root, service, folder.isResumed);
    const ended = watchForEnd(service, `${remote.owner}/${remote.name}`);
    const quiet = tellSteps(service, narrator);
    await github.begin({ url: `${service.url}/api/webhooks/github`, secret: WEBHOOK_SECRET });
    const remediation = await Promise.race([ended, patience()]);
    await quiet();
    await finish(narrator, { remediation, github, service, remote });
    folder.markFinished();
    if (options.keep) {
      narrator.plain(`\nThe service keeps running at ${service.url}. End it with Ctrl-C.`);
      await stopSignal();
    }
  } finally {
    await service.stop();
    await github.close();
    folder.close();
  }
}

function demoSettings(dataDir: string, github: GitHubStandIn) {
  return settingsSchema.parse({
    host: '127.0.0.1',
    port: 0,
    dataDir,
    github: {
      apiUrl: github.url,
      token: DEFAULT_TOKEN,
      webhookSecret: [WEBHOOK_SECRET],
      cloneUrl: `file://${github.remotePath}`,
    },
    agentCommand: [process.execPath, join(ROOT, 'demo', 'agent.mjs')],
    limits: { settleSeconds: 1, pollSeconds: 2, retryDelaySeconds: 1, verifyTimeoutMinutes: 5, runDeadlineMinutes: 5 },
  });
}

function quietLog(context: CliContext) {
  return createLog(context.env['LOG_LEVEL'] === 'debug' ? 'debug' : 'error', context.stderr);
}

function introduce(narrator: Narrator, root: string, service: Service, isResumed: boolean): void {
  narrator.plain(
    [
      'Healer demo. Everything runs on this machine: a small project with a git remote, a stand-in for GitHub that runs the',
      'project’s own checks on each push, and Healer itself. The agent is a script, not a model: it makes a first attempt',
      'that does not hold and, told why, a second one that does.',
      '',
      `  page      ${service.url}/`,
      `  data      ${root}${isResumed ? '  (going on where it was interrupted)' : ''}`,
      '',
    ].join('\n'),
  );
}

/** The demo's remediation once it has ended, also when that was before a restart. */
async function watchForEnd(service: Service, repository: string): Promise<Remediation> {
  const ended = new Promise<Remediation>((done) => {
    service.machine.subscribe(({ after }) => {
      if (after.repository === repository && isTerminal(after.phase)) done(after);
    });
  });
  const [known] = await listRemediations(service.store.db, { repository, limit: 1 });
  return known !== undefined && isTerminal(known.phase) ? known : ended;
}

function patience(): Promise<never> {
  return new Promise((_, reject) => {
    setTimeout(
      () => reject(new CommandFailed(`The demo did not end within ${PATIENCE_MS / 1000} s.`)),
      PATIENCE_MS,
    ).unref();
  });
}

async function finish(
  narrator: Narrator,
  parts: {
    readonly remediation: Remediation;
    readonly github: GitHubStandIn;
    readonly service: Service;
    readonly remote: DemoRemote;
  },
): Promise<void> {
  await parts.github.settled();
  const summary = await sumUp(parts.github, parts.remediation, parts.service.url);
  narrator.plain(summary.text);
  if (!summary.isGreen) throw new CommandFailed('The checks are not green.');
}
