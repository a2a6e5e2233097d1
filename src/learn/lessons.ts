import type { Classification } from '../model/evidence.ts';
import type { Attempt, Remediation } from '../model/remediation.ts';
import type { Lesson, LessonKind } from '../store/lessons.ts';
import type { RememberedOutcome } from '../store/outcomes.ts';

/** What of a brief is remembered with the attempt that it was for. */
export type Judgement = Pick<Classification, 'agent' | 'rule' | 'fingerprint'>;

/** How an attempt ended, ready to be remembered; null while it is under way. Texts are taken as they are. */
export function outcomeOf(
  remediation: Remediation,
  attempt: Attempt,
  judgement: Judgement | null,
): RememberedOutcome | null {
  const { endedAt, outcome, report } = attempt;
  if (endedAt === null || outcome === null) return null;
  return {
    remediationId: remediation.id,
    taskId: remediation.taskId,
    ordinal: attempt.ordinal,
    number: attempt.number,
    repository: remediation.repository,
    failureType: attempt.failureType,
    fingerprint: judgement?.fingerprint ?? '',
    rule: judgement?.rule ?? '',
    routedAgent: judgement?.agent ?? attempt.agent,
    agent: attempt.agent,
    outcome,
    changed: report !== null && report.commitSha !== null,
    approach: report?.summary ?? '',
    detail: attempt.detail ?? '',
    stillRed: attempt.stillRed,
    durationMs: Math.max(0, endedAt - attempt.startedAt),
    costUsd: report?.usage?.costUsd ?? null,
    startedAt: attempt.startedAt,
    endedAt,
  };
}

/**
 * What the end of a remediation teaches: a success at the first attempt or later, an escalation, and that another agent
 * than the one whom the rules named made it green. `judgement` is that of the first attempt.
 */
export function lessonsOf(remediation: Remediation, judgement: Judgement | null): readonly Lesson[] {
  const { phase, attempts, endedAt } = remediation;
  const fixing = attempts.find(({ outcome }) => outcome === 'success') ?? null;
  const routedAgent = judgement?.agent ?? attempts[0]?.agent ?? remediation.agent ?? '';
  const kinds: LessonKind[] = [];
  if (phase === 'succeeded' && fixing !== null) {
    kinds.push(fixing.number === 1 ? 'first_attempt_success' : 'retry_success');
    if (fixing.agent !== routedAgent && fixing.report?.commitSha != null) kinds.push('routing_mismatch');
  }
  if (phase === 'escalated') kinds.push('escalation');
  return kinds.map((kind) => ({
    remediationId: remediation.id,
    kind,
    at: endedAt ?? remediation.updatedAt,
    repository: remediation.repository,
    failureType: attempts[0]?.failureType ?? remediation.failureType ?? 'general',
    fingerprint: judgement?.fingerprint ?? remediation.fingerprint ?? '',
    rule: judgement?.rule ?? remediation.rule ?? '',
    routedAgent,
    agent: fixing?.agent ?? null,
  }));
}
