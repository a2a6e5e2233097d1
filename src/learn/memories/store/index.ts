import type { Store } from '../../../store/open.ts';
import { rememberOutcome, type SimilarOutcome, searchOutcomes, similarOutcomes } from '../../../store/outcomes.ts';
import { HORIZON_MS } from '../../decay.ts';
import { keyOf, type Memory } from '../memory.ts';

/** Found by their words alone: a few, since any two logs have words in common. */
const MAX_BY_WORDS = 6;

/** The memory that is always there: Healer's own store, by fingerprint, by type, and by full-text search. */
export function storeMemory(store: Store): Memory {
  return {
    name: 'store',
    remember: (outcome) => store.transaction((tx) => rememberOutcome(tx, outcome)),
    async recall(query) {
      const [similar, worded] = await Promise.all([
        similarOutcomes(store.db, query),
        query.words === '' ? [] : searchOutcomes(store, { text: query.words, limit: 4 * MAX_BY_WORDS }),
      ]);
      const since = query.now - HORIZON_MS;
      // The same breakage is worth knowing at any age; what is only alike is not.
      const near = similar.filter(({ match, endedAt }) => match === 'fingerprint' || endedAt >= since);
      const known = new Set(near.map(keyOf));
      const alike = worded
        .filter(({ endedAt, outcome }) => endedAt >= since && outcome !== 'infrastructure' && outcome !== 'cancelled')
        .filter((outcome) => outcome.remediationId !== query.exceptRemediation && !known.has(keyOf(outcome)))
        .slice(0, MAX_BY_WORDS)
        .map((outcome): SimilarOutcome => {
          const sameRepository = outcome.repository === query.repository;
          return { ...outcome, match: 'words', sameRepository, held: outcome.outcome === 'success' ? true : null };
        });
      return [...near, ...alike].slice(0, query.limit);
    },
  };
}
