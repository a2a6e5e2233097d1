import { type Store, savepoint, type Tx } from './open.ts';

/** The queue is as long as it may get; the sender should keep its delivery and try again. */
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

interface Waiting<T, R> {
  readonly item: T;
  readonly resolve: (result: R) => void;
  readonly reject: (error: unknown) => void;
}

type Settled<R> = { readonly ok: true; readonly result: R } | { readonly ok: false; readonly error: unknown };

/**
 * One disk sync for everything that arrived while the last one was under way. Each item is applied in a savepoint of
 * its own, so that one that fails takes nothing with it.
 */
export function createGroupCommit<T, R>(
  store: Store,
  apply: (tx: Tx, item: T) => Promise<R>,
  limits: { readonly maxBatch: number; readonly maxWaiting: number },
): GroupCommit<T, R> {
  let waiting: Waiting<T, R>[] = [];
  let running: Promise<void> | null = null;

  const commitBatch = async (batch: readonly Waiting<T, R>[]): Promise<void> => {
    try {
      const settled = await store.transaction(async (tx) => {
        const results: Settled<R>[] = [];
        for (const { item } of batch) results.push(await attempt(() => savepoint(tx, () => apply(tx, item))));
        return results;
      });
      for (const [index, outcome] of settled.entries()) {
        if (outcome.ok) batch[index]?.resolve(outcome.result);
        else batch[index]?.reject(outcome.error);
      }
    } catch (error) {
      for (const { reject } of batch) reject(error);
    }
  };

  const run = async (): Promise<void> => {
    // One turn of the loop, so that requests that are already in the socket share the first commit.
    await new Promise((resolve) => setImmediate(resolve));
    while (waiting.length > 0) {
      const batch = waiting.slice(0, limits.maxBatch);
      waiting = waiting.slice(limits.maxBatch);
      await commitBatch(batch);
    }
    running = null;
  };

  return {
    submit: (item) =>
      new Promise<R>((resolve, reject) => {
        if (waiting.length >= limits.maxWaiting) {
          reject(new QueueFullError(`${limits.maxWaiting} deliveries are waiting for the store.`));
          return;
        }
        waiting.push({ item, resolve, reject });
        running ??= run();
      }),
    drain: async () => {
      while (running !== null) await running;
    },
  };
}

/** A lost race must reach the store, which tries the whole transaction again; other errors are the item's own. */
async function attempt<R>(work: () => Promise<R>): Promise<Settled<R>> {
  try {
    return { ok: true, result: await work() };
  } catch (error) {
    if (['40001', '40P01'].includes(String((error as { code?: unknown }).code))) throw error;
    return { ok: false, error };
  }
}
