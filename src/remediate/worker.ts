import type { Clock } from '../lib/clock.ts';
import { messageOf, PermanentError, RetryableError } from '../lib/errors.ts';
import type { Fact } from '../model/fact.ts';
import type { Remediation } from '../model/remediation.ts';
import { type ClaimedEffect, claimEffects, finishEffect, nextEffectDue, postponeEffect } from '../store/effects.ts';
import { isLostRace, type Store, savepoint, type Tx, writeOne } from '../store/open.ts';
import { dueRemediations, findRemediation, nextWake, takeDueRemediations } from '../store/remediations.ts';
import { type Effect, type EffectKind, isWanted } from './effects.ts';
import type { Machine, Step } from './machine.ts';

/** What carrying out an effect led to. */
export type Handled =
  | { readonly kind: 'done' }
  /** `first` is written in the same transaction, before the fact. */
  | { readonly kind: 'fact'; readonly fact: Fact; readonly first?: (tx: Tx) => Promise<void> }
  /** Nothing new yet; look again then, in milliseconds since the epoch. */
  | { readonly kind: 'again'; readonly at: number };

export type Handler<K extends EffectKind = EffectKind> = (
  effect: Extract<Effect, { kind: K }>,
  remediation: Remediation,
  abort: AbortSignal,
) => Promise<Handled>;

export type Handlers = { readonly [K in EffectKind]: Handler<K> };

/** Work of another kind than effects, for example commands that people typed: done in the same rounds. */
export interface Chore {
  /** Takes up to `limit` pieces that are due. Each sees to its own failures. */
  claim(limit: number): Promise<readonly (() => Promise<void>)[]>;
  /** Milliseconds since the epoch; null when nothing waits. */
  nextDue(): Promise<number | null>;
}

export interface WorkerOptions {
  readonly store: Store;
  readonly machine: Machine;
  readonly handlers: Handlers;
  readonly clock: Clock;
  /** Effects carried out side by side. */
  readonly concurrency: number;
  readonly chores?: readonly Chore[];
  readonly onError: (message: string, fields: Readonly<Record<string, unknown>>) => void;
}

export interface Worker {
  /** `yieldTo` is asked before each round: it waits, not long, for a moment in which no sender waits for an answer. */
  start(yieldTo?: () => Promise<void>): void;
  /** Something became due; look now. */
  wake(): void;
  /** One round: every timer and effect that is due now. Returns how many there were. */
  round(): Promise<number>;
  /** Stops taking new work and waits for what is under way. */
  stop(): Promise<void>;
}

/** A worker that died is replaced after this time, in milliseconds. Longer than any handler may take. */
const LEASE_MS = 5 * 60_000;
/** A handler that keeps failing is given up after this many tries; timers bring the remediation forward all the same. */
const MAX_TRIES = 12;
const FIRST_DELAY_MS = 1_000;
const MAX_DELAY_MS = 5 * 60_000;
/** Timers rung in one transaction: few enough that deliveries do not wait long for it. */
const TIMERS = 20;
/** The longest sleep between two looks; other replicas may have planned something. */
const MAX_SLEEP_MS = 5_000;

/** Effects that only look; what they saw is worth nothing once nobody asks any more. */
const READS: ReadonlySet<EffectKind> = new Set(['gather', 'read_checks']);

/** Carries out what transitions planned: timers that rang and effects that are due. */
export function createWorker(options: WorkerOptions): Worker {
  const { store, machine, handlers, clock, onError, chores = [] } = options;
  const abort = new AbortController();
  const busy = new Set<Promise<void>>();
  let loop: Promise<void> | null = null;
  let wakeUp: (() => void) | null = null;
  let woken = false;

  const ringTimers = async (): Promise<number> => {
    // Most looks find nothing; those need no transaction.
    if ((await dueRemediations(store.db, clock(), 1)).length === 0) return 0;
    // One sync of the disk for all of them: each remediation of a storm has a timer of its own.
    const steps = await store.unhurried(async (tx) => {
      const rung: (Step | null)[] = [];
      for (const id of await takeDueRemediations(tx, store.dialect, clock(), TIMERS))
        rung.push(await ringTimer(tx, id));
      return rung;
    });
    for (const step of steps) machine.publish(step);
    return steps.length;
  };

  const ringTimer = async (tx: Tx, id: string): Promise<Step | null> => {
    try {
      return await savepoint(tx, () => machine.applyIn(tx, id, { kind: 'timer_rang' }));
    } catch (error) {
      // The store tries the whole transaction again.
      if (isLostRace(error)) throw error;
      // One that cannot be moved must not hold up the others; it is tried again in the next round.
      onError('timer failed', { remediation: id, error: messageOf(error) });
      return null;
    }
  };

  const finish = (claimed: ClaimedEffect, state: 'done' | 'dropped', note: string | null = null): Promise<void> =>
    writeOne(store, (db) => finishEffect(db, claimed, state, note));

  const postpone = (claimed: ClaimedEffect, at: number, error: string | null): Promise<void> =>
    writeOne(store, (db) => postponeEffect(db, claimed, at, error));

  const carryOut = async (claimed: ClaimedEffect): Promise<void> => {
    try {
      const remediation = await findRemediation(store.db, claimed.remediationId);
      const effect = claimed.payload as Effect;
      if (remediation === null || !isWanted(effect, remediation)) {
        await finish(claimed, 'dropped', 'overtaken');
        return;
      }
      // The kinds of effect and handler are the same by construction of `Handlers`.
      const handler = handlers[effect.kind] as Handler;
      const handled = await handler(effect as never, remediation, abort.signal);
      if (handled.kind === 'again') await postpone(claimed, handled.at, null);
      else if (handled.kind === 'done') await finish(claimed, 'done');
      else {
        await machine.apply(remediation.id, handled.fact, {
          ...(handled.first === undefined ? {} : { first: handled.first }),
          also: (tx) => finishEffect(tx, claimed, 'done'),
          // Asked again in the transaction itself: a late answer must not hit what came after it. What was done in the
          // world (a CodeRun, a pull request) is told in any case.
          ...(READS.has(effect.kind) ? { onlyIf: (now: Remediation) => isWanted(effect, now) } : {}),
        });
      }
    } catch (error) {
      await failed(claimed, error);
    }
  };

  const failed = async (claimed: ClaimedEffect, error: unknown): Promise<void> => {
    const message = messageOf(error);
    const giveUp = error instanceof PermanentError || claimed.tries >= MAX_TRIES;
    // What a stop cut short is no failure: it is taken up again at the next start.
    const isCutShort = abort.signal.aborted && !giveUp;
    const told = { effect: claimed.key, kind: claimed.kind, tries: claimed.tries, giveUp, error: message };
    if (!isCutShort) onError('effect failed', told);
    if (giveUp) {
      await finish(claimed, 'dropped', message);
      return;
    }
    const wanted = error instanceof RetryableError ? error.retryAfterMs : null;
    const delay = wanted ?? Math.min(MAX_DELAY_MS, FIRST_DELAY_MS * 2 ** (claimed.tries - 1));
    await postpone(claimed, clock() + delay, message);
  };

  const begin = (piece: () => Promise<void>, name: string): void => {
    const work = piece()
      .catch((error: unknown) => onError('work could not be written down', { work: name, error: messageOf(error) }))
      .finally(() => {
        busy.delete(work);
        wake();
      });
    busy.add(work);
  };

  const startEffects = async (): Promise<number> => {
    const free = options.concurrency - busy.size;
    if (free <= 0) return 0;
    const claimed = await claimEffects(store, clock(), LEASE_MS, free);
    for (const effect of claimed) begin(() => carryOut(effect), effect.key);
    return claimed.length;
  };

  /** People wait for what they typed: it goes before effects. */
  const startChores = async (): Promise<number> => {
    let count = 0;
    for (const chore of chores) {
      const free = options.concurrency - busy.size;
      if (free <= 0) break;
      const pieces = await chore.claim(free);
      for (const piece of pieces) begin(piece, 'chore');
      count += pieces.length;
    }
    return count;
  };

  const sleepUntilDue = async (): Promise<void> => {
    const times = [await nextWake(store.db)];
    if (busy.size < options.concurrency) {
      times.push(await nextEffectDue(store.db), ...(await Promise.all(chores.map((chore) => chore.nextDue()))));
    }
    const next = Math.min(...times.filter((time) => time !== null), Number.POSITIVE_INFINITY);
    const delay = Math.max(0, Math.min(MAX_SLEEP_MS, next - clock()));
    if (woken || abort.signal.aborted) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, delay);
      wakeUp = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    wakeUp = null;
  };

  const run = async (yieldTo: () => Promise<void>): Promise<void> => {
    while (!abort.signal.aborted) {
      woken = false;
      try {
        await yieldTo();
        const count = (await ringTimers()) + (await startChores()) + (await startEffects());
        if (count === 0) await sleepUntilDue();
      } catch (error) {
        onError('worker round failed', { error: messageOf(error) });
        woken = false;
        await new Promise((resolve) => setTimeout(resolve, FIRST_DELAY_MS));
      }
    }
  };

  const wake = (): void => {
    woken = true;
    wakeUp?.();
  };

  return {
    start: (yieldTo = async () => {}) => {
      loop ??= run(yieldTo);
    },
    wake,
    round: async () => {
      const count = (await ringTimers()) + (await startChores()) + (await startEffects());
      await Promise.all(busy);
      return count;
    },
    stop: async () => {
      abort.abort();
      wake();
      await loop;
      await Promise.all(busy);
    },
  };
}
