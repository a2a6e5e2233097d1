import type { Recall } from '../../../src/brief/sources/past-remediations/index.ts';
import type { RememberedOutcome, SimilarOutcome } from '../../../src/store/outcomes.ts';
import { NOON } from '../../support/clock.ts';

export function anOutcome(changes: Partial<RememberedOutcome> = {}): RememberedOutcome {
  return {
    remediationId: '01JD0000000000000000000009',
    taskId: 'ci-9',
    ordinal: 1,
    number: 1,
    repository: 'acme/shop',
    failureType: 'rust_clippy',
    fingerprint: 'f00d',
    rule: 'rust-clippy',
    routedAgent: 'rex',
    agent: 'rex',
    outcome: 'success',
    changed: true,
    approach: 'Removed the needless borrow.',
    detail: '',
    stillRed: [],
    durationMs: 60_000,
    costUsd: null,
    startedAt: NOON - 60_000,
    endedAt: NOON,
    ...changes,
  };
}

export function aSimilar(changes: Partial<SimilarOutcome> = {}): SimilarOutcome {
  return { ...anOutcome(), match: 'fingerprint', sameRepository: true, held: true, ...changes };
}

/** A memory with one outcome behind requests that a test may answer in its place. */
export function rememberedBehind(fetchHook: typeof fetch): Recall {
  return async (_, signal) => {
    if (fetchHook === fetch) return { outcomes: [aSimilar()], unanswered: [] };
    const answered = await fetchHook('http://memory.test/', { signal });
    if (!answered.ok) throw new Error(`the memory answered ${answered.status}`);
    return { outcomes: [], unanswered: [] };
  };
}
