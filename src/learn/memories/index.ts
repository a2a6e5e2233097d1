import type { RememberedOutcome, SimilarOutcome } from '../../store/outcomes.ts';
import { keyOf, type Memory, type RecallQuery } from './memory.ts';

export interface Recalled {
  readonly outcomes: readonly SimilarOutcome[];
  /** Memories that gave no answer, with why: the brief says so, and nothing else changes. */
  readonly unanswered: readonly { readonly memory: string; readonly why: unknown }[];
}

export interface Memories {
  /** Told to the first, which must take it; the others are told within their time, and their failures only reported. */
  remember(outcome: RememberedOutcome, signal: AbortSignal): Promise<void>;
  recall(query: RecallQuery, signal: AbortSignal): Promise<Recalled>;
}

export interface MemoriesOptions {
  /** Healer's own store. */
  readonly first: Memory;
  readonly others: readonly Memory[];
  /** What one of the others may take, milliseconds. */
  readonly timeMs: number;
  readonly onTrouble: (memory: string, doing: 'remember' | 'recall', error: unknown) => void;
}

/** One memory out of several: what the first knows of an attempt counts, the others add to it. */
export function createMemories({ first, others, timeMs, onTrouble }: MemoriesOptions): Memories {
  const inTime = (signal: AbortSignal): AbortSignal => AbortSignal.any([signal, AbortSignal.timeout(timeMs)]);
  return {
    async remember(outcome, signal) {
      await first.remember(outcome, signal);
      await Promise.all(
        others.map((memory) =>
          memory.remember(outcome, inTime(signal)).catch((error) => onTrouble(memory.name, 'remember', error)),
        ),
      );
    },
    async recall(query, signal) {
      const asked = others.map((memory) =>
        memory.recall(query, inTime(signal)).catch((why: unknown) => {
          onTrouble(memory.name, 'recall', why);
          return { memory: memory.name, why };
        }),
      );
      const [own, more] = await Promise.all([first.recall(query, signal), Promise.all(asked)]);
      const answers = more.flatMap((answer) => ('why' in answer ? [] : [answer]));
      const unanswered = more.flatMap((answer) => ('why' in answer ? [answer] : []));
      return { outcomes: merged([own, ...answers], query.limit), unanswered };
    },
  };
}

const ORDER = ['fingerprint', 'failure_type', 'words'];

/** Each attempt once, as the first that knows it tells it; the same breakage before what is alike. */
function merged(lists: readonly (readonly SimilarOutcome[])[], limit: number): readonly SimilarOutcome[] {
  const unique = new Map<string, SimilarOutcome>();
  for (const outcome of lists.flat()) if (!unique.has(keyOf(outcome))) unique.set(keyOf(outcome), outcome);
  return [...unique.values()].toSorted((a, b) => ORDER.indexOf(a.match) - ORDER.indexOf(b.match)).slice(0, limit);
}
