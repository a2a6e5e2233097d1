import { type Insertable, type Selectable, sql } from 'kysely';
import type { DedupStatus, Delivery, DeliveryOrigin, Disposition, DispositionStatus } from '../model/delivery.ts';
import type { ReasonCode } from '../model/reason.ts';
import type { Reader, Tx } from './open.ts';
import { prepared } from './prepared.ts';
import type { DeliveryTable } from './schema.ts';

/** A delivery as kept: with its disposition once one was decided. */
export interface StoredDelivery extends Delivery {
  readonly disposition: Disposition | null;
  readonly decidedAt: number | null;
  readonly failures: number;
}

/* Looked up by one index each and compared here: sorting two rows in the database costs more than finding them. */
const byBody = prepared((db: Reader, { digest }: { digest: string }) =>
  db.selectFrom('deliveries').selectAll().where('digest', '=', digest),
);
const bySenderId = prepared((db: Reader, { externalId }: { externalId: string }) =>
  db.selectFrom('deliveries').selectAll().where('external_id', '=', externalId),
);

/** The delivery that came before with the same id or the same body, if any; the earlier when there are two. */
export async function findTwin(db: Reader, { digest, externalId }: Delivery): Promise<StoredDelivery | null> {
  const body = await byBody.first(db, { digest });
  const sender = externalId === null ? null : await bySenderId.first(db, { externalId });
  const first = body !== null && sender !== null && sender.received_at < body.received_at ? sender : (body ?? sender);
  return first === null ? null : fromRow(first);
}

const insertion = prepared((db: Reader, row: Required<Insertable<DeliveryTable>>) =>
  db
    .insertInto('deliveries')
    .values({
      id: row.id,
      origin: row.origin,
      event: row.event,
      external_id: row.external_id,
      digest: row.digest,
      received_at: row.received_at,
      body: row.body,
      state: row.state,
      status: row.status,
      dedup_status: row.dedup_status,
      reason_code: row.reason_code,
      reason_detail: row.reason_detail,
      remediation_id: row.remediation_id,
      decided_at: row.decided_at,
      failures: row.failures,
    })
    .onConflict((conflict) => conflict.doNothing()),
);

/** Keeps a delivery. False when one with the same id or body is there already. */
export async function insertDelivery(
  tx: Tx,
  delivery: Delivery,
  disposition: Disposition | null,
  now: number,
): Promise<boolean> {
  const written = await insertion.run(tx, {
    id: delivery.id,
    origin: delivery.origin,
    event: delivery.event,
    external_id: delivery.externalId,
    digest: delivery.digest,
    received_at: delivery.receivedAt,
    body: delivery.body,
    failures: disposition === null ? 1 : 0,
    ...decision(disposition, now),
  });
  return written === 1;
}

/** Another process decided about the delivery first; its answer stands and this transaction has to be undone. */
export class AlreadyDecidedError extends Error {
  override readonly name = 'AlreadyDecidedError';
}

/** Writes the disposition of a delivery that was kept undecided. Throws AlreadyDecidedError when it is decided. */
export async function decideDelivery(tx: Tx, id: string, disposition: Disposition, now: number): Promise<void> {
  const result = await tx
    .updateTable('deliveries')
    .set(decision(disposition, now))
    .where('id', '=', id)
    .where('state', '=', sql.lit('stored'))
    .executeTakeFirst();
  if (Number(result.numUpdatedRows) !== 1) throw new AlreadyDecidedError(`Delivery ${id} is decided already.`);
}

export async function countDeliveryFailure(db: Reader, id: string): Promise<void> {
  await db
    .updateTable('deliveries')
    .set((eb) => ({ failures: eb('failures', '+', 1) }))
    .where('id', '=', id)
    .execute();
}

/**
 * Deliveries that were kept but not decided: those that failed least first, then the oldest, so that a few which fail
 * every time do not keep the others waiting.
 */
export async function undecidedDeliveries(db: Reader, limit: number): Promise<readonly StoredDelivery[]> {
  const rows = await db
    .selectFrom('deliveries')
    .selectAll()
    .where('state', '=', sql.lit('stored'))
    .orderBy('failures')
    .orderBy('received_at')
    .orderBy('id')
    .limit(limit)
    .execute();
  return rows.map(fromRow);
}

/** When the oldest undecided delivery came, in milliseconds since the epoch; null when all are decided. */
export async function oldestUndecided(db: Reader): Promise<number | null> {
  const row = await db
    .selectFrom('deliveries')
    .select('received_at')
    .where('state', '=', sql.lit('stored'))
    .orderBy('received_at')
    .limit(1)
    .executeTakeFirst();
  return row?.received_at ?? null;
}

/**
 * By Healer's own id, by the digest of its body, or else by the sender's id, which the sender may have chosen to look like
 * one of ours.
 */
export async function findDelivery(db: Reader, id: string): Promise<StoredDelivery | null> {
  const row = await db
    .selectFrom('deliveries')
    .selectAll()
    .where((eb) => eb.or([eb('id', '=', id), eb('digest', '=', id), eb('external_id', '=', id)]))
    .orderBy((eb) => eb.case().when('id', '=', id).then(0).when('digest', '=', id).then(1).else(2).end())
    .limit(1)
    .executeTakeFirst();
  return row ? fromRow(row) : null;
}

/** Which of these sender's ids are kept. */
export async function keptSenderIds(db: Reader, ids: readonly string[]): Promise<ReadonlySet<string>> {
  if (ids.length === 0) return new Set();
  const rows = await db.selectFrom('deliveries').select('external_id').where('external_id', 'in', ids).execute();
  return new Set(rows.flatMap(({ external_id: id }) => (id === null ? [] : [id])));
}

/** The latest deliveries without their bodies, newest first. */
export async function latestDeliveries(db: Reader, limit: number): Promise<readonly Omit<StoredDelivery, 'body'>[]> {
  const rows = await db
    .selectFrom('deliveries')
    .select([
      'id',
      'origin',
      'event',
      'external_id',
      'digest',
      'received_at',
      'state',
      'status',
      'dedup_status',
      'reason_code',
      'reason_detail',
      'remediation_id',
      'decided_at',
      'failures',
    ])
    .orderBy('received_at', 'desc')
    .orderBy('id', 'desc')
    .limit(limit)
    .execute();
  return rows.map((row) => fromRow({ ...row, body: new Uint8Array() }));
}

/** How many deliveries ended with which reason since a time. */
export async function countDispositions(
  db: Reader,
  since: number,
): Promise<readonly { reason: string; count: number }[]> {
  const rows = await db
    .selectFrom('deliveries')
    .select((eb) => ['reason_code', eb.fn.countAll<number | string | bigint>().as('count')])
    .where('received_at', '>=', since)
    .where('reason_code', 'is not', null)
    .groupBy('reason_code')
    .execute();
  return rows.map((row) => ({ reason: row.reason_code ?? '', count: Number(row.count) }));
}

function decision(disposition: Disposition | null, now: number) {
  return {
    state: disposition === null ? ('stored' as const) : ('decided' as const),
    status: disposition?.status ?? null,
    dedup_status: disposition?.dedupStatus ?? null,
    reason_code: disposition?.reason.code ?? null,
    reason_detail: disposition?.reason.detail ?? null,
    remediation_id: disposition?.remediationId ?? null,
    decided_at: disposition === null ? null : now,
  };
}

function fromRow(row: Selectable<DeliveryTable>): StoredDelivery {
  return {
    id: row.id,
    origin: row.origin as DeliveryOrigin,
    event: row.event,
    externalId: row.external_id,
    digest: row.digest,
    receivedAt: row.received_at,
    body: row.body,
    decidedAt: row.decided_at,
    failures: row.failures,
    disposition: dispositionOf(row),
  };
}

/** The final word that a row holds; null while there is none. */
export function dispositionOf(
  row: Pick<
    Selectable<DeliveryTable>,
    'state' | 'status' | 'dedup_status' | 'remediation_id' | 'reason_code' | 'reason_detail'
  >,
): Disposition | null {
  if (row.state === 'stored') return null;
  return {
    status: row.status as DispositionStatus,
    dedupStatus: row.dedup_status as DedupStatus,
    remediationId: row.remediation_id,
    reason: { code: row.reason_code as ReasonCode, detail: row.reason_detail ?? '' },
  };
}
