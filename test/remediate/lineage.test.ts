import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { OUTCOMES } from '../../src/model/outcome.ts';
import { attemptsSpent, infrastructureFailuresInARow, mergeChecks } from '../../src/remediate/lineage.ts';
import { aCheck, anAttempt, aReport } from '../support/builders.ts';

describe('attempts that a lineage has spent', () => {
  const spent = (outcome: (typeof OUTCOMES)[number] | null, report = aReport() as ReturnType<typeof aReport> | null) =>
    attemptsSpent({ attemptsBefore: 1, attempts: [anAttempt({ outcome, report })] });

  it('are those before, those that count, and the one under way', () => {
    expect(spent(null)).toBe(2);
    for (const outcome of OUTCOMES) expect(spent(outcome)).toBe(outcome === 'infrastructure' ? 1 : 2);
  });

  it('are not those that were cancelled before their agent had a result', () => {
    expect(spent('cancelled', null)).toBe(1);
  });
});

describe('infrastructure failures in a row', () => {
  it('count from the end', () => {
    const attempts = (...outcomes: (typeof OUTCOMES)[number][]) => outcomes.map((outcome) => anAttempt({ outcome }));
    expect(infrastructureFailuresInARow([])).toBe(0);
    expect(infrastructureFailuresInARow(attempts('infrastructure', 'agent_failed', 'infrastructure'))).toBe(1);
    expect(infrastructureFailuresInARow(attempts('agent_failed', 'infrastructure', 'infrastructure'))).toBe(2);
    expect(infrastructureFailuresInARow(attempts('infrastructure', 'timeout'))).toBe(0);
  });
});

describe('merging checks', () => {
  it('knows a check by its name and keeps the order in which they were seen', () => {
    const merged = mergeChecks([aCheck('b'), aCheck('a')], [aCheck('c'), aCheck('a')]);
    expect(merged.map(({ name }) => name)).toEqual(['b', 'a', 'c']);
  });

  it('keeps what one event knew and the other did not', () => {
    const bare = { jobId: null, runId: null, workflowName: null, failedSteps: [], url: null } as const;
    expect(mergeChecks([aCheck('a', bare)], [aCheck('a')])).toEqual([aCheck('a')]);
    expect(mergeChecks([aCheck('a')], [aCheck('a', bare)])).toEqual([aCheck('a')]);
  });

  it.each([
    ['status', 'check', 'check'],
    ['check', 'status', 'check'],
    ['check', 'job', 'job'],
    ['job', 'check', 'job'],
    ['status', 'job', 'job'],
    ['status', 'status', 'status'],
  ] as const)('a %s and a %s are a %s', (before, later, merged) => {
    expect(mergeChecks([aCheck('a', { source: before })], [aCheck('a', { source: later })])[0]?.source).toBe(merged);
  });

  it('is the same when it happens twice', () => {
    const check = fc.record({
      name: fc.constantFrom('a', 'b', 'c'),
      source: fc.constantFrom('job' as const, 'check' as const, 'status' as const),
      jobId: fc.option(fc.nat(3), { nil: null }),
      failedSteps: fc.subarray(['x', 'y']),
    });
    const list = fc.array(
      check.map(({ name, ...changes }) => aCheck(name, changes)),
      { maxLength: 5 },
    );
    fc.assert(
      fc.property(list, list, (known, more) => {
        const once = mergeChecks(mergeChecks([], known), more);
        expect(mergeChecks(once, more)).toEqual(once);
      }),
    );
  });
});
