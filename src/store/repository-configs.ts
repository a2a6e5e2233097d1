import type { Reader } from './open.ts';

/** Keeps what a repository's own configuration said when it was read last. */
export async function saveRepositoryConfig(
  db: Reader,
  repository: string,
  document: unknown,
  now: number,
): Promise<void> {
  const row = { read_at: now, document: JSON.stringify(document) };
  await db
    .insertInto('repository_configs')
    .values({ repository: repository.toLowerCase(), ...row })
    .onConflict((conflict) => conflict.column('repository').doUpdateSet(row))
    .execute();
}

/** What was kept; null when the repository's configuration was never read. */
export async function findRepositoryConfig(db: Reader, repository: string): Promise<unknown> {
  const row = await db
    .selectFrom('repository_configs')
    .select('document')
    .where('repository', '=', repository.toLowerCase())
    .executeTakeFirst();
  return row === undefined ? null : JSON.parse(row.document);
}
