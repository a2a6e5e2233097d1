import type { Admission, AdmissionPolicy, KnownFacts } from '../decide/admit/admission.ts';
import { admitCi, admitPullRequestChange } from '../decide/admit/admission.ts';
import type { Clock } from '../lib/clock.ts';
import type { Disposition } from '../model/delivery.ts';
import type { Classification } from '../model/evidence.ts';
import { type Reason, reason } from '../model/reason.ts';
import type { Remediation } from '../model/remediation.ts';
import type { CiSignal, Signal } from '../model/signal.ts';
import type { Machine, Step } from '../remediate/machine.ts';
import { closeLineage, ensureLineage, findOpenLineage, reopenLineage } from '../store/lineages.ts';
import type { Reader, Tx } from '../store/open.ts';
import { findByRun, findLastEndedOnBranch, findLiveOnBranch, taskIdExists } from '../store/remediations.ts';

export interface DeciderOptions {
  readonly machine: Machine;
  readonly clock: Clock;
  readonly newId: () => string;
  readonly admission: AdmissionPolicy;
  /** The first guess, from names alone; the log settles it later. */
  readonly guess: (signal: CiSignal) => Pick<Classification, 'agent' | 'failureType' | 'confidence' | 'rule'>;
}

/** What a delivery led to, with the steps to publish after the commit. */
export interface Decided {
  readonly disposition: Disposition;
  readonly steps: readonly Step[];
}

/** Decides about one delivery inside the caller's transaction: the same code serves the service and `explain`. */
export type Decider = (tx: Tx, signals: readonly Signal[], ignored: Reason | null) => Promise<Decided>;

export function createDecider(options: DeciderOptions): Decider {
  return async (tx, signals, ignored) => {
    const steps: Step[] = [];
    const dispositions: Disposition[] = [];
    for (const signal of signals) dispositions.push(await decideSignal(tx, signal, options, steps));
    const nothing: Disposition = {
      status: 'ignored',
      dedupStatus: 'skipped',
      remediationId: null,
      reason: ignored ?? reason('not_a_failure'),
    };
    return { disposition: dispositions.toSorted((a, b) => weight(a) - weight(b))[0] ?? nothing, steps };
  };
}

/** A delivery with several signals is answered by the one that led to most. */
function weight(disposition: Disposition): number {
  return (
    ['new', 'existing', 'skipped'].indexOf(disposition.dedupStatus) * 10 + (disposition.status === 'ignored' ? 1 : 0)
  );
}

async function decideSignal(tx: Tx, signal: Signal, options: DeciderOptions, steps: Step[]): Promise<Disposition> {
  const now = options.clock();
  switch (signal.kind) {
    case 'command':
    case 'security_raised':
    case 'security_resolved':
    case 'review_requested':
    case 'platform_alert':
    case 'play_failed':
      return {
        status: 'ignored',
        dedupStatus: 'skipped',
        remediationId: null,
        reason: reason('unknown_event', `The signal ${signal.kind} is read, but nothing acts on it yet.`),
      };
    case 'pull_request_changed': {
      const known = await knownFacts(tx, signal.repository, signal.branch, null);
      return carryOut(tx, admitPullRequestChange(signal, known, options.admission, now), null, options, steps);
    }
    case 'ci_failed':
    case 'ci_passed': {
      const known = await knownFacts(tx, signal.repository, signal.branch, signal.runId);
      return carryOut(tx, admitCi(signal, known, options.admission, now), signal, options, steps);
    }
  }
}

/** What the store knows about a branch and a run. */
export async function knownFacts(
  db: Reader,
  repository: string,
  branch: string | null,
  runId: number | null,
): Promise<KnownFacts> {
  const onBranch = branch !== null;
  const live = onBranch ? await findLiveOnBranch(db, repository, branch) : null;
  const lastEnded = onBranch ? await findLastEndedOnBranch(db, repository, branch) : null;
  // An agent's own branch has no lineage of its own: what is spent on it was spent on the branch it repairs.
  const key = live?.subjectKey ?? lastEnded?.subjectKey ?? (onBranch ? subjectKey(repository, branch) : null);
  const lineage = key === null ? null : await findOpenLineage(db, key);
  return {
    ofRun: runId === null ? null : await findByRun(db, repository, runId),
    live,
    lastEnded,
    lineageAttempts: lineage?.attempts ?? null,
  };
}

async function carryOut(
  tx: Tx,
  admission: Admission,
  signal: CiSignal | null,
  options: DeciderOptions,
  steps: Step[],
): Promise<Disposition> {
  switch (admission.kind) {
    case 'pass': {
      if (admission.healthy && signal?.branch) {
        const ended = await findLastEndedOnBranch(tx, signal.repository, signal.branch);
        if (ended !== null) await closeLineage(tx, ended.subjectKey, 'green', options.clock());
      }
      const { status, dedupStatus, remediationId, reason: why } = admission;
      return { status, dedupStatus, remediationId, reason: why };
    }
    case 'tell': {
      const step = await options.machine.applyIn(tx, admission.remediation.id, admission.fact);
      if (step !== null) steps.push(step);
      return accepted('existing', admission.remediation.id, admission.reason);
    }
    case 'open': {
      if (signal === null) throw new Error('Only a CI signal opens a remediation.');
      return open(tx, signal, admission, options, steps);
    }
  }
}

async function open(
  tx: Tx,
  signal: CiSignal,
  admission: Extract<Admission, { kind: 'open' }>,
  options: DeciderOptions,
  steps: Step[],
): Promise<Disposition> {
  const branch = signal.branch ?? '';
  const now = options.clock();
  const before = admission.continues ? await findLastEndedOnBranch(tx, signal.repository, branch) : null;
  const key = before?.subjectKey ?? subjectKey(signal.repository, branch);
  if (before !== null) await reopenLineage(tx, before.lineageId);
  const lineage = await ensureLineage(tx, key, now);
  const remediation: Remediation = {
    ...draftRemediation(signal, options.guess(signal)),
    id: options.newId(),
    taskId: await freeTaskId(tx, signal),
    subjectKey: key,
    branch: before?.branch ?? branch,
    targetBranch: before?.targetBranch ?? null,
    lineageId: lineage.id,
    attemptsBefore: lineage.attempts,
    spawned: lineage.spawned,
    createdAt: now,
    updatedAt: now,
    phaseSince: now,
  };
  const step = await options.machine.open(tx, remediation, openingSentence(signal));
  if (step === null) {
    // Somebody else was faster between the look-up and the insert: the unique index decided.
    const live = await findLiveOnBranch(tx, signal.repository, branch);
    if (live === null) throw new Error(`The subject ${key} is live but cannot be found.`);
    const joined = await options.machine.applyIn(tx, live.id, {
      kind: 'failure_joined',
      checks: signal.check === null ? [] : [signal.check],
      runId: signal.runId,
      headSha: signal.headSha,
    });
    if (joined !== null) steps.push(joined);
    return accepted('existing', live.id, reason('same_branch', `Joined to ${live.taskId}.`));
  }
  steps.push(step);
  return accepted('new', remediation.id, admission.reason);
}

function draftRemediation(
  signal: CiSignal,
  guess: ReturnType<DeciderOptions['guess']>,
): Omit<
  Remediation,
  | 'id'
  | 'taskId'
  | 'subjectKey'
  | 'branch'
  | 'targetBranch'
  | 'lineageId'
  | 'attemptsBefore'
  | 'spawned'
  | 'createdAt'
  | 'updatedAt'
  | 'phaseSince'
> {
  return {
    kind: 'ci',
    repository: signal.repository,
    defaultBranch: signal.defaultBranch,
    phase: 'received',
    reason: null,
    endedAt: null,
    wakeAt: null,
    headSha: signal.headSha,
    runId: signal.runId,
    workflowName: signal.workflowName,
    url: signal.url,
    failedChecks: signal.check === null ? [] : [signal.check],
    commitMessage: signal.commitMessage,
    fromFork: signal.fromFork,
    pullRequest: signal.pullRequests[0] ?? null,
    agent: guess.agent,
    failureType: guess.failureType,
    confidence: guess.confidence,
    rule: guess.rule,
    fingerprint: null,
    rerunAt: null,
    guidance: null,
    pinnedAgent: null,
    approvedBy: null,
    attempts: [],
    gatherFailures: 0,
  };
}

/** What may be live only once. */
export function subjectKey(repository: string, branch: string): string {
  return `ci:${repository}:${branch}`;
}

/** `ci-<run>`; a later remediation of the same run, or of a commit without a run, gets a number of its own. */
async function freeTaskId(tx: Tx, signal: CiSignal): Promise<string> {
  const stem = signal.runId === null ? `ci-${signal.headSha.slice(0, 12)}` : `ci-${signal.runId}`;
  let taskId = stem;
  for (let number = 2; await taskIdExists(tx, taskId); number += 1) taskId = `${stem}-${number}`;
  return taskId;
}

function openingSentence(signal: CiSignal): string {
  const what = signal.check?.name ?? signal.workflowName ?? 'CI';
  return `${what} is red on ${signal.branch ?? 'a detached commit'} at ${signal.headSha.slice(0, 8)} (${signal.conclusion}).`;
}

function accepted(dedupStatus: 'new' | 'existing', remediationId: string, why: Reason): Disposition {
  return { status: 'accepted', dedupStatus, remediationId, reason: why };
}
