import type { Clock } from '../../lib/clock.ts';
import { messageOf, RetryableError } from '../../lib/errors.ts';
import type { Engine } from '../engine.ts';
import { apply, type OnEnded } from './apply.ts';
import { assess } from './assess.ts';
import type { ReconcilePolicy } from './policy.ts';
import { createWorkQueue, type Schedule, systemSchedule } from './queue.ts';

/** Looks at one CodeRun within one turn; more than this means that it does not settle, and the turn ends. */
const MAX_ROUNDS = 12;

export interface ReconcilerOptions {
  readonly engine: Engine;
  readonly clock: Clock;
  readonly policy: ReconcilePolicy;
  readonly onEnded: OnEnded;
  /** Told of each turn that failed; it comes again by itself. */
  readonly onError?: (failure: ReconcileFailure) => void;
  /** Told of every look at a CodeRun that is over: `settled` or `failed`, and how many milliseconds it took. */
  readonly onLook?: (result: 'settled' | 'failed', durationMs: number) => void;
  /** CodeRuns that are looked at at once. */
  readonly concurrency?: number;
  /** How often every live CodeRun is looked at, in milliseconds, whatever events came or did not come. */
  readonly resyncMs?: number;
  readonly schedule?: Schedule;
  readonly random?: () => number;
}

export interface ReconcileFailure {
  /** Null when listing failed. */
  readonly name: string | null;
  readonly message: string;
  readonly retryInMs: number;
}

export interface Reconciler {
  /** Adopts what is there and follows every change from now on. */
  start(): void;
  /** Resolves when nothing is under way any more. Jobs go on: they are adopted at the next start. */
  stop(): Promise<void>;
  /** Brings one CodeRun as far as it can come now. Unknown names are fine. */
  reconcile(name: string): Promise<void>;
  /** Resolves when nothing is being looked at or waits to be. */
  drain(): Promise<void>;
}

/** Drives CodeRuns to their end through an engine: level-triggered, any number of times, one look at a name at a time. */
export function createReconciler(options: ReconcilerOptions): Reconciler {
  const { engine, clock, onError, schedule = systemSchedule, random = Math.random, resyncMs = 30_000 } = options;
  const queue = createWorkQueue({
    work: (name) => timed(options, () => turn(options, name)),
    onError: (name, error, retryInMs) => onError?.({ name, message: messageOf(error), retryInMs }),
    concurrency: options.concurrency ?? 8,
    schedule,
    random,
  });
  let stopWatch: (() => void) | null = null;
  let cancelResync: (() => void) | null = null;
  let listing: Promise<void> = Promise.resolve();

  const resync = async (): Promise<void> => {
    try {
      for (const codeRun of await engine.listActive()) queue.add(codeRun.name);
      for (const name of await engine.listExpired(clock())) queue.add(name);
    } catch (error) {
      onError?.({ name: null, message: messageOf(error), retryInMs: resyncMs });
    }
    if (stopWatch !== null) cancelResync = schedule(resyncMs * (0.9 + 0.2 * random()), () => (listing = resync()));
  };

  return {
    start() {
      if (stopWatch !== null) return;
      stopWatch = engine.watch((name) => queue.add(name));
      listing = resync();
    },
    async stop() {
      stopWatch?.();
      stopWatch = null;
      await listing;
      cancelResync?.();
      await queue.stop();
    },
    reconcile: (name) => queue.run(name),
    async drain() {
      await listing;
      await queue.drain();
    },
  };
}

async function timed<T>({ onLook }: ReconcilerOptions, look: () => Promise<T>): Promise<T> {
  const since = performance.now();
  let result: 'settled' | 'failed' = 'failed';
  try {
    const answer = await look();
    result = 'settled';
    return answer;
  } finally {
    onLook?.(result, performance.now() - since);
  }
}

/** Looks, judges and acts until the judgement has nothing more to say; gives the pause until the next look. */
async function turn({ engine, clock, policy, onEnded }: ReconcilerOptions, name: string): Promise<number | null> {
  for (let round = 0; round < MAX_ROUNDS; round += 1) {
    const codeRun = await engine.glance(name);
    if (codeRun === null) return null;
    const observed = await engine.observe(codeRun);
    const assessment = assess(observed, codeRun, policy, clock());
    const applied = await apply(engine, codeRun, assessment, onEnded);
    if (applied.kind === 'settled') {
      return assessment.recheckAt === null ? null : Math.max(0, assessment.recheckAt - clock());
    }
    if (applied.kind === 'start_failed') {
      // Said in the status before the pause, so that it is counted and seen; the facts may have changed meanwhile.
      const after = assess(await engine.observe(codeRun), codeRun, policy, clock(), applied.failure);
      if (after.status !== null) await engine.patchStatus(name, codeRun.resourceVersion, after.status);
      if (after.status?.phase === undefined || after.status.phase === 'Pending') throw applied.error;
    }
  }
  throw new RetryableError(`The CodeRun ${name} did not settle within ${MAX_ROUNDS} looks.`);
}
