import { execFile } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join, resolve } from 'node:path';
import { loadTemplates } from '../brief/prompt/load.ts';
import { loadCodeRunTemplates } from '../coderun/templates.ts';
import { loadRules } from '../decide/route/load.ts';
import { testRules } from '../decide/route/rules.ts';
import { messageOf } from '../lib/errors.ts';
import { createGitHub } from '../lib/github/client.ts';
import { openStore } from '../store/open.ts';
import { FolderInUseError } from '../store/sqlite.ts';
import { wantedDefinition } from './cluster-definition.ts';
import { contextHttp } from './context-systems.ts';
import { diagnoseCluster } from './diagnose-cluster.ts';
import { diagnoseContext } from './diagnose-context.ts';
import type { Environment } from './environment.ts';
import type { Finding } from './finding.ts';
import { githubAuth } from './github.ts';
import { connectCluster } from './kubernetes-engine.ts';
import { hasCredentials, listenHost, loadSettings } from './load-settings.ts';
import { diagnoseNotifications } from './notify-diagnose.ts';
import { PROMPTS_DIR, RULES_DIR, VERSION } from './paths.ts';
import type { Settings } from './settings.ts';

const ok = (name: string, detail: string): Finding => ({ name, status: 'ok', detail, without: null });
const failed = (name: string, detail: string): Finding => ({ name, status: 'failed', detail, without: null });

/** Looks at everything that the service needs, without starting it. The store's schema is brought up to date on the way. */
export async function diagnose(env: Environment, cwd: string): Promise<readonly Finding[]> {
  let settings: Settings;
  try {
    settings = loadSettings(env, cwd);
  } catch (error) {
    return [failed('settings', messageOf(error))];
  }
  return [
    ok(
      'settings',
      `valid; mode ${settings.mode}, at most ${settings.maxAttempts} attempts, ${settings.maxConcurrentCodeRuns} CodeRuns at once`,
    ),
    credentials(settings),
    await store(settings),
    await github(settings),
    await attempt('git', gitVersion),
    await attempt('rules', async () => rules(settings)),
    await attempt('prompts', prompts),
    await agentCli(settings, env),
    ...(await cluster(settings, env)),
    ...(await diagnoseContext(settings, contextHttp(settings), Date.now(), env)),
    ...diagnoseNotifications(settings),
  ];
}

/** What the kubernetes engine stands on; nothing to say of it with another engine. */
async function cluster(settings: Settings, env: Environment): Promise<readonly Finding[]> {
  if (settings.engine !== 'kubernetes') return [];
  try {
    const { client, namespace } = await connectCluster(settings, env);
    const serviceUrl = `http://127.0.0.1:${settings.port}`;
    const findings = await diagnoseCluster({
      ...{ client, namespace, serviceUrl },
      definition: wantedDefinition(),
      now: Date.now(),
    });
    client.close();
    return findings;
  } catch (error) {
    return [failed('cluster', messageOf(error))];
  }
}

async function attempt(name: string, look: () => Promise<string>): Promise<Finding> {
  try {
    return ok(name, await look());
  } catch (error) {
    return failed(name, messageOf(error));
  }
}

function credentials(settings: Settings): Finding {
  const host = listenHost(settings);
  if (hasCredentials(settings)) return ok('credentials', `configured; listens on ${host}:${settings.port}`);
  return {
    name: 'credentials',
    status: 'missing',
    detail: 'no HEALER_API_TOKEN and no GITHUB_WEBHOOK_SECRET',
    without: `the service listens on ${host} only and trusts everyone on this machine`,
  };
}

async function store(settings: Settings): Promise<Finding> {
  const options =
    settings.databaseUrl === undefined
      ? ({ kind: 'sqlite', dir: resolve(settings.dataDir) } as const)
      : ({ kind: 'postgres', url: settings.databaseUrl } as const);
  try {
    const opened = await openStore(options);
    await opened.ping();
    await opened.close();
    return ok(
      'store',
      options.kind === 'sqlite' ? `SQLite in ${options.dir}` : 'PostgreSQL answers and its schema is up to date',
    );
  } catch (error) {
    if (error instanceof FolderInUseError)
      return ok('store', 'the data folder is in use by a running service; ask that one at /ready');
    return failed('store', messageOf(error));
  }
}

async function github(settings: Settings): Promise<Finding> {
  const auth = githubAuth(settings);
  const { apiUrl } = settings.github;
  if (auth.kind === 'none') {
    return {
      name: 'github',
      status: 'missing',
      detail: 'no GITHUB_APP_ID with GITHUB_PRIVATE_KEY, and no GITHUB_TOKEN',
      without: 'deliveries are taken and decided about, but logs, checks and comments cannot be reached',
    };
  }
  return attempt('github', async () => {
    const client = createGitHub({ auth, version: VERSION, baseUrl: apiUrl });
    const app = await client.app();
    if (app !== null) return `${apiUrl} answers; works as the App ${app.slug} (${app.id})`;
    const { data } = await client.forRepository('octocat/hello-world').rest.rateLimit.get();
    return `${apiUrl} answers; works with a token, ${data.rate.remaining} of ${data.rate.limit} requests left this hour`;
  });
}

function gitVersion(): Promise<string> {
  return new Promise((done, fail) => {
    execFile('git', ['--version'], (error, stdout) => {
      if (error) fail(new Error('git is not on the PATH; agents clone and push with it'));
      else done(stdout.trim());
    });
  });
}

function rules(settings: Settings): string {
  const dir = settings.rulesDir ?? RULES_DIR;
  const results = testRules(loadRules(dir));
  const wrong = results.filter((result) => !result.passed);
  if (wrong.length > 0)
    throw new Error(`${wrong.length} of ${results.length} examples differ; see: healer rules test ${dir}`);
  return `${dir}: ${results.length} examples hold`;
}

async function prompts(): Promise<string> {
  const { agents, compiled } = loadTemplates(PROMPTS_DIR);
  return `${compiled.size} templates render; agents: ${agents.map((agent) => agent.name).join(', ')}`;
}

/** The program that a local CodeRun would start. */
async function agentCli(settings: Settings, env: Environment): Promise<Finding> {
  const { clis } = await loadCodeRunTemplates(join(PROMPTS_DIR, 'coderun'));
  const program = settings.agentCommand[0] ?? clis.get(settings.cli.toLowerCase())?.command[0];
  if (program === undefined) {
    return failed('agent', `there is no CLI called ${settings.cli}; known: ${[...clis.keys()].join(', ')}`);
  }
  if (isOnPath(program, env)) return ok('agent', `${program} is there`);
  return {
    name: 'agent',
    status: 'missing',
    detail: `${program} is not on the PATH; install it, or set HEALER_CLI to another (${[...clis.keys()].join(', ')})`,
    without: 'no agent can start; failures are classified, and each attempt ends as infrastructure',
  };
}

function isOnPath(program: string, env: Environment): boolean {
  const folders = program.includes('/') ? [''] : (env['PATH'] ?? '').split(delimiter);
  return folders.some((folder) => {
    try {
      accessSync(join(folder, program), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}
