import type { CodeRunView } from '../../src/report/api/task-schemas.ts';
import type { LogToClassify, ReportDeps } from '../../src/report/api.ts';
import { makeClassification, NOW } from './seed.ts';

/** What other rooms lend the pages, with a text from outside wherever one may stand. */
export function lentWith(text: string): Partial<ReportDeps> {
  return {
    codeRuns: {
      submit: () => Promise.reject(new Error('Nothing is submitted here.')),
      get: async (name) => (name === 'healer-task-1' ? codeRun(text) : null),
      retry: async () => null,
      cancel: async (name) =>
        name === 'healer-task-1'
          ? { kind: 'done', codeRun: codeRun(text) }
          : name === 'healer-task-2'
            ? { kind: 'refused', detail: 'It has ended.' }
            : { kind: 'not_found' },
    },
    rules: () => [
      {
        id: 'rust-clippy',
        kind: 'lines',
        file: text,
        agent: 'rex',
        failureType: 'rust_clippy',
        looksFor: [text, 'b', 'c'],
        examples: 2,
      },
      {
        id: 'docs',
        kind: 'names',
        file: '90-routes.yaml',
        agent: 'atlas',
        failureType: 'general',
        looksFor: ['docs-*'],
        examples: 1,
      },
    ],
    classify: (input: LogToClassify) =>
      makeClassification({ reason: `${input.workflow} ${input.job} ${input.changedFiles.join()} ${input.log}` }),
    codeRunOutput: async () => text,
    budget: async () => ({
      running: 2,
      maxRunning: 5,
      attemptsToday: 7,
      maxAttemptsPerDay: 20,
      costTodayUsd: 3.5,
      maxCostUsdPerDay: null,
      breaker: { state: 'open', until: NOW + 60_000 },
    }),
  };
}

function codeRun(text: string): CodeRunView {
  return {
    name: 'healer-task-1',
    run_type: 'implementation',
    task_id: text,
    remediation: null,
    repository: text,
    branch: text,
    agent: 'rex',
    attempt: 1,
    phase: 'Running',
    live: true,
    cancel_requested: true,
    message: text,
    created_at: new Date(NOW).toISOString(),
    started_at: new Date(NOW).toISOString(),
    finished_at: null,
    ended_as: null,
    result: { status: 'fixed', summary: text },
    commit_sha: text,
    pull_request_url: 'javascript:alert(9)',
    session_id: null,
    usage: { input_tokens: 1, output_tokens: 1, cost_usd: 0.5 },
    output_tail: text,
    inputs: { task_id: text } as never,
    status_url: '/api/coderuns/healer-task-1',
  };
}
