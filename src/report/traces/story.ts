import type { Delivery, Disposition } from '../../model/delivery.ts';
import type { ContextFinding } from '../../model/evidence.ts';
import type { Fact } from '../../model/fact.ts';
import { type Attempt, isTerminal, type Phase, type Remediation } from '../../model/remediation.ts';
import { cleanLine } from '../../safety/clean.ts';
import { gatherSpanId, rootSpanId, runSpanId, type SpanRecord, spanIdOf, traceIdOf } from './span.ts';

/** What one step of a remediation's life did, as the machine tells its listeners. */
export interface TracedStep {
  readonly before: Remediation | null;
  readonly after: Remediation;
  readonly fact: Fact | null;
}

/** The name of the work that a phase is; those that are missing here are told by other spans. */
const WORK: Partial<Record<Phase, string>> = {
  gathering: 'gather',
  deferred: 'deferred',
  rerunning: 'rerun',
  awaiting_approval: 'approval',
  verifying: 'verify',
  retrying: 'retry',
};

/** The spans that a step brought to their end, each with its own times, so that none is lost by a restart. Pure. */
export function spansOfStep({ before, after, fact }: TracedStep): readonly SpanRecord[] {
  if (before === null) return [];
  const spans: SpanRecord[] = [];
  const now = after.updatedAt;
  const work = WORK[before.phase];
  if (work !== undefined && (after.phase !== before.phase || after.phaseSince !== before.phaseSince)) {
    spans.push(phaseSpan(before, after, work, now));
  }
  if (fact?.kind === 'coderun_created') spans.push(...spawned(after, fact.ordinal, now));
  const run = endedRun(before, after, fact);
  if (run !== null) spans.push(runSpan(after, run, now));
  if (isTerminal(after.phase) && !isTerminal(before.phase)) spans.push(rootSpan(after, now));
  return spans;
}

function phaseSpan(before: Remediation, after: Remediation, name: string, now: number): SpanRecord {
  const gave = after.phase === 'escalated' ? (after.reason?.detail ?? 'escalated') : null;
  return {
    ...placed(after, name),
    spanId: before.phase === 'gathering' ? gatherSpanId(before.id, before.phaseSince) : idOf(before, name),
    startedAt: before.phaseSince,
    endedAt: now,
    attributes: { ...aboutRemediation(after), 'healer.next_phase': after.phase },
    error: gave,
  };
}

function idOf(remediation: Remediation, name: string): string {
  return spanIdOf(remediation.id, name, remediation.phaseSince);
}

function spawned(after: Remediation, ordinal: number, now: number): readonly SpanRecord[] {
  const attempt = after.attempts.find((candidate) => candidate.ordinal === ordinal);
  if (attempt === undefined) return [];
  const attributes = { ...aboutRemediation(after), ...aboutAttempt(attempt) };
  const span = { ...placed(after, 'spawn'), spanId: spanIdOf(after.id, 'spawn', ordinal) };
  return [{ ...span, startedAt: attempt.startedAt, endedAt: now, attributes, error: null }];
}

/** The attempt whose run came to its end by this step; CI's word on it comes later. */
function endedRun(before: Remediation, after: Remediation, fact: Fact | null): Attempt | null {
  if (before.phase !== 'working' || after.phase === 'working') return null;
  const ordinal = fact?.kind === 'coderun_ended' ? fact.ordinal : before.attempts.at(-1)?.ordinal;
  return after.attempts.find((attempt) => attempt.ordinal === ordinal) ?? null;
}

function runSpan(after: Remediation, attempt: Attempt, now: number): SpanRecord {
  const usage = attempt.report?.usage ?? null;
  const spent = usage === null ? {} : { 'healer.cost_usd': usage.costUsd };
  return {
    ...placed(after, 'run'),
    spanId: runSpanId(after.id, attempt.ordinal),
    startedAt: attempt.startedAt,
    endedAt: attempt.endedAt ?? now,
    attributes: { ...aboutRemediation(after), ...aboutAttempt(attempt), ...spent },
    error: attempt.outcome === null ? null : (attempt.detail ?? attempt.outcome),
  };
}

function rootSpan(ended: Remediation, now: number): SpanRecord {
  const isGivenUp = ended.phase === 'escalated';
  return {
    ...placed(ended, 'remediation'),
    spanId: rootSpanId(ended.id),
    parentSpanId: null,
    startedAt: ended.createdAt,
    endedAt: ended.endedAt ?? now,
    attributes: {
      ...aboutRemediation(ended),
      'healer.result': ended.phase,
      'healer.reason': ended.reason?.code ?? 'none',
      'healer.attempts': ended.attempts.length,
    },
    error: isGivenUp ? (ended.reason?.detail ?? 'escalated') : null,
  };
}

/** What one source of context took and said; part of the gathering that asked it. */
export function spanOfFinding(remediation: Remediation, finding: ContextFinding, now: number): SpanRecord {
  const isBroken = finding.status === 'failed' || finding.status === 'timed_out';
  return {
    traceId: traceIdOf(remediation.id),
    spanId: spanIdOf(remediation.id, `context.${finding.source}`, `${remediation.phaseSince}`),
    parentSpanId: gatherSpanId(remediation.id, remediation.phaseSince),
    name: `context.${finding.source}`,
    startedAt: now - finding.durationMs,
    endedAt: now,
    attributes: { 'healer.source': finding.source, 'healer.status': finding.status },
    error: isBroken ? finding.summary : null,
  };
}

/** When deciding about a delivery began and ended. */
export interface DecidedWithin {
  readonly from: number;
  readonly to: number;
}

/**
 * A delivery from its arrival to its durable final word, and the deciding inside of that. It stands in the trace of its
 * remediation; without one it has a trace of its own.
 */
export function spansOfDelivery(
  delivery: Delivery,
  disposition: Disposition,
  decided: DecidedWithin,
  now: number,
): readonly SpanRecord[] {
  const owner = disposition.remediationId ?? delivery.id;
  const parentSpanId = disposition.remediationId === null ? null : rootSpanId(owner);
  const receiveId = spanIdOf(delivery.id, 'receive');
  const attributes = {
    'healer.delivery_id': delivery.id,
    'healer.origin': delivery.origin,
    'healer.event': cleanLine(delivery.event ?? 'none', 80),
    'healer.disposition': disposition.status,
    'healer.reason': disposition.reason.code,
  };
  const common = { traceId: traceIdOf(owner), attributes, error: null };
  return [
    { ...common, spanId: receiveId, parentSpanId, name: 'receive', startedAt: delivery.receivedAt, endedAt: now },
    {
      ...common,
      spanId: spanIdOf(delivery.id, 'decide'),
      parentSpanId: receiveId,
      name: 'decide',
      startedAt: decided.from,
      endedAt: decided.to,
    },
  ];
}

function placed(remediation: Remediation, name: string): Pick<SpanRecord, 'traceId' | 'parentSpanId' | 'name'> {
  return { traceId: traceIdOf(remediation.id), parentSpanId: rootSpanId(remediation.id), name };
}

/** Names of repositories and branches came from outside: one clean line each. `vcs.*`: OpenTelemetry's own names. */
function aboutRemediation(remediation: Remediation): SpanRecord['attributes'] {
  return {
    'healer.remediation_id': remediation.id,
    'healer.task_id': remediation.taskId,
    'healer.agent': remediation.agent ?? 'none',
    'healer.failure_type': remediation.failureType ?? 'none',
    'vcs.repository.name': cleanLine(remediation.repository, 200),
    'vcs.ref.head.name': cleanLine(remediation.branch, 200),
  };
}

function aboutAttempt(attempt: Attempt): SpanRecord['attributes'] {
  return {
    'healer.attempt': attempt.number,
    'healer.coderun': attempt.codeRunName ?? 'none',
    'healer.outcome': attempt.outcome ?? 'to be verified',
  };
}
