/* Bodies in GitHub's shape, made for what its published examples do not show. */

export const SHA = '9b2f0a7c1d3e4f5061728394a5b6c7d8e9f00112';
export const OTHER_SHA = '0011223344556677889900aabbccddeeff001122';

export const repository = { id: 501, full_name: 'acme/shop', default_branch: 'main', private: false };
export const sender = { login: 'maria', id: 7, type: 'User' };

type Fields = Readonly<Record<string, unknown>>;

export function workflowJob(fields: Fields = {}, action = 'completed') {
  const job = {
    id: 31,
    run_id: 9001,
    run_attempt: 2,
    name: 'clippy',
    head_sha: SHA,
    head_branch: 'feature/cart',
    status: 'completed',
    conclusion: 'failure',
    workflow_name: 'controller-ci',
    html_url: 'https://github.com/acme/shop/actions/runs/9001/job/31',
    steps: [
      { name: 'Set up job', status: 'completed', conclusion: 'success', number: 1 },
      { name: 'cargo clippy', status: 'completed', conclusion: 'failure', number: 2 },
      { name: 'upload', status: 'completed', conclusion: 'skipped', number: 3 },
    ],
  };
  return { action, workflow_job: { ...job, ...fields }, repository, sender };
}

export function workflowRun(fields: Fields = {}, action = 'completed') {
  const run = {
    id: 9001,
    run_attempt: 1,
    name: 'controller-ci',
    display_title: 'Add the cart',
    head_sha: SHA,
    head_branch: 'feature/cart',
    status: 'completed',
    conclusion: 'failure',
    html_url: 'https://github.com/acme/shop/actions/runs/9001',
    head_commit: { id: SHA, message: 'Add the cart\r\n\r\n[skip-healer]' },
    head_repository: { id: 501, full_name: 'acme/shop' },
    pull_requests: [pullRequestEntry(12, 501, 501)],
    actor: { login: 'jo', type: 'User' },
  };
  return { action, workflow_run: { ...run, ...fields }, workflow: { name: 'controller-ci' }, repository, sender };
}

export function pullRequestEntry(number: number, headRepository: number, baseRepository: number) {
  return {
    number,
    head: { ref: 'feature/cart', sha: SHA, repo: { id: headRepository } },
    base: { ref: 'main', sha: OTHER_SHA, repo: { id: baseRepository } },
  };
}

export function checkRun(fields: Fields = {}, action = 'completed') {
  const check = {
    id: 77_001,
    name: 'lint',
    head_sha: SHA,
    status: 'completed',
    conclusion: 'failure',
    details_url: 'https://github.com/acme/shop/actions/runs/9001/job/31',
    html_url: 'https://github.com/acme/shop/actions/runs/9001/job/31',
    app: { id: 15_368, slug: 'github-actions' },
    check_suite: { id: 5, head_branch: 'feature/cart' },
    pull_requests: [],
  };
  return { action, check_run: { ...check, ...fields }, repository, sender };
}

export function checkSuite(fields: Fields = {}, action = 'completed') {
  const suite = {
    id: 5,
    head_sha: SHA,
    head_branch: 'feature/cart',
    status: 'completed',
    conclusion: 'failure',
    app: { id: 15_368, slug: 'github-actions' },
    head_commit: { id: SHA, message: 'Add the cart' },
    pull_requests: [],
  };
  return { action, check_suite: { ...suite, ...fields }, repository, sender };
}

export function status(fields: Fields = {}) {
  const body = {
    id: 3,
    sha: SHA,
    name: 'acme/shop',
    context: 'ci/jenkins',
    state: 'failure',
    target_url: 'https://jenkins.acme.example/job/shop/12',
    commit: { sha: SHA, commit: { message: 'Add the cart' } },
    branches: [{ name: 'feature/cart', commit: { sha: SHA }, protected: false }],
    repository,
    sender,
  };
  return { ...body, ...fields };
}

export function pullRequest(action: string, fields: Fields = {}) {
  const pull = {
    number: 12,
    merged: false,
    draft: false,
    labels: [{ id: 1, name: 'bug' }],
    head: { ref: 'feature/cart', sha: SHA, repo: { id: 501, full_name: 'acme/shop' } },
    base: { ref: 'main', sha: OTHER_SHA },
  };
  return { action, number: 12, pull_request: { ...pull, ...fields }, repository, sender };
}

export function push(fields: Fields = {}) {
  const body = { ref: 'refs/heads/feature/cart', before: OTHER_SHA, after: SHA, deleted: false, commits: [] };
  return { ...body, pusher: { name: 'maria' }, repository, sender, ...fields };
}

export function branchDeletion(fields: Fields = {}) {
  return { ref: 'feature/cart', ref_type: 'branch', pusher_type: 'user', repository, sender, ...fields };
}

export function mergeGroup(action: string, branch: string) {
  const group = { head_sha: SHA, head_ref: `refs/heads/${branch}`, base_sha: OTHER_SHA, base_ref: 'refs/heads/main' };
  return { action, merge_group: group, repository, sender };
}

export function comment(body: string, fields: Fields = {}, action = 'created') {
  return {
    action,
    issue: { number: 12, pull_request: { url: 'https://api.github.com/repos/acme/shop/pulls/12' } },
    comment: {
      id: 880,
      node_id: 'IC_kwDOA',
      html_url: 'https://github.com/acme/shop/pull/12#issuecomment-880',
      author_association: 'MEMBER',
      body,
      user: sender,
      performed_via_github_app: null,
      ...fields,
    },
    repository,
    sender,
  };
}

/** As Argo Events sends it: Go's header map, canonical names and lists of values. */
export function wrapped(body: unknown, event: string, delivery = '72d3162e-cc78-11e3-81ab-4c9367dc0958') {
  return { body, headers: { 'X-Github-Event': [event], 'X-Github-Delivery': [delivery], Accept: ['*/*'] } };
}
