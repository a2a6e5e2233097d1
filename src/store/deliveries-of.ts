import { findListedDelivery, type ListedDelivery } from './delivery-list.ts';
import type { Reader } from './open.ts';

/** The latest deliveries that led to a remediation, newest first. */
export async function deliveriesOf(
  db: Reader,
  remediationId: string,
  limit: number,
): Promise<readonly ListedDelivery[]> {
  const rows = await db
    .selectFrom('deliveries')
    .select('id')
    .where('remediation_id', '=', remediationId)
    .orderBy('id', 'desc')
    .limit(limit)
    .execute();
  const found = await Promise.all(rows.map(({ id }) => findListedDelivery(db, id)));
  return found.flatMap((delivery) => delivery ?? []);
}
