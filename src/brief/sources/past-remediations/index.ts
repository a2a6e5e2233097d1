import type { SimilarOutcome, SimilarQuery } from '../../../store/outcomes.ts';
import { answer, type ContextSource } from '../../source.ts';
import { pastInWords } from './words.ts';

/** Finds attempts at the same or a like breakage; a memory besides the store may stand behind it. */
export type Recall = (query: SimilarQuery, signal: AbortSignal) => Promise<readonly SimilarOutcome[]>;

/** Older attempts than these say little; there may be thousands of a common type. */
const MAX_RECALLED = 60;

/** What was tried before on the same breakage, or on one of its type: what held, what came back, what did not help. */
export function pastRemediations(recall: Recall | null): ContextSource {
  return {
    name: 'past-remediations',
    budget: { timeMs: 2_000, bytes: 16 * 1024 },
    afterClassifying: true,
    relevant: () => true,
    async ask({ remediation, signal }) {
      if (recall === null) return answer.notConfigured('There is no memory of past remediations.');
      const { id, repository, failureType, fingerprint } = remediation;
      const outcomes = await recall(
        { fingerprint, failureType, repository, limit: MAX_RECALLED, exceptRemediation: id },
        signal,
      );
      if (outcomes.length === 0) return answer.empty('Nothing like it was remediated before.');
      const { body, truncated } = pastInWords(outcomes, repository);
      return answer.found(summaryOf(outcomes), body, { truncated });
    },
  };
}

/** How often it was seen, and how often what was done held. */
function summaryOf(outcomes: readonly SimilarOutcome[]): string {
  const same = outcomes.filter(({ match }) => match === 'fingerprint');
  const of = same.length > 0 ? same : outcomes;
  const what = same.length > 0 ? 'this very breakage' : 'breakages of this type';
  const fixed = of.filter(({ outcome }) => outcome === 'success');
  const held = fixed.filter((outcome) => outcome.held === true).length;
  const attempts = of.length === 1 ? '1 earlier attempt' : `${of.length} earlier attempts`;
  return `${attempts} at ${what}: ${fixed.length} turned it green, ${held} of these held.`;
}
