import type { Leadership } from './leadership.ts';
import type { Reconciler } from './reconciler.ts';

export interface LedReconciler {
  /** Reconciles from now on whenever this process leads. */
  start(): void;
  /** Resolves when nothing is under way any more. */
  stop(): Promise<void>;
}

/**
 * A reconciler for each time that this process leads: one that lost its lease lets go of its watches and of everything it
 * had planned, and the next begins with what is there then. Never two at once: a new one waits for the end of the last.
 */
export function followLeadership(
  leadership: Leadership,
  create: () => Pick<Reconciler, 'start' | 'stop'>,
): LedReconciler {
  let current: Pick<Reconciler, 'start' | 'stop'> | null = null;
  let changes: Promise<void> = Promise.resolve();
  let unsubscribe: (() => void) | null = null;

  const settle = async (): Promise<void> => {
    const leads = unsubscribe !== null && leadership.isLeader();
    if (leads && current === null) {
      current = create();
      current.start();
    } else if (!leads && current !== null) {
      const ended = current;
      await ended.stop();
      current = null;
    }
  };
  const change = (): void => {
    changes = changes.then(settle);
  };
  return {
    start() {
      if (unsubscribe !== null) return;
      unsubscribe = leadership.subscribe(change);
      change();
    },
    async stop() {
      unsubscribe?.();
      unsubscribe = null;
      change();
      await changes;
    },
  };
}
