import { END_REASONS, type How } from '../ended.ts';
import type { JobExit, JobState, Observed, StatusPatch, StopCause } from '../engine.ts';
import { type CodeRun, type CodeRunPhase, isTerminalPhase, isTrue } from '../schema.ts';
import { type Ending, endingOf, infrastructure, type StartFailure } from './ending.ts';
import type { ReconcilePolicy } from './policy.ts';
import { type Claim, laterPhase, statusDiff, timestamp, withConditions } from './status.ts';

/*
 * The judgement over one CodeRun, made anew from facts each time:
 *
 *   no job ──ensure──▶ pending ──▶ running ──▶ exited ──▶ terminal phase ──report──▶ Reported ──expireAt──▶ cleaned up
 *      └──── cancel, start failures, pending too long, lost ───────────────▲
 *
 * What is written follows from what was seen, never from what was just done: a job that is there was started, whoever
 * started it, so a crash between starting and writing costs nothing. After a terminal phase there is no job, ever.
 */

/** What has to be brought about before the status is written, in this order. */
export type Action =
  | { readonly kind: 'ensure_files' }
  | { readonly kind: 'ensure_job'; readonly deadlineSeconds: number }
  | { readonly kind: 'refresh_credentials' }
  | { readonly kind: 'stop_job'; readonly why: StopCause }
  | { readonly kind: 'report' }
  | { readonly kind: 'release' }
  | { readonly kind: 'clean_up' };

export interface Assessment {
  readonly actions: readonly Action[];
  /** Only what changes; null when the status says it all already. */
  readonly status: StatusPatch | null;
  /** `status` is all there is to say: the attempt before is forgotten. */
  readonly isWhole?: boolean;
  /** When to look again even if nothing happens, in milliseconds since the epoch; null when never. */
  readonly recheckAt: number | null;
}

const PHASE_OF: Readonly<Record<How, CodeRunPhase>> = {
  succeeded: 'Succeeded',
  failed: 'Failed',
  deadline: 'Failed',
  cancelled: 'Cancelled',
  infrastructure: 'Failed',
};

export const PRESERVE_ANNOTATION = 'cleanup.cto.dev/preserve';
export const TTL_ANNOTATION = 'cleanup.cto.dev/ttl-seconds';

/** Judges one CodeRun. Pure; an unchanged world gives no action that changes it and no status. `now` in milliseconds. */
export function assess(
  observed: Observed,
  codeRun: CodeRun,
  policy: ReconcilePolicy,
  now: number,
  startFailure: StartFailure | null = null,
): Assessment {
  if (isTerminalPhase(codeRun.status.phase)) return assessEnded(observed, codeRun, policy, now);
  // A job that is there after all was started, whatever the call said.
  const failure = observed.job.state === 'none' ? startFailure : null;
  const ending =
    codeRun.problem === undefined
      ? endingOf(observed.job, codeRun, policy, now, failure)
      : infrastructure(`The CodeRun cannot be read: ${codeRun.problem}`);
  if (ending !== null) return end(ending, observed, codeRun, policy, now);
  return assessLive(observed, codeRun, policy, now, failure);
}

function assessEnded(observed: Observed, codeRun: CodeRun, policy: ReconcilePolicy, now: number): Assessment {
  if (isAlive(observed.job)) return stop('cancelled', null, now + policy.pollMs);
  if (!isTrue(codeRun.status, 'Reported')) {
    const claim: Claim = { type: 'Reported', status: 'True', reason: 'Reported', message: 'The end was reported.' };
    const status = statusDiff(codeRun.status, { conditions: [...withConditions(codeRun, [claim], now)] });
    return { actions: [{ kind: 'report' }], status, recheckAt: null };
  }
  if (codeRun.supersededBy !== undefined && codeRun.isDeleting !== true)
    return anew(codeRun.supersededBy, codeRun, now);
  const release: readonly Action[] = observed.isHeld === true ? [{ kind: 'release' }] : [];
  const expireAt = codeRun.status.expireAt === undefined ? null : Date.parse(codeRun.status.expireAt);
  if (expireAt === null || !observed.hasRemains) return { actions: release, status: null, recheckAt: null };
  if (now < expireAt) return { actions: release, status: null, recheckAt: expireAt };
  return { actions: [...release, { kind: 'clean_up' }], status: null, recheckAt: null };
}

/** A further attempt of a CodeRun whose last one ended and was reported. */
function anew(contextVersion: number, { status }: CodeRun, now: number): Assessment {
  const fresh: StatusPatch = {
    contextVersion,
    phase: 'Pending',
    conditions: [],
    retryCount: 0,
    message: `Attempt ${contextVersion} begins.`,
    // What the attempt before left for the next one.
    ...(status.sessionId === undefined ? {} : { sessionId: status.sessionId }),
    ...(status.pullRequestUrl === undefined ? {} : { pullRequestUrl: status.pullRequestUrl }),
  };
  return { actions: [], status: fresh, isWhole: true, recheckAt: now };
}

function assessLive(
  observed: Observed,
  codeRun: CodeRun,
  policy: ReconcilePolicy,
  now: number,
  startFailure: StartFailure | null,
): Assessment {
  const { job } = observed;
  const status = statusDiff(codeRun.status, progressOf(observed, codeRun, now, startFailure));
  const recheckAt = now + policy.pollMs;
  if (job.state === 'none') {
    const ensureJob: Action = { kind: 'ensure_job', deadlineSeconds: deadlineOf(codeRun, policy) };
    return { actions: startFailure === null ? [{ kind: 'ensure_files' }, ensureJob] : [], status, recheckAt };
  }
  if (codeRun.cancelRequested) return stop('cancelled', status, recheckAt);
  const isOverdue = job.state === 'running' && now > job.startedAt + allowance(codeRun, policy);
  if (isOverdue) return stop('deadline', status, recheckAt);
  const { credentialsExpireAt } = observed;
  const isFading = credentialsExpireAt !== null && now > credentialsExpireAt - policy.credentialsLeadSeconds * 1000;
  return { actions: isFading ? [{ kind: 'refresh_credentials' }] : [], status, recheckAt };
}

function stop(why: StopCause, status: StatusPatch | null, recheckAt: number): Assessment {
  return { actions: [{ kind: 'stop_job', why }], status, recheckAt };
}

function isAlive(job: JobState): boolean {
  return job.state === 'running' || job.state === 'pending' || (job.state === 'lost' && job.hasLeftovers);
}

function deadlineOf(codeRun: CodeRun, policy: ReconcilePolicy): number {
  return codeRun.spec.activeDeadlineSeconds ?? policy.deadlineSeconds;
}

function allowance(codeRun: CodeRun, policy: ReconcilePolicy): number {
  return (deadlineOf(codeRun, policy) + policy.deadlineSlackSeconds) * 1000;
}

/** What the status should say of a run that has not ended. */
function progressOf(observed: Observed, codeRun: CodeRun, now: number, startFailure: StartFailure | null): StatusPatch {
  const { job, fileSet } = observed;
  const { problem } = codeRun;
  const claims: Claim[] = [
    problem === undefined
      ? { type: 'Accepted', status: 'True', reason: 'Accepted', message: 'The run was accepted.' }
      : { type: 'Accepted', status: 'False', reason: 'Malformed', message: problem },
  ];
  if (fileSet !== null) claims.push({ type: 'ContextReady', status: 'True', reason: 'FilesReady', message: fileSet });
  if (job.state !== 'none') claims.push(jobClaim(job));
  const isRunning = job.state === 'running';
  const message = startFailure?.message ?? messageOf(job, codeRun);
  return {
    contextVersion: codeRun.spec.contextVersion,
    phase: laterPhase(codeRun.status.phase, isRunning ? 'Running' : 'Pending'),
    conditions: [...withConditions(codeRun, claims, now)],
    message,
    ...(job.state === 'none' ? {} : { jobName: job.name }),
    ...(fileSet === null ? {} : { configmapName: fileSet }),
    ...(isRunning && codeRun.status.startedAt === undefined ? { startedAt: timestamp(job.startedAt) } : {}),
    ...(startFailure === null ? {} : { retryCount: codeRun.status.retryCount + 1 }),
  };
}

function jobClaim(job: Exclude<JobState, { state: 'none' }>): Claim {
  if (job.state !== 'pending') return { type: 'JobCreated', status: 'True', reason: 'JobStarted', message: job.name };
  return { type: 'JobCreated', status: 'True', reason: job.reason ?? 'JobPending', message: job.message || job.name };
}

function messageOf(job: JobState, codeRun: CodeRun): string {
  if (codeRun.cancelRequested) return 'Cancelling.';
  if (job.state === 'running') return 'The agent is running.';
  if (job.state === 'pending') return job.message === '' ? 'The job waits to be run.' : job.message;
  return codeRun.status.message ?? 'The run is being prepared.';
}

function end(ending: Ending, observed: Observed, codeRun: CodeRun, policy: ReconcilePolicy, now: number): Assessment {
  const { how, detail, exit } = ending;
  const finishedAt = exit?.finishedAt ?? now;
  const report = exit?.result?.report ?? null;
  const message = detail.slice(0, 4000);
  const done: Claim = {
    type: 'Succeeded',
    status: how === 'succeeded' ? 'True' : 'False',
    reason: END_REASONS[how],
    message,
  };
  const progress = progressOf(observed, codeRun, now, null);
  const wanted: StatusPatch = {
    ...progress,
    phase: PHASE_OF[how],
    conditions: [...withConditions({ ...codeRun, status: { ...codeRun.status, ...progress } }, [done], now)],
    message,
    finishedAt: timestamp(finishedAt),
    workCompleted: how === 'succeeded' && report !== null && report.status !== 'blocked' && isBacked(report),
    ...(exit === null ? {} : { startedAt: codeRun.status.startedAt ?? timestamp(exit.startedAt) }),
    ...expiry(codeRun, policy, finishedAt),
    ...(report === null ? {} : { result: { status: report.status, summary: report.summary } }),
    ...(report?.commitSha ? { commitSha: report.commitSha } : {}),
    ...(report?.pullRequestUrl ? { pullRequestUrl: report.pullRequestUrl } : {}),
    ...(report?.usage ? { usage: report.usage } : {}),
    ...(exit?.result?.sessionId ? { sessionId: exit.result.sessionId } : {}),
  };
  const actions: Action[] = isAlive(observed.job) ? [{ kind: 'stop_job', why: 'cancelled' }] : [];
  return { actions, status: statusDiff(codeRun.status, wanted), recheckAt: now };
}

/** A statement counts as work only with something to show for it, or when it says that nothing had to be done. */
function isBacked(report: NonNullable<NonNullable<JobExit['result']>['report']>): boolean {
  return report.status === 'no_change_needed' || report.commitSha !== null || report.pullRequestUrl !== null;
}

function expiry(codeRun: CodeRun, policy: ReconcilePolicy, finishedAt: number): StatusPatch {
  if (codeRun.annotations[PRESERVE_ANNOTATION] === 'true') return {};
  const annotated = codeRun.annotations[TTL_ANNOTATION] ?? '';
  const stated = /^\d{1,9}$/.test(annotated) ? Number(annotated) : codeRun.spec.ttlSecondsAfterFinished;
  return { expireAt: timestamp(finishedAt + (stated ?? policy.retentionSeconds) * 1000) };
}
