import { sql } from 'kysely';
import type { CommandSignal } from '../model/signal.ts';
import type { Reader, Store, Tx } from './open.ts';

/** A command that a worker holds. */
export interface ClaimedCommand {
  readonly id: string;
  readonly key: string;
  readonly signal: CommandSignal;
  /** The answer, when what was asked is done already and only the person has to be told; null before. */
  readonly outcome: unknown;
  readonly tries: number;
  /** The worker's hold on it ends then; after that another one may have it. */
  readonly leasedUntil: number;
}

/** What makes a comment's command the same one, however often it is delivered. */
export function commandKey({ repository, commentKind, commentId, verb, actor }: CommandSignal): string {
  const key = `${repository.toLowerCase()}:${commentKind}:${commentId}`;
  // A check has several buttons, and whoever may press one follows whoever may not.
  return commentKind === 'button' ? `${key}:${verb}:${actor.login.toLowerCase()}` : key;
}

/** Writes a command down. False when the comment's command is known. */
export async function insertCommand(tx: Tx, id: string, signal: CommandSignal, now: number): Promise<boolean> {
  const result = await tx
    .insertInto('commands')
    .values({
      id,
      key: commandKey(signal),
      repository: signal.repository.toLowerCase(),
      thread: signal.pullRequest,
      signal: JSON.stringify(signal),
      state: 'pending',
      outcome: null,
      due_at: now,
      tries: 0,
      leased_until: null,
      last_error: null,
      created_at: now,
    })
    .onConflict((conflict) => conflict.doNothing())
    .executeTakeFirst();
  return Number(result.numInsertedOrUpdatedRows ?? 0) === 1;
}

/** Nothing that was typed earlier on the same pull request is still open. */
const isFirst = sql`not exists (
  select 1 from commands earlier
  where earlier.repository = commands.repository and earlier.thread = commands.thread
    and earlier.state <> 'done' and earlier.id < commands.id
)`;

/**
 * Takes up to `limit` due commands for `leaseMs`, the oldest first. Of one pull request only the oldest open one is
 * taken: people mean what they type in the order they typed it.
 */
export async function claimCommands(
  store: Store,
  now: number,
  leaseMs: number,
  limit: number,
): Promise<readonly ClaimedCommand[]> {
  const skipLocked = store.dialect === 'postgres' ? sql`for update skip locked` : sql``;
  const { rows } = await sql<{ id: string; key: string; signal: string; outcome: string | null; tries: number }>`
    with due as materialized (
      select id from commands
      where state <> 'done' and due_at <= ${now} and (leased_until is null or leased_until <= ${now})
        and ${isFirst}
      order by id limit ${limit} ${skipLocked}
    )
    update commands set leased_until = ${now + leaseMs}, tries = tries + 1
    where id in (select id from due)
    returning id, key, signal, outcome, tries`.execute(store.db);
  return rows
    .toSorted((a, b) => (a.id < b.id ? -1 : 1))
    .map((row) => ({
      id: row.id,
      key: row.key,
      signal: JSON.parse(row.signal) as CommandSignal,
      outcome: row.outcome === null ? null : JSON.parse(row.outcome),
      tries: row.tries,
      leasedUntil: now + leaseMs,
    }));
}

/**
 * Writes the answer in the transaction that did what was asked: it is done once, however often the answer has to be
 * sent. False when another worker has done it already.
 */
export async function actedOnCommand(tx: Tx, command: ClaimedCommand, outcome: unknown): Promise<boolean> {
  const result = await tx
    .updateTable('commands')
    .set({ state: 'acted', outcome: JSON.stringify(outcome) })
    .where('id', '=', command.id)
    .where('state', '=', 'pending')
    .executeTakeFirst();
  return Number(result.numUpdatedRows) === 1;
}

/** The person has been answered, or never can be. */
export async function finishCommand(db: Reader, command: ClaimedCommand, note: string | null = null): Promise<void> {
  await db
    .updateTable('commands')
    .set({ state: 'done', leased_until: null, last_error: note })
    .where('id', '=', command.id)
    .execute();
}

/** Without effect when the lease ran out and another worker has it. */
export async function postponeCommand(
  db: Reader,
  command: ClaimedCommand,
  dueAt: number,
  error: string,
): Promise<void> {
  await db
    .updateTable('commands')
    .set({ due_at: dueAt, leased_until: null, last_error: error })
    .where('id', '=', command.id)
    .where('leased_until', '=', command.leasedUntil)
    .execute();
}

/** When the next command can be taken, milliseconds since the epoch; null when none can. */
export async function nextCommandDue(db: Reader): Promise<number | null> {
  const { rows } = await sql<{ at: number | null }>`
    select min(coalesce(leased_until, due_at)) as at from commands
    where state <> 'done' and ${isFirst}`.execute(db);
  const at = rows[0]?.at ?? null;
  return at === null ? null : Number(at);
}

/** After a crash nobody is at work any more. Embedded store only. */
export async function releaseAllCommands(db: Reader): Promise<void> {
  await db.updateTable('commands').set({ leased_until: null }).where('state', '!=', 'done').execute();
}
