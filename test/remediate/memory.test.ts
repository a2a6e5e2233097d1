import { describe, expect, it } from 'vitest';
import type { Fact } from '../../src/model/fact.ts';
import { reason } from '../../src/model/reason.ts';
import { DEFAULT_POLICY } from '../../src/remediate/policy.ts';
import { transition } from '../../src/remediate/transition.ts';
import { anAttempt, aRemediation, aReport, checksRead, codeRunEnded } from '../support/builders.ts';
import { NOON } from '../support/clock.ts';

const working = aRemediation({ phase: 'working', attempts: [anAttempt()], spawned: 1 });
const verifying = { ...working, phase: 'verifying' as const, attempts: [anAttempt({ report: aReport() })] };
const remembered = (before: typeof working | typeof verifying, fact: Fact, maxAttempts = 3) =>
  transition(before, fact, { ...DEFAULT_POLICY, maxAttempts }, NOON)
    .effects.map(({ effect }) => effect)
    .filter(({ kind }) => kind === 'remember');

describe('what is remembered', () => {
  it('is an attempt that failed', () => {
    expect(remembered(working, codeRunEnded(1, { how: 'failed' }))).toEqual([{ kind: 'remember', about: 1 }]);
  });

  it('is an attempt and its remediation, when both ended', () => {
    const both = [
      { kind: 'remember', about: 1 },
      { kind: 'remember', about: 'end' },
    ];
    expect(remembered(verifying, checksRead('green'))).toEqual(both);
    expect(remembered(working, codeRunEnded(1, { how: 'failed' }), 1)).toEqual(both);
    const withdrawn: Fact = { kind: 'withdrawn', phase: 'superseded', reason: reason('newer_commit') };
    expect(remembered(working, withdrawn)).toEqual(both);
  });

  it('is nothing as long as nothing ended, and nothing twice', () => {
    expect(remembered(working, codeRunEnded(1))).toEqual([]);
    const ended = transition(verifying, checksRead('green'), DEFAULT_POLICY, NOON).remediation;
    expect(remembered(ended as typeof working, checksRead('green'))).toEqual([]);
  });
});
