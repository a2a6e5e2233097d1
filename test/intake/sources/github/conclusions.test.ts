import { describe, expect, it } from 'vitest';
import { normalise } from '../../../../src/intake/sources/github/normalise.ts';
import { checkRun, checkSuite, status, workflowJob, workflowRun } from '../../support/bodies.ts';

const EVENTS = {
  workflow_job: workflowJob,
  workflow_run: workflowRun,
  check_run: checkRun,
  check_suite: checkSuite,
} as const;
type CheckEvent = keyof typeof EVENTS;

/** GitHub's conclusions and what each means for Healer. */
const CONCLUSIONS: readonly (readonly [conclusion: string | null, meaning: string])[] = [
  ['failure', 'ci_failed'],
  ['timed_out', 'ci_failed'],
  ['startup_failure', 'ci_failed'],
  ['success', 'ci_passed'],
  ['action_required', 'not_a_failure'],
  ['cancelled', 'not_a_failure'],
  ['stale', 'not_a_failure'],
  ['skipped', 'not_a_failure'],
  ['neutral', 'not_a_failure'],
  ['a_word_of_next_year', 'not_a_failure'],
  ['constructor', 'not_a_failure'],
  [null, 'not_finished'],
];

const meaningOf = (event: string, body: unknown) => {
  const { signals, ignored } = normalise(event, body);
  return signals[0]?.kind ?? ignored?.code;
};

describe.each(Object.keys(EVENTS) as CheckEvent[])('a completed %s', (event) => {
  it.each(CONCLUSIONS)('with conclusion %s is %s', (conclusion, meaning) => {
    expect(meaningOf(event, EVENTS[event]({ conclusion }))).toBe(meaning);
  });

  it('keeps GitHub’s own word', () => {
    expect(normalise(event, EVENTS[event]({ conclusion: 'timed_out' })).signals[0]).toMatchObject({
      conclusion: 'timed_out',
    });
  });

  it('says which conclusion it was when it is none that Healer repairs', () => {
    expect(normalise(event, EVENTS[event]({ conclusion: 'action_required' })).ignored?.detail).toMatch(
      /waits for a person \(action_required\)/,
    );
  });
});

describe.each(Object.keys(EVENTS) as CheckEvent[])('a %s that is not over', (event) => {
  it.each(['queued', 'in_progress', 'waiting', 'requested', 'pending'])('with status %s is not finished', (state) => {
    expect(meaningOf(event, EVENTS[event]({ status: state, conclusion: null }, state))).toBe('not_finished');
    expect(meaningOf(event, EVENTS[event]({ status: state }))).toBe('not_finished');
  });

  it.each(['requested', 'rerequested'])('and %s again carries an old conclusion', (action) => {
    expect(meaningOf(event, EVENTS[event]({}, action))).toBe('not_finished');
  });
});

describe('a check run that an App creates complete at once', () => {
  it('is a failure although no "completed" follows', () => {
    expect(meaningOf('check_run', checkRun({}, 'created'))).toBe('ci_failed');
  });
});

describe('a check run whose button was pressed', () => {
  it('is not a new failure', () => {
    expect(meaningOf('check_run', checkRun({}, 'requested_action'))).toBe('button_unknown');
  });
});

describe('a commit status', () => {
  it.each([
    ['failure', 'ci_failed'],
    ['error', 'ci_failed'],
    ['success', 'ci_passed'],
    ['pending', 'not_finished'],
    ['expected', 'not_a_failure'],
  ])('in state %s is %s', (state, meaning) => {
    expect(meaningOf('status', status({ state }))).toBe(meaning);
  });
});
