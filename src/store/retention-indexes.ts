import { type Kysely, type Migration, sql } from 'kysely';

/** What is over, by its age, for what removes the old: nothing else is read of these tables by age. */
const STATEMENTS: readonly string[] = [
  'create index coderuns_ended on coderuns (updated_at) where active = 0',
  'create index notices_over on notices (updated_at) where is_open = 0',
  "create index commands_done on commands (created_at) where state = 'done'",
  'create index lineages_closed on lineages (closed_at) where open = 0',
];

export function retentionIndexes(): Migration {
  return {
    async up(db: Kysely<unknown>) {
      for (const statement of STATEMENTS) await sql.raw(statement).execute(db);
    },
  };
}
