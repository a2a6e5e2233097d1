import { type Generated, type Kysely, type Migration, sql } from 'kysely';
import type { Dialect } from './dialect.ts';

/** How each attempt ended; memory. A row is written once more when its attempt is remembered again. */
export interface OutcomeTable {
  seq: Generated<number>;
  /** `<remediation>:<ordinal>`. */
  id: string;
  remediation_id: string;
  task_id: string;
  ordinal: number;
  number: number;
  repository: string;
  failure_type: string;
  fingerprint: string;
  rule: string;
  /** Whom the rules named. */
  routed_agent: string;
  agent: string;
  outcome: string;
  /** 1 when the agent pushed a commit. */
  changed: number;
  /** What the agent said it did; redacted. */
  approach: string;
  detail: string;
  /** JSON list of check names. */
  still_red: string;
  /** What is searched in: lower-case words. */
  words: string;
  duration_ms: number;
  cost_usd: number | null;
  started_at: number;
  ended_at: number;
}

/** What the end of a remediation teaches; each kind at most once a remediation. */
export interface LessonTable {
  remediation_id: string;
  kind: string;
  at: number;
  repository: string;
  failure_type: string;
  fingerprint: string;
  rule: string;
  routed_agent: string;
  /** Who fixed it; null when nobody did. */
  agent: string | null;
}

/**
 * Memory of outcomes. The full-text index is the database's own: FTS5 beside the table, kept by triggers, or a
 * generated `tsvector`. Both index `words`, which is made of plain words beforehand, so that both find the same.
 */
export function outcomeTables(dialect: Dialect): Migration {
  return {
    async up(db: Kysely<unknown>) {
      const serial = sql.raw(dialect === 'sqlite' ? 'integer primary key autoincrement' : 'bigserial primary key');
      const time = sql.raw(dialect === 'sqlite' ? 'integer' : 'bigint');
      const money = sql.raw(dialect === 'sqlite' ? 'real' : 'double precision');
      await sql`create table outcomes (
        seq ${serial}, id text not null unique, remediation_id text not null, task_id text not null, ordinal integer not null,
        number integer not null, repository text not null, failure_type text not null, fingerprint text not null,
        rule text not null, routed_agent text not null, agent text not null, outcome text not null, changed integer not null,
        approach text not null, detail text not null, still_red text not null, words text not null,
        duration_ms ${time} not null, cost_usd ${money}, started_at ${time} not null, ended_at ${time} not null
      )`.execute(db);
      await sql`create index outcomes_fingerprint on outcomes (fingerprint, ended_at)`.execute(db);
      await sql`create index outcomes_failure_type on outcomes (failure_type, ended_at)`.execute(db);
      await sql`create index outcomes_remediation on outcomes (remediation_id, ordinal)`.execute(db);
      await sql`create index outcomes_ended_at on outcomes (ended_at)`.execute(db);
      await sql`create table lessons (
        remediation_id text not null, kind text not null, at ${time} not null, repository text not null,
        failure_type text not null, fingerprint text not null, rule text not null, routed_agent text not null,
        agent text, primary key (remediation_id, kind)
      )`.execute(db);
      await sql`create index lessons_at on lessons (at)`.execute(db);
      for (const statement of dialect === 'sqlite' ? SQLITE_SEARCH : POSTGRES_SEARCH)
        await sql.raw(statement).execute(db);
    },
  };
}

const SQLITE_SEARCH = [
  `create virtual table outcome_search using fts5(words, content='outcomes', content_rowid='seq', tokenize='unicode61 remove_diacritics 0')`,
  `create trigger outcomes_added after insert on outcomes begin
     insert into outcome_search (rowid, words) values (new.seq, new.words);
   end`,
  `create trigger outcomes_removed after delete on outcomes begin
     insert into outcome_search (outcome_search, rowid, words) values ('delete', old.seq, old.words);
   end`,
  `create trigger outcomes_changed after update of words on outcomes begin
     insert into outcome_search (outcome_search, rowid, words) values ('delete', old.seq, old.words);
     insert into outcome_search (rowid, words) values (new.seq, new.words);
   end`,
];

const POSTGRES_SEARCH = [
  `alter table outcomes add column search tsvector generated always as (to_tsvector('simple', words)) stored`,
  'create index outcomes_search on outcomes using gin (search)',
];
