import { LRUCache } from 'lru-cache';

/** What is asked, by which answers are found again, and for whom. */
export interface Asking {
  readonly key: string;
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** Fires when this asker waits no longer. */
  readonly signal: AbortSignal;
}

/** Gives an answer that is at hand, waits for one that is on its way, or has it read. */
export type SharedAnswers<T> = (asking: Asking, read: (signal: AbortSignal) => Promise<T>) => Promise<T>;

/** So long an answer serves whoever asks the same, milliseconds: what a person reads of a cluster is older. */
const FRESH_MS = 2_000;
/** Answers may be long lists; as many systems and namespaces as are asked at once. */
const MAX_KEPT = 16;

interface Answer<T> {
  readonly askedAt: number;
  readonly promise: Promise<T>;
  readonly stop: AbortController;
  waiting: number;
}

/**
 * Answers that do not depend on the remediation, shared by all that are gathered for at the same time: a storm asks a
 * system for its lists once, not once an event. Errors are told to whoever waits and are not kept; a reading that nobody
 * waits for any longer is stopped.
 */
export function sharedAnswers<T>(): SharedAnswers<T> {
  const kept = new LRUCache<string, Answer<T>>({ max: MAX_KEPT });
  const begin = ({ key, now }: Asking, read: (signal: AbortSignal) => Promise<T>): Answer<T> => {
    const stop = new AbortController();
    const answer: Answer<T> = { askedAt: now, promise: read(stop.signal), stop, waiting: 0 };
    kept.set(key, answer);
    answer.promise.catch(() => {
      if (kept.peek(key) === answer) kept.delete(key);
    });
    return answer;
  };
  return async (asking, read) => {
    const { key, now, signal } = asking;
    signal.throwIfAborted();
    const known = kept.get(key);
    const answer = known !== undefined && now - known.askedAt < FRESH_MS ? known : begin(asking, read);
    answer.waiting += 1;
    const left = Promise.withResolvers<never>();
    const leave = (): void => left.reject(signal.reason);
    signal.addEventListener('abort', leave);
    try {
      return await Promise.race([answer.promise, left.promise]);
    } finally {
      signal.removeEventListener('abort', leave);
      answer.waiting -= 1;
      if (answer.waiting === 0 && signal.aborted) {
        if (kept.peek(key) === answer) kept.delete(key);
        answer.stop.abort(signal.reason);
      }
    }
  };
}
