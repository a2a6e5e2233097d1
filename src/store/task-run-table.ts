import { type Kysely, type Migration, sql } from 'kysely';
import type { Dialect } from './dialect.ts';

/** One CodeRun that somebody asked for; JSON as text, times in milliseconds since the epoch. */
export interface TaskRunTable {
  name: string;
  /** What the attempts of one task share; unique together with `attempt`. */
  task_key: string;
  attempt: number;
  /** What people call the task; several repositories may have one of that name. */
  task_id: string;
  repository: string;
  /** Of what was submitted, so that the same submission is known again. */
  digest: string;
  submitted_by: string;
  /** What was submitted, to submit it again with a difference. */
  submission: string;
  /** What took effect, as the answer says it. */
  inputs: string;
  /** The CodeRun as it was asked for: a crash before it was created is made up for. */
  draft: string;
  /** 1 until it ended. */
  live: number;
  /** 1 once an engine took it: it is never asked for again then. */
  created: number;
  created_at: number;
  ended_at: number | null;
  how: string | null;
  detail: string | null;
  output_tail: string | null;
  cost_usd: number;
}

/** The seventh migration: runs that people and agents ask for, beside those of remediations. */
export function taskRunTables(dialect: Dialect): Migration {
  const time = dialect === 'postgres' ? sql`bigint` : sql`integer`;
  return {
    async up(db: Kysely<unknown>) {
      await sql`create table task_runs (
        name text primary key, task_key text not null, attempt integer not null, task_id text not null, repository text not null,
        digest text not null, submitted_by text not null, submission text not null, inputs text not null, draft text not null, live integer not null,
        created integer not null default 0,
        created_at ${time} not null, ended_at ${time}, how text, detail text, output_tail text,
        cost_usd double precision not null default 0, unique (task_key, attempt)
      )`.execute(db);
      await sql`create index task_runs_live on task_runs (repository) where live = 1`.execute(db);
      await sql`create index task_runs_task_id on task_runs (task_id)`.execute(db);
      await sql`create index task_runs_created_at on task_runs (created_at)`.execute(db);
    },
  };
}
