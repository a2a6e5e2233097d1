/**
 * What becomes of a signal: a pure judgement over what the signal says and what the store knows. The order of the
 * gates is the order of DESIGN section 4; the first one that answers decides, and its answer carries the reason.
 */
import type { DedupStatus, DispositionStatus } from '../../model/delivery.ts';
import type { Fact } from '../../model/fact.ts';
import { type Reason, reason } from '../../model/reason.ts';
import { isTerminal, type Remediation } from '../../model/remediation.ts';
import type { CiSignal } from '../../model/signal.ts';
import type { KnownFacts } from './known.ts';
import type { AdmissionPolicy } from './policy.ts';
import { hasSkipFlag } from './skip-flags.ts';

export type Admission =
  /** A new remediation. `continues`: the branch's last lineage goes on, because an agent's own commit is red. */
  | { readonly kind: 'open'; readonly reason: Reason; readonly continues: boolean }
  /** A fact for a remediation that exists. */
  | { readonly kind: 'tell'; readonly remediation: Remediation; readonly fact: Fact; readonly reason: Reason }
  /** Nothing to do; `healthy`: that remediation's lineage ends, because CI is green again. */
  | {
      readonly kind: 'pass';
      readonly status: Exclude<DispositionStatus, 'accepted'>;
      readonly dedupStatus: DedupStatus;
      readonly remediationId: string | null;
      readonly reason: Reason;
      readonly healthy?: Remediation | null;
    };

export interface Case<S> {
  readonly signal: S;
  readonly known: KnownFacts;
  readonly policy: AdmissionPolicy;
  readonly now: number;
}

type Gate<S> = (input: Case<S>) => Admission | null;

const FAILURE_GATES: readonly (readonly [name: string, gate: Gate<CiSignal>])[] = [
  ['repository allowed', repositoryAllowed],
  // A fork may name its branch as it likes: before anything is concluded from the name.
  ['not from a fork', notFromFork],
  ['run not decided about', runKnown],
  ['branch named', branchNamed],
  ['nothing under way on the branch', branchLive],
  ['nobody opted out', notOptedOut],
  ['not a bot’s own business', notFromBot],
  ['no remediation ended just now', notRecent],
  ['attempts left', attemptsLeft],
];

export function admitCi(signal: CiSignal, known: KnownFacts, policy: AdmissionPolicy, now: number): Admission {
  const input = { signal, known, policy, now };
  if (signal.kind === 'ci_passed') return admitPassed(input);
  for (const [, gate] of FAILURE_GATES) {
    const answer = gate(input);
    if (answer !== null) return answer;
  }
  return { kind: 'open', reason: reason('new_failure'), continues: isOwnWork(input) };
}

/** How a failure fared at one gate: it passed, or its fate was decided there. */
export interface GatePassage {
  readonly gate: string;
  readonly passed: boolean;
}

/** The gates that a failure came to, in their order; the last one decided unless it was passed. */
export function admissionGates(
  signal: CiSignal,
  known: KnownFacts,
  policy: AdmissionPolicy,
  now: number,
): readonly GatePassage[] {
  const input = { signal, known, policy, now };
  const end = FAILURE_GATES.findIndex(([, gate]) => gate(input) !== null);
  const reached = end === -1 ? FAILURE_GATES : FAILURE_GATES.slice(0, end + 1);
  return reached.map(([gate], index) => ({ gate, passed: index !== end }));
}

/**
 * An agent's own commit is red: what was spent on the branch it repairs counts on. The commit is known by the agent's
 * report, or by the agent's App that pushed it to the branch it was sent to.
 */
function isOwnWork({ signal, known, policy }: Case<CiSignal>): boolean {
  const { lastEnded } = known;
  if (isAgentsCommit(signal, lastEnded)) return true;
  const { actor, branch } = signal;
  const isAgent = actor !== null && isListed(actor.login, policy.agentLogins);
  return isAgent && lastEnded !== null && lastEnded.spawned > 0 && lastEnded.targetBranch === branch;
}

function admitPassed({ signal, known, policy, now }: Case<CiSignal>): Admission {
  const refused = repositoryAllowed({ signal, known, policy, now });
  if (refused !== null) return refused;
  if (signal.fromFork === true)
    return pass('ignored', reason('fork', 'A green run of a fork proves nothing about our branch.'));
  const live = known.live ?? (known.ofRun !== null && !isTerminal(known.ofRun.phase) ? known.ofRun : null);
  if (live !== null) return look(live, signal.headSha, 'progress_noted');
  const { lastEnded } = known;
  const isHealthy = known.lineageAttempts !== null && lastEnded !== null && provesHealth(signal, lastEnded);
  return { ...pass('ignored', reason('not_a_failure')), healthy: isHealthy ? lastEnded : null };
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

export function repositoryAllowed({ signal, policy }: Case<{ readonly repository: string }>): Admission | null {
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
  if (isListed(actor.login, [...policy.allowedBots, ...policy.agentLogins])) return null;
  return pass('skipped', reason('bot_author', `${actor.login} is not on the list of bots to help.`));
}

/** Logins are the same in upper and lower case; an App may be listed by its name alone, without GitHub's `[bot]`. */
function isListed(login: string, list: readonly string[]): boolean {
  const plain = (name: string): string => name.toLowerCase().replace(/\[bot\]$/, '');
  return list.some((listed) => plain(listed) === plain(login));
}

export function notRecent({ signal, known, policy, now }: Case<{ readonly headSha: string | null }>): Admission | null {
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

export function attemptsLeft({ known, policy }: Case<unknown>): Admission | null {
  if (known.lineageAttempts === null || known.lineageAttempts < policy.maxAttempts) return null;
  const detail = `${known.lineageAttempts} attempts were spent on this branch since it was last green; a person can ask for more.`;
  return pass('skipped', reason('attempts_spent', detail), known.lastEnded?.id ?? null);
}

export function isAgentsCommit(signal: { readonly headSha: string | null }, remediation: Remediation | null): boolean {
  const { headSha } = signal;
  return headSha !== null && (remediation?.attempts.some((attempt) => attempt.report?.commitSha === headSha) ?? false);
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

export function look(
  remediation: Remediation,
  headSha: string,
  code: 'verification_event' | 'progress_noted',
): Admission {
  return {
    kind: 'tell',
    remediation,
    fact: { kind: 'ci_event_seen', headSha, conclusion: code },
    reason: reason(code, `Noted for ${remediation.taskId}.`),
  };
}

export function pass(
  status: 'skipped' | 'ignored',
  why: Reason,
  remediationId: string | null = null,
): Extract<Admission, { kind: 'pass' }> {
  return { kind: 'pass', status, dedupStatus: 'skipped', remediationId, reason: why };
}
