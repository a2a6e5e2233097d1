import type { Clock } from '../lib/clock.ts';
import { messageOf } from '../lib/errors.ts';
import type { Store } from '../store/open.ts';
import { type Cutoffs, FORGETTERS, type Forgotten } from '../store/retention.ts';
import type { Foundation, Undo } from './foundation.ts';
import type { Settings } from './settings.ts';

const HOUR = 60 * 60_000;
const DAY = 24 * HOUR;
/** Between two looks; what is removed late does no harm. */
const LOOK_MS = HOUR;
/** Rows in one transaction: short enough that no sender notices. */
const BATCH = 200;
/** Between two batches, so that a long backlog leaves room for everything else. */
const PAUSE_MS = 250;

export interface Retention {
  /** Removes everything that is too old. Gives how much that was of what; nothing is left out. */
  sweep(): Promise<Forgotten>;
}

export function createRetention(
  { store, clock }: { readonly store: Store; readonly clock: Clock },
  settings: Pick<Settings, 'retention' | 'kubernetes'>,
  pause: () => Promise<void>,
): Retention {
  return {
    sweep: async () => {
      const cutoffs = cutoffsAt(clock(), settings);
      const all: Record<string, number> = {};
      for (const [what, forget] of Object.entries(FORGETTERS)) {
        all[what] = 0;
        for (;;) {
          const removed = await forget(store, cutoffs, BATCH);
          all[what] += removed;
          if (removed < BATCH) break;
          await pause();
        }
      }
      return all as Forgotten;
    },
  };
}

function cutoffsAt(now: number, { retention, kubernetes }: Pick<Settings, 'retention' | 'kubernetes'>): Cutoffs {
  const remediations = now - retention.remediationDays * DAY;
  return {
    deliveries: now - retention.deliveryDays * DAY,
    commands: now - retention.commandDays * DAY,
    remediations,
    // A row is how the engine finds the workspace that it has to remove, which both engines keep for so many hours.
    coderuns: remediations - kubernetes.retentionHours * HOUR,
    tasks: now - retention.taskDays * DAY - kubernetes.retentionHours * HOUR,
    notices: now - retention.noticeDays * DAY,
    memory: now - retention.memoryDays * DAY,
  };
}

/** Keeps the store from growing for ever: looks once an hour. */
export function keepTidy({ store, clock, settings, log, onError }: Foundation, undo: Undo): void {
  const stopped = new AbortController();
  const pause = async (): Promise<void> => {
    stopped.signal.throwIfAborted();
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  };
  const retention = createRetention({ store, clock }, settings, pause);
  let underWay: Promise<void> = Promise.resolve();
  const timer = setInterval(() => {
    underWay = retention.sweep().then(
      (removed) => {
        const some = Object.fromEntries(Object.entries(removed).filter(([, count]) => count > 0));
        if (Object.keys(some).length > 0) log.info(some, 'old records were removed');
      },
      (error: unknown) => {
        if (!stopped.signal.aborted) onError('old records could not be removed', { error: messageOf(error) });
      },
    );
  }, LOOK_MS);
  undo.push(() => {
    clearInterval(timer);
    stopped.abort();
    return underWay;
  });
}
