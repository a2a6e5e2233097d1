import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Runs of `acme/shop`, numbered from 1: run n is red on branch topic-n, whose head is the commit of its number. */
export const FIRST_RUN = 5_000_000;
export const REPOSITORY = 'acme/shop';
const OWNER = { id: 2, login: 'acme', type: 'Organization' };
const REPOSITORY_BODY = {
  id: 1,
  name: 'shop',
  full_name: REPOSITORY,
  default_branch: 'main',
  private: true,
  fork: false,
  owner: OWNER,
  html_url: 'https://github.test/acme/shop',
};
const MAIN_SHA = 'e'.repeat(40);
const LOG = [
  '##[group]Run cargo build --locked',
  'cargo build --locked',
  '##[endgroup]',
  '   Compiling shop v0.1.0 (/home/runner/work/shop/shop)',
  'error[E0308]: mismatched types',
  ' --> src/cart.rs:12:5',
  'error: could not compile `shop` (lib) due to 1 previous error',
  '##[error]Process completed with exit code 101.',
].join('\n');

export const shaOf = (run: number): string => run.toString(16).padStart(40, 'a');
const runOf = (sha: string): number => Number.parseInt(sha.replace(/^a+/, '') || '0', 16);

function job(run: number) {
  return {
    id: FIRST_RUN * 10 + run,
    run_id: FIRST_RUN + run,
    run_attempt: 1,
    head_sha: shaOf(run),
    head_branch: `topic-${run}`,
    name: 'build',
    workflow_name: 'ci',
    status: 'completed',
    conclusion: 'failure',
    html_url: `https://github.test/acme/shop/actions/runs/${FIRST_RUN + run}/job/${FIRST_RUN * 10 + run}`,
    url: `https://api.github.test/repos/acme/shop/actions/jobs/${FIRST_RUN * 10 + run}`,
    created_at: '2026-01-01T00:00:00Z',
    started_at: '2026-01-01T00:00:00Z',
    completed_at: '2026-01-01T00:01:00Z',
    labels: ['ubuntu-latest'],
    steps: [{ name: 'cargo build', status: 'completed', conclusion: 'failure', number: 1 }],
  };
}

/** The body of the webhook that says that run n is red. */
export function webhookOf(run: number): string {
  return JSON.stringify({
    action: 'completed',
    workflow_job: job(run),
    repository: REPOSITORY_BODY,
    sender: { id: 3, login: 'ada', type: 'User' },
  });
}

function workflowRun(run: number) {
  return {
    id: FIRST_RUN + run,
    name: 'ci',
    workflow_id: 7,
    path: '.github/workflows/ci.yml',
    run_number: run,
    run_attempt: 1,
    event: 'push',
    status: 'completed',
    conclusion: 'failure',
    head_branch: `topic-${run}`,
    head_sha: shaOf(run),
    html_url: `https://github.test/acme/shop/actions/runs/${FIRST_RUN + run}`,
    pull_requests: [],
    created_at: '2026-01-01T00:00:00Z',
    updated_at: '2026-01-01T00:01:00Z',
    actor: { id: 3, login: 'ada', type: 'User' },
    head_repository: REPOSITORY_BODY,
    repository: REPOSITORY_BODY,
    head_commit: { id: shaOf(run), message: 'Change', author: { name: 'Ada', email: 'ada@example.com' } },
  };
}

function commit(sha: string) {
  const author = { name: 'Ada', email: 'ada@example.com', date: '2026-01-01T00:00:00Z' };
  return {
    sha,
    html_url: `https://github.test/acme/shop/commit/${sha}`,
    commit: { message: 'Change', author, committer: author, tree: { sha } },
    author: { id: 3, login: 'ada', type: 'User' },
    committer: { id: 3, login: 'ada', type: 'User' },
    parents: [{ sha: MAIN_SHA }],
    files: [
      {
        filename: 'src/cart.rs',
        status: 'modified',
        additions: 1,
        deletions: 1,
        changes: 2,
        patch: '@@ -1 +1 @@\n-a\n+b',
      },
    ],
  };
}

function checkRun(run: number) {
  const { id, html_url, head_sha, name } = job(run);
  return {
    id,
    html_url,
    details_url: html_url,
    head_sha,
    name,
    status: 'completed',
    conclusion: 'failure',
    app: { id: 15368, slug: 'github-actions' },
    output: {},
    pull_requests: [],
  };
}

type Answer = readonly [status: number, body: unknown];
type Route = readonly [RegExp, (match: RegExpExecArray, query: URLSearchParams) => Answer];

const list = (name: string, items: readonly unknown[]): Answer => [200, { total_count: items.length, [name]: items }];

const ROUTES: readonly Route[] = [
  [/^$/, () => [200, REPOSITORY_BODY]],
  [/^\/git\/ref\/heads\/topic-(\d+)$/, ([, n]) => [200, ref(`topic-${n}`, shaOf(Number(n)))]],
  [/^\/git\/ref\/heads\/main$/, () => [200, ref('main', MAIN_SHA)]],
  [
    /^\/branches\/topic-(\d+)$/,
    ([, n]) => [200, { name: `topic-${n}`, commit: { sha: shaOf(Number(n)) }, protected: false }],
  ],
  [/^\/pulls$/, () => [200, []]],
  [/^\/check-runs\/\d+\/annotations$/, () => [200, []]],
  [/^\/compare\/(.+)$/, () => [200, { status: 'ahead', ahead_by: 1, behind_by: 0, commits: [], files: [] }]],
  [/^\/commits\/(\w+)\/pulls$/, () => [200, []]],
  [
    /^\/commits\/(\w+)\/check-runs$/,
    ([, sha = '']) => list('check_runs', sha === MAIN_SHA ? [] : [checkRun(runOf(sha))]),
  ],
  [/^\/commits\/(\w+)\/status$/, ([, sha]) => [200, { state: 'pending', statuses: [], sha, total_count: 0 }]],
  [/^\/commits\/(\w+)$/, ([, sha = '']) => [200, commit(sha)]],
  [/^\/actions\/runs\/(\d+)\/jobs$/, ([, id]) => list('jobs', [job(Number(id) - FIRST_RUN)])],
  [/^\/actions\/runs\/(\d+)$/, ([, id]) => [200, workflowRun(Number(id) - FIRST_RUN)]],
  [
    /^\/actions\/runs$/,
    (_match, query) => {
      const sha = query.get('head_sha');
      return list('workflow_runs', sha === null || sha === MAIN_SHA ? [] : [workflowRun(runOf(sha))]);
    },
  ],
];

function ref(branch: string, sha: string) {
  return { ref: `refs/heads/${branch}`, object: { type: 'commit', sha } };
}

export interface ReadOnlyGitHub {
  readonly url: string;
  /** Paths with numbers and commits left out, and how often something unknown was asked for there. */
  readonly unknown: ReadonlyMap<string, number>;
  close(): Promise<void>;
}

/** Just enough of GitHub's API to gather evidence about many runs at once; there is nothing to write. */
export async function startReadOnlyGitHub(): Promise<ReadOnlyGitHub> {
  const unknown = new Map<string, number>();
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '/', 'http://github.test');
    const path = decodeURIComponent(url.pathname).replace(`/repos/${REPOSITORY}`, '');
    if (/^\/actions\/jobs\/\d+\/logs$/.test(path)) {
      response.writeHead(200, { 'content-type': 'text/plain' }).end(LOG);
      return;
    }
    const [status, body] = answerTo(path, url.searchParams) ?? [404, { message: 'Not Found' }];
    if (status === 404) {
      const shape = `${request.method} ${path.replaceAll(/\w{40}|\d+/g, '·')}`;
      unknown.set(shape, (unknown.get(shape) ?? 0) + 1);
    }
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    unknown,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function answerTo(path: string, query: URLSearchParams): Answer | null {
  for (const [pattern, answer] of ROUTES) {
    const match = pattern.exec(path);
    if (match !== null) return answer(match, query);
  }
  return null;
}
