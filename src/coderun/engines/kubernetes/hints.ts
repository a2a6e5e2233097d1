import type { Clock } from '../../../lib/clock.ts';
import type { JobFacts } from './job-state.ts';
import type { Resources } from './resources.ts';

type Hint = JobFacts['hint'];

/** What the platform told of a Job that gets no Pod, or a Pod whose volumes do not come. */
export interface Hints {
  /** The newest Warning about the object with this uid; null when there is none. */
  of(uid: string): Promise<Hint>;
}

/** An answer serves all looks for so long: of a thousand runs that wait, each look would ask for events otherwise. */
const FRESH_MS = 10_000;
/** Answers that are kept; the oldest go first. */
const MAX_KEPT = 2_000;

export function createHints({ resources, clock }: { readonly resources: Resources; readonly clock: Clock }): Hints {
  const known = new Map<string, { readonly at: number; readonly hint: Promise<Hint> }>();
  return {
    of(uid) {
      const now = clock();
      const before = known.get(uid);
      if (before !== undefined && now - before.at < FRESH_MS) return before.hint;
      const hint = newestWarning(uid, resources);
      known.delete(uid);
      known.set(uid, { at: now, hint });
      // Whoever asked sees the error; the next look asks again.
      hint.catch(() => known.delete(uid));
      for (const oldest of known.keys()) {
        if (known.size <= MAX_KEPT) break;
        known.delete(oldest);
      }
      return hint;
    },
  };
}

async function newestWarning(uid: string, { coreEvents }: Resources): Promise<Hint> {
  let newest: { readonly at: string; readonly reason: string; readonly message: string } | null = null;
  const fields = `involvedObject.uid=${uid},type=Warning`;
  for await (const event of coreEvents.list({ fields })) {
    const { reason, message, lastTimestamp, eventTime } = event as Readonly<Record<string, unknown>>;
    const at = String(lastTimestamp ?? eventTime ?? event.metadata.creationTimestamp);
    if (newest === null || at > newest.at) newest = { at, reason: String(reason), message: String(message) };
  }
  return newest;
}
