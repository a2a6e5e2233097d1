import { type Kysely, type Migration, sql } from 'kysely';

/**
 * What lists, filters and figures of the pages stand on. Filters by one thing have an index of their own; every other
 * combination, and search in names, runs down `…_facets`, which holds all that is asked for and grows at its end only.
 * The two indexes by time are made anew with the columns that figures are counted from, so that counting reads no rows.
 */
export function pageIndexes(): Migration {
  return {
    async up(db: Kysely<unknown>) {
      for (const statement of STATEMENTS) await sql.raw(statement).execute(db);
    },
  };
}

const STATEMENTS = [
  'create index remediations_phase_id on remediations (phase, id)',
  'create index remediations_repository_id on remediations (repository, id)',
  'create index remediations_agent_id on remediations (agent, id)',
  'create index remediations_failure_type_id on remediations (failure_type, id)',
  'create index remediations_live_id on remediations (id) where live = 1',
  'create index remediations_live_phase on remediations (phase) where live = 1',
  'create index remediations_ended_at on remediations (ended_at)',
  'create index remediations_facets on remediations (id, task_id, repository, branch, phase, agent, failure_type, created_at)',
  'drop index remediations_created_at',
  'create index remediations_created_at on remediations (created_at, id, phase, ended_at)',
  'create index deliveries_facets on deliveries (id, status, reason_code, state, remediation_id)',
  'drop index deliveries_received_at',
  'create index deliveries_received_at on deliveries (received_at, reason_code, dedup_status)',
];
