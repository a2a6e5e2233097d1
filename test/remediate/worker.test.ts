import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { PermanentError, RetryableError } from '../../src/lib/errors.ts';
import type { EffectKind } from '../../src/remediate/effects.ts';
import { createMachine, type Machine } from '../../src/remediate/machine.ts';
import { DEFAULT_POLICY } from '../../src/remediate/policy.ts';
import { type Chore, createWorker, type Handled, type Handlers, type Worker } from '../../src/remediate/worker.ts';
import { claimEffects, releaseAllEffects } from '../../src/store/effects.ts';
import { ensureLineage } from '../../src/store/lineages.ts';
import { openStore, type Store } from '../../src/store/open.ts';
import { findRemediation } from '../../src/store/remediations.ts';
import { readTimeline } from '../../src/store/timeline.ts';
import { aRemediation, checksRead, codeRunEnded, evidence } from '../support/builders.ts';
import { type FakeClock, fakeClock } from '../support/clock.ts';

const { id, subjectKey } = aRemediation();

describe('the worker', () => {
  let store: Store;
  let clock: FakeClock;
  let machine: Machine;
  let worker: Worker;
  let calls: EffectKind[];
  let errors: Readonly<Record<string, unknown>>[];
  /** What the world answers; `done` where a test does not say. */
  let world: Partial<Record<EffectKind, () => Promise<Handled> | Handled>>;

  function newWorker(chores: readonly Chore[] = []): Worker {
    const handler = (kind: EffectKind) => async () => {
      calls.push(kind);
      return (await world[kind]?.()) ?? ({ kind: 'done' } as const);
    };
    const kinds = ['gather', 'spawn', 'cancel_run', 'rerun', 'read_checks', 'open_pull_request', 'comment'] as const;
    const handlers = Object.fromEntries(kinds.map((kind) => [kind, handler(kind)])) as unknown as Handlers;
    const onError = (_: string, fields: Readonly<Record<string, unknown>>) => errors.push(fields);
    return createWorker({ store, machine, handlers, clock: clock.now, concurrency: 4, chores, onError });
  }

  beforeEach(async () => {
    [calls, errors, world] = [[], [], {}];
    clock = fakeClock();
    store = await openStore({ kind: 'memory' });
    machine = createMachine({ store, clock: clock.now, policyFor: async () => DEFAULT_POLICY });
    worker = newWorker();
    await store.transaction(async (tx) => {
      const lineage = await ensureLineage(tx, subjectKey, 1);
      return machine.open(tx, aRemediation({ lineageId: lineage.id, wakeAt: null }), 'clippy is red.');
    });
  });
  afterEach(async () => {
    await worker.stop();
    await store.close();
  });

  const phase = async () => (await findRemediation(store.db, id))?.phase;
  const rounds = async () => {
    while ((await worker.round()) > 0);
  };
  const pass = async (ms: number) => {
    clock.advance(ms);
    await rounds();
  };
  const count = (kind: EffectKind) => calls.filter((call) => call === kind).length;
  const untilWorking = async () => {
    world.gather = () => ({ kind: 'fact', fact: evidence() });
    world.spawn = () => ({ kind: 'fact', fact: { kind: 'coderun_created', ordinal: 1, name: 'run-1' } });
    await pass(5_000);
  };

  it('brings a remediation from red to green by timers and effects alone', async () => {
    await untilWorking();
    expect(await phase()).toBe('working');
    world.read_checks = () => ({ kind: 'fact', fact: checksRead('green') });
    await machine.apply(id, codeRunEnded(1));
    await pass(1_000);
    expect(await phase()).toBe('succeeded');
    expect([count('gather'), count('spawn'), count('read_checks')]).toEqual([1, 1, 1]);
  });

  it('stops a CodeRun whose remediation was cancelled while it was being made', async () => {
    world.gather = () => ({ kind: 'fact', fact: evidence() });
    world.spawn = async () => {
      await machine.apply(id, { kind: 'person_commanded', verb: 'cancel', by: 'ada' });
      return { kind: 'fact', fact: { kind: 'coderun_created', ordinal: 1, name: 'run-1' } };
    };
    await pass(5_000);
    expect(await phase()).toBe('cancelled');
    expect((await findRemediation(store.db, id))?.attempts[0]?.codeRunName).toBe('run-1');
    expect(count('cancel_run')).toBeGreaterThan(0);
  });

  it('lets an answer about checks pass that comes after the attempt it was about', async () => {
    await untilWorking();
    await machine.apply(id, codeRunEnded(1));
    world.read_checks = async () => {
      await machine.apply(id, { kind: 'person_commanded', verb: 'cancel', by: 'ada' });
      return { kind: 'fact', fact: checksRead('green') };
    };
    await pass(1_000);
    expect(await phase()).toBe('cancelled');
  });

  it('does each duty once however many rounds there are', async () => {
    await untilWorking();
    await rounds();
    await rounds();
    expect([count('gather'), count('spawn')]).toEqual([1, 1]);
  });

  it('looks again when the time has come, as long as the answer is not there', async () => {
    await untilWorking();
    await machine.apply(id, codeRunEnded(1));
    world.read_checks = () => ({ kind: 'again', at: clock.now() + 20_000 });
    await pass(1_000);
    await pass(19_999);
    expect(count('read_checks')).toBe(1);
    await pass(1);
    expect(count('read_checks')).toBe(2);
  });

  it('tries again later each time when the world fails, and says so', async () => {
    world.gather = () => Promise.reject(new Error('502'));
    await pass(5_000);
    const tries = () => count('gather');
    expect(tries()).toBe(1);
    await pass(999);
    expect(tries()).toBe(1);
    await pass(1);
    expect(tries()).toBe(2);
    await pass(1_999);
    expect(tries()).toBe(2);
    await pass(1);
    expect(tries()).toBe(3);
    expect(errors[0]).toMatchObject({ kind: 'gather', tries: 1, error: '502', giveUp: false });
  });

  it('waits as long as the other side asked', async () => {
    world.gather = () => Promise.reject(new RetryableError('429', { retryAfterMs: 60_000 }));
    await pass(5_000);
    await pass(59_999);
    expect(count('gather')).toBe(1);
    await pass(1);
    expect(count('gather')).toBe(2);
  });

  it('does not try again what cannot work; the timer goes on all the same', async () => {
    world.gather = () => Promise.reject(new PermanentError('404'));
    await pass(5_000);
    await pass(60_000);
    expect(count('gather')).toBe(1);
    await pass(DEFAULT_POLICY.gatherTimeoutMs);
    await pass(DEFAULT_POLICY.retryDelayMs);
    expect(count('gather')).toBe(2);
    expect(await phase()).toBe('gathering');
  });

  it('asks people in the end when nothing ever answers', async () => {
    const never = () => ({ kind: 'again', at: Number.MAX_SAFE_INTEGER }) as const;
    world = { gather: never, spawn: never };
    for (let round = 0; round < 50 && (await phase()) !== 'escalated'; round += 1) await pass(10 * 60_000);
    expect(await phase()).toBe('escalated');
  });

  it('leaves out what was overtaken', async () => {
    world.gather = () => ({ kind: 'fact', fact: evidence() });
    clock.advance(5_000);
    await machine.apply(id, { kind: 'timer_rang' });
    await machine.apply(id, { kind: 'person_commanded', verb: 'cancel', by: 'ada' });
    await rounds();
    expect(count('gather')).toBe(0);
    expect(await phase()).toBe('cancelled');
  });

  it.each([
    ['at once after a restart of the only process', () => releaseAllEffects(store.db)],
    ['when its lease has run out', () => clock.advance(5 * 60_000)],
  ])('does what another worker died over, %s', async (_, letGo) => {
    clock.advance(5_000);
    await machine.apply(id, { kind: 'timer_rang' });
    await machine.apply(id, evidence());
    expect((await claimEffects(store, clock.now(), 5 * 60_000, 10)).map(({ kind }) => kind)).toContain('spawn');
    world.spawn = () => ({ kind: 'fact', fact: { kind: 'coderun_created', ordinal: 1, name: 'run-1' } });
    await rounds();
    expect(count('spawn')).toBe(0);
    await letGo();
    await rounds();
    expect(count('spawn')).toBe(1);
    const events = (await readTimeline(store.db, id)).map(({ event }) => event);
    expect(events).toEqual(['opened', 'settled', 'attempt_started', 'coderun_created']);
  });

  it('carries out no more side by side than it may', async () => {
    let [running, most] = [0, 0];
    world.comment = async () => {
      running += 1;
      most = Math.max(most, running);
      await new Promise((resolve) => setImmediate(resolve));
      running -= 1;
      return { kind: 'done' };
    };
    for (let n = 0; n < 12; n += 1)
      await store.transaction((tx) =>
        machine.open(
          tx,
          aRemediation({ id: `r${n}`, taskId: `t${n}`, subjectKey: `s${n}`, pullRequest: n + 1 }),
          'red',
        ),
      );
    await rounds();
    expect(count('comment')).toBe(12);
    expect(most).toBe(4);
  });

  describe('other work', () => {
    it('is done in the same rounds, before effects, and no more of it side by side than allowed', async () => {
      let waiting = 9;
      let [running, most] = [0, 0];
      const order: string[] = [];
      world.gather = () => {
        order.push('effect');
        return { kind: 'fact', fact: evidence() };
      };
      const piece = async () => {
        order.push('chore');
        running += 1;
        most = Math.max(most, running);
        await new Promise((resolve) => setImmediate(resolve));
        running -= 1;
      };
      const claim = async (limit: number) => {
        const taken = Math.min(limit, waiting);
        waiting -= taken;
        return Array.from({ length: taken }, () => piece);
      };
      worker = newWorker([{ claim, nextDue: async () => null }]);
      await pass(5_000);
      expect([waiting, most]).toEqual([0, 4]);
      expect(order.slice(0, 4)).toEqual(['chore', 'chore', 'chore', 'chore']);
      expect(order).toContain('effect');
    });

    it('that fails is told of, and hinders nothing', async () => {
      let left = 1;
      const claim = async () => (left-- > 0 ? [() => Promise.reject(new Error('the store is gone'))] : []);
      worker = newWorker([{ claim, nextDue: async () => null }]);
      await untilWorking();
      expect(errors).toContainEqual({ work: 'chore', error: 'the store is gone' });
      expect(await phase()).toBe('working');
    });
  });
});
