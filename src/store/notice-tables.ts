import { type Kysely, type Migration, sql } from 'kysely';
import type { Dialect } from './dialect.ts';

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
