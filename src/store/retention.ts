import type { Store } from './open.ts';

/** What is older than this may go. Milliseconds since the epoch. */
export interface Cutoff {
  /** Deliveries that came before, decided ones only. */
  readonly deliveries: number;
  /** Remediations that ended before, with everything that belongs to them. */
  readonly remediations: number;
}

export interface Forgotten {
  readonly deliveries: number;
  readonly remediations: number;
}

/**
 * Removes at most `batch` deliveries and as many remediations, the oldest first; call again until both are 0. What is
 * under way, what is undecided and what was learned (outcomes, lessons, what a lineage spent) stays.
 */
export async function forgetOld(store: Store, cutoff: Cutoff, batch: number): Promise<Forgotten> {
  return {
    deliveries: await forgetDeliveries(store, cutoff.deliveries, batch),
    remediations: await forgetRemediations(store, cutoff.remediations, batch),
  };
}

async function forgetDeliveries({ db }: Store, before: number, batch: number): Promise<number> {
  const result = await db
    .deleteFrom('deliveries')
    .where('id', 'in', (eb) =>
      eb
        .selectFrom('deliveries')
        .select('id')
        .where('received_at', '<', before)
        .where('state', '=', 'decided')
        .orderBy('received_at')
        .limit(batch),
    )
    .executeTakeFirst();
  return Number(result.numDeletedRows);
}

/** Tables whose rows mean nothing without their remediation. */
const PARTS = ['timeline', 'effects', 'briefs', 'remediation_runs', 'attempts', 'sightings'] as const;

async function forgetRemediations(store: Store, before: number, batch: number): Promise<number> {
  return store.transaction(async (tx) => {
    // Whatever ended before was also opened before, and that is what there is an index for.
    const rows = await tx
      .selectFrom('remediations')
      .select('id')
      .where('created_at', '<', before)
      .where('live', '=', 0)
      .where('ended_at', '<', before)
      .orderBy('created_at')
      .limit(batch)
      .execute();
    const ids = rows.map(({ id }) => id);
    if (ids.length === 0) return 0;
    for (const table of PARTS) await tx.deleteFrom(table).where('remediation_id', 'in', ids).execute();
    await tx.deleteFrom('remediations').where('id', 'in', ids).execute();
    return ids.length;
  });
}
