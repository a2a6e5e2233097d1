import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { assessChecks, type CheckFact } from '../../src/brief/assess-checks.ts';
import { aCheck } from '../support/builders.ts';

let ids = 0;
function fact(
  name: string,
  conclusion: string | null,
  changes: Partial<CheckFact> & { workflow?: string } = {},
): CheckFact {
  const { workflow = 'ci', ...rest } = changes;
  ids += 1;
  const check = aCheck(name, { workflowName: workflow, jobId: ids });
  return { check, id: ids, checkRunId: ids, event: 'push', suiteId: 1, conclusion, ...rest };
}
const status = (name: string, conclusion: string | null): CheckFact => ({
  ...fact(name, conclusion, { event: null, suiteId: null, checkRunId: null }),
  check: aCheck(name, { source: 'status', workflowName: null, jobId: null, runId: null }),
});
const wanted = (...names: string[]) => names.map((name) => aCheck(name, { workflowName: 'ci' }));

describe('the state of the wanted checks', () => {
  it.each<[string, CheckFact[], string[], string]>([
    ['all green', [fact('a', 'success'), fact('b', 'success')], ['a', 'b'], 'green'],
    ['one red', [fact('a', 'success'), fact('b', 'failure')], ['a', 'b'], 'red'],
    ['one running', [fact('a', 'success'), fact('b', null)], ['a', 'b'], 'pending'],
    ['red beside running', [fact('a', 'failure'), fact('b', null)], ['a', 'b'], 'red'],
    ['absent', [fact('a', 'success')], ['a', 'b'], 'pending'],
    ['nothing there at all', [], ['a'], 'pending'],
    ['only skipped', [fact('a', 'skipped')], ['a'], 'pending'],
    ['neutral', [fact('a', 'neutral')], ['a'], 'pending'],
    ['cancelled by somebody', [fact('a', 'cancelled')], ['a'], 'pending'],
    ['cancelled because its suite broke', [fact('a', 'cancelled'), fact('x', 'failure')], ['a'], 'red'],
    ['skipped because what it needs broke', [fact('a', 'skipped'), fact('x', 'failure')], ['a'], 'red'],
    [
      'skipped beside a red one elsewhere',
      [fact('a', 'skipped'), fact('x', 'failure', { suiteId: 2 })],
      ['a'],
      'pending',
    ],
    ['timed out', [fact('a', 'timed_out')], ['a'], 'red'],
    ['waiting for a person', [fact('a', 'action_required')], ['a'], 'pending'],
    ['stale', [fact('a', 'stale')], ['a'], 'pending'],
    ['a word that does not exist yet', [fact('a', 'exploded')], ['a'], 'pending'],
    ['red and then green', [fact('a', 'failure'), fact('a', 'success')], ['a'], 'green'],
    ['green and then red', [fact('a', 'success'), fact('a', 'failure')], ['a'], 'red'],
    ['red and running again', [fact('a', 'failure'), fact('a', null)], ['a'], 'pending'],
    [
      'the same name in another workflow',
      [fact('a', 'success'), fact('a', 'failure', { workflow: 'x', suiteId: 2 })],
      ['a'],
      'green',
    ],
    ['for two events', [fact('a', 'success'), fact('a', 'failure', { event: 'pull_request' })], ['a'], 'red'],
    ['a red one that nobody wanted', [fact('a', 'success'), fact('z', 'failure', { suiteId: 2 })], ['a'], 'green'],
    ['a running one that nobody wanted', [fact('a', 'success'), fact('z', null, { suiteId: 2 })], ['a'], 'green'],
    ['a red one beside it', [fact('a', 'success'), fact('z', 'failure')], ['a'], 'red'],
    ['a running one beside it', [fact('a', 'success'), fact('z', null)], ['a'], 'pending'],
    ['one beside it that waits for a person', [fact('a', 'success'), fact('z', 'action_required')], ['a'], 'green'],
    ['a skipped one beside it', [fact('a', 'success'), fact('z', 'skipped')], ['a'], 'green'],
    ['two statuses', [status('a', 'success'), status('z', 'failure')], ['a'], 'green'],
  ])('%s', (_, facts, names, state) => {
    expect(assessChecks(facts, wanted(...names)).state).toBe(state);
  });

  it('names what is red, pending, green, and red besides', () => {
    const facts = [fact('a', 'failure'), fact('b', null), fact('c', 'success'), fact('z', 'timed_out', { suiteId: 2 })];
    const reading = assessChecks(facts, wanted('a', 'b', 'c', 'd'));
    expect(reading.red).toEqual([facts[0]?.check]);
    expect(reading).toMatchObject({ state: 'red', pending: ['b', 'd'], green: ['c'] });
    expect(reading.alsoRed).toEqual([facts[3]?.check]);
  });

  it('takes a status for a status and a check for a check of the same name', () => {
    const wantedStatus = [aCheck('a', { source: 'status', workflowName: null })];
    expect(assessChecks([fact('a', 'success'), status('a', 'failure')], wanted('a')).state).toBe('green');
    expect(assessChecks([fact('a', 'failure'), status('a', 'success')], wantedStatus).state).toBe('green');
    expect(assessChecks([status('a', 'error')], wantedStatus).state).toBe('red');
    // The CI system moved from statuses to checks: the name is all there is.
    expect(assessChecks([fact('a', 'success')], wantedStatus).state).toBe('green');
  });

  it('tells by the name alone when it does not know the workflow', () => {
    const unknown = [aCheck('a', { workflowName: null })];
    expect(assessChecks([fact('a', 'success'), fact('a', 'failure', { workflow: 'x' })], unknown).state).toBe('red');
  });
});

describe('the state of everything, when an event named no check', () => {
  it.each<[string, CheckFact[], string]>([
    ['nothing there', [], 'pending'],
    ['all green', [fact('a', 'success'), status('s', 'success')], 'green'],
    ['one red', [fact('a', 'success'), status('s', 'failure')], 'red'],
    ['one running', [fact('a', 'success'), fact('b', null)], 'pending'],
    ['some skipped', [fact('a', 'success'), fact('b', 'skipped')], 'green'],
    ['all skipped', [fact('a', 'skipped')], 'pending'],
  ])('%s', (_, facts, state) => {
    expect(assessChecks(facts, []).state).toBe(state);
  });
});

describe('whatever GitHub lists', () => {
  const conclusion = fc.constantFrom(
    'success',
    'failure',
    'skipped',
    'cancelled',
    'neutral',
    'timed_out',
    'stale',
    null,
  );
  const facts = fc.array(
    fc
      .record({ name: fc.constantFrom('a', 'b', 'c'), conclusion, suiteId: fc.constantFrom(1, 2) })
      .map((input) => fact(input.name, input.conclusion, { suiteId: input.suiteId })),
    { maxLength: 8 },
  );
  const names = fc.subarray(['a', 'b', 'c'], { minLength: 1 });

  it('is green only if each wanted check has a newest result, that is success, and nothing beside it is red or running', () => {
    fc.assert(
      fc.property(facts, names, (listed, asked) => {
        const newest = (name: string) =>
          listed.filter((one) => one.check.name === name).toSorted((x, y) => y.id - x.id)[0];
        const suites = asked.map((name) => newest(name)?.suiteId);
        const beside = ['a', 'b', 'c'].map(newest).filter((one) => one !== undefined && suites.includes(one.suiteId));
        const allGreen = asked.every((name) => newest(name)?.conclusion === 'success');
        const quiet = beside.every((one) => !['failure', 'timed_out', null].includes(one?.conclusion ?? null));
        expect(assessChecks(listed, wanted(...asked)).state === 'green').toBe(allGreen && quiet);
      }),
    );
  });

  it('does not depend on the order of the list', () => {
    fc.assert(
      fc.property(facts, names, (listed, asked) => {
        const one = assessChecks(listed, wanted(...asked));
        expect(assessChecks(listed.toReversed(), wanted(...asked)).state).toBe(one.state);
      }),
    );
  });

  it('puts every wanted check into exactly one of red, pending and green', () => {
    fc.assert(
      fc.property(facts, names, (listed, asked) => {
        const { red, pending, green } = assessChecks(listed, wanted(...asked));
        const told = [...red.map((check) => check.name), ...pending, ...green];
        expect(told.filter((name) => asked.includes(name)).sort()).toEqual([...asked].sort());
      }),
    );
  });
});
