import { type Kysely, type Migration, sql } from 'kysely';
import type { Dialect } from './dialect.ts';

/**
 * Fewer pages to write for each delivery that opens a remediation.
 * A remediation that opens has no place in the indexes of those that ended or have a branch of their own. Lineages are
 * found by their key, beside which their ids, which are digests and so dirty a page each, need no index; SQLite cannot
 * drop the one of a primary key, so that the table is written anew.
 */
export function leanOpening(dialect: Dialect): Migration {
  return {
    async up(db: Kysely<unknown>) {
      for (const statement of [...INDEXES, ...(dialect === 'sqlite' ? LINEAGES : [])])
        await sql.raw(statement).execute(db);
    },
  };
}

const INDEXES = [
  'drop index remediations_subject',
  'create index remediations_subject on remediations (subject_key, ended_at) where live = 0',
  'drop index remediations_target',
  'create index remediations_target on remediations (repository, target_branch, ended_at) where target_branch is not null',
  'drop index remediations_ended_at',
  'create index remediations_ended_at on remediations (ended_at) where ended_at is not null',
];

const LINEAGES = [
  'drop index lineages_open',
  'drop index lineages_closed',
  'alter table lineages rename to lineages_before',
  `create table lineages (
    id text not null, key text not null, ordinal integer not null, open integer not null, attempts integer not null,
    spawned integer not null, created_at integer not null, closed_at integer, closed_by text, primary key (key, ordinal)
  ) without rowid`,
  `insert into lineages (id, key, ordinal, open, attempts, spawned, created_at, closed_at, closed_by)
    select id, key, ordinal, open, attempts, spawned, created_at, closed_at, closed_by from lineages_before`,
  'drop table lineages_before',
  'create unique index lineages_open on lineages (key) where open = 1',
  'create index lineages_closed on lineages (closed_at) where open = 0',
];
