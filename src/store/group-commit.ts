import { gather } from './gather.ts';
import { isLostRace, type Store, savepoint, type Tx } from './open.ts';
import { queueUp } from './queueing.ts';

/** As much is waiting as may be held; the sender should keep its delivery and try again. */
export class QueueFullError extends Error {
  override readonly name = 'QueueFullError';
}

export interface GroupCommit<T, R> {
  /**
   * Resolves only after the commit that made the item durable. Rejects with QueueFullError, or with whatever `apply`
   * or the commit threw; nothing of the item is kept then.
   */
  submit(item: T): Promise<R>;
  /** Waits until everything submitted is settled. */
  drain(): Promise<void>;
}

export interface GroupLimits<T> {
  /** Items that share one commit. */
  readonly maxBatch: number;
  /** Items that wait for one. */
  readonly maxWaiting: number;
  /** What an item will touch; batches of other replicas that touch the same wait for this one instead of racing it. */
  readonly keysOf?: (item: T) => readonly string[];
  /** Bytes that may be held, waiting or being committed; without it only items are counted. */
  readonly maxBytes?: number;
  readonly sizeOf?: (item: T) => number;
}

/**
 * Keeps `work` apart from what surrounds it: undone alone when it throws, and the error is thrown on. Items are first
 * applied without such a net; UnguardedError then says that the batch is to be applied again with it.
 */
export type Guard = <R>(work: () => Promise<R>) => Promise<R>;

/** Something failed that was not kept apart. Must reach the group commit, which undoes the batch and applies it again. */
export class UnguardedError extends Error {
  override readonly name = 'UnguardedError';
}

interface Waiting<T, R> {
  readonly item: T;
  readonly resolve: (result: R) => void;
  readonly reject: (error: unknown) => void;
}

type Settled<R> = { readonly ok: true; readonly result: R } | { readonly ok: false; readonly error: unknown };

/**
 * One disk sync for everything that arrived while the last one was under way. A batch is applied as a whole; when an
 * item fails, all of it is undone and applied again, each item in a savepoint of its own, so that one that fails takes
 * nothing with it. So `apply` may run more than once for an item.
 */
export function createGroupCommit<T, R>(
  store: Store,
  apply: (tx: Tx, item: T, guard: Guard) => Promise<R>,
  limits: GroupLimits<T>,
): GroupCommit<T, R> {
  const { maxBatch, maxWaiting, maxBytes = Number.POSITIVE_INFINITY, sizeOf = () => 0 } = limits;
  let waiting: Waiting<T, R>[] = [];
  let heldBytes = 0;
  let running: Promise<void> | null = null;

  const commitBatch = async (batch: readonly Waiting<T, R>[]): Promise<void> => {
    const items = batch.map(({ item }) => item);
    const keys = items.flatMap((item) => limits.keysOf?.(item) ?? []);
    const inTurn: InTurn = (work) =>
      store.transaction(async (tx) => {
        await queueUp(tx, store.dialect, keys);
        return work(tx);
      });
    try {
      const settled = (await applyTogether(inTurn, items, apply)) ?? (await applyOneByOne(inTurn, items, apply));
      for (const [index, outcome] of settled.entries()) {
        if (outcome.ok) batch[index]?.resolve(outcome.result);
        else batch[index]?.reject(outcome.error);
      }
    } catch (error) {
      for (const { reject } of batch) reject(error);
    }
    for (const item of items) heldBytes -= sizeOf(item);
  };

  const run = async (): Promise<void> => {
    while (waiting.length > 0) {
      await gather(() => waiting.length, maxBatch);
      const batch = waiting.slice(0, maxBatch);
      waiting = waiting.slice(maxBatch);
      await commitBatch(batch);
    }
    running = null;
  };

  return {
    submit: (item) =>
      new Promise<R>((resolve, reject) => {
        const bytes = sizeOf(item);
        if (waiting.length >= maxWaiting || (heldBytes > 0 && heldBytes + bytes > maxBytes)) {
          reject(new QueueFullError(`${waiting.length} deliveries are waiting for the store.`));
          return;
        }
        heldBytes += bytes;
        waiting.push({ item, resolve, reject });
        running ??= run();
      }),
    drain: async () => {
      while (running !== null) await running;
    },
  };
}

/** A transaction that waits for those of other replicas that touch the same. */
type InTurn = Store['transaction'];
type Apply<T, R> = (tx: Tx, item: T, guard: Guard) => Promise<R>;

/** All items in one transaction and without savepoints, which most batches need not. Null when an item failed. */
async function applyTogether<T, R>(
  inTurn: InTurn,
  items: readonly T[],
  apply: Apply<T, R>,
): Promise<readonly Settled<R>[] | null> {
  let failed = false;
  const unguarded: Guard = (work) =>
    work().catch((error: unknown) => {
      throw isLostRace(error) ? error : new UnguardedError('Something failed in a batch.', { cause: error });
    });
  try {
    return await inTurn(async (tx) => {
      const results: Settled<R>[] = [];
      failed = true;
      for (const item of items) results.push({ ok: true, result: await apply(tx, item, unguarded) });
      failed = false;
      return results;
    });
  } catch (error) {
    // A commit that failed, and a race that was lost too often, are everybody's error.
    if (!failed || isLostRace(error)) throw error;
    return null;
  }
}

async function applyOneByOne<T, R>(
  inTurn: InTurn,
  items: readonly T[],
  apply: Apply<T, R>,
): Promise<readonly Settled<R>[]> {
  return inTurn(async (tx) => {
    const guarded: Guard = (work) => savepoint(tx, work);
    const results: Settled<R>[] = [];
    for (const item of items) results.push(await attempt(() => guarded(() => apply(tx, item, guarded))));
    return results;
  });
}

/** A lost race must reach the store, which tries the whole transaction again; other errors are the item's own. */
async function attempt<R>(work: () => Promise<R>): Promise<Settled<R>> {
  try {
    return { ok: true, result: await work() };
  } catch (error) {
    if (isLostRace(error)) throw error;
    return { ok: false, error };
  }
}
