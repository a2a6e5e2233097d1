import { type Kysely, type Migration, sql } from 'kysely';
import type { Dialect } from './dialect.ts';

/** The second migration: commands from comments, what was spent, repositories' own configuration, and waves. */
export function commandsAndLimits(dialect: Dialect): Migration {
  const time = dialect === 'postgres' ? sql`bigint` : sql`integer`;
  return {
    async up(db: Kysely<unknown>) {
      await sql`create table commands (
        id text primary key, key text not null unique, repository text not null, thread ${time} not null,
        signal text not null, state text not null, outcome text, due_at ${time} not null, tries integer not null,
        leased_until ${time}, last_error text, created_at ${time} not null
      )`.execute(db);
      await sql`create index commands_open on commands (repository, thread, id) where state <> 'done'`.execute(db);

      await sql`create table attempts (
        remediation_id text not null, ordinal integer not null, repository text not null, started_at ${time} not null,
        counted integer not null, cost_usd double precision not null, primary key (remediation_id, ordinal)
      )`.execute(db);
      await sql`create index attempts_started_at on attempts (started_at)`.execute(db);

      await sql`create table repository_configs (
        repository text primary key, read_at ${time} not null, document text not null
      )`.execute(db);

      await sql`create table sightings (
        kind text not null, key text not null, remediation_id text not null, repository text not null,
        at ${time} not null, primary key (kind, key, remediation_id)
      )`.execute(db);
      await sql`create index sightings_remediation on sightings (remediation_id)`.execute(db);
      await sql`create table incidents (
        id text primary key, kind text not null, key text not null, opened_at ${time} not null, until ${time} not null,
        lead_id text not null, escalated_by text, closed_at ${time}, closed_by text
      )`.execute(db);
      await sql`create unique index incidents_open on incidents (kind, key) where closed_at is null`.execute(db);
    },
  };
}
