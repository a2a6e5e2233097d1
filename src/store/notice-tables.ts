import { type Kysely, type Migration, sql } from 'kysely';
import type { Dialect } from './dialect.ts';

/** What people are told about: one message each, brought up to date as things go on. */
export interface NoticeTable {
  id: string;
  kind: string;
  repository: string | null;
  /** 1 while anything of it goes on. */
  is_open: number;
  /** What comes before that joins it. */
  group_until: number;
  /** Grows with every change. */
  sequence: number;
  opened_at: number;
  updated_at: number;
  /** The whole Notice. */
  document: string;
}

/** Which open notice tells about what; a row for as long as it goes on. */
export interface NoticeSubjectTable {
  key: string;
  notice_id: string;
  opened_at: number;
}

/** How far a notifier has got with a notice. */
export interface NoticeMessageTable {
  notice_id: string;
  notifier: string;
  state: 'pending' | 'done' | 'dropped';
  /** Grows with every request; what was asked for while it was being sent is not lost. */
  wanted: number;
  due_at: number;
  tries: number;
  /** Since when it could not be sent; null while all is well. */
  failing_since: number | null;
  leased_until: number | null;
  last_error: string | null;
  /** What the notifier needs to change what it said; null before it said anything. */
  reference: string | null;
}

/** What people are told, about what, and how far each notifier has got with it. */
export function noticeTables(dialect: Dialect): Migration {
  return {
    async up(db: Kysely<unknown>) {
      const time = sql.raw(dialect === 'sqlite' ? 'integer' : 'bigint');
      await sql`create table notices (
        id text primary key, kind text not null, repository text, is_open integer not null, group_until ${time} not null,
        sequence integer not null, opened_at ${time} not null, updated_at ${time} not null, document text not null
      )`.execute(db);
      await sql`create index notices_group on notices (kind, repository, group_until)`.execute(db);
      await sql`create table notice_subjects (
        key text primary key, notice_id text not null, opened_at ${time} not null
      )`.execute(db);
      await sql`create index notice_subjects_notice on notice_subjects (notice_id)`.execute(db);
      await sql`create table notice_messages (
        notice_id text not null, notifier text not null, state text not null, wanted integer not null,
        due_at ${time} not null, tries integer not null, failing_since ${time}, leased_until ${time}, last_error text,
        reference text, primary key (notice_id, notifier)
      )`.execute(db);
      await sql`create index notice_messages_due on notice_messages (notifier, due_at) where state = 'pending'`.execute(
        db,
      );
    },
  };
}
