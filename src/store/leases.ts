import type { Reader } from './open.ts';

/**
 * Writes a switch over the value that was read (null: there must be none). False when somebody else wrote since: the
 * database compares and writes in one statement.
 */
export async function replaceSwitch(
  db: Reader,
  key: string,
  over: string | null,
  value: string,
  by: string,
  now: number,
): Promise<boolean> {
  const row = { value, changed_at: now, changed_by: by };
  if (over === null) {
    const made = await db
      .insertInto('switches')
      .values({ key, ...row })
      .onConflict((conflict) => conflict.column('key').doNothing())
      .executeTakeFirst();
    return Number(made.numInsertedOrUpdatedRows ?? 0) === 1;
  }
  const changed = await db
    .updateTable('switches')
    .set(row)
    .where('key', '=', key)
    .where('value', '=', over)
    .executeTakeFirst();
  return Number(changed.numUpdatedRows) === 1;
}
