import { digestOf } from '../lib/digest.ts';
import type { Reader, Tx } from './open.ts';

/** All attempts spent on one broken thing since it was last healthy. */
export interface Lineage {
  readonly id: string;
  readonly key: string;
  readonly ordinal: number;
  readonly attempts: number;
  readonly spawned: number;
}

export async function findOpenLineage(db: Reader, key: string): Promise<Lineage | null> {
  const row = await db
    .selectFrom('lineages')
    .select(['id', 'key', 'ordinal', 'attempts', 'spawned'])
    .where('key', '=', key)
    .where('open', '=', 1)
    .executeTakeFirst();
  return row ?? null;
}

/** The open lineage of a key; begun when there is none. Its id follows from the key and a count, never from a clock. */
export async function ensureLineage(tx: Tx, key: string, now: number): Promise<Lineage> {
  const open = await findOpenLineage(tx, key);
  if (open !== null) return open;
  const last = await tx
    .selectFrom('lineages')
    .select((eb) => eb.fn.max('ordinal').as('ordinal'))
    .where('key', '=', key)
    .executeTakeFirst();
  const ordinal = Number(last?.ordinal ?? 0) + 1;
  const lineage: Lineage = { id: digestOf({ key, ordinal }).slice(0, 24), key, ordinal, attempts: 0, spawned: 0 };
  await tx
    .insertInto('lineages')
    .values({ ...lineage, open: 1, created_at: now, closed_at: null, closed_by: null })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
  // Another process may have been faster; then its lineage is the one, or the next, when that is closed again already.
  return (await findOpenLineage(tx, key)) ?? ensureLineage(tx, key, now);
}

export async function saveSpending(tx: Tx, id: string, spent: { attempts: number; spawned: number }): Promise<void> {
  await tx.updateTable('lineages').set(spent).where('id', '=', id).execute();
}

/** A lineage that was closed too early goes on, with what it has spent. False when another one is open meanwhile. */
export async function reopenLineage(tx: Tx, id: string): Promise<boolean> {
  const lineage = await tx.selectFrom('lineages').select(['key', 'open']).where('id', '=', id).executeTakeFirst();
  if (lineage === undefined || lineage.open === 1) return lineage !== undefined;
  if ((await findOpenLineage(tx, lineage.key)) !== null) return false;
  await tx.updateTable('lineages').set({ open: 1, closed_at: null, closed_by: null }).where('id', '=', id).execute();
  return true;
}

/** Only a green result or a person resets a lineage. */
export async function closeLineage(tx: Tx, key: string, by: string, now: number): Promise<boolean> {
  const result = await tx
    .updateTable('lineages')
    .set({ open: 0, closed_at: now, closed_by: by })
    .where('key', '=', key)
    .where('open', '=', 1)
    .executeTakeFirst();
  return Number(result.numUpdatedRows) > 0;
}
