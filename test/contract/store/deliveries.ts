import { randomBytes } from 'node:crypto';
import { beforeEach, expect, it } from 'vitest';
import type { Delivery } from '../../../src/model/delivery.ts';
import { reason } from '../../../src/model/reason.ts';
import {
  countDeliveryFailure,
  countDispositions,
  decideDelivery,
  findDelivery,
  findTwin,
  insertDelivery,
  latestDeliveries,
  oldestUndecided,
  undecidedDeliveries,
} from '../../../src/store/deliveries.ts';
import { aDelivery, aDisposition } from '../../support/builders.ts';
import type { StoreUnderTest } from '../store.contract.ts';
import { emptyStore } from './empty.ts';

export function deliveryContract({ store, second }: StoreUnderTest): void {
  beforeEach(() => emptyStore(store()));

  const insert = (delivery: Delivery, disposition = aDisposition() as ReturnType<typeof aDisposition> | null) =>
    store().transaction((tx) => insertDelivery(tx, delivery, disposition, 500));

  it('gives back byte for byte what arrived', async () => {
    const everyByte = Uint8Array.from({ length: 256 }, (_, byte) => byte);
    const bodies = [new Uint8Array(), everyByte, Buffer.from('{"a":"\\ud800\u0000"}'), randomBytes(1_000_000)];
    for (const [n, body] of bodies.entries()) {
      expect(await insert(aDelivery(n, { body }))).toBe(true);
      const found = await findDelivery(store().db, aDelivery(n).id);
      expect(Buffer.compare(found?.body ?? Buffer.from('none'), body)).toBe(0);
    }
  });

  it('keeps a part of a larger buffer without its surroundings', async () => {
    const body = new Uint8Array(Buffer.from('..body..')).subarray(2, 6);
    await insert(aDelivery(1, { body }));
    expect(Buffer.from((await findDelivery(store().db, aDelivery(1).id))?.body ?? []).toString()).toBe('body');
  });

  it('gives back everything else as it was kept', async () => {
    const delivery = aDelivery(1);
    await insert(delivery);
    const { body, ...rest } = delivery;
    expect(await findDelivery(store().db, delivery.id)).toMatchObject({
      ...rest,
      disposition: aDisposition(),
      decidedAt: 500,
      failures: 0,
    });
  });

  it('knows a twin by the sender’s id and by the body’s digest, and nothing else', async () => {
    await insert(aDelivery(1));
    const twin = async (delivery: Delivery) => (await findTwin(store().db, delivery))?.id ?? null;
    expect(await twin({ ...aDelivery(2), externalId: aDelivery(1).externalId })).toBe(aDelivery(1).id);
    expect(await twin({ ...aDelivery(1), id: 'other', externalId: 'other' })).toBe(aDelivery(1).id);
    expect(await twin({ ...aDelivery(1), id: 'other', externalId: null })).toBe(aDelivery(1).id);
    expect(await twin(aDelivery(2))).toBeNull();
    expect(await twin({ ...aDelivery(2), externalId: null })).toBeNull();
  });

  it('refuses a second delivery with the same sender’s id or the same body, and keeps the first answer', async () => {
    await insert(aDelivery(1));
    const changed = aDisposition({ status: 'skipped', dedupStatus: 'skipped' });
    expect(await insert({ ...aDelivery(2), externalId: 'delivery-1' }, changed)).toBe(false);
    expect(await insert({ ...aDelivery(1), id: 'x', externalId: 'x' }, changed)).toBe(false);
    expect(await insert({ ...aDelivery(1), externalId: 'y', digest: 'y' }, changed)).toBe(false);
    expect(await latestDeliveries(store().db, 10)).toHaveLength(1);
    expect((await findDelivery(store().db, aDelivery(1).id))?.disposition).toEqual(aDisposition());
  });

  it('takes any number of deliveries without a sender’s id', async () => {
    for (const n of [1, 2, 3]) expect(await insert(aDelivery(n, { externalId: null }))).toBe(true);
  });

  it('lets one of many identical deliveries in at once win', async () => {
    const attempts = Array.from({ length: 10 }, (_, n) =>
      (n % 2 ? store() : second()).transaction((tx) =>
        insertDelivery(tx, { ...aDelivery(1), id: `id-${n}` }, aDisposition(), 500),
      ),
    );
    expect((await Promise.all(attempts)).filter(Boolean)).toHaveLength(1);
  });

  it('lists what was kept without a decision until it is decided', async () => {
    await insert(aDelivery(3), null);
    await insert(aDelivery(1), null);
    await insert(aDelivery(2));
    expect((await undecidedDeliveries(store().db, 10)).map(({ id }) => id)).toEqual([aDelivery(1).id, aDelivery(3).id]);
    expect(await oldestUndecided(store().db)).toBe(aDelivery(1).receivedAt);
    await store().transaction((tx) => decideDelivery(tx, aDelivery(1).id, aDisposition(), 900));
    expect(await findDelivery(store().db, aDelivery(1).id)).toMatchObject({
      disposition: aDisposition(),
      decidedAt: 900,
    });
    await store().transaction((tx) => decideDelivery(tx, aDelivery(3).id, aDisposition(), 900));
    expect(await undecidedDeliveries(store().db, 10)).toEqual([]);
    expect(await oldestUndecided(store().db)).toBeNull();
  });

  it('never decides twice: the answer that was given stays', async () => {
    await insert(aDelivery(1), null);
    const decide = (remediationId: string) =>
      store().transaction((tx) => decideDelivery(tx, aDelivery(1).id, aDisposition({ remediationId }), 900));
    await decide('first');
    await expect(decide('second')).rejects.toThrow(/decided/);
    expect((await findDelivery(store().db, aDelivery(1).id))?.disposition?.remediationId).toBe('first');
  });

  it('lets one of two that decide about the same delivery at once win, and undoes what the other did', async () => {
    await insert(aDelivery(1), null);
    const decide = (on: 'store' | 'second', n: number) =>
      (on === 'store' ? store() : second()).transaction(async (tx) => {
        await insertDelivery(tx, aDelivery(n), aDisposition(), 900);
        await decideDelivery(tx, aDelivery(1).id, aDisposition({ remediationId: on }), 900);
      });
    const settled = await Promise.allSettled([decide('store', 2), decide('second', 3)]);
    expect(settled.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected']);
    expect(await latestDeliveries(store().db, 10)).toHaveLength(2);
  });

  it('does not let deliveries that keep failing hold back those behind them', async () => {
    await insert(aDelivery(1), null);
    await insert(aDelivery(2), null);
    await countDeliveryFailure(store().db, aDelivery(1).id);
    await countDeliveryFailure(store().db, aDelivery(1).id);
    const [next] = await undecidedDeliveries(store().db, 1);
    expect(next?.id).toBe(aDelivery(2).id);
    expect((await findDelivery(store().db, aDelivery(1).id))?.failures).toBe(3);
  });

  it('finds by Healer’s own id before the sender’s, which anybody may choose', async () => {
    await insert(aDelivery(2, { externalId: aDelivery(1).id }));
    await insert(aDelivery(1));
    expect((await findDelivery(store().db, aDelivery(1).id))?.id).toBe(aDelivery(1).id);
    expect((await findDelivery(store().db, 'delivery-1'))?.id).toBe(aDelivery(1).id);
  });

  it('lists the latest first, without bodies', async () => {
    for (const n of [1, 3, 2]) await insert(aDelivery(n));
    const latest = await latestDeliveries(store().db, 2);
    expect(latest.map(({ id }) => id)).toEqual([aDelivery(3).id, aDelivery(2).id]);
  });

  it('counts dispositions by reason since a time', async () => {
    await insert(aDelivery(1));
    await insert(aDelivery(2));
    await insert(aDelivery(3), aDisposition({ reason: reason('same_run') }));
    await insert(aDelivery(4), null);
    const counts = await countDispositions(store().db, aDelivery(2).receivedAt);
    expect(counts.toSorted((a, b) => a.reason.localeCompare(b.reason))).toEqual([
      { reason: 'new_failure', count: 1 },
      { reason: 'same_run', count: 1 },
    ]);
  });

  it.each([
    ['a lone surrogate', 'broken \ud800 pair', 'broken \ufffd pair'],
    ['NUL', 'zero \u0000 byte', 'zero \ufffd byte'],
  ])('keeps text with %s readable instead of refusing it', async (_, text, kept) => {
    const disposition = aDisposition({ reason: { code: 'no_branch', detail: text } });
    expect(await insert(aDelivery(1, { event: text, externalId: text }), disposition)).toBe(true);
    const found = await findDelivery(store().db, aDelivery(1).id);
    expect(found).toMatchObject({ event: kept, externalId: kept, disposition: { reason: { detail: kept } } });
    expect((await findTwin(store().db, aDelivery(9, { externalId: text })))?.id).toBe(aDelivery(1).id);
    expect((await findDelivery(store().db, text))?.id).toBe(aDelivery(1).id);
  });

  it('keeps every other character', async () => {
    const event = '\u0001\u2028 😀 ‮ \uffff é\u0301';
    await insert(aDelivery(1, { event }));
    expect((await findDelivery(store().db, aDelivery(1).id))?.event).toBe(event);
  });
}
