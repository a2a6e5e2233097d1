import type { Generated } from 'kysely';
import type { MergeTable } from './merge-tables.ts';
import type { NoticeMessageTable, NoticeSubjectTable, NoticeTable } from './notice-tables.ts';
import type { LessonTable, OutcomeTable } from './outcome-tables.ts';
import type { TaskRunTable } from './task-run-table.ts';

/**
 * The tables. Times are milliseconds since the epoch, booleans are 0 and 1, documents are JSON text: one meaning in
 * SQLite and PostgreSQL alike.
 */
export interface Database {
  deliveries: DeliveryTable;
  remediations: RemediationTable;
  remediation_runs: RemediationRunTable;
  lineages: LineageTable;
  timeline: TimelineTable;
  effects: EffectTable;
  briefs: BriefTable;
  coderuns: CodeRunTable;
  switches: SwitchTable;
  commands: CommandTable;
  attempts: AttemptTable;
  repository_configs: RepositoryConfigTable;
  sightings: SightingTable;
  incidents: IncidentTable;
  outcomes: OutcomeTable;
  lessons: LessonTable;
  merges: MergeTable;
  notices: NoticeTable;
  notice_subjects: NoticeSubjectTable;
  notice_messages: NoticeMessageTable;
  task_runs: TaskRunTable;
}

export interface DeliveryTable {
  id: string;
  origin: string;
  event: string | null;
  /** Unique where not null. */
  external_id: string | null;
  /** Unique: SHA-256 of the body. */
  digest: string;
  received_at: number;
  body: Uint8Array;
  /** `stored` until a decision was written in the same transaction that carried it out. */
  state: 'stored' | 'decided';
  status: string | null;
  dedup_status: string | null;
  reason_code: string | null;
  reason_detail: string | null;
  remediation_id: string | null;
  decided_at: number | null;
  /** Times that deciding threw. */
  failures: Generated<number>;
}

export interface RemediationTable {
  id: string;
  task_id: string;
  kind: string;
  repository: string;
  branch: string;
  target_branch: string | null;
  /** Unique among live rows: the lock of deduplication. */
  subject_key: string;
  lineage_id: string;
  phase: string;
  live: number;
  agent: string | null;
  failure_type: string | null;
  reason_code: string | null;
  created_at: number;
  updated_at: number;
  ended_at: number | null;
  wake_at: number | null;
  /** Grows with every save; a save on an older version is refused. */
  version: number;
  /** The whole Remediation. */
  document: string;
}

/** Which remediation a CI run belongs to; (repository, run_id) is unique. */
export interface RemediationRunTable {
  repository: string;
  run_id: number;
  remediation_id: string;
}

export interface LineageTable {
  id: string;
  /** What is broken, the same key as a remediation's subject. */
  key: string;
  /** Counts the lineages of one key from 1. */
  ordinal: number;
  open: number;
  /** Attempts that count, spent so far. */
  attempts: number;
  /** CodeRuns made so far, counted or not. */
  spawned: number;
  created_at: number;
  closed_at: number | null;
  /** What reset it: `green` or a person's name. */
  closed_by: string | null;
}

export interface TimelineTable {
  id: Generated<number>;
  remediation_id: string;
  at: number;
  phase: string;
  event: string;
  message: string;
}

export interface EffectTable {
  /** Idempotency key: remediation, what, and for which ordinal. */
  key: string;
  remediation_id: string;
  kind: string;
  payload: string;
  state: 'pending' | 'done' | 'dropped';
  due_at: number;
  /** Grows with every request for the same effect; what was asked for while a worker was at it is not lost. */
  revision: number;
  tries: number;
  /** A worker holds it until then. */
  leased_until: number | null;
  last_error: string | null;
  created_at: number;
}

export interface BriefTable {
  id: string;
  remediation_id: string;
  ordinal: number;
  created_at: number;
  /** Classification, findings and cuts; redacted. */
  document: string;
  prompt: string;
}

/** The local engine's CodeRuns; on Kubernetes they are custom resources instead. */
export interface CodeRunTable {
  name: string;
  uid: string;
  /** Grows with every change of spec. */
  generation: number;
  /** Grows with every change; a write on an older version is refused. */
  resource_version: number;
  labels: string;
  annotations: string;
  spec: string;
  status: string;
  /** 1 while it must be looked at. */
  active: number;
  cancel_requested: number;
  created_at: number;
  updated_at: number;
}

export interface SwitchTable {
  key: string;
  value: string;
  changed_at: number;
  changed_by: string;
}

/** What people typed in comments; carried out at the edge, each once. */
export interface CommandTable {
  /** ULID: the order in which they came. */
  id: string;
  /** Unique: repository, kind and id of the comment. */
  key: string;
  repository: string;
  /** The issue or pull request; commands of one are carried out in order. */
  thread: number;
  /** The whole CommandSignal. */
  signal: string;
  /** `acted` when what was asked is written, but the person has not been answered yet. */
  state: 'pending' | 'acted' | 'done';
  /** The answer, from `acted` on. */
  outcome: string | null;
  due_at: number;
  tries: number;
  leased_until: number | null;
  last_error: string | null;
  created_at: number;
}

/** What each CodeRun of a remediation spent; the source of the daily limits. */
export interface AttemptTable {
  remediation_id: string;
  ordinal: number;
  repository: string;
  started_at: number;
  /** 1 while it counts as one of the attempts that a lineage may spend. */
  counted: number;
  cost_usd: number;
}

/** `.github/healer.yaml` of a repository as it was read last. */
export interface RepositoryConfigTable {
  repository: string;
  read_at: number;
  document: string;
}

/** Which remediation showed which cause first when: how a wave is noticed. */
export interface SightingTable {
  kind: string;
  key: string;
  remediation_id: string;
  repository: string;
  at: number;
}

/** A wave of one cause; at most one is open for a kind and key. */
export interface IncidentTable {
  id: string;
  kind: string;
  key: string;
  opened_at: number;
  /** Whatever happens, nobody waits for it longer. */
  until: number;
  /** The one remediation that goes ahead. */
  lead_id: string;
  /** The one remediation that people were asked about. */
  escalated_by: string | null;
  closed_at: number | null;
  /** `green` or `window`. */
  closed_by: string | null;
}
