import type { Clock } from '../../lib/clock.ts';
import { messageOf } from '../../lib/errors.ts';
import type { MonotonicClock } from './leader-clock.ts';
import {
  type ElectionPolicy,
  heldLease,
  heldUntil,
  type LeaseContent,
  type LeaseRecord,
  nextElectionStep,
  releasedLease,
} from './leader-decision.ts';
import type { Leadership } from './leadership.ts';
import type { Schedule } from './queue.ts';

/** Where the lease is kept: a Lease of a cluster, or a row of the store. */
export interface LeasePort {
  /** Null when there is none. */
  read(signal: AbortSignal): Promise<LeaseRecord | null>;
  /**
   * Writes over exactly that version (null: there must be none). Null when somebody else was faster. It may make a lease
   * anew that was deleted since, as long as only one of several writers does.
   */
  write(content: LeaseContent, over: string | null, signal: AbortSignal): Promise<LeaseRecord | null>;
}

export interface ElectionOptions {
  readonly lease: LeasePort;
  /** A name that no other process has, nor had: the pod's name and something random. */
  readonly self: string;
  readonly policy: ElectionPolicy;
  readonly monotonic: MonotonicClock;
  /** For the times in the lease, which are for people. */
  readonly clock: Clock;
  readonly schedule: Schedule;
  /** 0 ≤ x < 1; keeps contenders from asking in step. */
  readonly random: () => number;
  /** The lease could not be read or written; it is tried again by itself. */
  readonly onError: (message: string) => void;
}

/** For readiness and people. */
export interface ElectionView {
  readonly self: string;
  /** Null when nobody holds it, or nothing was read yet. */
  readonly holder: string | null;
  /** Milliseconds since the lease was last read or written by us; null before the first time. */
  readonly ageMs: number | null;
}

export interface Election extends Leadership {
  start(): void;
  /** Does not write any more from now on, and gives the lease back. Resolves when others may take it. */
  stop(): Promise<void>;
  view(): ElectionView;
}

/** Contends for a lease as long as it runs, and says at each moment whether this process may write. */
export function createElection(options: ElectionOptions): Election {
  return new LeaseElection(options);
}

class LeaseElection implements Election {
  readonly #options: ElectionOptions;
  readonly #listeners = new Set<(isLeader: boolean) => void>();
  #record: LeaseRecord | null = null;
  /** When this version of the lease was seen first, and when it was seen last. */
  #seenAt = 0;
  #knownAt: number | null = null;
  #hasVanished = false;
  #heldUntil: number | null = null;
  #told = false;
  #state: 'new' | 'running' | 'stopped' = 'new';
  #cancelNext: () => void = () => {};
  #cancelDeadline: () => void = () => {};
  #turn: Promise<void> = Promise.resolve();
  #abort = new AbortController();

  constructor(options: ElectionOptions) {
    this.#options = options;
  }

  /** Compares clocks at each call: a process that was stopped for long must not trust a timer that has yet to ring. */
  isLeader(): boolean {
    return this.#state === 'running' && this.#heldUntil !== null && this.#options.monotonic() < this.#heldUntil;
  }

  subscribe(listener: (isLeader: boolean) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  view(): ElectionView {
    const { self, monotonic } = this.#options;
    const ageMs = this.#knownAt === null ? null : monotonic() - this.#knownAt;
    return { self, holder: this.#record?.holder ?? null, ageMs };
  }

  start(): void {
    if (this.#state !== 'new') return;
    this.#state = 'running';
    this.#next(0);
  }

  async stop(): Promise<void> {
    if (this.#state === 'stopped') return;
    const hasContended = this.#knownAt !== null;
    this.#state = 'stopped';
    this.#heldUntil = null;
    this.#cancelNext();
    this.#cancelDeadline();
    this.#tell();
    this.#abort.abort();
    await this.#turn;
    if (hasContended) await this.#release();
  }

  #next(ms: number): void {
    if (this.#state !== 'running') return;
    this.#cancelNext = this.#options.schedule(ms, () => {
      this.#turn = this.#contend();
    });
  }

  async #contend(): Promise<void> {
    const { policy, random, onError } = this.#options;
    // An answer that comes later than this cannot make us leader any more.
    const { signal, cancel } = this.#givenUpAfter(policy.durationMs - policy.marginMs);
    try {
      await this.#take(AbortSignal.any([signal, this.#abort.signal]));
    } catch (error) {
      // Whatever we knew may be outdated: the next turn reads first.
      this.#forget();
      if (this.#state === 'running') onError(messageOf(error));
    } finally {
      cancel();
      this.#next(policy.retryMs * (1 + 0.2 * random()));
    }
  }

  /** One turn: at most one read and one write. */
  async #take(signal: AbortSignal): Promise<void> {
    const { lease, policy, monotonic, clock, self } = this.#options;
    // A holder knows the version that it wrote; its write says when somebody else was there.
    if (this.#heldUntil === null || this.#record === null) this.#see(await lease.read(signal));
    const facts = {
      self,
      record: this.#record,
      seenAt: this.#seenAt,
      hasVanished: this.#hasVanished,
      heldUntil: this.#heldUntil,
    };
    const step = nextElectionStep(facts, policy, monotonic());
    if (this.#state !== 'running' || step.kind === 'wait') return;
    if (step.kind === 'step_down') {
      this.#stepDown();
      return;
    }
    const sentAt = monotonic();
    const written = await lease.write(heldLease(facts, policy, clock()), this.#record?.version ?? null, signal);
    if (written === null) {
      this.#stepDown();
      this.#see(await lease.read(signal));
      return;
    }
    this.#see(written);
    if (this.#state === 'running') this.#hold(heldUntil(sentAt, policy));
  }

  #hold(until: number): void {
    const { monotonic, schedule } = this.#options;
    const left = until - monotonic();
    if (left <= 0) {
      this.#stepDown();
      return;
    }
    this.#heldUntil = until;
    this.#cancelDeadline();
    // Only so that listeners hear of it; `isLeader` does not wait for the timer.
    this.#cancelDeadline = schedule(left, () => {
      if (!this.isLeader()) this.#stepDown();
    });
    this.#tell();
  }

  #stepDown(): void {
    this.#cancelDeadline();
    this.#heldUntil = null;
    this.#tell();
  }

  #see(record: LeaseRecord | null): void {
    const now = this.#options.monotonic();
    if (record?.version !== this.#record?.version || this.#knownAt === null) this.#seenAt = now;
    const before = this.#record?.holder ?? null;
    if (record !== null) this.#hasVanished = false;
    else if (before !== null && before !== this.#options.self) this.#hasVanished = true;
    this.#record = record;
    this.#knownAt = now;
  }

  /** What was seen first stays seen: forgetting it would let a silent holder's time begin anew. */
  #forget(): void {
    if (this.#heldUntil !== null && !this.isLeader()) this.#stepDown();
    if (this.#heldUntil !== null) this.#record = null;
  }

  #tell(): void {
    const isLeader = this.isLeader();
    if (isLeader === this.#told) return;
    this.#told = isLeader;
    for (const listener of this.#listeners) listener(isLeader);
  }

  async #release(): Promise<void> {
    const { lease, self, policy, clock, onError } = this.#options;
    const { signal, cancel } = this.#givenUpAfter(policy.retryMs);
    try {
      // A last write may have been under way: what counts is what is there.
      const record = await lease.read(signal);
      if (record?.holder !== self) return;
      this.#see((await lease.write(releasedLease(record, clock()), record.version, signal)) ?? record);
    } catch (error) {
      onError(`The lease was not given back; others wait until it runs out. ${messageOf(error)}`);
    } finally {
      cancel();
    }
  }

  #givenUpAfter(ms: number): { readonly signal: AbortSignal; readonly cancel: () => void } {
    const abort = new AbortController();
    return { signal: abort.signal, cancel: this.#options.schedule(ms, () => abort.abort()) };
  }
}
