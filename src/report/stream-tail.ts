import { newestEvent, readEvents, type TimelineEvent } from '../store/events.ts';
import type { Store } from '../store/open.ts';

export interface TailOptions {
  readonly store: Pick<Store, 'db' | 'dialect'>;
  readonly pollMs: number;
  /** New entries, each once, in the order of their numbers. */
  readonly onEvents: (events: readonly TimelineEvent[]) => void;
  readonly onError: (error: unknown) => void;
  readonly gapMs?: number;
}

export interface Tail {
  /** Begins to follow at the newest entry, unless it follows already. */
  start(): Promise<void>;
  /** Everything up to here was given out. */
  position(): number;
  wake(): void;
  stop(): void;
}

const PAGE = 500;
/**
 * PostgreSQL gives out numbers before the transactions that use them commit, so that 12 may be seen before 11. A gap is
 * waited for as long as a transaction may reasonably take; after that it was one that was undone. Milliseconds.
 */
const GAP_MS = 3_000;

/** Follows the end of the timeline: what this process writes at once, what others write by looking. */
export function createTail({ store, pollMs, onEvents, onError, gapMs = GAP_MS }: TailOptions): Tail {
  let position = 0;
  let started: Promise<void> | null = null;
  let isReading = false;
  let isAskedAgain = false;
  let timer: NodeJS.Timeout | null = null;
  let gap: { readonly before: number; readonly since: number } | null = null;

  const readOnce = async (): Promise<boolean> => {
    const events = await readEvents(store.db, { after: position, limit: PAGE });
    const ready = store.dialect === 'postgres' ? withoutGaps(events) : events;
    const last = ready.at(-1);
    if (last === undefined || started === null) return false;
    position = last.id;
    onEvents(ready);
    return ready.length === PAGE;
  };

  const withoutGaps = (events: readonly TimelineEvent[]): readonly TimelineEvent[] => {
    for (const [index, { id }] of events.entries()) {
      const before = events[index - 1]?.id ?? position;
      if (id === before + 1) continue;
      if (gap?.before !== id) gap = { before: id, since: performance.now() };
      if (performance.now() - gap.since < gapMs) return events.slice(0, index);
    }
    return events;
  };

  const readAll = async (): Promise<void> => {
    try {
      do {
        isAskedAgain = false;
        while (await readOnce());
      } while (isAskedAgain);
    } catch (error) {
      onError(error);
    }
    isReading = false;
  };

  const look = (): void => {
    if (started === null) return;
    isAskedAgain = true;
    if (isReading) return;
    isReading = true;
    void readAll();
  };

  return {
    start() {
      if (started !== null) return started;
      const beginning = newestEvent(store.db).then((newest) => {
        // Everybody may have gone meanwhile.
        if (started !== beginning) return;
        position = newest;
        timer = setInterval(look, pollMs).unref();
      });
      started = beginning;
      beginning.catch(() => {
        if (started === beginning) started = null;
      });
      return beginning;
    },
    position: () => position,
    wake: look,
    stop() {
      started = null;
      if (timer !== null) clearInterval(timer);
      timer = null;
    },
  };
}
