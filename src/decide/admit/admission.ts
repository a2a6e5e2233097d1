/**
 * What becomes of a signal: a pure judgement over what the signal says and what the store knows. The order of the
 * gates is the order of DESIGN section 4; the first one that answers decides, and its answer carries the reason.
 */
import type { DedupStatus, DispositionStatus } from '../../model/delivery.ts';
import type { Fact } from '../../model/fact.ts';
import { type Reason, reason } from '../../model/reason.ts';
import { isTerminal, type Remediation } from '../../model/remediation.ts';
import type { CiSignal, PullRequestChanged } from '../../model/signal.ts';
import { hasSkipFlag } from './skip-flags.ts';

/** What the store knows about the place that a signal speaks of. */
export interface KnownFacts {
  /** Whose run it is, live or ended. */
  readonly ofRun: Remediation | null;
  readonly live: Remediation | null;
  readonly lastEnded: Remediation | null;
  /** Attempts that the branch's open lineage has spent; null when there is none. */
  readonly lineageAttempts: number | null;
}

export interface AdmissionPolicy {
  /** A remediation that ended less than this ago, in milliseconds, keeps a new one away. */
  readonly timeWindowMs: number;
  readonly maxAttempts: number;
  /** `owner/name` or `owner/*`; empty means every repository. */
  readonly repositories: readonly string[];
  /** Logins of bots whose red builds are worth repairing. */
  readonly allowedBots: readonly string[];
  /** Logins of the agents' own Apps. */
  readonly agentLogins: readonly string[];
}

export type Admission =
  /** A new remediation. `continues`: the branch's last lineage goes on, because an agent's own commit is red. */
  | { readonly kind: 'open'; readonly reason: Reason; readonly continues: boolean }
  /** A fact for a remediation that exists. */
  | { readonly kind: 'tell'; readonly remediation: Remediation; readonly fact: Fact; readonly reason: Reason }
  /** Nothing to do; `healthy`: the branch's lineage ends, because CI is green again. */
  | {
      readonly kind: 'pass';
      readonly status: Exclude<DispositionStatus, 'accepted'>;
      readonly dedupStatus: DedupStatus;
      readonly remediationId: string | null;
      readonly reason: Reason;
      readonly healthy?: boolean;
    };

interface Case<S> {
  readonly signal: S;
  readonly known: KnownFacts;
  readonly policy: AdmissionPolicy;
  readonly now: number;
}

type Gate<S> = (input: Case<S>) => Admission | null;

const FAILURE_GATES: readonly Gate<CiSignal>[] = [
  repositoryAllowed,
  // A fork may name its branch as it likes: before anything is concluded from the name.
  notFromFork,
  runKnown,
  branchNamed,
  branchLive,
  notOptedOut,
  notFromBot,
  notRecent,
  attemptsLeft,
];

export function admitCi(signal: CiSignal, known: KnownFacts, policy: AdmissionPolicy, now: number): Admission {
  const input = { signal, known, policy, now };
  if (signal.kind === 'ci_passed') return admitPassed(input);
  for (const gate of FAILURE_GATES) {
    const answer = gate(input);
    if (answer !== null) return answer;
  }
  return { kind: 'open', reason: reason('new_failure'), continues: isAgentsCommit(signal, known.lastEnded) };
}

export function admitPullRequestChange(
  signal: PullRequestChanged,
  known: KnownFacts,
  policy: AdmissionPolicy,
  now: number,
): Admission {
  const refused = repositoryAllowed({ signal, known, policy, now });
  if (refused !== null) return refused;
  const { live } = known;
  if (signal.fromFork)
    return pass('ignored', reason('fork', 'The pull request comes from a fork; its branch is not ours.'));
  if (live === null) return pass('ignored', reason('not_a_failure', 'Nothing is under way on that branch.'));
  const tell = (why: Reason, phase: 'cancelled' | 'superseded'): Admission => ({
    kind: 'tell',
    remediation: live,
    fact: { kind: 'withdrawn', phase, reason: why },
    reason: why,
  });
  // What happens to the agent's own branch is read from the checks; only the broken branch withdraws the reason to repair.
  if (signal.branch !== live.branch) return look(live, signal.headSha ?? live.headSha, 'progress_noted');
  switch (signal.change) {
    case 'closed':
    case 'merged':
      if (live.pullRequest !== null && live.pullRequest !== signal.number) break;
      return tell(reason('pull_request_closed', `Pull request #${signal.number} was ${signal.change}.`), 'cancelled');
    case 'branch_deleted':
      return tell(reason('branch_gone', `The branch ${signal.branch} was deleted.`), 'cancelled');
    case 'head_moved':
      if (
        signal.headSha === null ||
        signal.headSha === live.headSha ||
        isAgentsCommit({ headSha: signal.headSha }, live)
      )
        break;
      // While an agent works or its commit is verified, a push may be the agent's own; CI will tell about it.
      if (live.phase === 'working' || live.phase === 'verifying' || live.phase === 'rerunning') break;
      return tell(
        reason('newer_commit', `${signal.headSha.slice(0, 8)} replaced ${live.headSha.slice(0, 8)}.`),
        'superseded',
      );
  }
  return look(live, signal.headSha ?? live.headSha, 'progress_noted');
}

function admitPassed({ signal, known, policy, now }: Case<CiSignal>): Admission {
  const refused = repositoryAllowed({ signal, known, policy, now });
  if (refused !== null) return refused;
  if (signal.fromFork === true)
    return pass('ignored', reason('fork', 'A green run of a fork proves nothing about our branch.'));
  const live = known.live ?? (known.ofRun !== null && !isTerminal(known.ofRun.phase) ? known.ofRun : null);
  if (live !== null) return look(live, signal.headSha, 'progress_noted');
  const healthy = known.lineageAttempts !== null && known.lastEnded !== null && provesHealth(signal, known.lastEnded);
  return { ...pass('ignored', reason('not_a_failure')), healthy };
}

/** Whether a green signal covers everything that was red in the branch's last remediation. */
function provesHealth(signal: CiSignal, ended: Remediation): boolean {
  if (signal.event === 'workflow_run')
    return signal.workflowName !== null && signal.workflowName === ended.workflowName;
  return (
    signal.check !== null &&
    ended.failedChecks.length > 0 &&
    ended.failedChecks.every((check) => check.name === signal.check?.name)
  );
}

function repositoryAllowed({ signal, policy }: Case<{ readonly repository: string }>): Admission | null {
  const { repositories } = policy;
  if (repositories.length === 0) return null;
  const name = signal.repository.toLowerCase();
  const owner = name.split('/')[0];
  const listed = repositories.some((entry) => entry.toLowerCase() === name || entry.toLowerCase() === `${owner}/*`);
  return listed ? null : pass('skipped', reason('repository_not_allowed', `${signal.repository} is not on the list.`));
}

function runKnown({ signal, known }: Case<CiSignal>): Admission | null {
  const { ofRun } = known;
  if (ofRun === null) return null;
  if (!isTerminal(ofRun.phase)) return join(signal, ofRun, 'same_run');
  // A person ran it once more after it had been dealt with: that is a failure of its own.
  if (signal.runAttempt > 1 && (ofRun.endedAt ?? 0) > 0 && signal.runAttempt > lastRunAttempt(ofRun)) return null;
  return pass('skipped', reason('already_decided', `${ofRun.taskId} ended as ${ofRun.phase}.`), ofRun.id);
}

function lastRunAttempt(remediation: Remediation): number {
  return remediation.rerunAt === null ? 1 : 2;
}

function branchNamed({ signal }: Case<CiSignal>): Admission | null {
  return signal.branch === null ? pass('ignored', reason('no_branch')) : null;
}

function branchLive({ signal, known }: Case<CiSignal>): Admission | null {
  return known.live === null ? null : join(signal, known.live, 'same_branch');
}

function notFromFork({ signal }: Case<CiSignal>): Admission | null {
  return signal.fromFork === true ? pass('skipped', reason('fork')) : null;
}

function notOptedOut({ signal }: Case<CiSignal>): Admission | null {
  const flag = hasSkipFlag(signal.commitMessage);
  return flag === null ? null : pass('skipped', reason('opted_out', `The head commit says ${flag}.`));
}

function notFromBot({ signal, policy }: Case<CiSignal>): Admission | null {
  const { actor } = signal;
  if (actor === null || actor.type !== 'Bot') return null;
  if (policy.allowedBots.includes(actor.login) || policy.agentLogins.includes(actor.login)) return null;
  return pass('skipped', reason('bot_author', `${actor.login} is not on the list of bots to help.`));
}

function notRecent({ signal, known, policy, now }: Case<CiSignal>): Admission | null {
  const { lastEnded } = known;
  if (lastEnded === null || lastEnded.endedAt === null || now - lastEnded.endedAt >= policy.timeWindowMs) return null;
  // Superseded means that another commit took its place: this may be that commit's failure.
  if (lastEnded.phase === 'superseded' || isAgentsCommit(signal, lastEnded)) return null;
  const minutes = Math.round((now - lastEnded.endedAt) / 60_000);
  return pass(
    'skipped',
    reason('recent_remediation', `${lastEnded.taskId} ended as ${lastEnded.phase} ${minutes} min ago.`),
    lastEnded.id,
  );
}

function attemptsLeft({ known, policy }: Case<CiSignal>): Admission | null {
  if (known.lineageAttempts === null || known.lineageAttempts < policy.maxAttempts) return null;
  const detail = `${known.lineageAttempts} attempts were spent on this branch since it was last green; a person can ask for more.`;
  return pass('skipped', reason('attempts_spent', detail), known.lastEnded?.id ?? null);
}

function isAgentsCommit(signal: { readonly headSha: string }, remediation: Remediation | null): boolean {
  return remediation?.attempts.some((attempt) => attempt.report?.commitSha === signal.headSha) ?? false;
}

function join(signal: CiSignal, remediation: Remediation, code: 'same_run' | 'same_branch'): Admission {
  if (remediation.phase === 'verifying' || remediation.phase === 'rerunning')
    return look(remediation, signal.headSha, 'verification_event');
  const checks = signal.check === null ? [] : [signal.check];
  return {
    kind: 'tell',
    remediation,
    fact: { kind: 'failure_joined', checks, runId: signal.runId, headSha: signal.headSha },
    reason: reason(code, `Joined to ${remediation.taskId}.`),
  };
}

function look(remediation: Remediation, headSha: string, code: 'verification_event' | 'progress_noted'): Admission {
  return {
    kind: 'tell',
    remediation,
    fact: { kind: 'ci_event_seen', headSha, conclusion: code },
    reason: reason(code, `Noted for ${remediation.taskId}.`),
  };
}

function pass(
  status: 'skipped' | 'ignored',
  why: Reason,
  remediationId: string | null = null,
): Extract<Admission, { kind: 'pass' }> {
  return { kind: 'pass', status, dedupStatus: 'skipped', remediationId, reason: why };
}
