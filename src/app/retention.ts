import type { Clock } from '../lib/clock.ts';
import { messageOf } from '../lib/errors.ts';
import type { Store } from '../store/open.ts';
import { forgetOld } from '../store/retention.ts';
import type { Foundation, Undo } from './foundation.ts';
import type { Settings } from './settings.ts';

const DAY = 24 * 60 * 60_000;
/** Between two looks; what is removed late does no harm. */
const LOOK_MS = 60 * 60_000;
/** Rows in one transaction: short enough that no sender notices. */
const BATCH = 200;
/** Between two batches, so that a long backlog leaves room for everything else. */
const PAUSE_MS = 250;

export interface Retention {
  /** Removes everything that is too old. Gives how much that was. */
  sweep(): Promise<{ readonly deliveries: number; readonly remediations: number }>;
}

export function createRetention(
  { store, clock }: { readonly store: Store; readonly clock: Clock },
  { deliveryDays, remediationDays }: Settings['retention'],
  pause: () => Promise<void>,
): Retention {
  return {
    sweep: async () => {
      const now = clock();
      const cutoff = { deliveries: now - deliveryDays * DAY, remediations: now - remediationDays * DAY };
      const all = { deliveries: 0, remediations: 0 };
      for (;;) {
        const { deliveries, remediations } = await forgetOld(store, cutoff, BATCH);
        all.deliveries += deliveries;
        all.remediations += remediations;
        if (deliveries < BATCH && remediations < BATCH) return all;
        await pause();
      }
    },
  };
}

/** Keeps the store from growing for ever: looks once an hour. */
export function keepTidy({ store, clock, settings, log, onError }: Foundation, undo: Undo): void {
  const stopped = new AbortController();
  const pause = async (): Promise<void> => {
    stopped.signal.throwIfAborted();
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  };
  const retention = createRetention({ store, clock }, settings.retention, pause);
  let underWay: Promise<void> = Promise.resolve();
  const timer = setInterval(() => {
    underWay = retention.sweep().then(
      (removed) => {
        if (removed.deliveries + removed.remediations > 0) log.info(removed, 'old records were removed');
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
