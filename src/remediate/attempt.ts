import type { ChecksRead, CodeRunCreated, CodeRunEnded, EvidenceGathered } from '../model/fact.ts';
import type { AgentReport, Outcome } from '../model/outcome.ts';
import { reason } from '../model/reason.ts';
import type { Attempt, Remediation } from '../model/remediation.ts';
import { change, type Result, unchanged } from './change.ts';
import { attemptsSpent, infrastructureFailuresInARow, nextOrdinal } from './lineage.ts';
import type { Policy } from './policy.ts';
import { MAX_DOUBLINGS } from './steps.ts';

/** gathering → working: the attempt is written down before its CodeRun exists. */
export function startAttempt(remediation: Remediation, fact: EvidenceGathered, policy: Policy, now: number): Result {
  const ordinal = nextOrdinal(remediation);
  const because = fact.agentReason === undefined ? '' : `: ${fact.agentReason}`;
  const attempt: Attempt = {
    number: attemptsSpent(remediation) + 1,
    ordinal,
    agent: fact.agent,
    failureType: fact.failureType,
    briefId: fact.briefId,
    codeRunName: null,
    startedAt: now,
    endedAt: null,
    outcome: null,
    report: null,
    detail: null,
    stillRed: [],
    baseSha: remediation.headSha,
  };
  return change(remediation, now)
    .with({ attempts: [...remediation.attempts, attempt], spawned: ordinal })
    .to('working', now + policy.runDeadlineMs + policy.runGraceMs)
    .say(
      'attempt_started',
      `Attempt ${attempt.number} of ${policy.maxAttempts}: ${fact.agent} is asked to repair ${fact.failureType}${because}.`,
    )
    .plan({ kind: 'spawn', ordinal, briefId: fact.briefId })
    .plan({ kind: 'comment' })
    .done();
}

export function codeRunCreated(remediation: Remediation, fact: CodeRunCreated, now: number): Result {
  const attempt = remediation.attempts.find((candidate) => candidate.ordinal === fact.ordinal);
  if (attempt === undefined || attempt.codeRunName === fact.name) return unchanged(remediation);
  const named = replace(remediation, { ...attempt, codeRunName: fact.name });
  const created = change(named, now)
    .say('coderun_created', `CodeRun ${fact.name} was created.`)
    .plan({ kind: 'comment' });
  // The attempt may have been given up while its CodeRun was being made.
  return attempt.endedAt === null ? created.done() : created.plan({ kind: 'cancel_run', ordinal: fact.ordinal }).done();
}

export function codeRunEnded(remediation: Remediation, fact: CodeRunEnded, policy: Policy, now: number): Result {
  const attempt = remediation.attempts.at(-1);
  if (remediation.phase !== 'working' || attempt?.ordinal !== fact.ordinal || attempt.endedAt !== null) {
    return unchanged(remediation);
  }
  const reported = replace(remediation, { ...attempt, report: fact.report });
  const outcome = outcomeOf(fact);
  if (outcome !== 'verify') return endAttempt(reported, outcome.outcome, outcome.detail, policy, now);
  return verify(reported, fact.report, policy, now);
}

/** What a CodeRun's end means before CI was asked; `verify` when only CI can tell. */
function outcomeOf(fact: CodeRunEnded): 'verify' | { outcome: Exclude<Outcome, 'success'>; detail: string } {
  switch (fact.how) {
    case 'infrastructure':
      return { outcome: 'infrastructure', detail: fact.detail };
    case 'deadline':
      return { outcome: 'timeout', detail: fact.detail };
    case 'cancelled':
      return { outcome: 'cancelled', detail: fact.detail };
    case 'failed':
      return { outcome: 'agent_failed', detail: fact.detail };
    case 'succeeded':
      break;
  }
  const { report } = fact;
  if (report === null) return { outcome: 'no_change', detail: 'The agent ended without a result.' };
  if (report.status === 'blocked')
    return { outcome: 'agent_failed', detail: `The agent is blocked: ${report.summary}` };
  if (report.status === 'fixed' && report.commitSha === null) {
    return { outcome: 'no_change', detail: 'The agent says “fixed” but pushed no commit.' };
  }
  return 'verify';
}

function verify(remediation: Remediation, report: AgentReport | null, policy: Policy, now: number): Result {
  const { spawned, targetBranch, branch, pullRequest } = remediation;
  const sha = report?.commitSha ?? null;
  const next = change(remediation, now)
    .to('verifying', now + policy.verifyTimeoutMs)
    .plan({ kind: 'comment' });
  const read = { kind: 'read_checks', ordinal: spawned, phase: 'verifying' } as const;
  if (sha !== null) {
    if (targetBranch !== branch && pullRequest === null) next.plan({ kind: 'open_pull_request', ordinal: spawned });
    next.say('coderun_ended', `The agent pushed ${sha.slice(0, 8)}; CI has to confirm it.`);
    return next.plan(read, now + Math.min(policy.pollMs, 1_000)).done();
  }
  next.say('coderun_ended', 'The agent says that no change is needed; CI has to agree.');
  if (remediation.rerunAt !== null) return next.plan(read).done();
  return next
    .with({ rerunAt: now })
    .plan({ kind: 'rerun' })
    .plan(read, now + policy.pollMs)
    .done();
}

export function checksRead(remediation: Remediation, fact: ChecksRead, policy: Policy, now: number): Result {
  if (remediation.phase !== 'verifying') return unchanged(remediation);
  if (fact.problem !== null) return endAttempt(remediation, 'agent_failed', fact.problem, policy, now);
  if (fact.state === 'pending') return unchanged(remediation);
  const attempt = remediation.attempts.at(-1);
  if (attempt === undefined) return unchanged(remediation);
  const changed = attempt.report?.commitSha !== null && attempt.report?.commitSha !== undefined;
  if (fact.state === 'green' && fact.refusal) return refused(remediation, fact, fact.refusal, policy, now);
  if (fact.state === 'green') {
    const why = changed
      ? reason(
          'fixed',
          `Green on ${fact.sha.slice(0, 8)}: ${remediation.failedChecks.map((check) => check.name).join(', ')}.`,
        )
      : reason('green_without_change');
    const ended = { ...reviewed(attempt, fact), endedAt: now, outcome: 'success' as const, detail: why.detail };
    return change(replace(remediation, ended), now)
      .to('succeeded', null, why)
      .say('checks_green', why.detail)
      .plan({ kind: 'comment' })
      .done();
  }
  const names = fact.red.map((check) => check.name);
  const detail = `Still red on ${fact.sha.slice(0, 8)}: ${names.join(', ')}.`;
  const red = replace(remediation, { ...attempt, stillRed: names });
  return endAttempt({ ...red, headSha: fact.sha }, changed ? 'ci_still_failing' : 'no_change', detail, policy, now);
}

/** Green in a way that is no repair. The commit to repair stays the one that was red: its logs tell what to do. */
function refused(before: Remediation, fact: ChecksRead, why: string, policy: Policy, now: number): Result {
  const attempt = before.attempts.at(-1);
  const remediation = attempt === undefined ? before : replace(before, reviewed(attempt, fact));
  return endAttempt(remediation, 'ci_still_failing', why, policy, now);
}

function reviewed(attempt: Attempt, { concerns }: ChecksRead): Attempt {
  return concerns === undefined ? attempt : { ...attempt, concerns };
}

/** Closes the attempt under way and decides what comes next: a retry, another try at the infrastructure, or people. */
export function endAttempt(
  before: Remediation,
  outcome: Exclude<Outcome, 'success'>,
  detail: string,
  policy: Policy,
  now: number,
  options: { cancelRun?: boolean } = {},
): Result {
  const attempt = before.attempts.at(-1);
  if (attempt === undefined || attempt.endedAt !== null) return unchanged(before);
  const remediation = replace(before, { ...attempt, endedAt: now, outcome, detail });
  const next = change(remediation, now);
  if (options.cancelRun) next.plan({ kind: 'cancel_run', ordinal: attempt.ordinal });
  const said = `Attempt ${attempt.number} ended as ${outcome}: ${detail}`;

  if (outcome === 'cancelled') {
    return next
      .to('cancelled', null, reason('cancelled_by_person', detail))
      .say('attempt_ended', said)
      .plan({ kind: 'comment' })
      .done();
  }
  const failuresInARow = infrastructureFailuresInARow(remediation.attempts);
  if (failuresInARow >= policy.maxInfrastructureFailures) {
    return next
      .to('escalated', null, reason('infrastructure_spent', detail))
      .say('attempt_ended', said)
      .plan({ kind: 'comment' })
      .done();
  }
  if (attemptsSpent(remediation) >= policy.maxAttempts) {
    const why = reason(
      'attempts_spent',
      `${policy.maxAttempts} attempts did not make it green; the last one: ${detail}`,
    );
    return next.to('escalated', null, why).say('attempt_ended', said).plan({ kind: 'comment' }).done();
  }
  const exponent =
    failuresInARow > 0 ? failuresInARow - 1 : Math.max(0, attemptsSpent(remediation) - remediation.attemptsBefore - 1);
  return next
    .to('retrying', now + policy.retryDelayMs * 2 ** Math.min(exponent, MAX_DOUBLINGS))
    .say('attempt_ended', said)
    .plan({ kind: 'comment' })
    .done();
}

function replace(remediation: Remediation, attempt: Attempt): Remediation {
  return {
    ...remediation,
    attempts: remediation.attempts.map((known) => (known.ordinal === attempt.ordinal ? attempt : known)),
  };
}
