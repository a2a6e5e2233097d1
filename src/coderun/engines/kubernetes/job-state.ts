import type { JobExit, JobState } from '../../engine.ts';
import { parseResult, type RunResult } from '../../result.ts';
import { type JobView, type PodView, type Terminated, UNTELLING } from './views.ts';

/*
 * What a Job and its Pod say, in the engine's words. Pure.
 *
 * The Job controller has the last word: a Pod that ended is not an end before its Job says so, since only then is it
 * certain that no other Pod is there or comes, and only the Job says whether the deadline or the platform ended it.
 */

/** Waiting for these cannot help: the image's name itself is wrong, or it may not be fetched at all. */
const HOPELESS = ['InvalidImageName', 'ErrImageNeverPull'];
/** These may still turn out well: somebody creates the Secret, a registry's cache runs out. Not for ever. */
const HOPELESS_IN_TIME = ['CreateContainerConfigError', 'CreateContainerError', 'RunContainerError'];
const IMAGE = ['ErrImagePull', 'ImagePullBackOff'];
const NO_SUCH_IMAGE = /not found|manifest unknown|does not exist|denied|unauthorized|forbidden|no match for platform/i;
const PATIENCE_MS = 120_000;
/** A Pod that is deleted and still there after this is on a node that does not answer. */
const UNANSWERED_MS = 600_000;

export interface JobFacts {
  readonly job: JobView;
  /** Newest last. */
  readonly pods: readonly PodView[];
  /** What Events tell of a Job or Pod that waits without saying why; null when they were not asked or say nothing. */
  readonly hint: { readonly reason: string; readonly message: string } | null;
  /** The end of the output of a Pod that failed. */
  readonly outputTail: string;
  readonly redact: (text: string) => string;
}

export function jobStateOf(facts: JobFacts, now: number): JobState {
  const { job, pods } = facts;
  const pod = pods.at(-1) ?? null;
  if (job.end !== null) return { state: 'exited', name: job.name, exit: exitOf(facts, pod) };
  const unanswered = pods.find(({ deletedAt }) => deletedAt !== null && now > deletedAt + UNANSWERED_MS);
  if (unanswered !== undefined) {
    const detail = `The node of ${unanswered.name} does not answer; what ran there cannot be ended.`;
    return { state: 'lost', name: job.name, detail, hasLeftovers: false };
  }
  if (job.isDeleting) {
    const hasLeftovers = pods.some(({ terminated }) => terminated === null);
    return { state: 'lost', name: job.name, detail: `The Job ${job.name} was deleted by somebody.`, hasLeftovers };
  }
  const startedAt = pod?.runningSince ?? pod?.terminated?.startedAt ?? null;
  if (startedAt !== null) return { state: 'running', name: job.name, startedAt };
  return pendingOf(facts, pod, now);
}

/** Whether the Job or its Pod waits without naming a cause, so that it is worth asking for Events. */
export function isUntold({ job, pods }: Pick<JobFacts, 'job' | 'pods'>, now: number): boolean {
  const pod = pods.at(-1);
  if (job.end !== null || now < job.createdAt + 15_000) return false;
  if (pod === undefined) return true;
  if (pod.unscheduled !== null || pod.runningSince !== null || pod.terminated !== null) return false;
  return pod.waiting === null || UNTELLING.includes(pod.waiting.reason);
}

function pendingOf({ job, hint }: JobFacts, pod: PodView | null, now: number): JobState {
  const told = pod?.waiting ?? null;
  const isTelling = told !== null && !UNTELLING.includes(told.reason);
  const words = isTelling ? told : (hint ?? pod?.unscheduled ?? told);
  const reason = words?.reason ?? null;
  const said = words === null ? '' : words.message === '' ? words.reason : `${words.reason}: ${words.message}`;
  return {
    state: 'pending',
    name: job.name,
    since: job.createdAt,
    reason,
    message: said.slice(0, 2000),
    isHopeless: words !== null && isHopeless(words, now - (pod?.createdAt ?? job.createdAt)),
  };
}

function isHopeless({ reason, message }: { reason: string; message: string }, waitedMs: number): boolean {
  if (HOPELESS.includes(reason)) return true;
  if (waitedMs < PATIENCE_MS) return false;
  return HOPELESS_IN_TIME.includes(reason) || (IMAGE.includes(reason) && NO_SUCH_IMAGE.test(message));
}

function exitOf({ job, outputTail, redact }: JobFacts, pod: PodView | null): JobExit {
  const ended = pod?.terminated ?? null;
  const result = ended === null ? null : parseResult(ended.message);
  const { cause, detail } = causeOf(job, pod, ended);
  return {
    code: ended?.code ?? (job.end?.isComplete === true ? 0 : null),
    signal: ended?.signal == null ? null : `signal ${ended.signal}`,
    cause,
    startedAt: ended?.startedAt ?? pod?.runningSince ?? job.createdAt,
    finishedAt: ended?.finishedAt ?? job.end?.at ?? job.createdAt,
    detail: detail === null ? null : redact(detail).slice(0, 4000),
    result: result === null ? null : redacted(result, redact),
    outputTail: ended?.code === 0 ? '' : redact(outputTail),
  };
}

type Cause = Pick<JobExit, 'cause' | 'detail'>;

function causeOf({ end, stop }: JobView, pod: PodView | null, ended: Terminated | null): Cause {
  const said = end?.message ?? '';
  if (end?.isComplete === true) return { cause: 'completed', detail: null };
  if (end?.reason === 'DeadlineExceeded') {
    return stop === null
      ? { cause: 'deadline', detail: 'The run was ended at its deadline.' }
      : { cause: stop, detail: stop === 'deadline' ? 'The run was ended past its deadline.' : null };
  }
  if (pod === null) return { cause: 'terminated', detail: `The Pod is gone: ${said || 'no reason was given'}` };
  if (pod.disruption !== null) return { cause: 'terminated', detail: `The platform ended the run: ${pod.disruption}` };
  if (ended === null) return { cause: 'terminated', detail: pod.message || said || 'The Pod failed without a word.' };
  if (pod.reason !== null) return { cause: 'terminated', detail: `${pod.reason}: ${pod.message}` };
  if (ended.reason === 'ContainerCannotRun' || ended.reason === 'StartError') {
    return { cause: 'not_started', detail: `The container could not be started: ${ended.message}` };
  }
  if (ended.reason === 'OOMKilled') {
    return { cause: 'completed', detail: 'The run was killed for want of memory (OOMKilled): raise its limit.' };
  }
  return { cause: 'completed', detail: null };
}

function redacted({ report, summary }: RunResult, redact: (text: string) => string): RunResult {
  return {
    summary: redact(summary),
    report: report === null ? null : { ...report, summary: redact(report.summary) },
  };
}
