import { describe, expect, it } from 'vitest';
import { judgeEvidence } from '../../src/decide/admit/verdict.ts';
import type { ChangeConcern } from '../../src/model/change-concern.ts';
import { DEFAULT_POLICY } from '../../src/remediate/policy.ts';
import { transition } from '../../src/remediate/transition.ts';
import { AGENT_SHA, anAttempt, aRemediation, aReport, checksRead, evidence, SHA } from '../support/builders.ts';
import { NOON } from '../support/clock.ts';

const skipped: ChangeConcern = {
  code: 'test_skipped',
  severity: 'refuse',
  path: 'cart.test.ts',
  line: 3,
  sentence: 'cart.test.ts skips tests.',
};
const refusal = 'Green on bbbbbbbb, but the change is refused: cart.test.ts skips tests.';
const verifying = aRemediation({
  phase: 'verifying',
  targetBranch: 'feature',
  attempts: [anAttempt({ report: aReport() })],
  spawned: 1,
});
const read = (changes = {}) =>
  transition(verifying, checksRead('green', { concerns: [skipped], refusal, ...changes }), DEFAULT_POLICY, NOON);

describe('a change that got green without a repair', () => {
  it('ends the attempt as still failing, with the reason that the retry is told', () => {
    const { remediation, entries } = read();
    expect(remediation.phase).toBe('retrying');
    expect(remediation.attempts).toMatchObject([{ outcome: 'ci_still_failing', detail: refusal, concerns: [skipped] }]);
    expect(entries.at(-1)?.message).toBe(`Attempt 1 ended as ci_still_failing: ${refusal}`);
  });

  it('leaves the commit to repair where the logs are: on the one that was red', () => {
    expect(read().remediation.headSha).toBe(SHA);
  });

  it('ends with people when it was the last attempt', () => {
    const policy = { ...DEFAULT_POLICY, maxAttempts: 1 };
    const { remediation } = transition(verifying, checksRead('green', { refusal }), policy, NOON);
    expect([remediation.phase, remediation.reason?.code]).toEqual(['escalated', 'attempts_spent']);
  });

  it('is no repair by the time of the next attempt either', () => {
    const facts = {
      branch: null,
      pullRequest: null,
      commitMessage: null,
      checksNow: { sha: AGENT_SHA, state: 'green' as const },
      baseRed: null,
    };
    const { remediation } = read();
    expect(judgeEvidence(remediation, { ...facts, changeRefused: true })).toEqual({ kind: 'proceed' });
    expect(judgeEvidence(remediation, { ...facts, changeRefused: false })).toMatchObject({ kind: 'stop' });
  });
});

describe('a change with something to look at', () => {
  it('counts as fixed and keeps what was said of it', () => {
    const told = { ...skipped, severity: 'report' as const };
    const { remediation } = read({ concerns: [told], refusal: null });
    expect(remediation.phase).toBe('succeeded');
    expect(remediation.attempts).toMatchObject([{ outcome: 'success', concerns: [told] }]);
  });
});

describe('an attempt', () => {
  it('knows the commit that it began with', () => {
    const gathering = aRemediation({ phase: 'gathering' });
    const head = 'd'.repeat(40);
    const { remediation } = transition(gathering, evidence({ headSha: head }), DEFAULT_POLICY, NOON);
    expect(remediation.attempts).toMatchObject([{ baseSha: head }]);
  });
});
