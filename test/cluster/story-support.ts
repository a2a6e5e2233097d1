import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DEFAULT_TOKEN, type GitHubStandIn, startGitHub } from '../../src/cli/demo/github/index.ts';
import { CHART, ROOT } from '../charts/documents.ts';
import { commitTo } from '../support/remote.ts';
import { type Answered, type Argo, startArgo } from './story-argo.ts';
import { type Cluster, startCluster, until } from './support/cluster.ts';

export const NAMESPACE = 'healer';
export const ACCOUNT = `system:serviceaccount:${NAMESPACE}:healer`;
/** Longer than anything here takes, also on a busy machine. */
export const PATIENCE_MS = 240_000;
/** How long what a run leaves is kept; shorter than the story takes. */
export const RETENTION_SECONDS = 20;
const TOKEN = 'token-of-the-story';
const IMAGE = 'ghcr.io/5dlabs/healer:0.1.0';
/** Not below /tmp, over which every agent's container has a folder of its own. */
const FOLDERS = '/var/tmp/healer-story-';
const AGENT_UID = 1000;
const isServer = 'app.kubernetes.io/component=server';

/** The checks of the project: they look at the code that the agents change. */
const PROJECT = {
  '.github/workflows/ci.yml': [
    'name: ci',
    'on: push',
    'jobs:',
    '  build:',
    '    runs-on: ubuntu-latest',
    '    steps:',
    '      - uses: actions/checkout@v4',
    '      - run: sh ./cargo build --locked',
    '',
  ].join('\n'),
  // A compiler that knows one mistake.
  cargo: [
    'echo "   Compiling shop v0.1.0 ($PWD)"',
    'line=$(grep -n \'"\' src/cart.rs) || { echo "    Finished dev profile"; exit 0; }',
    'echo "error[E0308]: mismatched types"',
    'echo " --> src/cart.rs:${' + 'line%%:*}:5"',
    'echo "  |     ${' + 'line#*:}"',
    'echo "  |     ^^^^^^^ expected u32, found &str"',
    'echo "error: could not compile shop (lib) due to 1 previous error"',
    'exit 101',
    '',
  ].join('\n'),
  'src/cart.rs': code('3'),
};

/** The project's one source file. Only a number compiles. */
export function code(value: string): string {
  return `pub fn most() -> u32 {\n    ${value}\n}\n`;
}

/** What the agents do, by the branch they are sent to; the folder is the one that they share with the test. */
const agentScript = (folder: string): string =>
  [
    'set -eu',
    'case $TARGET_BRANCH/$HEALER_ATTEMPT in',
    '  topic-mended/1) value=\'"treble"\' ;;',
    '  topic-mended/*) value=3 ;;',
    '  topic-hopeless/*) value=\\"guess-$HEALER_ATTEMPT\\" ;;',
    `  *) touch '${folder}/at-work-'$TARGET_BRANCH; exec sleep 3600 ;;`,
    'esac',
    `printf 'pub fn most() -> u32 {\\n    %s\\n}\\n' "$value" >src/cart.rs`,
    'git commit --quiet --all --message "Return $value"',
    'printf \'{"status":"fixed","summary":"It returns another value."}\' >"$HEALER_RESULT"',
    '',
  ].join('\n');

export interface Story {
  readonly cluster: Cluster;
  readonly gh: GitHubStandIn;
  /** Statuses that Healer answered the sensors with, by the name of the event. */
  readonly answered: readonly Answered[];
  /** Commits to a branch of the remote; GitHub's checks begin at once. */
  push(branch: string, files: Readonly<Record<string, string>>): Promise<string>;
  /** The task id of the first red run on a branch, once Healer has a remediation for it. */
  taskOf(branch: string): Promise<string>;
  ask(path: string, body?: unknown): Promise<{ readonly status: number; readonly body: RemediationView }>;
  /** Whether an agent has begun on a branch on which agents never end. */
  isAgentAtWork(branch: string): boolean;
  list(kinds: string): Promise<readonly Thing[]>;
  /** What is known of Healer, for a failure's message. */
  told(): Promise<string>;
  close(): Promise<void>;
}

export interface RemediationView {
  readonly phase: string;
  readonly agent: string;
  readonly reason?: unknown;
  readonly attempts: readonly {
    readonly number: number;
    readonly coderun_name: string;
    readonly outcome: string | null;
    readonly report: { readonly commit_sha: string | null } | null;
  }[];
  readonly timeline: readonly { readonly phase: string; readonly event: string; readonly message: string }[];
}

export interface Thing {
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly uid: string;
    readonly finalizers?: readonly string[];
    readonly labels?: Readonly<Record<string, string>>;
  };
  readonly spec?: { readonly contextVersion?: number; readonly prompt?: string; readonly branch?: string };
  readonly status?: {
    readonly phase?: string;
    readonly podIP?: string;
    readonly jobName?: string;
    readonly commitSha?: string;
  };
}

/** A cluster with the chart in it, a GitHub with a project, and Argo Events in between, for as far as it matters here. */
export async function startStory(): Promise<Story> {
  const folder = mkdtempSync(FOLDERS);
  chmodSync(folder, 0o777);
  writeFileSync(join(folder, 'agent.sh'), agentScript(folder), { mode: 0o755 });
  const dataDir = join(folder, 'github');
  mkdirSync(dataDir);
  const gh = await startGitHub({
    dataDir,
    remote: { owner: 'acme', name: 'shop', defaultBranch: 'main' },
    webhook: null,
    hold: true,
    permissions: { ada: 'admin' },
  });
  const commit = (branch: string, files: Readonly<Record<string, string>>): string => {
    const sha = commitTo(gh.remotePath, branch, files, `Change ${branch}`);
    // Git refuses a repository that belongs to somebody else, and the agents push to this one.
    execFileSync('chown', ['-R', `${AGENT_UID}:${AGENT_UID}`, gh.remotePath]);
    return sha;
  };
  commit('main', PROJECT);
  const cluster = await startCluster();
  const story = new RunningStory(cluster, gh, folder, commit);
  try {
    await story.install();
  } catch (error) {
    await story.close();
    throw error;
  }
  return story;
}

class RunningStory implements Story {
  readonly cluster: Cluster;
  readonly gh: GitHubStandIn;
  readonly #folder: string;
  readonly #commit: (branch: string, files: Readonly<Record<string, string>>) => string;
  #argo: Argo | null = null;
  #address = '';

  constructor(
    cluster: Cluster,
    gh: GitHubStandIn,
    folder: string,
    commit: (branch: string, files: Readonly<Record<string, string>>) => string,
  ) {
    this.cluster = cluster;
    this.gh = gh;
    this.#folder = folder;
    this.#commit = commit;
  }

  get answered(): readonly Answered[] {
    return this.#argo?.answered ?? [];
  }

  async install(): Promise<void> {
    const { cluster, gh } = this;
    await cluster.node.share(this.#folder);
    await cluster.node.image(IMAGE, {
      entrypoint: [process.execPath, '--disable-warning=ExperimentalWarning', join(ROOT, 'src/main.ts')],
      workingDir: ROOT,
      // Pods share this machine's network: each listens on an address of its own.
      overrideEnv: { HOST: '$(POD_IP)' },
    });
    await cluster.api.request('POST', '/api/v1/namespaces', { metadata: { name: NAMESPACE } });
    for (const [name, stringData] of [
      ['healer', { HEALER_API_TOKEN: TOKEN, GITHUB_TOKEN: DEFAULT_TOKEN }],
      ['healer-agents', { ANTHROPIC_API_KEY: 'key-of-the-model' }],
    ] as const) {
      await cluster.api.request('POST', `/api/v1/namespaces/${NAMESPACE}/secrets`, { metadata: { name }, stringData });
    }
    const limits = { settleSeconds: 0.2, pollSeconds: 2, retryDelaySeconds: 0.1, deferSeconds: 0.5 };
    await cluster.helm([
      ...['install', 'healer', CHART, '--namespace', NAMESPACE, '--values', join(CHART, 'examples/embedded.yaml')],
      ...['--set', 'settings.mode=live', '--set', 'shutdown.delaySeconds=1'],
      ...['--set', `settings.kubernetes.retentionHours=${RETENTION_SECONDS / 3600}`],
      ...['--set-json', `settings.limits=${JSON.stringify(limits)}`],
      ...['--set-json', `settings.agentCommand=${JSON.stringify(['bash', join(this.#folder, 'agent.sh')])}`],
      ...['--set-json', `settings.github=${JSON.stringify({ apiUrl: gh.url, cloneUrl: `file://${gh.remotePath}` })}`],
    ]);
    await this.#ready();
    this.#argo = await startArgo(this.#address, TOKEN);
    await gh.begin({ url: this.#argo.url, secret: 'of-the-event-source' });
    // A red branch is compared with its base: that one has its verdict first.
    await gh.settled();
  }

  async push(branch: string, files: Readonly<Record<string, string>>): Promise<string> {
    const sha = this.#commit(branch, files);
    await this.gh.checkRefs();
    return sha;
  }

  async taskOf(branch: string): Promise<string> {
    let id = '';
    await until(PATIENCE_MS, `no remediation of ${branch}`, async () => {
      id = `ci-${this.gh.state.runs.find(({ headBranch }) => headBranch === branch)?.id}`;
      return (await this.ask(`/api/remediations/${id}`)).status === 200;
    });
    return id;
  }

  async ask(path: string, body?: unknown): Promise<{ status: number; body: RemediationView }> {
    const answer = await fetch(`${this.#address}${path}`, {
      method: body === undefined ? 'GET' : 'POST',
      headers: { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return { status: answer.status, body: (await answer.json()) as RemediationView };
  }

  isAgentAtWork(branch: string): boolean {
    return existsSync(join(this.#folder, `at-work-${branch}`));
  }

  async list(kinds: string, more: readonly string[] = []): Promise<readonly Thing[]> {
    const text = await this.cluster.kubectl(['get', kinds, '-n', NAMESPACE, '-o', 'json', ...more]);
    return (JSON.parse(text) as { items: readonly Thing[] }).items;
  }

  async told(): Promise<string> {
    const things = await this.list('coderuns,jobs,pods').catch(() => []);
    const log = await this.cluster.kubectl(['logs', '-n', NAMESPACE, '-l', isServer, '--tail=40']).catch(String);
    const all = things.map(({ kind, metadata, status }) => `${kind} ${metadata.name} ${status?.phase ?? ''}`);
    return [...all, log, JSON.stringify(this.answered)].join('\n');
  }

  async close(): Promise<void> {
    await this.gh.close();
    await this.#argo?.close();
    await this.cluster.stop();
    rmSync(this.#folder, { recursive: true, force: true, maxRetries: 10 });
  }

  async #ready(): Promise<void> {
    await until(PATIENCE_MS, 'the service is not ready', async () => {
      const [pod] = await this.list('pods', ['-l', isServer]);
      this.#address = `http://${pod?.status?.podIP}:8080`;
      const answer = await fetch(`${this.#address}/ready`).catch(() => null);
      return answer?.status === 200;
    }).catch(async (error: unknown) => {
      throw new Error(`${String(error)}\n${await this.told()}`);
    });
  }
}
