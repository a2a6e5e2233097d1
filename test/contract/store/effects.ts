import { beforeEach, expect, it } from 'vitest';
import {
  type ClaimedEffect,
  claimEffects,
  finishEffect,
  type NewEffect,
  nextEffectDue,
  planEffects,
  postponeEffect,
  releaseAllEffects,
} from '../../../src/store/effects.ts';
import type { Store } from '../../../src/store/open.ts';
import type { StoreUnderTest } from '../store.contract.ts';
import { emptyStore } from './empty.ts';

const LEASE = 1_000;

function effect(changes: Partial<NewEffect> = {}): NewEffect {
  return {
    key: 'r1:spawn:1',
    remediationId: 'r1',
    kind: 'spawn',
    payload: { n: 1 },
    dueAt: 100,
    repeatable: false,
    ...changes,
  };
}

export function effectContract({ store, second }: StoreUnderTest): void {
  beforeEach(() => emptyStore(store()));

  const plan = (changes: Partial<NewEffect> = {}, now = 50) =>
    store().transaction((tx) => planEffects(tx, [effect(changes)], now));
  const claim = (now: number, limit = 10, on: Store = store()) => claimEffects(on, now, LEASE, limit);
  const claimOne = async (now: number): Promise<ClaimedEffect> => {
    const [claimed] = await claim(now);
    if (claimed === undefined) throw new Error('nothing to claim');
    return claimed;
  };
  const row = (key = 'r1:spawn:1') =>
    store().db.selectFrom('effects').selectAll().where('key', '=', key).executeTakeFirstOrThrow();

  it('gives out what is due, with its payload, and nothing before its time', async () => {
    await plan({ payload: { text: '\u0000\ud800', list: [1] } });
    expect(await claim(99)).toEqual([]);
    expect(await claim(100)).toMatchObject([
      { key: 'r1:spawn:1', remediationId: 'r1', kind: 'spawn', payload: { text: '\u0000\ud800', list: [1] }, tries: 1 },
    ]);
  });

  it('gives out the longest overdue first, and no more than asked for', async () => {
    for (const n of [5, 3, 1, 4, 2]) await plan({ key: `k${n}`, dueAt: n });
    expect((await claim(100, 3)).map(({ key }) => key)).toEqual(['k1', 'k2', 'k3']);
    expect((await claim(100, 3)).map(({ key }) => key)).toEqual(['k4', 'k5']);
    expect(await claim(100, 3)).toEqual([]);
  });

  it('gives out what starts an agent before anything else: its brief is ready, and others still wait for theirs', async () => {
    for (const n of [1, 2, 3]) await plan({ key: `g${n}`, kind: 'gather', dueAt: n });
    await plan({ key: 's', kind: 'spawn', dueAt: 50 });
    expect((await claim(100, 2)).map(({ key }) => key).toSorted()).toEqual(['g1', 's']);
  });

  it('never gives the same effect to two workers at once', async () => {
    for (let n = 0; n < 60; n += 1) await plan({ key: `k${n}` });
    const claims = await Promise.all(Array.from({ length: 16 }, (_, n) => claim(100, 5, n % 2 ? store() : second())));
    for (const batch of claims) expect(batch.length).toBeLessThanOrEqual(5);
    const rest = await claim(100, 100);
    const keys = [...claims.flat(), ...rest].map(({ key }) => key);
    expect(keys).toHaveLength(60);
    expect(new Set(keys).size).toBe(60);
  });

  it('gives it to another worker when the lease has run out', async () => {
    await plan();
    await claimOne(100);
    expect(await claim(100 + LEASE - 1)).toEqual([]);
    expect(await claimOne(100 + LEASE)).toMatchObject({ tries: 2 });
  });

  it('does not let a worker that lost its lease put the effect off or out of the other’s hands', async () => {
    await plan();
    const lost = await claimOne(100);
    const held = await claimOne(100 + LEASE);
    await postponeEffect(store().db, lost, 9_999, 'too slow');
    expect(await row()).toMatchObject({ leased_until: 100 + 2 * LEASE, due_at: 100, tries: 2 });
    await postponeEffect(store().db, held, 5_000, 'no network');
    expect(await row()).toMatchObject({ leased_until: null, due_at: 5_000, tries: 2, last_error: 'no network' });
  });

  it('leaves alone the lease of the worker after it when it was asked for again meanwhile', async () => {
    await plan({ repeatable: true });
    const lost = await claimOne(100);
    await plan({ repeatable: true });
    await claimOne(100 + LEASE);
    await finishEffect(store().db, lost, 'done');
    expect(await row()).toMatchObject({ state: 'pending', leased_until: 100 + 2 * LEASE });
  });

  it('has one row for a duty, however often it is planned', async () => {
    await plan();
    await plan();
    await store().transaction((tx) => planEffects(tx, [effect(), effect()], 50));
    expect(await claim(100)).toHaveLength(1);
  });

  it('becomes due at the earlier of two times', async () => {
    await plan({ dueAt: 500 });
    await plan({ dueAt: 100 });
    expect(await nextEffectDue(store().db)).toBe(100);
    await plan({ dueAt: 900 });
    expect(await nextEffectDue(store().db)).toBe(100);
  });

  it('stays done when it is planned again and not repeatable', async () => {
    await plan();
    await finishEffect(store().db, await claimOne(100), 'done');
    await plan();
    expect(await claim(10_000)).toEqual([]);
    expect(await nextEffectDue(store().db)).toBeNull();
  });

  it.each(['done', 'dropped'] as const)('comes again when it is repeatable and was %s', async (state) => {
    await plan({ repeatable: true });
    await finishEffect(store().db, await claimOne(100), state);
    expect(await claim(10_000)).toEqual([]);
    await plan({ repeatable: true, dueAt: 20_000 });
    expect(await claim(19_999)).toEqual([]);
    expect(await claim(20_000)).toHaveLength(1);
  });

  it('stays due when it was asked for again while a worker was at it', async () => {
    await plan({ repeatable: true });
    const claimed = await claimOne(100);
    await plan({ repeatable: true });
    await finishEffect(store().db, claimed, 'done');
    const again = await claimOne(101);
    expect(again.revision).toBe(2);
    await finishEffect(store().db, again, 'done');
    expect(await claim(10_000)).toEqual([]);
  });

  it('keeps its earlier time when it was asked for again while a worker puts it off', async () => {
    await plan({ repeatable: true });
    const claimed = await claimOne(100);
    await plan({ repeatable: true, dueAt: 150 });
    await postponeEffect(store().db, claimed, 9_000, null);
    expect(await claim(150)).toHaveLength(1);
  });

  it('counts tries while it fails and forgets them when it was only not yet time', async () => {
    await plan();
    await postponeEffect(store().db, await claimOne(100), 200, 'no network');
    const second = await claimOne(200);
    expect(second.tries).toBe(2);
    await postponeEffect(store().db, second, 300, null);
    expect(await row()).toMatchObject({ tries: 0, last_error: null });
    expect((await claimOne(300)).tries).toBe(1);
  });

  it('says why it was dropped', async () => {
    await plan();
    await finishEffect(store().db, await claimOne(100), 'dropped', 'overtaken \u0000');
    expect(await row()).toMatchObject({ state: 'dropped', last_error: 'overtaken \ufffd', leased_until: null });
  });

  it('knows when to look next: at what is due, or when a lease runs out', async () => {
    expect(await nextEffectDue(store().db)).toBeNull();
    await plan({ key: 'later', dueAt: 4_000 });
    await plan({ key: 'now' });
    await claim(100);
    expect(await nextEffectDue(store().db)).toBe(100 + LEASE);
  });

  it('lets go of everything after a crash', async () => {
    await plan();
    await claimOne(100);
    await releaseAllEffects(store().db);
    expect(await claim(100)).toHaveLength(1);
  });

  it('plans nothing when the transaction fails', async () => {
    const work = store().transaction(async (tx) => {
      await planEffects(tx, [effect()], 50);
      throw new Error('no');
    });
    await expect(work).rejects.toThrow('no');
    expect(await claim(100)).toEqual([]);
  });
}
