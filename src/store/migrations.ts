import { type Kysely, type Migration, type MigrationProvider, Migrator, sql } from 'kysely';
import { commandsAndLimits } from './commands-and-limits.ts';
import type { Dialect } from './dialect.ts';
import { leanOpening } from './lean-opening.ts';
import { mergeTables } from './merge-tables.ts';
import { noticeTables } from './notice-tables.ts';
import { outcomeTables } from './outcome-tables.ts';
import { pageIndexes } from './page-indexes.ts';
import { retentionIndexes } from './retention-indexes.ts';
import type { Database } from './schema.ts';
import { taskRunTables } from './task-run-table.ts';

/** Column types that the two databases spell differently. */
const TYPES = {
  sqlite: { bytes: sql`blob`, time: sql`integer`, serial: sql`integer primary key autoincrement` },
  postgres: { bytes: sql`bytea`, time: sql`bigint`, serial: sql`bigserial primary key` },
} as const;

function initial(dialect: Dialect): Migration {
  const { bytes, time, serial } = TYPES[dialect];
  return {
    async up(db: Kysely<unknown>) {
      await sql`create table deliveries (
        id text primary key, origin text not null, event text, external_id text, digest text not null,
        received_at ${time} not null, body ${bytes} not null, state text not null, status text, dedup_status text,
        reason_code text, reason_detail text, remediation_id text, decided_at ${time}, failures integer not null default 0
      )`.execute(db);
      await sql`create unique index deliveries_digest on deliveries (digest)`.execute(db);
      await sql`create unique index deliveries_external_id on deliveries (external_id)`.execute(db);
      await sql`create index deliveries_stored on deliveries (received_at) where state = 'stored'`.execute(db);
      await sql`create index deliveries_received_at on deliveries (received_at)`.execute(db);

      await sql`create table remediations (
        id text primary key, task_id text not null unique, kind text not null, repository text not null,
        branch text not null, target_branch text, subject_key text not null, lineage_id text not null, phase text not null,
        live integer not null, agent text, failure_type text, reason_code text, created_at ${time} not null,
        updated_at ${time} not null, ended_at ${time}, wake_at ${time}, version integer not null, document text not null
      )`.execute(db);
      await sql`create unique index remediations_live_subject on remediations (subject_key) where live = 1`.execute(db);
      await sql`create index remediations_subject on remediations (subject_key, ended_at)`.execute(db);
      await sql`create index remediations_wake_at on remediations (wake_at) where live = 1`.execute(db);
      await sql`create index remediations_working on remediations (id) where live = 1 and phase = 'working'`.execute(
        db,
      );
      await sql`create index remediations_branch on remediations (repository, branch, ended_at)`.execute(db);
      await sql`create index remediations_target on remediations (repository, target_branch, ended_at)`.execute(db);
      await sql`create index remediations_escalated on remediations (ended_at) where phase = 'escalated'`.execute(db);
      await sql`create index remediations_created_at on remediations (created_at, id)`.execute(db);

      await sql`create table remediation_runs (
        repository text not null, run_id ${time} not null, remediation_id text not null, primary key (repository, run_id)
      )`.execute(db);

      await sql`create table lineages (
        id text primary key, key text not null, ordinal integer not null, open integer not null, attempts integer not null,
        spawned integer not null, created_at ${time} not null, closed_at ${time}, closed_by text, unique (key, ordinal)
      )`.execute(db);
      await sql`create unique index lineages_open on lineages (key) where open = 1`.execute(db);

      await sql`create table timeline (
        id ${serial}, remediation_id text not null, at ${time} not null, phase text not null, event text not null,
        message text not null
      )`.execute(db);
      await sql`create index timeline_remediation on timeline (remediation_id, id)`.execute(db);

      await sql`create table effects (
        key text primary key, remediation_id text not null, kind text not null, payload text not null, state text not null,
        due_at ${time} not null, revision integer not null, tries integer not null, leased_until ${time}, last_error text, created_at ${time} not null
      )`.execute(db);
      await sql`create index effects_due on effects (due_at) where state = 'pending'`.execute(db);
      await sql`create index effects_leased on effects (leased_until) where state = 'pending' and leased_until is not null`.execute(
        db,
      );
      await sql`create index effects_remediation on effects (remediation_id)`.execute(db);

      await sql`create table briefs (
        id text primary key, remediation_id text not null, ordinal integer not null, created_at ${time} not null,
        document text not null, prompt text not null
      )`.execute(db);
      await sql`create index briefs_remediation on briefs (remediation_id)`.execute(db);

      await sql`create table coderuns (
        name text primary key, uid text not null unique, generation integer not null, resource_version integer not null,
        labels text not null, annotations text not null, spec text not null, status text not null, active integer not null,
        cancel_requested integer not null, created_at ${time} not null, updated_at ${time} not null
      )`.execute(db);
      await sql`create index coderuns_active on coderuns (created_at) where active = 1`.execute(db);

      await sql`create table switches (
        key text primary key, value text not null, changed_at ${time} not null, changed_by text not null
      )`.execute(db);
    },
  };
}

/** Every step of the schema, by the name under which a store remembers that it was taken. */
export function migrationsFor(dialect: Dialect): Readonly<Record<string, Migration>> {
  return {
    '0001_initial': initial(dialect),
    '0002_commands_and_limits': commandsAndLimits(dialect),
    '0003_outcomes': outcomeTables(dialect),
    '0004_notices': noticeTables(dialect),
    '0005_page_indexes': pageIndexes(),
    '0007_task_runs': taskRunTables(dialect),
    '0008_merges': mergeTables(dialect),
    '0010_retention_indexes': retentionIndexes(),
    '0011_lean_opening': leanOpening(dialect),
  };
}

/** Brings the schema up to date; safe to call from several processes at once. Throws when a step fails. */
export async function migrate(db: Kysely<Database>, dialect: Dialect): Promise<void> {
  const provider: MigrationProvider = { getMigrations: async () => migrationsFor(dialect) };
  const { error } = await new Migrator({ db, provider }).migrateToLatest();
  if (error !== undefined) throw error;
}
