import { describe, expect, it } from 'vitest';
import { createAcceptor } from '../../src/app/accept.ts';
import { Overloaded, StoreUnavailable } from '../../src/intake/problem.ts';
import type { Delivery } from '../../src/model/delivery.ts';
import { reason } from '../../src/model/reason.ts';
import { findDelivery, latestDeliveries } from '../../src/store/deliveries.ts';
import { openStore, type Store } from '../../src/store/open.ts';
import { turnSwitch } from '../../src/store/switches.ts';
import { aDelivery } from '../support/builders.ts';

const META = { signals: [], ignored: reason('unknown_event'), preferWaitMs: 0 };
const MIB = 1024 * 1024;

/** An acceptor whose deciding is `decide`, and whose store may be held. */
function acceptorOn(store: Store, decide: () => Promise<void> = async () => {}, patienceMs = 60_000) {
  const errors: string[] = [];
  const decided: string[] = [];
  const acceptor = createAcceptor({
    store,
    machine: { publish: () => {} } as never,
    decide: async (tx) => {
      await turnSwitch(tx, 'traces of deciding', 'on', 'test', 1);
      await decide();
      const disposition = {
        status: 'ignored',
        dedupStatus: 'skipped',
        remediationId: null,
        reason: META.ignored,
      } as const;
      return { disposition, steps: [] };
    },
    clock: () => 1,
    interpret: () => META,
    onDecided: ({ id }: Delivery) => decided.push(id),
    onError: (message) => errors.push(message),
    wake: () => {},
    patienceMs,
  });
  return { acceptor, errors, decided };
}

/** A store whose transactions wait until they are let go. */
function held(store: Store) {
  const { promise, resolve } = Promise.withResolvers<void>();
  const waiting: Store = { ...store, transaction: (work) => promise.then(() => store.transaction(work)) };
  return { store: waiting, letGo: resolve };
}

const kindOf = (outcome: PromiseSettledResult<unknown>): string =>
  outcome.status === 'fulfilled' ? 'taken' : (outcome.reason as Error).constructor.name;

describe('accepting', () => {
  it('holds no more bodies than it may, tells the others to come again, and takes what it held', async () => {
    const store = await openStore({ kind: 'memory' });
    const { store: slow, letGo } = held(store);
    const { acceptor } = acceptorOn(slow);
    const big = Array.from({ length: 80 }, (_, n) => aDelivery(n, { body: new Uint8Array(MIB).fill(n) }));
    const outcomes = Promise.allSettled(big.map((delivery) => acceptor.accept(delivery, META)));
    letGo();
    const kinds = (await outcomes).map(kindOf);
    expect(kinds.slice(0, 64)).toEqual(Array.from({ length: 64 }, () => 'taken'));
    expect(kinds.slice(64)).toEqual(Array.from({ length: 16 }, () => Overloaded.name));
    expect(await latestDeliveries(store.db, 100)).toHaveLength(64);
    await expect(acceptor.accept(aDelivery(99), META)).resolves.toMatchObject({ deliveryId: aDelivery(99).id });
    await store.close();
  });

  it('holds no more deliveries than it may, however small', async () => {
    const store = await openStore({ kind: 'memory' });
    const { store: slow, letGo } = held(store);
    const { acceptor } = acceptorOn(slow);
    const small = Array.from({ length: 2_001 }, (_, n) => aDelivery(n));
    const outcomes = Promise.allSettled(small.map((delivery) => acceptor.accept(delivery, META)));
    letGo();
    const kinds = (await outcomes).map(kindOf);
    expect(kinds.filter((kind) => kind === 'taken')).toHaveLength(2_000);
    expect(kinds.at(-1)).toBe(Overloaded.name);
    await store.close();
  });

  it('tells the sender to come again when the store hangs, and knows the delivery when it comes', async () => {
    const store = await openStore({ kind: 'memory' });
    const { store: slow, letGo } = held(store);
    const { acceptor, decided } = acceptorOn(slow, undefined, 5);
    await expect(acceptor.accept(aDelivery(1), META)).rejects.toBeInstanceOf(StoreUnavailable);
    letGo();
    await acceptor.drain();
    expect(decided).toEqual([aDelivery(1).id]);
    const again = await acceptor.accept({ ...aDelivery(1), id: 'another' }, META);
    expect(again.deliveryId).toBe(aDelivery(1).id);
    await store.close();
  });

  it('tells what can wait when no sender waits any more, and lets it wait no longer than said', async () => {
    const store = await openStore({ kind: 'memory' });
    const { store: slow, letGo } = held(store);
    const { acceptor } = acceptorOn(slow);
    await acceptor.whenQuiet(60_000);
    const answer = acceptor.accept(aDelivery(1), META);
    await acceptor.whenQuiet(1);
    let isQuiet = false;
    const quiet = acceptor.whenQuiet(60_000).then(() => {
      isQuiet = true;
    });
    expect(isQuiet).toBe(false);
    letGo();
    await Promise.all([answer, quiet]);
    await store.close();
  });

  it('does not take the moment between two batches of a storm for quiet', async () => {
    const store = await openStore({ kind: 'memory' });
    const { acceptor } = acceptorOn(store);
    const order: string[] = [];
    const first = acceptor.accept(aDelivery(1), META);
    const quiet = acceptor.whenQuiet(60_000).then(() => order.push('quiet'));
    await first;
    const second = acceptor.accept(aDelivery(2), META).then(() => order.push('second'));
    await Promise.all([second, quiet]);
    expect(order).toEqual(['second', 'quiet']);
    await store.close();
  });

  it('keeps a delivery that could not be decided, without traces of the decision, and its neighbours', async () => {
    const store = await openStore({ kind: 'memory' });
    let fails = true;
    const { acceptor, errors } = acceptorOn(store, async () => {
      if (fails) throw new Error('a rule broke');
    });
    const [first, second] = await Promise.all([1, 2].map((n) => acceptor.accept(aDelivery(n), META)));
    expect(first?.disposition.reason.code).toBe('decision_failed');
    expect(second?.disposition.reason.code).toBe('decision_failed');
    expect((await findDelivery(store.db, aDelivery(1).id))?.disposition).toBeNull();
    expect(await store.db.selectFrom('switches').select('key').execute()).toEqual([]);
    // Each of them is told once, though the batch was applied twice.
    expect(errors).toHaveLength(2);
    fails = false;
    expect(await acceptor.decideLeftovers()).toBe(2);
    await store.close();
  });

  it('keeps nothing of a decision whose delivery could not be written', async () => {
    const store = await openStore({ kind: 'memory' });
    const { acceptor } = acceptorOn(store);
    const unwritable = aDelivery(1, { event: Symbol('no text') as never });
    await expect(acceptor.accept(unwritable, META)).rejects.toBeInstanceOf(StoreUnavailable);
    expect(await store.db.selectFrom('switches').select('key').execute()).toEqual([]);
    expect(await latestDeliveries(store.db, 10)).toEqual([]);
    await store.close();
  });
});
