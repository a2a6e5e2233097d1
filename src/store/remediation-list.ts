import { type RawBuilder, sql } from 'kysely';
import type { Remediation } from '../model/remediation.ts';
import type { Store } from './open.ts';
import { LIVE, type RemediationFilter, read } from './remediations.ts';

export interface SearchFilter extends RemediationFilter {
  /** Words that all have to occur in names, `#12` for a pull request, the beginning of a commit's sha. */
  readonly text?: string;
}

export interface Found {
  /** Newest first, `limit` at most. */
  readonly remediations: readonly Remediation[];
  /** Where the next page begins; null when there is none. */
  readonly nextCursor: string | null;
  /** Fewer than asked for were found in the part that was looked through, and there are older ones. */
  readonly isPartial: boolean;
}

/** How many remediations one search by text looks through; older ones are the next page's. */
export interface Reach {
  readonly names: number;
  /** For what stands in documents only, which have to be read whole. */
  readonly documents: number;
}

const REACH: Reach = { names: 10_000, documents: 2_000 };
const MAX_WORDS = 6;
/** Clocks of replicas may differ by so much; ids are as old as the clock of who made them. */
const SKEW_MS = 60_000;

type Dialect = Store['dialect'];

/** Newest first, whatever is asked for, in a time that does not grow with what is not found. */
export async function searchRemediations(
  { db, dialect }: Pick<Store, 'db' | 'dialect'>,
  filter: SearchFilter,
  reach: Reach = REACH,
): Promise<Found> {
  const words = wordsOf(filter.text ?? '');
  const oldest = await oldestId({ db }, filter, words, reach);
  if (oldest === 'none') return { remediations: [], nextCursor: null, isPartial: false };
  let ids = db
    .selectFrom('remediations')
    .select('id')
    .orderBy('id', 'desc')
    .limit(filter.limit + 1);
  const wanted = equalities(filter);
  // The first has the index that holds the others; for words there is one that holds everything.
  const leading = words.length > 0 || filter.phase === 'live' ? undefined : wanted[0]?.[0];
  for (const [column, value] of wanted) {
    // A plus keeps SQLite from the index of that column.
    const left = dialect === 'sqlite' && column !== leading ? sql`+${sql.ref(column)}` : sql.ref(column);
    ids = ids.where(left, '=', value);
  }
  if (filter.phase === 'live') ids = ids.where('live', '=', LIVE);
  if (filter.since !== undefined) ids = ids.where('created_at', '>=', filter.since);
  if (filter.cursor !== undefined) ids = ids.where('id', '<', filter.cursor);
  if (oldest.id !== null) ids = ids.where('id', '>=', oldest.id);
  for (const word of words) ids = ids.where(matches(word, dialect));
  const found = (await ids.execute()).map(({ id }) => id);
  const shown = found.slice(0, filter.limit);
  const more = found.length > filter.limit;
  const isPartial = !more && oldest.isLimit;
  const nextCursor = more ? (shown.at(-1) ?? null) : isPartial ? oldest.id : null;
  return { remediations: await readAll({ db }, shown), nextCursor, isPartial };
}

async function readAll({ db }: Pick<Store, 'db'>, ids: readonly string[]): Promise<readonly Remediation[]> {
  if (ids.length === 0) return [];
  const rows = await db
    .selectFrom('remediations')
    .select('document')
    .where('id', 'in', ids)
    .orderBy('id', 'desc')
    .execute();
  return rows.flatMap((row) => read(row) ?? []);
}

/** The columns that have to be equal to something, in the order in which their indexes hold each other. */
function equalities(filter: SearchFilter): readonly (readonly [string, string])[] {
  const phase = filter.phase === 'live' ? undefined : filter.phase;
  return Object.entries({
    repository: filter.repository,
    branch: filter.branch,
    failure_type: filter.failureType,
    phase,
    agent: filter.agent,
  }).flatMap(([column, value]) => (value === undefined ? [] : [[column, value] as const]));
}

/** The oldest id that can be in the answer: by time, or by how far one search looks. `none` when nothing can. */
async function oldestId(
  { db }: Pick<Store, 'db'>,
  { since, cursor }: SearchFilter,
  words: readonly Word[],
  reach: Reach,
): Promise<{ readonly id: string | null; readonly isLimit: boolean } | 'none'> {
  let first: string | null = null;
  if (since !== undefined) {
    const row = await db
      .selectFrom('remediations')
      .select('id')
      .where('created_at', '>=', since - SKEW_MS)
      .orderBy('created_at')
      .orderBy('id')
      .limit(1)
      .executeTakeFirst();
    if (row === undefined) return 'none';
    first = row.id;
  }
  if (words.length === 0) return { id: first, isLimit: false };
  const length = words.some(({ kind }) => kind !== 'name') ? reach.documents : reach.names;
  let query = db
    .selectFrom('remediations')
    .select('id')
    .orderBy('id', 'desc')
    .limit(1)
    .offset(length - 1);
  if (cursor !== undefined) query = query.where('id', '<', cursor);
  const limit = (await query.executeTakeFirst())?.id ?? null;
  if (limit === null || (first !== null && first > limit)) return { id: first, isLimit: false };
  return { id: limit, isLimit: true };
}

interface Word {
  readonly kind: 'name' | 'pull_request' | 'sha';
  readonly text: string;
}

const PULL_REQUEST = /^#(\d{1,9})$/;
const SHA = /^[0-9a-f]{7,40}$/;

function wordsOf(text: string): readonly Word[] {
  return text
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== '')
    .slice(0, MAX_WORDS)
    .map((word) => {
      const number = PULL_REQUEST.exec(word)?.[1];
      if (number !== undefined) return { kind: 'pull_request', text: number };
      // Digits alone are a run's number, which stands in the task id.
      return { kind: SHA.test(word) && /[a-f]/.test(word) ? 'sha' : 'name', text: word };
    });
}

function matches({ kind, text }: Word, dialect: Dialect): RawBuilder<boolean> {
  if (kind === 'pull_request') return sql<boolean>`${inDocument('pullRequest', dialect)} = ${text}`;
  const names = sql<boolean>`${sql.join(
    ['task_id', 'repository', 'branch', 'failure_type', 'agent'].map((column) => contains(column, text, dialect)),
    sql` or `,
  )}`;
  if (kind === 'name') return sql<boolean>`(${names})`;
  return sql<boolean>`(${names} or ${inDocument('headSha', dialect)} like ${`${text}%`})`;
}

function contains(column: string, text: string, dialect: Dialect): RawBuilder<boolean> {
  const name = sql.ref(column);
  return dialect === 'sqlite'
    ? sql<boolean>`instr(lower(${name}), ${text}) > 0`
    : sql<boolean>`strpos(lower(${name}), ${text}) > 0`;
}

/** A value of the remediation's document, as text. */
function inDocument(key: 'pullRequest' | 'headSha', dialect: Dialect): RawBuilder<string> {
  return dialect === 'postgres'
    ? sql<string>`(cast(document as json) ->> ${sql.lit(key)})`
    : sql<string>`cast((document ->> ${sql.lit(`$.${key}`)}) as text)`;
}
