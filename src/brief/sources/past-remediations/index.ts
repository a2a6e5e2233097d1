import { messageOf } from '../../../lib/errors.ts';
import type { FailureType } from '../../../model/failure-type.ts';
import type { SimilarOutcome } from '../../../store/outcomes.ts';
import { answer, type ContextSource } from '../../source.ts';
import { pastInWords } from './words.ts';

/** What past attempts are found by. */
export interface Likeness {
  readonly fingerprint: string | null;
  readonly failureType: FailureType | null;
  readonly repository: string;
  /** What the log says of the failure. */
  readonly words: string;
  readonly limit: number;
  readonly exceptRemediation: string;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/** Finds attempts at the same or a like breakage; memories besides the store may stand behind it, and be down. */
export type Recall = (
  query: Likeness,
  signal: AbortSignal,
) => Promise<{
  readonly outcomes: readonly SimilarOutcome[];
  readonly unanswered: readonly { readonly memory: string; readonly why: unknown }[];
}>;

/** Older attempts than these say little; there may be thousands of a common type. */
const MAX_RECALLED = 60;

/** What was tried before on the same breakage, or on one of its type: what held, what came back, what did not help. */
export function pastRemediations(recall: Recall | null): ContextSource {
  return {
    name: 'past-remediations',
    budget: { timeMs: 2_000, bytes: 16 * 1024 },
    afterClassifying: true,
    relevant: () => true,
    async ask({ remediation, signal, words, now }) {
      if (recall === null) return answer.notConfigured('There is no memory of past remediations.');
      const { id, repository, failureType, fingerprint } = remediation;
      const { outcomes, unanswered } = await recall(
        { fingerprint, failureType, repository, words, limit: MAX_RECALLED, exceptRemediation: id, now },
        signal,
      );
      const silent = unanswered.map(({ memory, why }) => ` ${memory} gave no answer: ${messageOf(why)}.`).join('');
      if (outcomes.length === 0) return answer.empty(`Nothing like it was remediated before.${silent}`);
      const { body, truncated } = pastInWords(outcomes, repository);
      return answer.found(summaryOf(outcomes) + silent, body, { truncated });
    },
  };
}

/** How often it was seen, and how often what was done held. */
function summaryOf(outcomes: readonly SimilarOutcome[]): string {
  const same = outcomes.filter(({ match }) => match === 'fingerprint');
  const typed = outcomes.filter(({ match }) => match === 'failure_type');
  const of = same.length > 0 ? same : typed.length > 0 ? typed : outcomes;
  const what =
    same.length > 0 ? 'this very breakage' : typed.length > 0 ? 'breakages of this type' : 'what reads alike';
  const fixed = of.filter(({ outcome }) => outcome === 'success');
  const held = fixed.filter((outcome) => outcome.held === true).length;
  const attempts = of.length === 1 ? '1 earlier attempt' : `${of.length} earlier attempts`;
  return `${attempts} at ${what}: ${fixed.length} turned it green, ${held} of these held.`;
}
