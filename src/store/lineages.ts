import { sql } from 'kysely';
import { digestOf } from '../lib/digest.ts';
import type { Reader, Tx } from './open.ts';
import { prepared } from './prepared.ts';

/** All attempts spent on one broken thing since it was last healthy. */
export interface Lineage {
  readonly id: string;
  readonly key: string;
  readonly ordinal: number;
  readonly attempts: number;
  readonly spawned: number;
}

const openOnes = prepared((db: Reader, { key }: { key: string }) =>
  db
    .selectFrom('lineages')
    .select(['id', 'key', 'ordinal', 'attempts', 'spawned'])
    .where('key', '=', key)
    .where('open', '=', sql.lit(1)),
);

export function findOpenLineage(db: Reader, key: string): Promise<Lineage | null> {
  return openOnes.first(db, { key });
}

const latest = prepared((db: Reader, { key }: { key: string }) =>
  db.selectFrom('lineages').select('ordinal').where('key', '=', key).orderBy('ordinal', 'desc').limit(sql.lit(1)),
);

const insertion = prepared(
  (db: Reader, { id, key, ordinal, created_at }: { id: string; key: string; ordinal: number; created_at: number }) =>
    db
      .insertInto('lineages')
      .values({ id, key, ordinal, open: 1, attempts: 0, spawned: 0, created_at, closed_at: null, closed_by: null })
      .onConflict((conflict) => conflict.doNothing()),
);

/** The open lineage of a key; begun when there is none. Its id follows from the key and a count, never from a clock. */
export async function ensureLineage(tx: Tx, key: string, now: number): Promise<Lineage> {
  const open = await findOpenLineage(tx, key);
  if (open !== null) return open;
  const ordinal = ((await latest.first(tx, { key }))?.ordinal ?? 0) + 1;
  const lineage: Lineage = { id: digestOf({ key, ordinal }).slice(0, 24), key, ordinal, attempts: 0, spawned: 0 };
  if ((await insertion.run(tx, { ...lineage, created_at: now })) === 1) return lineage;
  // Another process was faster; its lineage is the one, or the next, when that is closed again already.
  return ensureLineage(tx, key, now);
}

/** One lineage: found by its key, told from others of that key by its id. */
export type LineageName = Pick<Lineage, 'id' | 'key'>;
type Spent = Pick<Lineage, 'attempts' | 'spawned'>;

const spending = prepared((db: Reader, { id, key, attempts, spawned }: LineageName & Spent) =>
  db.updateTable('lineages').set({ attempts, spawned }).where('key', '=', key).where('id', '=', id),
);

export async function saveSpending(tx: Tx, { id, key }: LineageName, { attempts, spawned }: Spent): Promise<void> {
  await spending.run(tx, { id, key, attempts, spawned });
}

/** A lineage that was closed too early goes on, with what it has spent. False when another one is open meanwhile. */
export async function reopenLineage(tx: Tx, { id, key }: LineageName): Promise<boolean> {
  const lineage = await tx
    .selectFrom('lineages')
    .select('open')
    .where('key', '=', key)
    .where('id', '=', id)
    .executeTakeFirst();
  if (lineage === undefined || lineage.open === 1) return lineage !== undefined;
  if ((await findOpenLineage(tx, key)) !== null) return false;
  await tx
    .updateTable('lineages')
    .set({ open: 1, closed_at: null, closed_by: null })
    .where('key', '=', key)
    .where('id', '=', id)
    .execute();
  return true;
}

/** Only a green result or a person resets a lineage. */
export async function closeLineage(tx: Tx, key: string, by: string, now: number): Promise<boolean> {
  const result = await tx
    .updateTable('lineages')
    .set({ open: 0, closed_at: now, closed_by: by })
    .where('key', '=', key)
    .where('open', '=', sql.lit(1))
    .executeTakeFirst();
  return Number(result.numUpdatedRows) > 0;
}
