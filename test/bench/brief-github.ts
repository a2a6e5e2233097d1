/*
 * A GitHub as small as a benchmark needs: every request of a gathering answered from its address alone, in the fields that
 * Healer reads. A commit's run, job and branch follow from the number in its sha (see brief.ts).
 */

export interface Given {
  readonly path: string;
  readonly query: URLSearchParams;
  readonly origin: string;
}
export type Answered = { readonly status: number; readonly body: unknown; readonly location?: string };

const ok = (body: unknown): Answered => ({ status: 200, body });
const numberOf = (sha: string): number => Number.parseInt(sha.slice(-12), 16);
export const shaOf = (n: number): string => n.toString(16).padStart(12, '0').padStart(40, 'c');
const runOf = (n: number): number => 4_000_000_000 + n;
const jobOf = (n: number): number => 5_000_000_000 + n;
const branchOf = (n: number): string => `topic/bench-${n}`;

/** 45 kB, as the median of failed jobs: a build's noise, then clippy's finding. */
const LOG = [
  '2026-11-20T12:00:00.0000000Z ##[group]Run helm upgrade --install shop charts/shop',
  ...Array.from(
    { length: 480 },
    (_, n) => `2026-11-20T12:00:01.0000000Z    pulling layer ${n} of the image ghcr.io/acme/base: done`,
  ),
  '2026-11-20T12:00:02.0000000Z Error: UPGRADE FAILED: template: shop/templates/deployment.yaml:12:20: executing "shop" at <.Values.image.tag>: nil pointer evaluating interface {}.tag',
  '2026-11-20T12:00:02.0000000Z ##[error]Process completed with exit code 1.',
].join('\n');
/** The same job when it was green. */
const GREEN_LOG = LOG.split('\n').slice(0, -2).join('\n');

function run(repository: string, n: number, green: boolean) {
  return {
    id: green ? runOf(n) + 100_000 : runOf(n),
    name: 'deploy',
    path: '.github/workflows/deploy.yml',
    status: 'completed',
    conclusion: green ? 'success' : 'failure',
    event: 'push',
    check_suite_id: runOf(n),
    head_sha: green ? shaOf(0) : shaOf(n),
    html_url: `https://github.example/${repository}/actions/runs/${runOf(n)}`,
    updated_at: '2026-11-19T12:00:00Z',
  };
}

function job(repository: string, n: number, green: boolean) {
  return {
    id: green ? jobOf(n) + 100_000 : jobOf(n),
    run_id: green ? runOf(n) + 100_000 : runOf(n),
    name: 'deploy',
    workflow_name: 'deploy',
    conclusion: green ? 'success' : 'failure',
    html_url: `https://github.example/${repository}/actions/runs/${runOf(n)}/job/${jobOf(n)}`,
    steps: [{ name: 'Run helm upgrade', conclusion: green ? 'success' : 'failure' }],
  };
}

const FILE = {
  filename: 'charts/shop/values.yaml',
  status: 'modified',
  additions: 1,
  deletions: 1,
  patch: '@@ -1 +1 @@\n-tag: 1\n+tag:',
};
const commit = (sha: string) => ({
  sha,
  html_url: 'https://github.example/commit',
  commit: { message: 'Take the tag out', author: { name: 'Ada' } },
  author: { login: 'ada', type: 'User' },
  files: [FILE],
});

const ROUTES: readonly (readonly [RegExp, (found: RegExpExecArray, given: Given, repository: string) => Answered])[] = [
  [
    /^$/,
    (_, __, repository) =>
      ok({ default_branch: 'main', clone_url: `https://github.example/${repository}.git`, private: true }),
  ],
  [
    /^\/git\/ref\/heads\/(.+)$/,
    ([, ref = '']) => ok({ object: { sha: ref === 'main' ? shaOf(0) : shaOf(Number(ref.replace(/^.*-/, ''))) } }),
  ],
  [/^\/commits\/([0-9a-f]{40})\/check-runs$/, ([, sha = ''], _, repository) => ok(checkRuns(repository, sha))],
  [/^\/commits\/[0-9a-f]{40}\/status$/, () => ok({ statuses: [] })],
  [/^\/commits\/[0-9a-f]{40}\/pulls$/, () => ok([])],
  [/^\/commits\/([0-9a-f]{40})$/, ([, sha = '']) => ok(commit(sha))],
  [/^\/actions\/runs$/, (_, { query }, repository) => ok({ workflow_runs: runs(repository, query) })],
  [/^\/actions\/runs\/(\d+)\/jobs$/, ([, id = ''], _, repository) => ok({ jobs: [jobIn(repository, Number(id))] })],
  [
    /^\/actions\/jobs\/(\d+)\/logs$/,
    ([, id = ''], { origin }) => ({ status: 302, body: '', location: `${origin}/storage/${id}` }),
  ],
  [/^\/check-runs\/\d+\/annotations$/, () => ok([])],
  [/^\/pulls$/, () => ok([])],
  [
    /^\/compare\/(.+)$/,
    () =>
      ok({
        status: 'ahead',
        total_commits: 1,
        commits: [commit(shaOf(1))],
        files: [FILE],
        html_url: 'https://github.example/compare',
      }),
  ],
];

function checkRuns(repository: string, sha: string) {
  const n = numberOf(sha);
  if (n === 0) return { check_runs: [] };
  const { html_url, name } = job(repository, n, false);
  const about = { id: jobOf(n), name, status: 'completed', conclusion: 'failure', details_url: html_url };
  return { check_runs: [{ ...about, check_suite: { id: runOf(n) }, app: { id: 15368, slug: 'github-actions' } }] };
}

function runs(repository: string, query: URLSearchParams) {
  const sha = query.get('head_sha');
  if (sha !== null) return numberOf(sha) === 0 ? [] : [run(repository, numberOf(sha), false)];
  const n = Number((query.get('branch') ?? '').replace(/^.*-/, ''));
  return Number.isNaN(n) ? [] : [run(repository, n, true)];
}

function jobIn(repository: string, id: number) {
  const n = (id - 4_000_000_000) % 100_000;
  return job(repository, n, id - 4_000_000_000 >= 100_000);
}

export function githubAnswer(given: Given): Answered | null {
  const stored = /^\/storage\/(\d+)$/.exec(given.path);
  if (stored !== null) return ok(Number(stored[1]) - 5_000_000_000 >= 100_000 ? GREEN_LOG : LOG);
  const [, repository = '', rest = ''] = /^\/repos\/([^/]+\/[^/]+)(.*)$/.exec(given.path) ?? [];
  if (repository === '') return null;
  for (const [pattern, answer] of ROUTES) {
    const found = pattern.exec(decodeURIComponent(rest));
    if (found !== null) return answer(found, given, repository);
  }
  return { status: 404, body: { message: 'Not Found' } };
}

/** What GitHub sends when the job of event `n` has failed. */
export function eventOf(n: number, repository: string) {
  const [owner = '', name = ''] = repository.split('/');
  return {
    action: 'completed',
    workflow_job: {
      ...job(repository, n, false),
      head_sha: shaOf(n),
      head_branch: branchOf(n),
      run_attempt: 1,
      status: 'completed',
      check_run_url: 'https://api.github.example/check-runs/1',
    },
    repository: { id: 1, name, full_name: repository, private: true, default_branch: 'main', owner: { login: owner } },
    sender: { login: 'ada', id: 1, type: 'User' },
  };
}
