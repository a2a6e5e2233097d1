import { execFileSync } from 'node:child_process';
import { createHmac, generateKeyPairSync, randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { Writable } from 'node:stream';
import { createLog } from '../../src/app/log.ts';
import { type Service, startService } from '../../src/app/service.ts';
import { type Settings, settingsSchema } from '../../src/app/settings.ts';
import {
  type AddedRun,
  DEFAULT_TOKEN,
  type GitHubStandIn,
  type RunInput,
  startGitHub,
} from '../../src/cli/demo/github/index.ts';
import { numberOf } from '../../src/cli/demo/github/shapes/basics.ts';
import { isTerminal, type Remediation, type TimelineEntry } from '../../src/model/remediation.ts';
import { findRemediation, listRemediations } from '../../src/store/remediations.ts';
import { readTimeline } from '../../src/store/timeline.ts';
import { commitTo, headOf } from './remote.ts';
import { temporaryFolder } from './service.ts';

const AGENT = resolve(import.meta.dirname, 'agent.mjs');
export const REPOSITORY = 'acme/shop';
export const WEBHOOK_SECRET = 'a secret of the acceptance tests';
/** Longer than anything here takes, also on a busy machine; a test that waits longer says what it waited for. */
const PATIENCE_MS = 120_000;
/** For `describe`: a test gives up after what it waits for has. */
export const STORIES = { timeout: 240_000 } as const;
/** Between two looks at what nobody announces (GitHub's comments, files of the agent). */
const LOOK_MS = 25;

/** What an agent does, attempt by attempt; the last word holds for all later ones. `wait then commit` waits to be let go. */
export type Plan = readonly string[];

export interface WorldOptions {
  /** Over the small limits that tests begin with. */
  readonly settings?: Record<string, unknown>;
  /** Whether GitHub's webhooks reach Healer; true unless said otherwise. */
  readonly webhooks?: boolean;
  /** When GitHub's webhooks are answered; when they are decided unless said otherwise. */
  readonly webhookAnswer?: Settings['github']['webhookAnswer'];
  /** Healer works as a GitHub App; with a token otherwise. */
  readonly asApp?: boolean;
  /** Healer's clock; the machine's own otherwise. */
  readonly clock?: () => number;
  /** Takes what Healer logs, at every level. */
  readonly onLog?: (line: string) => void;
}

export interface World {
  readonly gh: GitHubStandIn;
  /** The service of this moment; another one after `restart`. */
  readonly service: Service;
  readonly url: string;
  readonly dataDir: string;
  /** Commits files on top of a branch (of the default branch when it is new) and answers the commit. */
  commit(branch: string, files?: Readonly<Record<string, string>>, message?: string): string;
  headOf(branch: string): string | null;
  /** Moves the branch to a commit by force; null deletes it. */
  reset(branch: string, sha: string | null): void;
  isAncestor(older: string, newer: string): boolean;
  /** What agents do, by task id or broken branch; `*` for all others. */
  plan(plans: Readonly<Record<string, Plan>>): void;
  /** A finished run on the branch's head, announced by webhook when they are on. */
  run(branch: string, jobs: Jobs, more?: Partial<RunInput>): AddedRun;
  /** Ends the re-run of an injected run. */
  finish(runId: number, jobs: Jobs): AddedRun;
  find(idOrTaskId: string): Promise<Remediation>;
  all(): Promise<readonly Remediation[]>;
  /** `phase event` of each entry of the timeline. */
  story(idOrTaskId: string): Promise<readonly string[]>;
  /** Waits until the remediation is as wanted, looking at each step of the machine. */
  until(idOrTaskId: string, isSo: (remediation: Remediation) => boolean, what: string): Promise<Remediation>;
  /** Waits until the remediation is in the phase. */
  phase(idOrTaskId: string, phase: Remediation['phase'], attempts?: number): Promise<Remediation>;
  ended(idOrTaskId: string): Promise<Remediation>;
  /** Waits until something is so that no step announces. */
  eventually<T>(look: () => T | Promise<T>, what: string): Promise<Truthy<T>>;
  /** Waits until the agent of the remediation's latest CodeRun holds; gives its process ids. */
  agentAtWork(idOrTaskId: string): Promise<{ readonly name: string; readonly agent: number; readonly child: number }>;
  letGo(codeRun: string): void;
  /** A webhook of one's own making, signed as GitHub does. */
  deliver(event: string, body: unknown): Promise<Answer>;
  lineage(id: string): Promise<{ readonly attempts: number; readonly spawned: number; readonly open: number }>;
  codeRuns(): Promise<readonly { readonly name: string; readonly task: string; readonly phase: string }[]>;
  prompt(idOrTaskId: string): Promise<string>;
  /** How often effects of a kind were taken up without coming to an end. */
  tries(kind: string): Promise<number>;
  /** Waits until Healer has asked GitHub for the checks of the branch's head so many times more. */
  looksAtChecks(branch: string, times: number): Promise<void>;
  /** Waits until the pull request's comment reads as wanted. */
  comment(pullRequest: number, isSo: (body: string) => boolean): Promise<string>;
  /** Waits until a delivery was answered with this reason. */
  disposition(code: string): Promise<{ readonly status: string; readonly remediation_id: string | null }>;
  post(path: string, body?: unknown, headers?: Readonly<Record<string, string>>): Promise<Answer>;
  get(path: string): Promise<Answer>;
  /** Waits until the agent's commit is there and CI has to say something about it. */
  agentPushed(idOrTaskId: string): Promise<string>;
  /** Stops gracefully and starts again on the same folder. */
  restart(settings?: Record<string, unknown>, meanwhile?: () => Promise<void>): Promise<void>;
  close(): Promise<void>;
}

type Truthy<T> = T extends false | 0 | '' | null | undefined ? never : T;

export interface Answer {
  readonly status: number;
  // biome-ignore lint/suspicious/noExplicitAny: tests reach into answers of many shapes
  readonly body: any;
}

/** Job name to how it went: green, red, running, a conclusion, or the log of a red job. */
export type Jobs = Readonly<Record<string, 'green' | 'red' | 'running' | 'skipped' | 'cancelled' | { red: string }>>;

/** A failure that no re-run cures, and that Rex owns. */
export const RUST_LOG = [
  '##[group]Run cargo build --locked',
  'cargo build --locked',
  '##[endgroup]',
  '   Compiling shop v0.1.0 (/home/runner/work/shop/shop)',
  'error[E0308]: mismatched types',
  ' --> src/cart.rs:12:5',
  '  |',
  '12 |     "three"',
  '  |     ^^^^^^^ expected `u32`, found `&str`',
  'error: could not compile `shop` (lib) due to 1 previous error',
  '##[error]Process completed with exit code 101.',
].join('\n');

/** What a re-run usually cures. */
export const RUNNER_LOST_LOG = [
  '##[group]Run cargo build',
  'cargo build',
  '##[endgroup]',
  '##[error]The self-hosted runner: runner-7 lost communication with the server. Verify the machine is running and has a healthy network connection.',
].join('\n');

export async function startWorld(options: WorldOptions = {}): Promise<World> {
  const folder = temporaryFolder();
  const github = join(folder.path, 'github');
  const dataDir = join(folder.path, 'healer');
  const plans = join(folder.path, 'agent');
  for (const path of [github, dataDir, plans]) mkdirSync(path, { recursive: true });
  const gh = await startGitHub({
    dataDir: github,
    remote: { owner: 'acme', name: 'shop', defaultBranch: 'main' },
    webhook: null,
    checks: { enabled: false, pollMs: 0 },
    permissions: { ada: 'admin' },
  });
  const planFile = join(plans, 'plan.json');
  writeFileSync(planFile, '{}');
  const world = new AcceptanceWorld({ gh, folder, dataDir, plans, planFile, options });
  world.commit('main', { 'README.md': '# Shop\n' }, 'Begin');
  await gh.checkRefs();
  await world.start(options.settings);
  return world;
}

/** A world for one test, closed whatever happens. */
export async function inWorld(options: WorldOptions, story: (world: World) => Promise<void>): Promise<void> {
  const world = await startWorld(options);
  try {
    await story(world);
  } finally {
    await world.close();
  }
}

interface Parts {
  readonly gh: GitHubStandIn;
  readonly folder: ReturnType<typeof temporaryFolder>;
  readonly dataDir: string;
  readonly plans: string;
  readonly planFile: string;
  readonly options: WorldOptions;
}

class AcceptanceWorld implements World {
  readonly gh: GitHubStandIn;
  readonly dataDir: string;
  readonly #parts: Parts;
  #service: Service | null = null;

  constructor(parts: Parts) {
    this.#parts = parts;
    this.gh = parts.gh;
    this.dataDir = parts.dataDir;
  }

  get service(): Service {
    if (this.#service === null) throw new Error('Healer is stopped.');
    return this.#service;
  }

  get url(): string {
    return this.service.url;
  }

  async start(over: Record<string, unknown> = {}): Promise<void> {
    const { onLog, webhooks = true } = this.#parts.options;
    const sink = new Writable({
      write: (chunk, _encoding, done) => {
        onLog?.(String(chunk));
        done();
      },
    });
    this.#service = await startService({
      settings: settingsOf(this.#parts, over),
      log: createLog(onLog === undefined ? 'silent' : 'trace', sink),
      env: process.env,
      ...(this.#parts.options.clock === undefined ? {} : { clock: this.#parts.options.clock }),
    });
    if (webhooks) await this.gh.begin({ url: `${this.url}/api/webhooks/github`, secret: WEBHOOK_SECRET });
  }

  commit(branch: string, files: Readonly<Record<string, string>> = {}, message = `Change ${branch}`): string {
    const some = Object.keys(files).length === 0 ? { [`work/${branch}-${Math.random()}.txt`]: 'work\n' } : files;
    return commitTo(this.gh.remotePath, branch, some, message);
  }

  headOf(branch: string): string | null {
    return headOf(this.gh.remotePath, branch);
  }

  reset(branch: string, sha: string | null): void {
    const ref = `refs/heads/${branch}`;
    const args = sha === null ? ['update-ref', '-d', ref] : ['update-ref', ref, sha];
    execFileSync('git', ['--git-dir', this.gh.remotePath, ...args], { stdio: 'pipe' });
  }

  isAncestor(older: string, newer: string): boolean {
    const args = ['--git-dir', this.gh.remotePath, 'merge-base', '--is-ancestor', older, newer];
    try {
      execFileSync('git', args, { stdio: 'pipe' });
      return true;
    } catch {
      return false;
    }
  }

  plan(plans: Readonly<Record<string, Plan>>): void {
    const { planFile } = this.#parts;
    const known = JSON.parse(readFileSync(planFile, 'utf8')) as Record<string, Plan>;
    // In one step: agents of other stories may be reading it.
    writeFileSync(`${planFile}.new`, JSON.stringify({ ...known, ...plans }));
    renameSync(`${planFile}.new`, planFile);
  }

  run(branch: string, jobs: Jobs, more: Partial<RunInput> = {}): AddedRun {
    const headSha = this.headOf(branch);
    return this.gh.addRun({
      headBranch: branch,
      ...(headSha === null ? {} : { headSha }),
      jobs: jobInputs(jobs),
      announce: this.#parts.options.webhooks ?? true,
      ...more,
    });
  }

  finish(runId: number, jobs: Jobs): AddedRun {
    return this.gh.finishRun(runId, jobInputs(jobs), { announce: this.#parts.options.webhooks ?? true });
  }

  async find(idOrTaskId: string): Promise<Remediation> {
    const found = await findRemediation(this.service.store.db, idOrTaskId);
    if (found === null) throw new Error(`There is no remediation ${idOrTaskId}.`);
    return found;
  }

  all(): Promise<readonly Remediation[]> {
    return listRemediations(this.service.store.db, { limit: 100 });
  }

  async story(idOrTaskId: string): Promise<readonly string[]> {
    return (await this.#timeline(idOrTaskId)).map(({ phase, event }) => `${phase} ${event}`);
  }

  async until(
    idOrTaskId: string,
    isSo: (remediation: Remediation) => boolean,
    what: string,
    patience = PATIENCE_MS,
  ): Promise<Remediation> {
    let found: Remediation | null = null;
    const { promise, resolve: settle, reject } = Promise.withResolvers<void>();
    promise.catch(() => {});
    const look = async (): Promise<void> => {
      const now = await findRemediation(this.service.store.db, idOrTaskId);
      if (now === null || !isSo(now)) return;
      found = now;
      settle();
    };
    // A look that fails fails the waiting; one that comes too late for that concerns nobody.
    const stop = this.service.machine.subscribe(() => void look().catch(reject));
    const timer = setTimeout(settle, patience);
    try {
      await look();
      await promise;
    } finally {
      clearTimeout(timer);
      stop();
    }
    if (found === null) throw new Error(`Not in time: ${what}.\n${await this.#told(idOrTaskId)}`);
    return found;
  }

  phase(idOrTaskId: string, phase: Remediation['phase'], attempts = 0): Promise<Remediation> {
    const isSo = (now: Remediation): boolean => now.phase === phase && now.attempts.length >= attempts;
    return this.until(idOrTaskId, isSo, `${idOrTaskId} is ${phase}${attempts > 0 ? ` in attempt ${attempts}` : ''}`);
  }

  ended(idOrTaskId: string): Promise<Remediation> {
    return this.until(idOrTaskId, (now) => isTerminal(now.phase), `${idOrTaskId} has ended`);
  }

  async eventually<T>(look: () => T | Promise<T>, what: string): Promise<Truthy<T>> {
    const until = Date.now() + PATIENCE_MS;
    for (;;) {
      const seen = await look();
      if (seen) return seen as Truthy<T>;
      if (Date.now() > until) throw new Error(`Not in time: ${what}.\n${await this.#toldAll()}`);
      await new Promise((done) => setTimeout(done, LOOK_MS));
    }
  }

  async agentAtWork(idOrTaskId: string): Promise<{ name: string; agent: number; child: number }> {
    const named = (now: Remediation): string | null => {
      const attempt = now.attempts.at(-1);
      return now.phase === 'working' && attempt?.endedAt === null ? attempt.codeRunName : null;
    };
    const remediation = await this.until(idOrTaskId, (now) => named(now) !== null, `${idOrTaskId} has a CodeRun`);
    const name = named(remediation) ?? '';
    const path = join(this.#parts.plans, `working-${name}`);
    const pids = await this.eventually(
      () => (existsSync(path) ? readFileSync(path, 'utf8') : ''),
      `${name} is at work`,
    );
    return { name, ...(JSON.parse(pids) as { agent: number; child: number }) };
  }

  letGo(codeRun: string): void {
    writeFileSync(join(this.#parts.plans, `release-${codeRun}`), '');
  }

  deliver(event: string, body: unknown): Promise<Answer> {
    const text = JSON.stringify(body);
    const signature = createHmac('sha256', WEBHOOK_SECRET).update(text).digest('hex');
    return this.#ask('/api/webhooks/github', {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        'x-github-event': event,
        'x-github-delivery': randomUUID(),
        'x-hub-signature-256': `sha256=${signature}`,
      },
      body: text,
    });
  }

  async lineage(id: string): Promise<{ attempts: number; spawned: number; open: number }> {
    const { db } = this.service.store;
    return db.selectFrom('lineages').selectAll().where('id', '=', id).executeTakeFirstOrThrow();
  }

  async codeRuns(): Promise<readonly { name: string; task: string; phase: string }[]> {
    const rows = await this.service.store.db.selectFrom('coderuns').selectAll().orderBy('created_at').execute();
    return rows.map(({ name, spec, status }) => ({
      name,
      task: (JSON.parse(spec) as { taskId: string }).taskId,
      phase: (JSON.parse(status) as { phase: string }).phase,
    }));
  }

  async prompt(idOrTaskId: string): Promise<string> {
    return (await this.get(`/api/remediations/${idOrTaskId}`)).body.prompt as string;
  }

  async looksAtChecks(branch: string, times: number): Promise<void> {
    const path = `/commits/${this.headOf(branch)}/check-runs`;
    const looks = () => this.gh.recorder.exchanges.filter(({ request }) => request.path.includes(path)).length;
    const before = looks();
    await this.eventually(() => looks() >= before + times, `the checks of ${branch} are looked at ${times} times`);
  }

  comment(pullRequest: number, isSo: (body: string) => boolean): Promise<string> {
    const bodies = () => this.gh.state.comments.filter(({ issue }) => issue === pullRequest).map(({ body }) => body);
    return this.eventually(() => bodies().find(isSo), `the comment on #${pullRequest} reads as wanted`);
  }

  disposition(code: string): Promise<{ status: string; remediation_id: string | null }> {
    return this.eventually(async () => {
      const { body } = await this.get('/api/deliveries?limit=100');
      return body.deliveries.find((delivery: { reason: { code: string } | null }) => delivery.reason?.code === code);
    }, `a delivery was answered with ${code}`);
  }

  post(path: string, body: unknown = {}, headers: Readonly<Record<string, string>> = {}): Promise<Answer> {
    return this.#ask(path, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify(body),
    });
  }

  get(path: string): Promise<Answer> {
    return this.#ask(path, {});
  }

  async tries(kind: string): Promise<number> {
    const { db } = this.service.store;
    const rows = await db.selectFrom('effects').select('tries').where('kind', '=', kind).execute();
    return Math.max(0, ...rows.map(({ tries }) => tries));
  }

  async agentPushed(idOrTaskId: string): Promise<string> {
    return (await this.phase(idOrTaskId, 'verifying')).attempts.at(-1)?.report?.commitSha ?? '';
  }

  async restart(settings: Record<string, unknown> = {}, meanwhile = async (): Promise<void> => {}): Promise<void> {
    await this.service.stop();
    this.#service = null;
    await meanwhile();
    await this.start(settings);
  }

  async close(): Promise<void> {
    // Looked at again each time: one may come into being while the others are being stopped.
    await this.eventually(async () => {
      const live = (await this.codeRuns()).filter(({ phase }) => phase === 'Pending' || phase === 'Running');
      for (const { name } of live) await this.service.engine.requestCancel(name);
      return live.length === 0;
    }, 'every CodeRun has ended');
    await this.#service?.stop();
    await this.gh.close();
    rmSync(this.dataDir, { recursive: true, force: true, maxRetries: 10 });
    this.#parts.folder.remove();
  }

  async #ask(path: string, init: RequestInit): Promise<Answer> {
    const response = await fetch(`${this.url}${path}`, {
      ...init,
      headers: { authorization: `Bearer ${API_TOKEN}`, ...(init.headers as Record<string, string> | undefined) },
    });
    const text = await response.text();
    const isJson = response.headers.get('content-type')?.includes('json') === true;
    return { status: response.status, body: isJson ? JSON.parse(text) : text };
  }

  async #timeline(idOrTaskId: string): Promise<readonly TimelineEntry[]> {
    const found = await findRemediation(this.service.store.db, idOrTaskId);
    return found === null ? [] : readTimeline(this.service.store.db, found.id);
  }

  async #told(idOrTaskId: string): Promise<string> {
    const entries = await this.#timeline(idOrTaskId);
    const lines = entries.map(({ at, phase, event, message }) => `  ${at % 100_000} ${phase} ${event}: ${message}`);
    const effects = await this.service.store.db
      .selectFrom('effects')
      .select(['key', 'state', 'tries', 'last_error'])
      .execute();
    const duties = effects.map(
      ({ key, state, tries, last_error }) => `  ${key} ${state} (${tries}) ${last_error ?? ''}`,
    );
    return [`${idOrTaskId}:`, ...lines, ...duties].join('\n');
  }

  async #toldAll(): Promise<string> {
    return (await Promise.all((await this.all()).map(({ id }) => this.#told(id)))).join('\n');
  }
}

export const API_TOKEN = 'a-token-of-the-acceptance-tests';

/** Whom the stand-in takes Healer for. */
const LOGIN = 'healer-demo[bot]';

let key: string | null = null;

/** The stand-in looks at no signature; Healer makes one all the same. */
function appKey(): string {
  key ??= generateKeyPairSync('rsa', { modulusLength: 2048 })
    .privateKey.export({ type: 'pkcs8', format: 'pem' })
    .toString();
  return key;
}

function settingsOf({ gh, dataDir, planFile, options }: Parts, over: Record<string, unknown>): Settings {
  const { limits = {}, ...rest } = { ...options.settings, ...over } as Record<string, unknown> & { limits?: object };
  return settingsSchema.parse({
    host: '127.0.0.1',
    port: 0,
    dataDir,
    github: {
      apiUrl: gh.url,
      ...(options.asApp === true ? { appId: numberOf(LOGIN), privateKey: appKey() } : { token: DEFAULT_TOKEN }),
      webhookSecret: [WEBHOOK_SECRET],
      cloneUrl: `file://${gh.remotePath}`,
      ...(options.webhookAnswer === undefined ? {} : { webhookAnswer: options.webhookAnswer }),
    },
    apiToken: [API_TOKEN],
    agentCommand: [process.execPath, AGENT, planFile],
    // Many of these lives end in an escalation; the breaker has a test of its own.
    breaker: { failures: 1_000 },
    maxConcurrentCodeRuns: 50,
    // With webhooks asking is only the net below; it costs a process of git for each answer of the stand-in.
    limits: {
      settleSeconds: 0.05,
      pollSeconds: options.webhooks === false ? 0.1 : 1,
      retryDelaySeconds: 0.02,
      deferSeconds: 0.1,
      ...limits,
    },
    ...rest,
  });
}

function jobInputs(jobs: Jobs): RunInput['jobs'] {
  return Object.entries(jobs).map(([name, how]) => {
    if (how === 'running') return { name, conclusion: null };
    if (how === 'green') return { name, conclusion: 'success' as const };
    if (how === 'skipped' || how === 'cancelled') return { name, conclusion: how };
    const log = how === 'red' ? RUST_LOG : how.red;
    return {
      name,
      conclusion: 'failure' as const,
      log,
      steps: [{ name: 'Run cargo build --locked', conclusion: 'failure' as const }],
    };
  });
}
