import { sql } from 'kysely';
import type { DeliveryOrigin, Disposition, DispositionStatus } from '../model/delivery.ts';
import { dispositionOf } from './deliveries.ts';
import type { Reader } from './open.ts';

/** A delivery as lists show it: what became of it, without its body. */
export interface ListedDelivery {
  readonly id: string;
  readonly origin: DeliveryOrigin;
  readonly event: string | null;
  readonly externalId: string | null;
  readonly receivedAt: number;
  readonly decidedAt: number | null;
  readonly failures: number;
  readonly disposition: Disposition | null;
  /** Of the remediation that it led to. */
  readonly taskId: string | null;
  readonly repository: string | null;
}

export interface DeliveryFilter {
  /** `stored` are those that are not decided yet. */
  readonly status?: DispositionStatus | 'stored';
  readonly reason?: string;
  readonly limit: number;
  /** The last id of the page before. */
  readonly cursor?: string;
}

/** Newest first. Ids are ULIDs, so their order is the order of arrival. */
export async function listDeliveries(db: Reader, filter: DeliveryFilter): Promise<readonly ListedDelivery[]> {
  let query = withoutBody(db).orderBy('deliveries.id', 'desc').limit(filter.limit);
  if (filter.status === 'stored') query = query.where('deliveries.state', '=', sql.lit('stored'));
  else if (filter.status !== undefined) query = query.where('deliveries.status', '=', filter.status);
  if (filter.reason !== undefined) query = query.where('deliveries.reason_code', '=', filter.reason);
  if (filter.cursor !== undefined) query = query.where('deliveries.id', '<', filter.cursor);
  return (await query.execute()).map(fromRow);
}

/** By the same ids as `findDelivery`. */
export async function findListedDelivery(db: Reader, id: string): Promise<ListedDelivery | null> {
  const row = await withoutBody(db)
    .where((eb) =>
      eb.or([eb('deliveries.id', '=', id), eb('deliveries.digest', '=', id), eb('deliveries.external_id', '=', id)]),
    )
    .orderBy((eb) =>
      eb.case().when('deliveries.id', '=', id).then(0).when('deliveries.digest', '=', id).then(1).else(2).end(),
    )
    .limit(1)
    .executeTakeFirst();
  return row ? fromRow(row) : null;
}

function withoutBody(db: Reader) {
  return db
    .selectFrom('deliveries')
    .leftJoin('remediations', 'remediations.id', 'deliveries.remediation_id')
    .select([
      'deliveries.id',
      'deliveries.origin',
      'deliveries.event',
      'deliveries.external_id',
      'deliveries.received_at',
      'deliveries.decided_at',
      'deliveries.failures',
      'deliveries.state',
      'deliveries.status',
      'deliveries.dedup_status',
      'deliveries.reason_code',
      'deliveries.reason_detail',
      'deliveries.remediation_id',
      'remediations.task_id',
      'remediations.repository',
    ]);
}

type Row = Awaited<ReturnType<ReturnType<typeof withoutBody>['execute']>>[number];

function fromRow(row: Row): ListedDelivery {
  return {
    id: row.id,
    origin: row.origin as DeliveryOrigin,
    event: row.event,
    externalId: row.external_id,
    receivedAt: row.received_at,
    decidedAt: row.decided_at,
    failures: row.failures,
    disposition: dispositionOf(row),
    taskId: row.task_id,
    repository: row.repository,
  };
}
