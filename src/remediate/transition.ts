/**
 * The life of a remediation.
 *
 *   received ─▶ gathering ─▶ working ─▶ verifying ─▶ succeeded
 *       │           │            │          │
 *       │           │            └──────────┴─▶ retrying ─▶ gathering      attempts left: more context, maybe another agent
 *       │           │                        └▶ escalated                  attempts spent, or nothing sensible left
 *       │           ├─▶ rerunning ─▶ succeeded | gathering                 looks transient: failed jobs once again first
 *       │           ├─▶ awaiting_approval ─▶ gathering | cancelled
 *       │           └─▶ deferred ─▶ gathering                              limits, breaker, paused, incident
 *       └─▶ cancelled | superseded                                         from any live phase
 *
 * One pure function. Facts that no longer fit (a late answer, an attempt that has ended) change nothing; every change
 * carries a timeline entry. Each live phase sets `wakeAt`, and each ring of that timer brings the remediation nearer
 * to its end, so that it ends even if no event ever comes.
 */
import type { EvidenceGathered, Fact, PersonCommanded } from '../model/fact.ts';
import { reason } from '../model/reason.ts';
import { isTerminal, type Remediation } from '../model/remediation.ts';
import { checksRead, codeRunCreated, codeRunEnded, endAttempt, startAttempt } from './attempt.ts';
import { causeJoined, causeResolved } from './causes.ts';
import { change, type Result, unchanged } from './change.ts';
import { defer, deferredLooksAgain, obstacleTo } from './deferral.ts';
import { escalateOnce, waitsForAnother } from './incident.ts';
import { attemptsSpent, mergeChecks } from './lineage.ts';
import { withMemory } from './memory.ts';
import type { Policy } from './policy.ts';
import { rerun, rerunRead, rerunRefused } from './rerun.ts';
import { end, gather, gatherFailed } from './steps.ts';

export type { Result } from './change.ts';

export function transition(remediation: Remediation, fact: Fact, policy: Policy, now: number): Result {
  return withMemory(remediation, moved(remediation, fact, policy, now), now);
}

function moved(remediation: Remediation, fact: Fact, policy: Policy, now: number): Result {
  return escalateOnce(remediation, step(remediation, fact, policy, now), policy.load.incident, now);
}

function step(remediation: Remediation, fact: Fact, policy: Policy, now: number): Result {
  if (isTerminal(remediation.phase)) return afterTheEnd(remediation, fact, now);
  switch (fact.kind) {
    case 'failure_joined':
      return failureJoined(remediation, fact.checks, now);
    case 'cause_joined':
      return causeJoined(remediation, fact.cause, policy, now);
    case 'cause_resolved':
      return causeResolved(remediation, fact.key, fact.detail, now);
    case 'ci_event_seen':
      return lookAtChecks(remediation, now);
    case 'timer_rang':
      return timerRang(remediation, policy, now);
    case 'evidence_gathered':
      return remediation.phase === 'gathering'
        ? flagged(evidenceGathered(remediation, fact, policy, now), fact, now)
        : unchanged(remediation);
    case 'gather_failed':
      return remediation.phase === 'gathering'
        ? gatherFailed(remediation, fact.detail, policy, now)
        : unchanged(remediation);
    case 'rerun_requested':
      return fact.accepted ? unchanged(remediation) : rerunRefused(remediation, fact.detail, policy, now);
    case 'coderun_created':
      return codeRunCreated(remediation, fact, now);
    case 'coderun_ended':
      return codeRunEnded(remediation, fact, policy, now);
    case 'checks_read':
      return remediation.phase === 'rerunning'
        ? rerunRead(remediation, fact, policy, now)
        : checksRead(remediation, fact, policy, now);
    case 'pull_request_opened':
      return pullRequestOpened(remediation, fact.number, now);
    case 'withdrawn':
      return end(remediation, fact.phase, fact.reason, now, fact.kind);
    case 'person_commanded':
      return personCommanded(remediation, fact, policy, now);
  }
}

/** The first state's duties: called once, when the remediation is written for the first time. */
export function opened(remediation: Remediation, policy: Policy, now: number, message: string): Result {
  const next = change(remediation, now)
    .to('received', now + policy.settleMs)
    .say('opened', message);
  // Without a pull request there is nowhere to say it; whoever finds one later says it then.
  return (remediation.pullRequest === null ? next : next.plan({ kind: 'comment' })).done();
}

function failureJoined(remediation: Remediation, checks: Remediation['failedChecks'], now: number): Result {
  // Later phases are about the checks that were red at the start; a read of the checks will show new ones by itself.
  if (remediation.phase !== 'received' && remediation.phase !== 'gathering') return lookAtChecks(remediation, now);
  const merged = mergeChecks(remediation.failedChecks, checks);
  if (JSON.stringify(merged) === JSON.stringify(remediation.failedChecks)) return unchanged(remediation);
  const joined = change(remediation, now).with({ failedChecks: merged });
  // A check that was known may have told more of itself; that is no news for people.
  const names = merged.slice(remediation.failedChecks.length).map((check) => check.name);
  return names.length === 0 ? joined.done() : joined.say('failure_joined', `Also red: ${names.join(', ')}.`).done();
}

function lookAtChecks(remediation: Remediation, now: number): Result {
  const { phase, spawned } = remediation;
  if (phase !== 'verifying' && phase !== 'rerunning') return unchanged(remediation);
  return change(remediation, now).plan({ kind: 'read_checks', ordinal: spawned, phase }).done();
}

function timerRang(remediation: Remediation, policy: Policy, now: number): Result {
  if (remediation.wakeAt === null || now < remediation.wakeAt) return unchanged(remediation);
  switch (remediation.phase) {
    case 'received':
      return gather(remediation, policy, now, 'settled', 'The evidence is being gathered.');
    case 'gathering':
      return gatherFailed(remediation, 'gathering took too long', policy, now);
    case 'deferred':
      return deferredLooksAgain(remediation, policy, now);
    case 'retrying':
      return gather(remediation, policy, now, 'retry_due', 'The evidence of the last attempt is being gathered.');
    case 'rerunning':
      return gather(
        remediation,
        policy,
        now,
        'rerun_timeout',
        'The re-run did not finish in time; an agent is asked instead.',
      );
    case 'awaiting_approval':
      return end(
        remediation,
        'cancelled',
        reason('no_progress', 'Nobody approved it in time.'),
        now,
        'approval_timeout',
      );
    case 'working':
      return endAttempt(remediation, 'timeout', 'The CodeRun reported nothing before its deadline.', policy, now, {
        cancelRun: true,
      });
    case 'verifying':
      return endAttempt(
        remediation,
        'timeout',
        'The checks did not complete in time after the agent’s commit.',
        policy,
        now,
      );
    default:
      return unchanged(remediation);
  }
}

function evidenceGathered(before: Remediation, fact: EvidenceGathered, policy: Policy, now: number): Result {
  const remediation = learn(before, fact);
  if (fact.verdict.kind === 'stop') return end(remediation, fact.verdict.phase, fact.verdict.reason, now, 'stopped');
  if (policy.mode === 'shadow') return end(remediation, 'cancelled', reason('shadow_mode'), now, 'stopped');
  const waiting = waitsForAnother(policy.load.incident, now);
  if (waiting !== null) return defer(remediation, waiting, policy, now);
  if (fact.transient && remediation.rerunAt === null && remediation.attempts.length === 0)
    return rerun(remediation, policy, now);
  if (attemptsSpent(remediation) >= policy.maxAttempts)
    return end(remediation, 'escalated', reason('attempts_spent'), now, 'stopped');
  if (remediation.spawned >= policy.maxRuns) {
    const detail = `${remediation.spawned} CodeRuns were made for it, more than the ${policy.maxRuns} that it may have.`;
    return end(remediation, 'escalated', reason('infrastructure_spent', detail), now, 'stopped');
  }
  const obstacle = obstacleTo(policy, now);
  if (obstacle !== null) return defer(remediation, obstacle, policy, now);
  if (fact.verdict.kind === 'needs_approval' && remediation.approvedBy === null) {
    return change(remediation, now)
      .to('awaiting_approval', now + policy.approvalTimeoutMs, fact.verdict.reason)
      .say('approval_required', fact.verdict.reason.detail)
      .plan({ kind: 'comment' })
      .done();
  }
  return startAttempt(remediation, fact, policy, now);
}

/** People should see that somebody tried to steer an agent; it changes nothing, such text is data like any other. */
function flagged(result: Result, { suspicious = [] }: EvidenceGathered, now: number): Result {
  if (suspicious.length === 0) return result;
  const message = `The evidence holds what reads like instructions to an agent; it is told as data: ${suspicious.join('; ')}.`;
  const entry = { at: now, phase: result.remediation.phase, event: 'instructions_in_evidence', message };
  return { ...result, entries: [entry, ...result.entries] };
}

function learn(remediation: Remediation, fact: EvidenceGathered): Remediation {
  return {
    ...remediation,
    agent: fact.agent,
    failureType: fact.failureType,
    confidence: fact.confidence,
    rule: fact.rule,
    fingerprint: fact.fingerprint,
    targetBranch: remediation.targetBranch ?? fact.targetBranch,
    pullRequest: remediation.pullRequest ?? fact.pullRequest,
    branch: remediation.branch === '' ? fact.branch : remediation.branch,
    headSha: fact.headSha,
    // What happens to be red beside an alert is not the alert's to repair; all checks of its commit must be green anyway.
    failedChecks:
      remediation.causes.length > 0 && remediation.failedChecks.length === 0
        ? []
        : wanted(mergeChecks(remediation.failedChecks, fact.failedChecks), fact.ignoredChecks),
    gatherFailures: 0,
  };
}

function wanted(checks: Remediation['failedChecks'], ignored: readonly string[] = []): Remediation['failedChecks'] {
  return checks.filter((check) => !ignored.includes(check.name));
}

function personCommanded(remediation: Remediation, fact: PersonCommanded, policy: Policy, now: number): Result {
  switch (fact.verb) {
    case 'cancel':
      return end(remediation, 'cancelled', reason('cancelled_by_person', `${fact.by} cancelled it.`), now, fact.kind);
    case 'approve': {
      const approved = { ...remediation, approvedBy: fact.by };
      if (remediation.phase === 'awaiting_approval')
        return gather(approved, policy, now, fact.kind, `${fact.by} approved it.`);
      return change(approved, now).say(fact.kind, `${fact.by} approved it.`).done();
    }
    case 'route':
      return change(remediation, now)
        .with({ pinnedAgent: fact.agent })
        .say(fact.kind, `${fact.by} asked for ${fact.agent}.`)
        .done();
    case 'retry': {
      const guided = { ...remediation, guidance: fact.guidance ?? remediation.guidance };
      const idle =
        remediation.phase === 'deferred' || remediation.phase === 'retrying' || remediation.phase === 'received';
      const message = `${fact.by} asked to try again${fact.guidance ? ' and gave guidance' : ''}.`;
      if (idle) return gather(guided, policy, now, fact.kind, message);
      return change(guided, now).say(fact.kind, message).done();
    }
  }
}

function pullRequestOpened(remediation: Remediation, number: number, now: number): Result {
  if (remediation.pullRequest === number) return unchanged(remediation);
  return change(remediation, now)
    .with({ pullRequest: number })
    .say('pull_request_opened', `Pull request #${number} holds the repair.`)
    .plan({ kind: 'comment' })
    .done();
}

/**
 * Terminal is terminal. Only a CodeRun that came into being after the end still has to be stopped, and a pull request
 * that was opened after CI was green is still the one to name.
 */
function afterTheEnd(remediation: Remediation, fact: Fact, now: number): Result {
  if (fact.kind === 'pull_request_opened') return pullRequestOpened(remediation, fact.number, now);
  if (fact.kind !== 'coderun_created') return unchanged(remediation);
  const known = remediation.attempts.find(({ ordinal }) => ordinal === fact.ordinal);
  // Another remediation of the lineage may own the CodeRun of an ordinal that is not ours.
  if (known === undefined || known.codeRunName === fact.name) return unchanged(remediation);
  const attempts = remediation.attempts.map((attempt) =>
    attempt === known ? { ...attempt, codeRunName: fact.name } : attempt,
  );
  return change({ ...remediation, attempts }, now)
    .say('late_coderun', `${fact.name} came into being after the end and is stopped.`)
    .plan({ kind: 'cancel_run', ordinal: fact.ordinal })
    .done();
}
