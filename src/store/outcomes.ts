import { type Selectable, sql } from 'kysely';
import type { AgentName } from '../model/agent.ts';
import type { FailureType } from '../model/failure-type.ts';
import type { Outcome } from '../model/outcome.ts';
import type { Reader, Store, Tx } from './open.ts';
import type { OutcomeTable } from './outcome-tables.ts';

/** How one attempt ended, as it is remembered. Texts went through the safety gate. Times are milliseconds. */
export interface RememberedOutcome {
  readonly remediationId: string;
  readonly taskId: string;
  /** Counts the CodeRuns of the lineage from 1. */
  readonly ordinal: number;
  /** Counts the attempts of the lineage from 1; 1 is a first attempt. */
  readonly number: number;
  readonly repository: string;
  readonly failureType: FailureType;
  /** Equal for the same breakage seen again; empty when there was none. */
  readonly fingerprint: string;
  readonly rule: string;
  /** Whom the routing rules named. */
  readonly routedAgent: AgentName;
  /** Who was sent. */
  readonly agent: AgentName;
  readonly outcome: Outcome;
  /** The agent pushed a commit; a success without one says nothing about its skill. */
  readonly changed: boolean;
  /** What the agent said it did; empty when it said nothing. */
  readonly approach: string;
  /** Why it ended as it did, in one sentence. */
  readonly detail: string;
  /** Names of the checks that were red after it. */
  readonly stillRed: readonly string[];
  readonly durationMs: number;
  /** Null when the agent reported no usage. */
  readonly costUsd: number | null;
  readonly startedAt: number;
  readonly endedAt: number;
}

/** An outcome of the past that may tell something about a breakage of today. */
export interface SimilarOutcome extends RememberedOutcome {
  /** The very same breakage, only one of the same type, or one whose account uses the same words. */
  readonly match: 'fingerprint' | 'failure_type' | 'words';
  readonly sameRepository: boolean;
  /** Of a success: the same breakage did not come back in that repository afterwards. Null for every other outcome. */
  readonly held: boolean | null;
}

/** Remembers how an attempt ended; a second time replaces the first. */
export async function rememberOutcome(tx: Tx, outcome: RememberedOutcome): Promise<void> {
  const row = toRow(outcome);
  const { id, ...changes } = row;
  await tx
    .insertInto('outcomes')
    .values(row)
    .onConflict((conflict) => conflict.column('id').doUpdateSet(changes))
    .execute();
}

export interface SimilarQuery {
  /** Null asks by failure type alone. */
  readonly fingerprint: string | null;
  readonly failureType: FailureType | null;
  readonly repository: string;
  readonly limit: number;
  /** What is being repaired now is no memory of itself. */
  readonly exceptRemediation?: string;
}

/**
 * Attempts at the same breakage, then at breakages of the same type in the same repository, then of the same type
 * elsewhere; each group newest first. Attempts whose agent never really ran are left out.
 */
export async function similarOutcomes(db: Reader, query: SimilarQuery): Promise<readonly SimilarOutcome[]> {
  const fingerprint = query.fingerprint === '' ? null : query.fingerprint;
  if (fingerprint === null && query.failureType === null) return [];
  const rank = sql<number>`case when fingerprint = ${fingerprint ?? ''} and repository = ${query.repository} then 0
    when fingerprint = ${fingerprint ?? ''} then 1 when repository = ${query.repository} then 2 else 3 end`;
  // Picked first: whether a breakage came back is looked up for those alone.
  const picked = db
    .selectFrom('outcomes')
    .selectAll()
    .select(rank.as('rank'))
    .where('outcome', 'not in', ['infrastructure', 'cancelled'])
    .where('remediation_id', '!=', query.exceptRemediation ?? '')
    .where((eb) =>
      eb.or([
        ...(fingerprint === null ? [] : [eb('fingerprint', '=', fingerprint)]),
        ...(query.failureType === null ? [] : [eb('failure_type', '=', query.failureType)]),
      ]),
    )
    .orderBy(rank)
    .orderBy('ended_at', 'desc')
    .orderBy('seq', 'desc')
    .limit(query.limit);
  const rows = await db
    .selectFrom(picked.as('picked'))
    .selectAll()
    .select(cameBack.as('came_back'))
    .orderBy('rank')
    .orderBy('ended_at', 'desc')
    .orderBy('seq', 'desc')
    .execute();
  return rows.map((row) => ({
    ...fromRow(row),
    match: fingerprint !== null && row.fingerprint === fingerprint ? 'fingerprint' : 'failure_type',
    sameRepository: row.repository === query.repository,
    held: row.outcome === 'success' ? Number(row.came_back) === 0 : null,
  }));
}

/** 1 when another remediation of the same repository met the same breakage after this outcome. */
const cameBack = sql<number>`case when picked.fingerprint <> '' and exists (
    select 1 from outcomes as later
    where later.fingerprint = picked.fingerprint and later.repository = picked.repository
      and later.remediation_id <> picked.remediation_id and later.started_at > picked.ended_at
  ) then 1 else 0 end`;

/** What outcomes of one type of failure say about agents, newest first. */
export async function skillSamples(
  db: Reader,
  { failureType, since, limit }: { readonly failureType: FailureType; readonly since: number; readonly limit: number },
): Promise<readonly Pick<RememberedOutcome, 'agent' | 'outcome' | 'changed' | 'endedAt'>[]> {
  const rows = await db
    .selectFrom('outcomes')
    .select(['agent', 'outcome', 'changed', 'ended_at'])
    .where('failure_type', '=', failureType)
    .where('ended_at', '>=', since)
    .orderBy('ended_at', 'desc')
    .limit(limit)
    .execute();
  return rows.map((row) => ({
    agent: row.agent,
    outcome: row.outcome as Outcome,
    changed: row.changed === 1,
    endedAt: row.ended_at,
  }));
}

/** Every outcome that ended at or after a time, oldest first. */
export async function readOutcomes(db: Reader, since: number): Promise<readonly RememberedOutcome[]> {
  const rows = await db
    .selectFrom('outcomes')
    .selectAll()
    .where('ended_at', '>=', since)
    .orderBy('ended_at')
    .orderBy('seq')
    .execute();
  return rows.map(fromRow);
}

/** What of an outcome goes into figures; its texts stay where they are. */
export type OutcomeFigures = Pick<
  RememberedOutcome,
  'remediationId' | 'number' | 'failureType' | 'rule' | 'routedAgent' | 'agent' | 'outcome' | 'changed' | 'costUsd'
>;

/** The figures of every outcome that ended at or after a time, oldest first. */
export async function readFigures(db: Reader, since: number): Promise<readonly OutcomeFigures[]> {
  const rows = await db
    .selectFrom('outcomes')
    .select([
      'remediation_id',
      'number',
      'failure_type',
      'rule',
      'routed_agent',
      'agent',
      'outcome',
      'changed',
      'cost_usd',
    ])
    .where('ended_at', '>=', since)
    .orderBy('ended_at')
    .orderBy('seq')
    .execute();
  return rows.map((row) => ({
    remediationId: row.remediation_id,
    number: row.number,
    failureType: row.failure_type as FailureType,
    rule: row.rule,
    routedAgent: row.routed_agent,
    agent: row.agent,
    outcome: row.outcome as Outcome,
    changed: row.changed === 1,
    costUsd: row.cost_usd,
  }));
}

/** Lower-case words of letters and digits, each once, in order: what both databases split in the same way. */
export function searchWords(text: string): readonly string[] {
  return [...new Set(text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [])].filter((word) => word.length <= MAX_WORD);
}

/** Longer runs of letters and digits are hashes or keys; nobody looks for them. */
const MAX_WORD = 60;
/** More words than this make a question no clearer. */
const MAX_QUESTION = 40;

export interface SearchQuery {
  /** Free text; every word of it counts, none is required. */
  readonly text: string;
  readonly limit: number;
  readonly repository?: string;
  readonly failureType?: FailureType;
}

/** Attempts whose approach, end or still red checks use the words of a text, those that fit best first. */
export async function searchOutcomes(
  { db, dialect }: Pick<Store, 'db' | 'dialect'>,
  query: SearchQuery,
): Promise<readonly RememberedOutcome[]> {
  const words = searchWords(query.text).slice(0, MAX_QUESTION);
  if (words.length === 0) return [];
  const found = (dialect === 'postgres' ? foundByTsvector : foundByFts5)(words);
  let select = db
    .selectFrom('outcomes')
    .innerJoin(found.as('found'), 'found.at', 'outcomes.seq')
    .selectAll('outcomes')
    .orderBy('found.score', 'desc')
    .orderBy('outcomes.ended_at', 'desc')
    .limit(query.limit);
  if (query.repository !== undefined) select = select.where('outcomes.repository', '=', query.repository);
  if (query.failureType !== undefined) select = select.where('outcomes.failure_type', '=', query.failureType);
  return (await select.execute()).map(fromRow);
}

interface Found {
  readonly at: number;
  readonly score: number;
}

/** Words are letters and digits only, so that none can be an operator of either query language. */
function foundByFts5(words: readonly string[]) {
  const match = words.map((word) => `"${word}"`).join(' OR ');
  // bm25 is the lower the better.
  return sql<Found>`(select rowid as at, -bm25(outcome_search) as score from outcome_search where outcome_search match ${match})`;
}

function foundByTsvector(words: readonly string[]) {
  const match = sql`to_tsquery('simple', ${words.map((word) => `'${word}'`).join(' | ')})`;
  return sql<Found>`(select seq as at, ts_rank(search, ${match}) as score from outcomes where search @@ ${match})`;
}

function toRow(outcome: RememberedOutcome): Omit<Selectable<OutcomeTable>, 'seq'> {
  const { approach, detail, stillRed } = outcome;
  return {
    id: `${outcome.remediationId}:${outcome.ordinal}`,
    remediation_id: outcome.remediationId,
    task_id: outcome.taskId,
    ordinal: outcome.ordinal,
    number: outcome.number,
    repository: outcome.repository,
    failure_type: outcome.failureType,
    fingerprint: outcome.fingerprint,
    rule: outcome.rule,
    routed_agent: outcome.routedAgent,
    agent: outcome.agent,
    outcome: outcome.outcome,
    changed: outcome.changed ? 1 : 0,
    approach,
    detail,
    still_red: JSON.stringify(stillRed),
    words: searchWords([approach, detail, ...stillRed].join('\n')).join(' '),
    duration_ms: outcome.durationMs,
    cost_usd: outcome.costUsd,
    started_at: outcome.startedAt,
    ended_at: outcome.endedAt,
  };
}

function fromRow(row: Selectable<OutcomeTable>): RememberedOutcome {
  return {
    remediationId: row.remediation_id,
    taskId: row.task_id,
    ordinal: row.ordinal,
    number: row.number,
    repository: row.repository,
    failureType: row.failure_type as FailureType,
    fingerprint: row.fingerprint,
    rule: row.rule,
    routedAgent: row.routed_agent,
    agent: row.agent,
    outcome: row.outcome as Outcome,
    changed: row.changed === 1,
    approach: row.approach,
    detail: row.detail,
    stillRed: JSON.parse(row.still_red) as string[],
    durationMs: row.duration_ms,
    costUsd: row.cost_usd,
    startedAt: row.started_at,
    endedAt: row.ended_at,
  };
}
