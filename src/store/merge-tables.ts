import { type Kysely, type Migration, sql } from 'kysely';
import type { Dialect } from './dialect.ts';

/** A repair that people merged, with the pull request that it was in. */
export interface MergeTable {
  remediation_id: string;
  repository: string;
  pull_request: number;
  at: number;
}

/** Which repairs people merged: what a fix costs is counted by those. */
export function mergeTables(dialect: Dialect): Migration {
  const time = sql.raw(dialect === 'sqlite' ? 'integer' : 'bigint');
  return {
    async up(db: Kysely<unknown>) {
      await sql`create table merges (
        remediation_id text primary key, repository text not null, pull_request integer not null, at ${time} not null
      )`.execute(db);
      await sql`create index merges_at on merges (at)`.execute(db);
    },
  };
}
