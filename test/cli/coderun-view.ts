import type { CodeRunView } from '../../src/report/api/task-schemas.ts';

/** A run of one's own that ended well. */
export function codeRunView(more: Partial<CodeRunView> = {}): CodeRunView {
  return {
    name: 'healer-task-rex-1a2b3c4d',
    run_type: 'implementation',
    task_id: '7',
    remediation: null,
    repository: 'acme/shop',
    branch: 'healer/shop-7',
    agent: 'rex',
    attempt: 1,
    phase: 'Succeeded',
    live: false,
    cancel_requested: false,
    message: 'The cart takes a code.',
    created_at: '2026-01-01T00:00:00Z',
    started_at: '2026-01-01T00:00:01Z',
    finished_at: '2026-01-01T00:10:00Z',
    ended_as: 'succeeded',
    result: { status: 'fixed', summary: 'The cart takes a code.' },
    commit_sha: 'a'.repeat(40),
    pull_request_url: 'https://github.com/acme/shop/pull/9',
    session_id: 's-1',
    usage: { input_tokens: 1200, output_tokens: 34, cost_usd: 0.5 },
    output_tail: 'line one\nhealer: pushed aaaa to healer/shop-7\n',
    inputs: null,
    status_url: '/api/coderuns/healer-task-rex-1a2b3c4d',
    ...more,
  };
}
