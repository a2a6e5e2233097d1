import { sql } from 'kysely';
import { isOver, type Notice } from '../model/notice.ts';
import type { NoticeMessageTable } from './notice-tables.ts';
import type { Reader, Store, Tx } from './open.ts';

/** Writes a notice for the first time. What comes before `groupUntil` may join it. */
export async function insertNotice(tx: Tx, notice: Notice, groupUntil: number): Promise<void> {
  await tx
    .insertInto('notices')
    .values({ ...columns(notice), id: notice.id, group_until: groupUntil, opened_at: notice.openedAt })
    .execute();
}

export async function saveNotice(tx: Tx, notice: Notice): Promise<void> {
  await tx.updateTable('notices').set(columns(notice)).where('id', '=', notice.id).execute();
}

function columns(notice: Notice) {
  return {
    kind: notice.kind,
    repository: notice.repository,
    is_open: isOver(notice) ? 0 : 1,
    sequence: notice.sequence,
    updated_at: notice.updatedAt,
    document: JSON.stringify(notice),
  };
}

/** The open notice that tells about it; on PostgreSQL held until the transaction ends. */
export async function findNoticeOf(tx: Tx, dialect: Store['dialect'], key: string): Promise<Notice | null> {
  const subject = await tx.selectFrom('notice_subjects').select('notice_id').where('key', '=', key).executeTakeFirst();
  return subject === undefined ? null : findNotice(tx, dialect, subject.notice_id);
}

/** The notice that something of this kind and repository may join now. */
export async function findNoticeToJoin(
  tx: Tx,
  dialect: Store['dialect'],
  { kind, repository }: Pick<Notice, 'kind' | 'repository'>,
  now: number,
): Promise<Notice | null> {
  const row = await tx
    .selectFrom('notices')
    .select('id')
    .where('kind', '=', kind)
    .where('repository', repository === null ? 'is' : '=', repository)
    .where('group_until', '>', now)
    .orderBy('group_until')
    .limit(1)
    .executeTakeFirst();
  return row === undefined ? null : findNotice(tx, dialect, row.id);
}

async function findNotice(tx: Tx, dialect: Store['dialect'], id: string): Promise<Notice | null> {
  const query = tx.selectFrom('notices').select('document').where('id', '=', id);
  const row = await (dialect === 'postgres' ? query.forUpdate() : query).executeTakeFirst();
  return row === undefined ? null : (JSON.parse(row.document) as Notice);
}

/** From now on that notice tells about it. False when another one does already. */
export async function openSubject(tx: Tx, key: string, noticeId: string, now: number): Promise<boolean> {
  const result = await tx
    .insertInto('notice_subjects')
    .values({ key, notice_id: noticeId, opened_at: now })
    .onConflict((conflict) => conflict.doNothing())
    .executeTakeFirst();
  return Number(result.numInsertedOrUpdatedRows ?? 0) === 1;
}

export async function closeSubject(tx: Tx, key: string): Promise<void> {
  await tx.deleteFrom('notice_subjects').where('key', '=', key).execute();
}

/** What open notices tell about, among the keys that begin so. */
export async function openSubjects(db: Reader, prefix: string): Promise<readonly string[]> {
  const rows = await db
    .selectFrom('notice_subjects')
    .select('key')
    .where('key', 'like', `${prefix}%`)
    .orderBy('key')
    .execute();
  return rows.map(({ key }) => key);
}

/** Asks notifiers to tell a notice as it is now; one that was asked before is due at the earlier of both times. */
export async function planMessages(
  tx: Tx,
  noticeId: string,
  notifiers: readonly string[],
  dueAt: number,
): Promise<void> {
  for (const notifier of notifiers) {
    await tx
      .insertInto('notice_messages')
      .values({
        notice_id: noticeId,
        notifier,
        state: 'pending',
        wanted: 1,
        due_at: dueAt,
        tries: 0,
        failing_since: null,
        leased_until: null,
        last_error: null,
        reference: null,
      })
      .onConflict((conflict) =>
        conflict.columns(['notice_id', 'notifier']).doUpdateSet((eb) => ({
          state: 'pending' as const,
          wanted: eb('notice_messages.wanted', '+', 1),
          due_at: sql<number>`case when notice_messages.state = 'pending' and notice_messages.due_at < excluded.due_at
            then notice_messages.due_at
            when notice_messages.state = 'pending' and notice_messages.tries > 0 then notice_messages.due_at
            else excluded.due_at end`,
        })),
      )
      .execute();
  }
}

type State = NoticeMessageTable['state'];

/** A message that a worker holds, with the notice as it is now. */
export interface ClaimedMessage {
  readonly notice: Notice;
  readonly notifier: string;
  readonly wanted: number;
  readonly tries: number;
  readonly failingSince: number | null;
  readonly reference: Readonly<Record<string, string | number>> | null;
  readonly leasedUntil: number;
}

/** Takes the longest overdue message of a notifier for `leaseMs`; null when none is due. */
export async function claimMessage(
  store: Store,
  notifier: string,
  now: number,
  leaseMs: number,
): Promise<ClaimedMessage | null> {
  const skipLocked = store.dialect === 'postgres' ? sql`for update skip locked` : sql``;
  const { rows } = await sql<{
    notice_id: string;
    wanted: number;
    tries: number;
    failing_since: number | null;
    reference: string | null;
  }>`
    with due as materialized (
      select notice_id from notice_messages
      where state = 'pending' and notifier = ${notifier} and due_at <= ${now}
        and (leased_until is null or leased_until <= ${now})
      order by due_at, notice_id limit 1 ${skipLocked}
    )
    update notice_messages set leased_until = ${now + leaseMs}, tries = tries + 1
    where notifier = ${notifier} and notice_id in (select notice_id from due)
    returning notice_id, wanted, tries, failing_since, reference`.execute(store.db);
  const [row] = rows;
  if (row === undefined) return null;
  // Read after the claim: what changes from now on asks for the message once more.
  const { document } = await store.db
    .selectFrom('notices')
    .select('document')
    .where('id', '=', row.notice_id)
    .executeTakeFirstOrThrow();
  return {
    notice: JSON.parse(document) as Notice,
    notifier,
    wanted: row.wanted,
    tries: row.tries,
    failingSince: row.failing_since === null ? null : Number(row.failing_since),
    reference: row.reference === null ? null : JSON.parse(row.reference),
    leasedUntil: now + leaseMs,
  };
}

/** It was told. If it was asked for again meanwhile, it stays due. */
export async function finishMessage(
  db: Reader,
  claimed: ClaimedMessage,
  reference: ClaimedMessage['reference'],
  state: 'done' | 'dropped' = 'done',
  note: string | null = null,
): Promise<void> {
  await db
    .updateTable('notice_messages')
    .set((eb) => ({
      state: eb.case().when('wanted', '=', claimed.wanted).then<State>(state).else<State>('pending').end(),
      tries: 0,
      failing_since: null,
      leased_until: null,
      last_error: note,
      reference: reference === null ? null : JSON.stringify(reference),
    }))
    .where('notice_id', '=', claimed.notice.id)
    .where('notifier', '=', claimed.notifier)
    .execute();
}

/**
 * Puts it off; `error` when it could not be sent, null when it only has to wait. Without effect when the lease ran out
 * and another worker has it.
 */
export async function postponeMessage(
  db: Reader,
  claimed: ClaimedMessage,
  dueAt: number,
  error: string | null,
  now: number,
): Promise<void> {
  await db
    .updateTable('notice_messages')
    .set({
      due_at: dueAt,
      tries: error === null ? claimed.tries - 1 : claimed.tries,
      failing_since: error === null ? claimed.failingSince : (claimed.failingSince ?? now),
      leased_until: null,
      last_error: error,
    })
    .where('notice_id', '=', claimed.notice.id)
    .where('notifier', '=', claimed.notifier)
    .where('leased_until', '=', claimed.leasedUntil)
    .execute();
}

/** When the next message of a notifier can be taken, milliseconds since the epoch; null when none waits. */
export async function nextMessageDue(db: Reader, notifier: string): Promise<number | null> {
  const row = await db
    .selectFrom('notice_messages')
    .select((eb) => eb.fn.min<number | null>(eb.fn.coalesce('leased_until', 'due_at')).as('at'))
    .where('state', '=', sql.lit('pending'))
    .where('notifier', '=', notifier)
    .executeTakeFirst();
  return row?.at === null || row?.at === undefined ? null : Number(row.at);
}

/** After a crash nobody is at work any more. Embedded store only. */
export async function releaseAllMessages(db: Reader): Promise<void> {
  await db.updateTable('notice_messages').set({ leased_until: null }).where('state', '=', 'pending').execute();
}
