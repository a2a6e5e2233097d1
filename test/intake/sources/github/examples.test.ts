import { describe, expect, it } from 'vitest';
import { github } from '../../../../src/intake/sources/github/index.ts';
import { EVENTS, normalise } from '../../../../src/intake/sources/github/normalise.ts';
import { EXAMPLES, type Example, example } from '../../support/examples.ts';

const USED = Object.keys(EVENTS);

/** What every example of the events Healer uses says, in a word; counted over the six servers. */
const EXPECTED: Readonly<Record<string, number>> = {
  'check_run ci_failed failure': 1,
  'check_run ci_passed success': 4,
  'check_run not_finished': 12,
  'check_run review_requested': 1,
  'check_suite ci_passed success': 11,
  'check_suite not_finished': 9,
  'code_scanning_alert security_raised': 11,
  'code_scanning_alert security_resolved': 2,
  'delete not_a_failure': 11,
  'dependabot_alert security_raised': 1,
  'dependabot_alert security_resolved': 2,
  'issue_comment not_a_failure': 20,
  'merge_group pull_request_changed queued': 2,
  'ping not_a_failure': 11,
  'pull_request not_a_failure': 14,
  'pull_request pull_request_changed closed': 4,
  'pull_request pull_request_changed converted_to_draft': 3,
  'pull_request pull_request_changed head_moved': 1,
  'pull_request pull_request_changed labeled': 4,
  'pull_request pull_request_changed opened': 11,
  'pull_request pull_request_changed ready_for_review': 3,
  'pull_request pull_request_changed reopened': 2,
  'pull_request pull_request_changed unlabeled': 4,
  'pull_request_review not_a_failure': 11,
  'pull_request_review_comment not_a_failure': 2,
  'pull_request_review_comment review_requested': 10,
  'push not_a_failure': 12,
  'push pull_request_changed head_moved': 2,
  'repository_vulnerability_alert security_raised': 3,
  'repository_vulnerability_alert security_resolved': 1,
  'secret_scanning_alert security_raised': 7,
  'status ci_passed success': 11,
  'workflow_job ci_failed failure': 1,
  'workflow_job ci_passed success': 1,
  'workflow_job not_finished': 9,
  'workflow_run ci_passed success': 2,
  'workflow_run not_finished': 8,
};

function summary({ event, body }: Example): string {
  const { signals, ignored } = normalise(event, body);
  const words = signals.map((signal) => {
    if (signal.kind === 'pull_request_changed') return `${signal.kind} ${signal.change}`;
    return signal.kind === 'ci_failed' || signal.kind === 'ci_passed'
      ? `${signal.kind} ${signal.conclusion}`
      : signal.kind;
  });
  return `${event} ${words.join(' and ') || ignored?.code}`;
}

describe('GitHub’s own example bodies', () => {
  it('are all there', () => {
    expect(EXAMPLES.length).toBe(726);
    expect(EXAMPLES.filter(({ label }) => label.startsWith('api.github.com')).length).toBe(329);
  });

  it.each(EXAMPLES)('$label says something or has a reason', ({ event, body }) => {
    const { signals, ignored, errors } = normalise(event, body);
    expect(errors).toEqual([]);
    expect(signals.length > 0).toBe(ignored === null);
    if (ignored !== null) expect(ignored.detail).toMatch(/\.$/);
  });

  it.each(EXAMPLES)('$label is told by its shape, and by no other event’s', ({ event, body }) => {
    expect(github.detect(body)).toBe(github.events.includes(event) ? event : null);
    expect(github.detect(body) !== null || github.recognises(body)).toBe(true);
  });

  it('says of the events Healer uses what is expected of each', () => {
    const counts: Record<string, number> = {};
    for (const one of EXAMPLES.filter(({ event }) => USED.includes(event)))
      counts[summary(one)] = (counts[summary(one)] ?? 0) + 1;
    expect(counts).toEqual(EXPECTED);
  });

  it('calls every other event unknown', () => {
    const others = EXAMPLES.filter(({ event }) => !USED.includes(event));
    expect(others.length).toBeGreaterThan(400);
    expect(others.filter(({ event, body }) => normalise(event, body).ignored?.code !== 'unknown_event')).toEqual([]);
  });
});

describe('the failed job among the examples', () => {
  it('becomes a signal with run, attempt, workflow and the step that failed', () => {
    const { body } = example('api.github.com/workflow_job/1');
    expect(normalise('workflow_job', body).signals).toEqual([
      {
        kind: 'ci_failed',
        repository: 'Codertocat/Hello-World',
        defaultBranch: 'master',
        event: 'workflow_job',
        headSha: '3484a3fb816e0859fd6e1cea078d76385ff50625',
        branch: 'main',
        runId: 2202229078,
        runAttempt: 1,
        check: {
          name: 'linters',
          source: 'job',
          jobId: 289782451,
          runId: 2202229078,
          workflowName: 'CodeQL',
          failedSteps: ['Run yarn run format-check'],
          url: 'https://github.com/octo-org/octo-repo/runs/1291536064',
        },
        workflowName: 'CodeQL',
        conclusion: 'failure',
        url: 'https://github.com/octo-org/octo-repo/runs/1291536064',
        actor: { login: 'Codertocat', type: 'User' },
        commitMessage: null,
        fromFork: null,
        pullRequests: [],
      },
    ]);
  });
});

describe('the failed check run among the examples', () => {
  it('has no run, because its details lead elsewhere and its own id is not a run’s', () => {
    const [signal] = normalise('check_run', example('api.github.com/check_run/1').body).signals;
    expect(signal).toMatchObject({
      kind: 'ci_failed',
      event: 'check_run',
      headSha: 'ec26c3e57ca3a959ca5aad62de7213c562f8c821',
      branch: 'changes',
      runId: null,
      check: { source: 'check', jobId: null, runId: null },
      fromFork: false,
      pullRequests: [2],
    });
  });
});
