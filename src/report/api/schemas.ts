import { z } from 'zod';
import { CHANGE_CONCERN_CODES, type ChangeConcernCode } from '../../model/change-concern.ts';
import { FAILURE_TYPE_NAMES } from '../../model/failure-type.ts';
import { OUTCOMES } from '../../model/outcome.ts';
import { REASONS, type ReasonCode } from '../../model/reason.ts';
import { PHASES } from '../../model/remediation.ts';

/** What the JSON API takes and gives: one source of validation, types and the OpenAPI document. Names are snake_case. */

const time = z.string().describe('RFC 3339, UTC');
const phase = z.enum(PHASES);
const id = z.string().describe('ULID');

/** The longest guidance that a prompt has room for, in characters. */
export const MAX_GUIDANCE = 8_000;

export const reasonSchema = z.object({
  code: z.enum(Object.keys(REASONS) as [ReasonCode, ...ReasonCode[]]).describe('Stable; docs/reasons.md explains each'),
  sentence: z.string().describe('What the code means'),
  detail: z.string().describe('What it means here, with the names involved'),
});

const checkSchema = z.object({
  name: z.string(),
  source: z.enum(['job', 'check', 'status']),
  workflow: z.string().nullable(),
  failed_steps: z.array(z.string()),
  url: z.string().nullable(),
});

const attemptSchema = z.object({
  number: z.int().describe('Counts the attempts of the lineage from 1; one that did not count shares its number'),
  ordinal: z.int().describe('Counts every CodeRun of the lineage from 1'),
  agent: z.string(),
  failure_type: z.enum(FAILURE_TYPE_NAMES as [string, ...string[]]),
  coderun_name: z.string().nullable().describe('Null until the CodeRun exists'),
  started_at: time,
  ended_at: time.nullable(),
  outcome: z.enum(OUTCOMES).nullable().describe('Null while it is under way'),
  detail: z.string().nullable(),
  still_red: z.array(z.string()),
  concerns: z
    .array(
      z.object({
        code: z.enum(CHANGE_CONCERN_CODES as [ChangeConcernCode, ...ChangeConcernCode[]]),
        severity: z.enum(['report', 'refuse']).describe('`refuse`: the attempt does not count as fixed'),
        path: z.string().nullable(),
        line: z.int().nullable(),
        sentence: z.string(),
      }),
    )
    .describe('What the review of its change found; empty until CI was green on it'),
  report: z
    .object({
      status: z.enum(['fixed', 'no_change_needed', 'blocked']),
      summary: z.string(),
      commit_sha: z.string().nullable(),
      pull_request_url: z.string().nullable(),
      usage: z.object({ input_tokens: z.number(), output_tokens: z.number(), cost_usd: z.number() }).nullable(),
    })
    .nullable()
    .describe('What the agent itself said; a claim until CI has confirmed it'),
});

export const summarySchema = z.object({
  id,
  task_id: z.string(),
  kind: z.enum(['ci', 'sec', 'review', 'play', 'alert']),
  repository: z.string(),
  branch: z.string(),
  target_branch: z.string().nullable(),
  pull_request: z.int().nullable(),
  phase,
  phase_since: time,
  live: z.boolean(),
  reason: reasonSchema.nullable(),
  agent: z.string().nullable(),
  failure_type: z.enum(FAILURE_TYPE_NAMES as [string, ...string[]]).nullable(),
  confidence: z.number().nullable(),
  rule: z.string().nullable(),
  workflow: z.string().nullable(),
  head_sha: z.string(),
  run_id: z.int().nullable(),
  url: z.string().nullable(),
  attempts: z.int().describe('Attempts of this remediation so far'),
  coderun_name: z.string().nullable().describe('Of the latest attempt; null until it exists'),
  created_at: time,
  updated_at: time,
  ended_at: time.nullable(),
  status_url: z.string(),
});

const evidenceSchema = z.object({
  classification: z.object({
    agent: z.string(),
    failure_type: z.string(),
    category: z.string(),
    transient: z.boolean(),
    confidence: z.number(),
    rule: z.string(),
    reason: z.string(),
    fingerprint: z.string(),
    evidence: z.array(z.object({ line: z.int(), text: z.string(), rule: z.string(), weight: z.number() })),
    excerpt: z.object({
      text: z.string(),
      ranges: z.array(z.array(z.int())),
      lines: z.int(),
      total_lines: z.int(),
    }),
  }),
  findings: z.array(
    z.object({
      source: z.string(),
      status: z.string(),
      duration_ms: z.number(),
      summary: z.string(),
      body: z.string().nullable(),
      url: z.string().nullable(),
      truncated: z.boolean(),
    }),
  ),
  cuts: z.array(z.string()).describe('What was left out of the prompt to fit its budget'),
  gathered_at: time,
});

export const detailSchema = summarySchema.omit({ attempts: true }).extend({
  coderun_phase: z.string().nullable().describe('The engine’s word for that CodeRun; null when it is not known'),
  failed_checks: z.array(checkSchema),
  commit_message: z.string().nullable(),
  from_fork: z.boolean().nullable(),
  guidance: z.object({ text: z.string(), mode: z.enum(['append', 'replace']), by: z.string() }).nullable(),
  approved_by: z.string().nullable(),
  wake_at: time.nullable().describe('When Healer looks again even if no event comes'),
  attempts_before: z.int().describe('Attempts that earlier remediations of the same lineage spent'),
  attempts: z.array(attemptSchema),
  timeline: z.array(z.object({ at: time, phase, event: z.string(), message: z.string() })),
  evidence: evidenceSchema.nullable().describe('Of the latest attempt; null until evidence was gathered'),
  prompt: z.string().nullable().describe('What the agent of the latest attempt was told'),
});

export const listSchema = z.object({
  remediations: z.array(summarySchema),
  next_cursor: z.string().nullable().describe('Pass it as `cursor` for the next page; null on the last'),
});

export const deliverySchema = z.object({
  id,
  origin: z.string(),
  event: z.string().nullable(),
  external_id: z.string().nullable().describe('The sender’s own id'),
  received_at: time,
  decided_at: time.nullable(),
  state: z.enum(['stored', 'decided']),
  failures: z.int().describe('Times that deciding failed'),
  status: z.enum(['accepted', 'skipped', 'ignored']).nullable(),
  dedup_status: z.enum(['new', 'existing', 'skipped']).nullable(),
  reason: reasonSchema.nullable(),
  remediation_id: z.string().nullable(),
  task_id: z.string().nullable(),
  status_url: z.string().nullable(),
});

export const deliveriesSchema = z.object({
  deliveries: z.array(deliverySchema),
  next_cursor: z.string().nullable(),
});

const pauseSchema = z.object({
  repository: z.string().nullable().describe('Null means everywhere'),
  by: z.string(),
  since: time,
});

export const readinessSchema = z.object({
  status: z.enum(['ready', 'not_ready']),
  failing: z.array(z.string()).describe('Names of the checks that fail; /api/status has the details'),
});

export const statusSchema = z.object({
  version: z.string(),
  mode: z.string(),
  engine: z.string(),
  started_at: time,
  ready: z.boolean(),
  failing: z.array(z.string()).describe('Names of the readiness checks that fail'),
  checks: z.array(z.object({ name: z.string(), ok: z.boolean(), detail: z.string() })),
  pauses: z.array(pauseSchema),
  live: z.record(z.string(), z.int()).describe('Remediations under way, by phase'),
  last_seven_days: z.object({
    opened: z.int(),
    succeeded: z.int(),
    escalated: z.int(),
    median_time_to_fix_seconds: z.number().nullable(),
  }),
  deliveries_last_day: z.record(z.string(), z.int()).describe('Deliveries by reason code'),
  oldest_undecided_seconds: z.number().nullable(),
});

export const pausesSchema = z.object({ pauses: z.array(pauseSchema) });

export const problemSchema = z.object({
  type: z.string(),
  title: z.string(),
  status: z.int(),
  detail: z.string(),
  errors: z.array(z.object({ path: z.string(), message: z.string() })).optional(),
});

export const commandAnswerSchema = z.object({
  command: z.enum(['retry', 'cancel', 'approve']),
  by: z.string(),
  guidance: z.string().nullable(),
  mode: z.enum(['append', 'replace']).nullable(),
  remediation: summarySchema.describe('After the command; a retry of an ended remediation is a new one'),
});

// What comes in

const limit = z.coerce.number().int().min(1).max(200).default(50);
const cursor = z.string().regex(/^[0-9A-Za-z]{1,64}$/, 'is not a cursor that a list gave out');
const word = z.string().trim().min(1).max(256);
const by = z.string().trim().min(1).max(100).default('the API').describe('Who asks, for the timeline');

export const idParams = z.object({ id: z.string().min(1).max(128) });
export const taskParams = z.object({ task_id: z.string().min(1).max(128) });

export const listQuery = z.strictObject({
  phase: z
    .enum([...PHASES, 'live'])
    .optional()
    .describe('`live` stands for every phase that is not terminal'),
  repo: word.optional(),
  branch: word.optional(),
  agent: word.optional(),
  failure_type: z.enum(FAILURE_TYPE_NAMES as [string, ...string[]]).optional(),
  since: z.iso
    .datetime({ offset: true })
    .or(z.iso.date())
    .optional()
    .describe('Opened at or after; RFC 3339 or a date'),
  q: word
    .optional()
    .describe(
      'Words that all occur in task id, repository, branch, agent or failure type; `#12` for a pull request; the beginning of a commit’s sha. One page looks through the newest 10,000, or 2,000 for the last two; `next_cursor` goes on',
    ),
  limit,
  cursor: cursor.optional(),
});

export const deliveryQuery = z.strictObject({
  status: z.enum(['accepted', 'skipped', 'ignored', 'stored']).optional(),
  reason: z.enum(Object.keys(REASONS) as [ReasonCode, ...ReasonCode[]]).optional(),
  limit,
  cursor: cursor.optional(),
});

export const personBody = z.strictObject({ by });

export const retryBody = z
  .strictObject({
    by,
    guidance: z.string().trim().min(1).max(MAX_GUIDANCE).optional().describe('Words for the next attempt’s prompt'),
    mode: z.enum(['append', 'replace']).optional().describe('How the guidance meets the prompt; append unless told'),
  })
  .refine((body) => body.mode === undefined || body.guidance !== undefined, {
    path: ['mode'],
    message: 'says how guidance is used, and there is no guidance',
  });

export const pauseBody = z.strictObject({
  by,
  repository: z
    .string()
    .regex(/^[\w.-]+\/[\w.-]+$/, 'is not owner/name')
    .optional()
    .describe('Everywhere when left out'),
});
