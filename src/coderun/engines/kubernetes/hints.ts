import type { Clock } from '../../../lib/clock.ts';
import type { KubernetesObject } from '../../../lib/kubernetes/objects.ts';
import type { JobFacts } from './job-state.ts';
import type { Resources } from './resources.ts';

type Hint = JobFacts['hint'];

/** What the platform told of a Job that gets no Pod, or a Pod whose volumes do not come. */
export interface Hints {
  /** The newest Warning about the object with this uid; null when there is none. */
  of(uid: string): Promise<Hint>;
}

/**
 * One answer serves every look for so long, whatever it is about: the API server reads all Events of the namespace for
 * each question, so that a thousand runs that wait would have it read a thousand times a thousand.
 */
const FRESH_MS = 10_000;
/** A status takes no longer sentences; more is not kept. */
const MAX_MESSAGE = 2_000;

type Warnings = ReadonlyMap<string, NonNullable<Hint>>;

export function createHints({ resources, clock }: { readonly resources: Resources; readonly clock: Clock }): Hints {
  let known: { readonly freshUntil: number; readonly warnings: Promise<Warnings> } | null = null;
  const read = (now: number): Promise<Warnings> => {
    const answer = { freshUntil: now + FRESH_MS, warnings: newestWarnings(resources) };
    known = answer;
    // Whoever asked sees the error; the next look asks again.
    answer.warnings.catch(() => {
      if (known === answer) known = null;
    });
    return answer.warnings;
  };
  return {
    async of(uid) {
      const now = clock();
      const warnings = await (known !== null && now < known.freshUntil ? known.warnings : read(now));
      return warnings.get(uid) ?? null;
    },
  };
}

interface Told {
  readonly involvedObject?: { readonly uid?: string };
  readonly reason?: string;
  readonly message?: string;
  readonly lastTimestamp?: string | null;
  readonly eventTime?: string | null;
}

/** The newest Warning about each object of the namespace, by the object's uid. */
async function newestWarnings({ coreEvents }: Resources): Promise<Warnings> {
  const newest = new Map<string, { readonly at: string; readonly reason: string; readonly message: string }>();
  const take = (event: KubernetesObject): void => {
    const { involvedObject, reason = '', message = '', lastTimestamp, eventTime } = event as Told;
    const uid = involvedObject?.uid ?? '';
    const at = lastTimestamp ?? eventTime ?? event.metadata.creationTimestamp;
    const before = newest.get(uid);
    if (before === undefined || at > before.at) newest.set(uid, { at, reason, message: message.slice(0, MAX_MESSAGE) });
  };
  await coreEvents.list(take, { fields: 'type=Warning' });
  return newest;
}
