import type { Reader } from './open.ts';
import { prepared } from './prepared.ts';

const byKey = prepared((db: Reader, { key }: { key: string }) =>
  db.selectFrom('switches').select('value').where('key', '=', key),
);

/** A switch that people turn and that survives a restart, for example `paused`. */
export async function readSwitch(db: Reader, key: string): Promise<string | null> {
  return (await byKey.first(db, { key }))?.value ?? null;
}

export async function turnSwitch(db: Reader, key: string, value: string, by: string, now: number): Promise<void> {
  await db
    .insertInto('switches')
    .values({ key, value, changed_at: now, changed_by: by })
    .onConflict((conflict) => conflict.column('key').doUpdateSet({ value, changed_at: now, changed_by: by }))
    .execute();
}
