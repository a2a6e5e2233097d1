import { RetryableError } from '../../lib/errors.ts';

/** Calls `run` after `ms` unless the returned function is called first. */
export type Schedule = (ms: number, run: () => void) => () => void;

export const systemSchedule: Schedule = (ms, run) => {
  const timer = setTimeout(run, Math.min(ms, 2 ** 31 - 1));
  timer.unref();
  return () => clearTimeout(timer);
};

export interface WorkQueueOptions {
  /** One look at one key; gives the milliseconds after which to look again without an event, or null. */
  readonly work: (key: string) => Promise<number | null>;
  readonly onError: (key: string, error: unknown, retryInMs: number) => void;
  /** Keys that are worked on at once. */
  readonly concurrency: number;
  readonly schedule: Schedule;
  /** 0 ≤ x < 1; spreads retries. */
  readonly random: () => number;
  readonly minBackoffMs?: number;
  readonly maxBackoffMs?: number;
}

export interface WorkQueue {
  /** Asks for a look at a key: at once, or after the look under way. Asking ten times is one look. */
  add(key: string): void;
  /** The same; resolves when that look is over, rejects when it failed. */
  run(key: string): Promise<void>;
  /** Resolves when no look is under way or waiting for a place; looks planned for later do not count. */
  drain(): Promise<void>;
  /** Takes nothing more and resolves when the looks under way are over. */
  stop(): Promise<void>;
}

interface Entry {
  state: 'idle' | 'queued' | 'working' | 'working_dirty';
  failures: number;
  cancelTimer: (() => void) | null;
  waiters: { resolve: () => void; reject: (error: unknown) => void }[];
}

/**
 * A queue of names, not of events: a name is there once, is worked on by one at a time, and comes again when it was
 * asked for meanwhile. A failed look comes again after a growing pause, or after the one the error states.
 */
export function createWorkQueue(options: WorkQueueOptions): WorkQueue {
  const { work, onError, concurrency, schedule, random, minBackoffMs = 200, maxBackoffMs = 60_000 } = options;
  const entries = new Map<string, Entry>();
  const ready: string[] = [];
  let working = 0;
  let isStopped = false;
  let idleWaiters: (() => void)[] = [];

  const entryOf = (key: string): Entry => {
    const known = entries.get(key);
    if (known !== undefined) return known;
    const entry: Entry = { state: 'idle', failures: 0, cancelTimer: null, waiters: [] };
    entries.set(key, entry);
    return entry;
  };

  const add = (key: string): void => {
    if (isStopped) return;
    const entry = entryOf(key);
    entry.cancelTimer?.();
    entry.cancelTimer = null;
    if (entry.state === 'working') entry.state = 'working_dirty';
    if (entry.state !== 'idle') return;
    entry.state = 'queued';
    ready.push(key);
    pump();
  };

  const pump = (): void => {
    while (working < concurrency && ready.length > 0 && !isStopped) void start(ready.shift() as string);
    if (working === 0 && (ready.length === 0 || isStopped)) {
      for (const resolve of idleWaiters) resolve();
      idleWaiters = [];
    }
  };

  const start = async (key: string): Promise<void> => {
    const entry = entryOf(key);
    entry.state = 'working';
    working += 1;
    const waiters = entry.waiters;
    entry.waiters = [];
    let again: number | null;
    try {
      again = await work(key);
      entry.failures = 0;
      for (const waiter of waiters) waiter.resolve();
    } catch (error) {
      again = pauseAfter(error, entry.failures);
      entry.failures += 1;
      onError(key, error, again);
      for (const waiter of waiters) waiter.reject(error);
    }
    working -= 1;
    settle(key, entry, again);
    pump();
  };

  const settle = (key: string, entry: Entry, again: number | null): void => {
    const isDirty = (entry.state as Entry['state']) === 'working_dirty';
    entry.state = 'idle';
    if (isStopped) return;
    // A failing key keeps its pause even when it was asked for meanwhile, or its own writes would defeat the backoff.
    if (isDirty && entry.failures === 0) add(key);
    else if (again !== null) entry.cancelTimer = schedule(again, () => add(key));
    else entries.delete(key);
  };

  const pauseAfter = (error: unknown, failures: number): number => {
    if (error instanceof RetryableError && error.retryAfterMs !== null) return error.retryAfterMs;
    const pause = Math.min(maxBackoffMs, minBackoffMs * 2 ** Math.min(failures, 20));
    return pause / 2 + (pause / 2) * random();
  };

  const drain = (): Promise<void> =>
    working === 0 && ready.length === 0 ? Promise.resolve() : new Promise((resolve) => idleWaiters.push(resolve));

  return {
    add,
    run: (key) =>
      new Promise((resolve, reject) => {
        if (isStopped) return reject(new RetryableError(`The queue is stopped; ${key} was not looked at.`));
        entryOf(key).waiters.push({ resolve, reject });
        add(key);
      }),
    drain,
    async stop() {
      isStopped = true;
      for (const entry of entries.values()) {
        entry.cancelTimer?.();
        for (const waiter of entry.waiters) waiter.reject(new RetryableError('The queue was stopped.'));
      }
      if (working > 0) await new Promise<void>((resolve) => idleWaiters.push(resolve));
    },
  };
}
