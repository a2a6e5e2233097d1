import { type Kysely, type Migration, sql } from 'kysely';

/**
 * What lists, filters and figures of the pages stand on. Each filter has an index that begins with it, goes on in the
 * order of lists and holds the filters that come after it (remediation-list.ts names them in that order), so that no
 * combination reads rows in vain. Search in names runs down `…_facets`, which grows at its end only.
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
  'create index remediations_repository_id on remediations (repository, id, branch, failure_type, phase, agent)',
  'create index remediations_branch_id on remediations (branch, id, failure_type, phase, agent)',
  'create index remediations_failure_type_id on remediations (failure_type, id, phase, agent)',
  'create index remediations_phase_id on remediations (phase, id, agent)',
  'create index remediations_agent_id on remediations (agent, id)',
  'create index remediations_live_id on remediations (id) where live = 1',
  'create index remediations_live_phase on remediations (phase) where live = 1',
  'create index remediations_ended_at on remediations (ended_at)',
  'create index remediations_facets on remediations (id, task_id, repository, branch, phase, agent, failure_type, created_at)',
  'drop index remediations_created_at',
  'create index remediations_created_at on remediations (created_at, id, phase, ended_at)',
  'create index deliveries_status_id on deliveries (status, id)',
  'create index deliveries_reason_id on deliveries (reason_code, id, status)',
  'create index deliveries_remediation_id on deliveries (remediation_id, id) where remediation_id is not null',
  'drop index deliveries_received_at',
  'create index deliveries_received_at on deliveries (received_at, reason_code, dedup_status)',
];
