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
  return new KeyedQueue(options);
}

class KeyedQueue implements WorkQueue {
  readonly #options: WorkQueueOptions;
  readonly #entries = new Map<string, Entry>();
  readonly #ready: string[] = [];
  #working = 0;
  #isStopped = false;
  #idleWaiters: (() => void)[] = [];

  constructor(options: WorkQueueOptions) {
    this.#options = options;
  }

  add(key: string): void {
    if (this.#isStopped) return;
    const entry = this.#entryOf(key);
    entry.cancelTimer?.();
    entry.cancelTimer = null;
    if (entry.state === 'working') entry.state = 'working_dirty';
    if (entry.state !== 'idle') return;
    entry.state = 'queued';
    this.#ready.push(key);
    this.#pump();
  }

  run(key: string): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.#isStopped) return reject(new RetryableError(`The queue is stopped; ${key} was not looked at.`));
      this.#entryOf(key).waiters.push({ resolve, reject });
      this.add(key);
    });
  }

  drain(): Promise<void> {
    if (this.#working === 0 && this.#ready.length === 0) return Promise.resolve();
    return new Promise((resolve) => this.#idleWaiters.push(resolve));
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#ready.length = 0;
    for (const entry of this.#entries.values()) {
      entry.cancelTimer?.();
      for (const waiter of entry.waiters) waiter.reject(new RetryableError('The queue was stopped.'));
      entry.waiters = [];
    }
    this.#tellIdle();
    await this.drain();
  }

  #entryOf(key: string): Entry {
    const known = this.#entries.get(key);
    if (known !== undefined) return known;
    const entry: Entry = { state: 'idle', failures: 0, cancelTimer: null, waiters: [] };
    this.#entries.set(key, entry);
    return entry;
  }

  #pump(): void {
    while (this.#working < this.#options.concurrency) {
      const key = this.#ready.shift();
      if (key === undefined) break;
      void this.#look(key, this.#entryOf(key));
    }
    this.#tellIdle();
  }

  #tellIdle(): void {
    if (this.#working > 0 || this.#ready.length > 0) return;
    const waiters = this.#idleWaiters;
    this.#idleWaiters = [];
    for (const resolve of waiters) resolve();
  }

  async #look(key: string, entry: Entry): Promise<void> {
    entry.state = 'working';
    this.#working += 1;
    const waiters = entry.waiters;
    entry.waiters = [];
    let again: number | null;
    try {
      again = await this.#options.work(key);
      entry.failures = 0;
      for (const waiter of waiters) waiter.resolve();
    } catch (error) {
      again = this.#pauseAfter(error, entry.failures);
      entry.failures += 1;
      this.#options.onError(key, error, again);
      for (const waiter of waiters) waiter.reject(error);
    }
    this.#working -= 1;
    this.#settle(key, entry, again);
    this.#pump();
  }

  #settle(key: string, entry: Entry, again: number | null): void {
    const isDirty = entry.state === 'working_dirty';
    entry.state = 'idle';
    if (this.#isStopped) return;
    // A failing key keeps its pause even when it was asked for meanwhile, or its own writes would defeat the backoff.
    if (isDirty && entry.failures === 0) this.add(key);
    else if (again !== null) entry.cancelTimer = this.#options.schedule(again, () => this.add(key));
    else this.#entries.delete(key);
  }

  #pauseAfter(error: unknown, failures: number): number {
    if (error instanceof RetryableError && error.retryAfterMs !== null) return error.retryAfterMs;
    const { minBackoffMs = 200, maxBackoffMs = 60_000, random } = this.#options;
    const pause = Math.min(maxBackoffMs, minBackoffMs * 2 ** Math.min(failures, 20));
    return pause / 2 + (pause / 2) * random();
  }
}
