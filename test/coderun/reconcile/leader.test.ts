import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createMonotonicClock } from '../../../src/coderun/reconcile/leader-clock.ts';
import {
  DEFAULT_ELECTION_POLICY,
  type ElectionFacts,
  heldLease,
  heldUntil,
  type LeaseRecord,
  nextElectionStep,
  releasedLease,
} from '../../../src/coderun/reconcile/leader-decision.ts';
import { type LeaderWorld, runLeaderWorld } from './leader-world.ts';

const policy = DEFAULT_ELECTION_POLICY;
const record: LeaseRecord = {
  holder: 'other',
  durationMs: 15_000,
  acquiredAt: 1,
  renewedAt: 1,
  transitions: 4,
  version: '7',
};
const facts: ElectionFacts = { self: 'us', record, seenAt: 1_000, hasVanished: false, heldUntil: null };
const step = (change: Partial<ElectionFacts>, now: number) => nextElectionStep({ ...facts, ...change }, policy, now);
const ours: LeaseRecord = { ...record, holder: 'us' };

describe('the next step of a contender', () => {
  it('takes a lease that is not there, or was given back', () => {
    expect(step({ record: null }, 0)).toEqual({ kind: 'acquire' });
    expect(step({ record: { ...record, holder: null } }, 0)).toEqual({ kind: 'acquire' });
  });

  it('waits for another’s lease as long as it did not change for its duration on our clock, whatever times it names', () => {
    expect(step({}, 15_999)).toEqual({ kind: 'wait', until: 16_000 });
    expect(step({}, 16_000)).toEqual({ kind: 'acquire' });
    expect(step({ record: { ...record, renewedAt: 9e15 } }, 16_000)).toEqual({ kind: 'acquire' });
  });

  it('waits for the longer of both durations', () => {
    expect(step({ record: { ...record, durationMs: 60_000 } }, 16_000)).toEqual({ kind: 'wait', until: 61_000 });
    expect(step({ record: { ...record, durationMs: 0 } }, 15_000)).toEqual({ kind: 'wait', until: 16_000 });
  });

  it('does not jump in when another’s lease was deleted: its holder has yet to find out', () => {
    expect(step({ record: null, hasVanished: true }, 15_999)).toEqual({ kind: 'wait', until: 16_000 });
    expect(step({ record: null, hasVanished: true }, 16_000)).toEqual({ kind: 'acquire' });
  });

  it('renews what it holds, and steps down when it is too late or somebody else’s', () => {
    expect(step({ record: ours, heldUntil: 5_000 }, 4_999)).toEqual({ kind: 'renew' });
    expect(step({ record: ours, heldUntil: 5_000 }, 5_000)).toEqual({ kind: 'step_down' });
    expect(step({ heldUntil: 5_000 }, 2_000)).toEqual({ kind: 'step_down' });
    expect(step({ record: null, heldUntil: 5_000 }, 2_000)).toEqual({ kind: 'step_down' });
  });

  it('takes its own lease again at once after it stepped down and nobody else came', () => {
    expect(step({ record: ours }, 1_001)).toEqual({ kind: 'acquire' });
  });

  it('counts the time of a lease from before it was asked for, and less than others wait', () => {
    expect(heldUntil(100, policy)).toBe(10_100);
  });

  it('writes a new holder as a transition and a renewal as none', () => {
    expect(heldLease({ self: 'us', record }, policy, 50)).toEqual({
      holder: 'us',
      durationMs: 15_000,
      acquiredAt: 50,
      renewedAt: 50,
      transitions: 5,
    });
    expect(heldLease({ self: 'us', record: ours }, policy, 50)).toMatchObject({ acquiredAt: 1, transitions: 4 });
    expect(releasedLease(ours, 60)).toEqual({
      holder: null,
      durationMs: 15_000,
      acquiredAt: 1,
      renewedAt: 60,
      transitions: 4,
    });
  });
});

describe('the clock of the lease', () => {
  it('takes whichever clock went further, and never goes back', () => {
    let steady = 100;
    let wall = 5_000;
    const now = createMonotonicClock(
      () => steady,
      () => wall,
    );
    expect(now()).toBe(0);
    steady += 10;
    wall += 10;
    expect(now()).toBe(10);
    // The machine slept: only the wall clock saw it.
    wall += 1_000;
    expect(now()).toBe(1_010);
    // Somebody set the wall clock back.
    wall -= 60_000;
    steady += 5;
    expect(now()).toBe(1_015);
  });
});

const fast = [{ there: 5, back: 5, fails: 'never' }] as const;
const on = (startsAt: number, more = {}) => ({ offset: 0, rate: 1, startsAt, ...more });
const world = (change: Partial<LeaderWorld>): LeaderWorld => ({
  contenders: [on(0), on(50), on(100)],
  journeys: fast,
  policy,
  untilMs: 60_000,
  ...change,
});

describe('an election', () => {
  it('makes the first one leader and keeps it', async () => {
    const story = await runLeaderWorld(world({}));
    expect(story.told).toEqual(['0 leads']);
    expect(story.leaders).toEqual([0]);
    expect(story.record).toMatchObject({ holder: 'healer-0', transitions: 0 });
  });

  it('hands over at once when the leader stops gracefully', async () => {
    const story = await runLeaderWorld(world({ contenders: [on(0, { stopsAt: 20_000 }), on(50)], untilMs: 24_000 }));
    expect(story.told).toEqual(['0 leads', '0 follows', '1 leads']);
    expect(story.overlaps).toEqual([]);
    expect(story.record?.transitions).toBe(1);
  });

  it('is no leader any more before another can be, when it was stopped past its lease and goes on', async () => {
    const paused = on(0, { pauses: [{ from: 10_000, to: 40_000 }] });
    const story = await runLeaderWorld(world({ contenders: [paused, on(50)], untilMs: 60_000 }));
    expect(story.overlaps).toEqual([]);
    // Nothing ran in it to notice: the comparison of clocks is what said no.
    expect(story.told).toEqual(['0 leads', '1 leads', '0 follows']);
    expect(story.leaders).toEqual([1]);
  });

  it('goes on leading through a pause that is shorter than its lease', async () => {
    const paused = on(0, { pauses: [{ from: 10_000, to: 16_000 }] });
    const story = await runLeaderWorld(world({ contenders: [paused, on(50)] }));
    expect(story.told).toEqual(['0 leads']);
  });

  it('steps down when nobody answers it, and leads again when somebody does', async () => {
    const journeys = Array.from({ length: 30 }, (_, index) => ({
      there: 5,
      back: 5,
      fails: index > 5 && index < 20 ? ('before' as const) : ('never' as const),
    }));
    const story = await runLeaderWorld(world({ contenders: [on(0)], journeys, untilMs: 44_000 }));
    expect(story.told).toEqual(['0 leads', '0 follows', '0 leads']);
  });

  it('does not lead twice when somebody deletes the lease', async () => {
    const story = await runLeaderWorld(world({ deletedAt: 20_500 }));
    expect(story.overlaps).toEqual([]);
    expect(story.leaders.length).toBe(1);
    expect(story.record?.holder).toBe(`healer-${story.leaders[0]}`);
  });

  const journey = fc.record({
    there: fc.integer({ min: 0, max: 4_000 }),
    back: fc.integer({ min: 0, max: 4_000 }),
    fails: fc.constantFrom('never' as const, 'never' as const, 'never' as const, 'before' as const, 'after' as const),
  });
  const contender = fc.record({
    offset: fc.integer({ min: -1e9, max: 1e9 }),
    rate: fc.double({ min: 0.88, max: 1.12, noNaN: true }),
    startsAt: fc.integer({ min: 0, max: 20_000 }),
    stopsAt: fc.integer({ min: 10_000, max: 200_000 }),
    pauses: fc.array(
      fc
        .record({ from: fc.integer({ min: 0, max: 80_000 }), ms: fc.integer({ min: 100, max: 40_000 }) })
        .map(({ from, ms }) => ({ from, to: from + ms })),
      { maxLength: 3 },
    ),
  });
  const arbitrary = fc.record({
    contenders: fc.array(contender, { minLength: 2, maxLength: 3 }),
    journeys: fc.array(journey, { minLength: 1, maxLength: 12 }),
    policy: fc.constant(policy),
    untilMs: fc.constant(80_000),
  });

  it('never has two leaders at one moment of true time, whatever clocks, pauses and lost answers do', {
    timeout: 120_000,
  }, async () => {
    let led = 0;
    await fc.assert(
      fc.asyncProperty(arbitrary, async (given) => {
        const story = await runLeaderWorld(given);
        led += story.ledMs;
        expect(story.overlaps).toEqual([]);
      }),
      { numRuns: 150 },
    );
    // It says something only when somebody led for a good while.
    expect(led).toBeGreaterThan(150 * 80_000 * 0.05);
  });

  it('would have two if a holder trusted its lease for longer than others wait: these worlds can tell', async () => {
    const reckless = { ...policy, marginMs: -12_000 };
    const contenders = [on(0, { pauses: [{ from: 10_000, to: 40_000 }] }), on(50)];
    const story = await runLeaderWorld(world({ contenders, policy: reckless }));
    expect(story.overlaps.length).toBeGreaterThan(0);
    expect((await runLeaderWorld(world({ contenders }))).overlaps).toEqual([]);
  });
});
