import type { Clock } from '../../lib/clock.ts';
import type { HttpClient } from '../../lib/http.ts';

/** What a notifier needs to say the same thing again in the same place: ids of messages. Kept in the store. */
export type Reference = Readonly<Record<string, string | number>>;

export interface Told {
  readonly reference: Reference;
  readonly action: 'sent' | 'edited' | 'unchanged';
}

/**
 * Tells people something, in one place. `tell` is called again whenever what it is about has changed, with the reference
 * that it gave the last time; a notifier that `edits` then changes what it said instead of saying more.
 *
 * Throws RetryableError (with the other side's `Retry-After`) when trying again may help, PermanentError when it cannot;
 * no message of an error holds a secret of the notifier's address.
 */
export interface Notifier<T> {
  /** The folder's name. */
  readonly name: string;
  readonly edits: boolean;
  tell(told: T, before: Reference | null, signal: AbortSignal): Promise<Told>;
}

/** What notifiers over HTTP stand on. */
export interface NotifierParts {
  readonly http: HttpClient;
  readonly clock: Clock;
}
