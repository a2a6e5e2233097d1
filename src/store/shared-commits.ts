import type { Tx } from './connection.ts';

/** Runs work in a transaction; what it did is undone when it throws. */
export type Transact = <T>(work: (tx: Tx) => Promise<T>) => Promise<T>;

export interface SharedCommits {
  readonly run: Transact;
  /** Waits until everything that was handed in is settled. */
  drain(): Promise<void>;
}

/** What the sharing is built on. */
export interface Parts {
  /** A transaction of its own; `work` may run twice. */
  readonly transaction: Transact;
  /** Undoes what `work` did when it throws, and throws on. */
  readonly guard: <T>(tx: Tx, work: () => Promise<T>) => Promise<T>;
  /** Whether an error means that the transaction around a guard is gone. */
  readonly isLost: (error: unknown) => boolean;
}

/**
 * So long after a commit the next one waits for company, milliseconds. A commit costs the processor a third to a whole
 * millisecond and holds up everything else for as long as the disk takes; the work that shares it waits for other
 * systems much longer.
 */
const COMPANY_MS = 4;
/** Few enough that deliveries do not wait long for the batch to end. */
const MAX_BATCH = 64;

interface Waiting {
  /** Runs the work and keeps how it went; throws only what concerns the whole transaction. */
  readonly apply: (tx: Tx) => Promise<void>;
  /** Tells whoever handed it in, after the commit. */
  readonly settle: () => void;
  readonly reject: (error: unknown) => void;
}

/**
 * One sync of the disk for all that is written within some milliseconds. Nobody hears of what he wrote before it is
 * durable; work that throws takes nothing of the others with it.
 */
export function sharedCommits({ transaction, guard, isLost }: Parts): SharedCommits {
  let waiting: Waiting[] = [];
  let running: Promise<void> | null = null;
  let committedAt = Number.NEGATIVE_INFINITY;

  const commit = async (batch: readonly Waiting[]): Promise<void> => {
    try {
      await transaction(async (tx) => {
        for (const { apply } of batch) await apply(tx);
      });
      for (const { settle } of batch) settle();
    } catch (error) {
      for (const { reject } of batch) reject(error);
    }
    committedAt = performance.now();
  };

  const run = async (): Promise<void> => {
    while (waiting.length > 0) {
      await pause(committedAt + COMPANY_MS - performance.now());
      const batch = waiting.slice(0, MAX_BATCH);
      waiting = waiting.slice(MAX_BATCH);
      await commit(batch);
    }
    running = null;
  };

  return {
    run: <T>(work: (tx: Tx) => Promise<T>) =>
      new Promise<T>((resolve, reject) => {
        let settle = (): void => {};
        const apply = async (tx: Tx): Promise<void> => {
          try {
            const result = await guard(tx, () => work(tx));
            settle = () => resolve(result);
          } catch (error) {
            if (isLost(error)) throw error;
            settle = () => reject(error);
          }
        };
        waiting.push({ apply, settle: () => settle(), reject });
        running ??= run();
      }),
    drain: async () => {
      while (running !== null) await running;
    },
  };
}

/** At least one turn of the loop, so that what other answers of this turn lead to is written together. */
function pause(ms: number): Promise<void> {
  return new Promise((resolve) => {
    if (ms > 0) setTimeout(resolve, ms);
    else setImmediate(resolve);
  });
}
