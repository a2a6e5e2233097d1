import type { Reader } from './open.ts';
import { readSwitch, turnSwitch } from './switches.ts';

/** Spending that people stopped: everywhere, or in one repository. */
export interface Pause {
  /** Null means everywhere. */
  readonly repository: string | null;
  readonly by: string;
  /** Milliseconds since the epoch. */
  readonly since: number;
}

const KEY = 'paused';
const ON = 'on';
const OFF = 'off';

const keyOf = (repository: string | null): string => (repository === null ? KEY : `${KEY}:${repository.toLowerCase()}`);

/** Stops or starts spending, everywhere when `repository` is null. */
export async function setPaused(
  db: Reader,
  repository: string | null,
  paused: boolean,
  by: string,
  now: number,
): Promise<void> {
  await turnSwitch(db, keyOf(repository), paused ? ON : OFF, by, now);
}

/** Whether a person stopped spending everywhere or in this repository. */
export async function isPaused(db: Reader, repository: string): Promise<boolean> {
  return (await readSwitch(db, keyOf(null))) === ON || (await readSwitch(db, keyOf(repository))) === ON;
}

/** The pauses in force: the one for everywhere first, then by repository. */
export async function readPauses(db: Reader): Promise<readonly Pause[]> {
  const rows = await db
    .selectFrom('switches')
    .selectAll()
    .where((eb) => eb.or([eb('key', '=', KEY), eb('key', 'like', `${KEY}:%`)]))
    .where('value', '=', ON)
    .orderBy('key')
    .execute();
  return rows.map((row) => ({
    repository: row.key === KEY ? null : row.key.slice(KEY.length + 1),
    by: row.changed_by,
    since: row.changed_at,
  }));
}

/** Who stopped or started spending last, there or everywhere; null when nobody ever did. */
export async function lastTurnOf(
  db: Reader,
  repository: string | null,
): Promise<{ readonly by: string; readonly at: number } | null> {
  const row = await db.selectFrom('switches').selectAll().where('key', '=', keyOf(repository)).executeTakeFirst();
  return row === undefined ? null : { by: row.changed_by, at: Number(row.changed_at) };
}
