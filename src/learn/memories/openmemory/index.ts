import { z } from 'zod';
import { PermanentError } from '../../../lib/errors.ts';
import { expectOk, type HttpClient } from '../../../lib/http.ts';
import type { RememberedOutcome, SimilarOutcome } from '../../../store/outcomes.ts';
import { HORIZON_MS } from '../../decay.ts';
import { keyOf, type Memory, type RecallQuery } from '../memory.ts';
import { contentOf, outcomeIn } from './record.ts';

export interface OpenMemoryConfig {
  readonly url: string;
  /** Its `OM_API_KEY`. */
  readonly token: string | null;
  /** Keeps Healer's memories apart from other people's in the same server. */
  readonly userId: string;
  /** Milliseconds since the epoch. */
  readonly clock: () => number;
}

const ANSWER_BYTES = 2 * 1024 * 1024;
const MAX_MATCHES = 40;
const MAX_QUESTION = 2_000;

/** https://github.com/CaviraOSS/OpenMemory: `POST /memory/query`. Scores are cosine likenesses with other weights in. */
const matchesSchema = z.object({ matches: z.array(z.object({ id: z.string(), content: z.string() })) });

/** An OpenMemory server (CaviraOSS) beside the store: likeness by meaning, shared by every Healer that asks it. */
export function openMemory(http: HttpClient, config: OpenMemoryConfig): Memory {
  const post = async (path: string, body: object, signal: AbortSignal): Promise<unknown> => {
    const answered = await http(`${config.url.replace(/\/+$/, '')}${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'application/json' },
      body: JSON.stringify(body),
      maxBytes: ANSWER_BYTES,
      signal,
      ...(config.token === null ? {} : { token: config.token }),
    });
    const text = new TextDecoder().decode(expectOk(answered, config.clock()).bytes);
    try {
      return JSON.parse(text);
    } catch (cause) {
      throw new PermanentError('OpenMemory answered with something that is not JSON', { cause });
    }
  };
  return {
    name: 'openmemory',
    async remember(outcome, signal) {
      const { failureType, repository, agent } = outcome;
      const body = {
        content: contentOf(outcome),
        tags: ['healer', failureType, outcome.outcome],
        metadata: { source: 'healer', failureType, repository, agent, fingerprint: outcome.fingerprint },
        user_id: config.userId,
        // Servers that know it replace what was remembered of the same attempt; for others the reader keeps the last.
        upsert_key: keyOf(outcome),
      };
      await post('/memory/add', body, signal);
    },
    async recall(query, signal) {
      const body = {
        query: questionOf(query),
        // More than will be told: what is nearest by meaning may be somebody else's, or told twice.
        k: MAX_MATCHES,
        filters: { user_id: config.userId },
        user_id: config.userId,
      };
      const parsed = matchesSchema.safeParse(await post('/memory/query', body, signal));
      if (!parsed.success) throw new PermanentError('OpenMemory answered in a shape that Healer does not know');
      return similarIn(
        parsed.data.matches.flatMap(({ content }) => outcomeIn(content) ?? []),
        query,
      );
    },
  };
}

function questionOf({ failureType, repository, fingerprint, words }: RecallQuery): string {
  const known = `${failureType ?? ''} in ${repository}${fingerprint === null ? '' : ` (fingerprint ${fingerprint})`}`;
  return `${known}\n${words}`.slice(0, MAX_QUESTION).toWellFormed();
}

/** Each attempt once, judged and ordered as the store does: nobody but us knows what a likeness is worth. */
function similarIn(outcomes: readonly RememberedOutcome[], query: RecallQuery): readonly SimilarOutcome[] {
  const unique = new Map<string, RememberedOutcome>();
  for (const outcome of outcomes) {
    const known = unique.get(keyOf(outcome));
    if (known === undefined || known.endedAt < outcome.endedAt) unique.set(keyOf(outcome), outcome);
  }
  const all = [...unique.values()];
  return all
    .filter(({ remediationId, outcome }) => {
      return remediationId !== query.exceptRemediation && outcome !== 'infrastructure' && outcome !== 'cancelled';
    })
    .map((outcome): SimilarOutcome => {
      const match = matchOf(outcome, query);
      const sameRepository = outcome.repository === query.repository;
      return {
        ...outcome,
        match,
        sameRepository,
        held: outcome.outcome === 'success' ? !cameBack(outcome, all) : null,
      };
    })
    .filter(({ match, endedAt }) => match === 'fingerprint' || endedAt >= query.now - HORIZON_MS)
    .toSorted((a, b) => rank(a) - rank(b) || b.endedAt - a.endedAt)
    .slice(0, query.limit);
}

function matchOf(outcome: RememberedOutcome, { fingerprint, failureType }: RecallQuery): SimilarOutcome['match'] {
  if (fingerprint !== null && fingerprint !== '' && outcome.fingerprint === fingerprint) return 'fingerprint';
  return outcome.failureType === failureType ? 'failure_type' : 'words';
}

const rank = ({ match, sameRepository }: SimilarOutcome): number =>
  ['fingerprint', 'failure_type', 'words'].indexOf(match) * 2 + (sameRepository ? 0 : 1);

/** As far as the memory knows: another remediation met the same breakage in the same repository afterwards. */
function cameBack(outcome: RememberedOutcome, all: readonly RememberedOutcome[]): boolean {
  const { fingerprint, repository, remediationId, endedAt } = outcome;
  return (
    fingerprint !== '' &&
    all.some(
      (later) =>
        later.fingerprint === fingerprint &&
        later.repository === repository &&
        later.remediationId !== remediationId &&
        later.startedAt > endedAt,
    )
  );
}
