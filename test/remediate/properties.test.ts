import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Fact } from '../../src/model/fact.ts';
import { isTerminal, type Remediation } from '../../src/model/remediation.ts';
import { attemptsSpent } from '../../src/remediate/lineage.ts';
import type { Load, Policy } from '../../src/remediate/policy.ts';
import { transition } from '../../src/remediate/transition.ts';
import { aRemediation } from '../support/builders.ts';
import { NOON } from '../support/clock.ts';
import { anyEvent, anyLoad, anyPolicy, type Event, machineEvent } from './facts.ts';
import { deeds, step } from './rules.ts';

const RUNS = { numRuns: 1_000 };

interface Life {
  readonly policy: Policy;
  readonly before: number;
  readonly uncounted: number;
  readonly events: readonly (readonly [Event, Load])[];
}

const life = (event: fc.Arbitrary<Event>, maxLength = 40): fc.Arbitrary<Life> =>
  fc.record({
    policy: anyPolicy,
    before: fc.nat(4),
    uncounted: fc.nat(3),
    events: fc.array(fc.tuple(event, anyLoad), { minLength: maxLength / 2, maxLength, size: 'max' }),
  });

function born({ policy, before, uncounted }: Life): Remediation {
  const attemptsBefore = Math.min(before, policy.maxAttempts);
  return aRemediation({ attemptsBefore, spawned: attemptsBefore + uncounted });
}

interface Moment {
  readonly before: Remediation;
  readonly after: Remediation;
  readonly fact: Fact;
  readonly policy: Policy;
  readonly now: number;
}

/** Lives a life; `see` looks at every step, which has been held against the rules already. */
function live(story: Life, see: (moment: Moment) => void = () => {}): { remediation: Remediation; now: number } {
  let remediation = born(story);
  let now = NOON;
  const done: string[] = [];
  for (const [event, load] of story.events) {
    const next = event(remediation, now);
    now = next.now;
    const policy = { ...story.policy, load };
    const result = step(remediation, next.fact, policy, now);
    done.push(...deeds(remediation.id, result.effects));
    see({ before: remediation, after: result.remediation, fact: next.fact, policy, now });
    remediation = result.remediation;
  }
  if (done.length !== new Set(done).size) throw new Error(`a deed was planned twice: ${done}`);
  return { remediation, now };
}

describe('whatever happens to a remediation, in whatever order', () => {
  it('every step keeps the rules', () => {
    fc.assert(
      fc.property(life(anyEvent), (story) => {
        live(story);
      }),
      RUNS,
    );
  });

  it('the sequences are not all trivial: every phase and every outcome is reached', () => {
    const phases = new Set<string>();
    const outcomes = new Set<string | null>();
    fc.assert(
      fc.property(life(anyEvent), (story) => {
        live(story, ({ after }) => {
          phases.add(after.phase);
          for (const { outcome } of after.attempts) outcomes.add(outcome);
        });
      }),
      { numRuns: 2_000 },
    );
    expect(phases.size).toBe(12);
    expect(outcomes.size).toBe(8);
  });

  it('a fact that comes twice changes nothing the second time', () => {
    /** Each gathering that fails counts; a person may say a thing twice. */
    const countsEachTime = ['gather_failed', 'person_commanded'];
    fc.assert(
      fc.property(life(anyEvent), (story) => {
        live(story, ({ after, fact, policy, now }) => {
          if (countsEachTime.includes(fact.kind)) return;
          const again = step(after, fact, policy, now);
          const same = isDeepStrictEqual({ ...again.remediation, updatedAt: 0 }, { ...after, updatedAt: 0 });
          if (!same || again.entries.length > 0) throw new Error(`${fact.kind} counts twice in ${after.phase}`);
        });
      }),
      RUNS,
    );
  });

  it('a fact about an attempt that is over changes nothing', () => {
    fc.assert(
      fc.property(life(anyEvent), (story) => {
        live(story, ({ after, policy, now }) => {
          const over = after.attempts.filter(({ endedAt }) => endedAt !== null);
          for (const { ordinal } of over) {
            const late: Fact = { kind: 'coderun_ended', ordinal, how: 'succeeded', detail: 'late', report: null };
            if (transition(after, late, policy, now).remediation !== after)
              throw new Error(`the end of CodeRun ${ordinal} counts in ${after.phase}`);
          }
        });
      }),
      { numRuns: 500 },
    );
  });

  it('an ordinal is never used twice in a lineage, and its counted attempts never exceed the maximum', () => {
    fc.assert(
      fc.property(anyPolicy, fc.array(life(anyEvent, 20), { maxLength: 5 }), (policy, stories) => {
        let lineage = { attempts: 0, spawned: 0 };
        const ordinals: number[] = [];
        for (const { events } of stories) {
          let remediation = aRemediation({ attemptsBefore: lineage.attempts, spawned: lineage.spawned });
          let now = NOON;
          for (const [event, load] of events) {
            const next = event(remediation, now);
            now = next.now;
            remediation = step(remediation, next.fact, { ...policy, load }, now).remediation;
          }
          ordinals.push(...remediation.attempts.map(({ ordinal }) => ordinal));
          lineage = { attempts: attemptsSpent(remediation), spawned: remediation.spawned };
          expect(lineage.attempts).toBeLessThanOrEqual(policy.maxAttempts);
        }
        expect(new Set(ordinals).size).toBe(ordinals.length);
      }),
      { numRuns: 500 },
    );
  });
});

/** Far more than any life needs, far less than for ever. */
const MANY_STEPS = 200;
const LONG_MS = 30 * 24 * 3_600_000;

describe('every remediation ends', () => {
  it('when nothing but its timer ever rings again, whatever it has been through', () => {
    fc.assert(
      fc.property(life(anyEvent), anyLoad, (story, load) => {
        const { remediation: start, now: begin } = live(story);
        let remediation = start;
        let now = begin;
        let steps = 0;
        while (!isTerminal(remediation.phase)) {
          steps += 1;
          if (steps > MANY_STEPS) throw new Error(`still ${remediation.phase} after ${steps} timers`);
          now = Math.max(now, remediation.wakeAt ?? now);
          const rung = step(remediation, { kind: 'timer_rang' }, { ...story.policy, load }, now).remediation;
          if (rung === remediation) throw new Error(`the timer changes nothing in ${remediation.phase}`);
          remediation = rung;
        }
        expect(now - begin).toBeLessThan(LONG_MS);
      }),
      RUNS,
    );
  });

  it('when the world keeps answering but nothing ever holds, in a bounded number of CodeRuns', () => {
    const story = fc.record({ policy: anyPolicy, events: fc.infiniteStream(fc.tuple(machineEvent, anyLoad)) });
    fc.assert(
      fc.property(story, ({ policy, events }) => {
        let remediation = aRemediation();
        let now = NOON;
        let steps = 0;
        for (const [event, load] of events) {
          if (isTerminal(remediation.phase)) break;
          steps += 1;
          if (steps > 10 * MANY_STEPS) throw new Error(`still ${remediation.phase} after ${steps} facts`);
          const next = event(remediation, now);
          now = Math.max(now, next.now);
          remediation = step(remediation, next.fact, { ...policy, load }, now).remediation;
        }
        expect(remediation.spawned).toBeLessThanOrEqual(policy.maxAttempts * policy.maxInfrastructureFailures);
      }),
      { numRuns: 500 },
    );
  });
});
