import type { How } from '../ended.ts';
import type { JobExit, JobState } from '../engine.ts';
import { type CodeRun, isTrue } from '../schema.ts';
import type { ReconcilePolicy } from './policy.ts';
import { providerFailure } from './provider-failure.ts';

/** How an attempt ended, and in which words. */
export interface Ending {
  readonly how: How;
  readonly detail: string;
  readonly exit: JobExit | null;
}

/** Bringing about files or job failed just now. */
export interface StartFailure {
  readonly message: string;
  /** Trying again cannot help. */
  readonly isPermanent: boolean;
}

/** EX_TEMPFAIL of sysexits.h: the script could not run the agent, or not deliver its work. */
const EX_TEMPFAIL = 75;
/** What shells end with when a program cannot be executed or is not there. */
const NOT_EXECUTABLE = [126, 127];

/** How the attempt ended, by its job and by what hindered it; null while it goes on. `now` in milliseconds. */
export function endingOf(
  job: JobState,
  codeRun: CodeRun,
  policy: ReconcilePolicy,
  now: number,
  startFailure: StartFailure | null,
): Ending | null {
  switch (job.state) {
    case 'running':
      return null;
    case 'none':
      return endingWithoutJob(codeRun, policy, startFailure);
    case 'pending':
      if (job.isHopeless) return infrastructure(`The job cannot be run: ${job.message}`);
      return now > job.since + policy.pendingSeconds * 1000
        ? infrastructure(`The job waited ${policy.pendingSeconds} s in vain: ${job.message || 'no reason was given'}`)
        : null;
    case 'lost':
      if (codeRun.cancelRequested) return { how: 'cancelled', detail: 'The run was cancelled.', exit: null };
      return infrastructure(job.detail);
    case 'exited':
      return endingOfExit(job.exit, codeRun);
  }
}

function endingWithoutJob(codeRun: CodeRun, policy: ReconcilePolicy, startFailure: StartFailure | null): Ending | null {
  if (codeRun.cancelRequested)
    return { how: 'cancelled', detail: 'The run was cancelled before it started.', exit: null };
  if (isTrue(codeRun.status, 'JobCreated')) return infrastructure('The job is gone, and nobody can say how it ended.');
  if (startFailure === null) return null;
  const failures = codeRun.status.retryCount + 1;
  const isSpent = startFailure.isPermanent || failures >= policy.maxStartFailures;
  return isSpent ? infrastructure(`The run could not be started: ${startFailure.message}`) : null;
}

/** An end that says nothing of the agent's work, and costs no attempt. */
export function infrastructure(detail: string, exit: JobExit | null = null): Ending {
  return { how: 'infrastructure', detail, exit };
}

function endingOfExit(exit: JobExit, codeRun: CodeRun): Ending {
  const summary = exit.result?.summary || exit.detail;
  switch (exit.cause) {
    case 'cancelled':
      return { how: 'cancelled', detail: 'The run was cancelled.', exit };
    case 'deadline':
      return { how: 'deadline', detail: exit.detail ?? 'The run was ended at its deadline.', exit };
    case 'not_started':
      return infrastructure(exit.detail ?? 'The run could not be started.', exit);
    case 'terminated':
      if (codeRun.cancelRequested) return { how: 'cancelled', detail: 'The run was cancelled.', exit };
      return infrastructure(exit.detail ?? 'The platform ended the run.', exit);
    case 'completed':
      return endingOfCompletion(exit, summary);
  }
}

function endingOfCompletion(exit: JobExit, summary: string | null | undefined): Ending {
  if (exit.code === 0) return { how: 'succeeded', detail: summary || 'The agent ended without a statement.', exit };
  const word = exit.code === null ? `The run was ended by ${exit.signal ?? 'a signal'}.` : null;
  if (exit.code === EX_TEMPFAIL) return infrastructure(summary || 'The agent could not be run.', exit);
  if (exit.code !== null && NOT_EXECUTABLE.includes(exit.code)) {
    return infrastructure(summary || `The agent’s program could not be run (code ${exit.code}).`, exit);
  }
  const provider = hasCommit(exit) ? null : providerFailure(exit.outputTail);
  if (provider !== null) return infrastructure(`The agent’s provider failed: ${provider}`, exit);
  return { how: 'failed', detail: word ?? (summary || `The agent ended with code ${exit.code}.`), exit };
}

function hasCommit(exit: JobExit): boolean {
  return (exit.result?.report?.commitSha ?? null) !== null;
}
