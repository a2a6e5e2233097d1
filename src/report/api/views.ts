import type { z } from 'zod';
import { REASONS, type Reason, reason } from '../../model/reason.ts';
import { type Attempt, isTerminal, type Remediation, type TimelineEntry } from '../../model/remediation.ts';
import type { FailedCheck } from '../../model/signal.ts';
import type { StoredBrief } from '../../store/briefs.ts';
import type { ListedDelivery } from '../../store/delivery-list.ts';
import type { Pause } from '../../store/pauses.ts';
import type { deliverySchema, detailSchema, pausesSchema, reasonSchema, summarySchema } from './schemas.ts';

export type SummaryView = z.infer<typeof summarySchema>;
export type DetailView = z.infer<typeof detailSchema>;
export type DeliveryView = z.infer<typeof deliverySchema>;
export type ReasonView = z.infer<typeof reasonSchema>;

/** RFC 3339 from milliseconds since the epoch. */
export function time(at: number): string {
  return new Date(at).toISOString();
}

const optionalTime = (at: number | null): string | null => (at === null ? null : time(at));

export function reasonView(why: Reason | null): ReasonView | null {
  return why === null ? null : { code: why.code, sentence: REASONS[why.code] ?? why.code, detail: why.detail };
}

export function summaryView(remediation: Remediation): SummaryView {
  return {
    ...identity(remediation),
    attempts: remediation.attempts.length,
  };
}

function identity(remediation: Remediation): Omit<SummaryView, 'attempts'> {
  return {
    id: remediation.id,
    task_id: remediation.taskId,
    kind: remediation.kind,
    repository: remediation.repository,
    branch: remediation.branch,
    target_branch: remediation.targetBranch,
    pull_request: remediation.pullRequest,
    phase: remediation.phase,
    phase_since: time(remediation.phaseSince),
    live: !isTerminal(remediation.phase),
    reason: reasonView(remediation.reason),
    agent: remediation.agent,
    failure_type: remediation.failureType,
    confidence: remediation.confidence,
    rule: remediation.rule,
    workflow: remediation.workflowName,
    head_sha: remediation.headSha,
    run_id: remediation.runId,
    url: remediation.url,
    coderun_name: remediation.attempts.at(-1)?.codeRunName ?? null,
    created_at: time(remediation.createdAt),
    updated_at: time(remediation.updatedAt),
    ended_at: optionalTime(remediation.endedAt),
    status_url: statusUrl(remediation.id),
  };
}

export function detailView(
  remediation: Remediation,
  timeline: readonly TimelineEntry[],
  brief: StoredBrief | null,
  codeRunPhase: string | null,
): DetailView {
  return {
    ...identity(remediation),
    coderun_phase: codeRunPhase,
    failed_checks: remediation.failedChecks.map(checkView),
    commit_message: remediation.commitMessage,
    from_fork: remediation.fromFork,
    guidance: remediation.guidance,
    approved_by: remediation.approvedBy,
    wake_at: optionalTime(remediation.wakeAt),
    attempts_before: remediation.attemptsBefore,
    attempts: remediation.attempts.map(attemptView),
    timeline: timeline.map((entry) => ({ ...entry, at: time(entry.at) })),
    evidence: brief === null ? null : evidenceView(brief),
    prompt: brief?.prompt ?? null,
  };
}

function checkView(check: FailedCheck): DetailView['failed_checks'][number] {
  return {
    name: check.name,
    source: check.source,
    workflow: check.workflowName,
    failed_steps: [...check.failedSteps],
    url: check.url,
  };
}

function attemptView(attempt: Attempt): DetailView['attempts'][number] {
  const { report } = attempt;
  const usage = report?.usage ?? null;
  return {
    number: attempt.number,
    ordinal: attempt.ordinal,
    agent: attempt.agent,
    failure_type: attempt.failureType,
    coderun_name: attempt.codeRunName,
    started_at: time(attempt.startedAt),
    ended_at: optionalTime(attempt.endedAt),
    outcome: attempt.outcome,
    detail: attempt.detail,
    still_red: [...attempt.stillRed],
    concerns: (attempt.concerns ?? []).map((concern) => ({ ...concern })),
    report: report && {
      status: report.status,
      summary: report.summary,
      commit_sha: report.commitSha,
      pull_request_url: report.pullRequestUrl,
      usage: usage && {
        input_tokens: usage.inputTokens,
        output_tokens: usage.outputTokens,
        cost_usd: usage.costUsd,
      },
    },
  };
}

function evidenceView(brief: StoredBrief): NonNullable<DetailView['evidence']> {
  const { classification } = brief;
  return {
    classification: {
      agent: classification.agent,
      failure_type: classification.failureType,
      category: classification.category,
      transient: classification.transient,
      confidence: classification.confidence,
      rule: classification.rule,
      reason: classification.reason,
      fingerprint: classification.fingerprint,
      evidence: classification.evidence.map((line) => ({ ...line })),
      excerpt: {
        text: classification.excerpt.text,
        ranges: classification.excerpt.ranges.map((range) => [...range]),
        lines: classification.excerpt.lines,
        total_lines: classification.excerpt.totalLines,
      },
    },
    findings: brief.findings.map((finding) => ({
      source: finding.source,
      status: finding.status,
      duration_ms: finding.durationMs,
      summary: finding.summary,
      body: finding.body,
      url: finding.url,
      truncated: finding.truncated,
    })),
    cuts: [...brief.cuts],
    gathered_at: time(brief.createdAt),
  };
}

export function deliveryView(delivery: ListedDelivery): DeliveryView {
  const { disposition } = delivery;
  return {
    id: delivery.id,
    origin: delivery.origin,
    event: delivery.event,
    external_id: delivery.externalId,
    received_at: time(delivery.receivedAt),
    decided_at: optionalTime(delivery.decidedAt),
    state: disposition === null ? 'stored' : 'decided',
    failures: delivery.failures,
    status: disposition?.status ?? null,
    dedup_status: disposition?.dedupStatus ?? null,
    reason: reasonView(deliveryReason(delivery)),
    remediation_id: disposition?.remediationId ?? null,
    task_id: delivery.taskId,
    status_url: disposition?.remediationId ? statusUrl(disposition.remediationId) : null,
  };
}

/** Why a delivery is where it is; null for one that simply was not looked at yet. */
export function deliveryReason(delivery: Pick<ListedDelivery, 'disposition' | 'failures'>): Reason | null {
  if (delivery.disposition !== null) return delivery.disposition.reason;
  return delivery.failures > 0 ? reason('decision_failed') : null;
}

export function pauseViews(pauses: readonly Pause[]): z.infer<typeof pausesSchema>['pauses'] {
  return pauses.map((pause) => ({ repository: pause.repository, by: pause.by, since: time(pause.since) }));
}

export function statusUrl(id: string): string {
  return `/api/remediations/${id}`;
}
