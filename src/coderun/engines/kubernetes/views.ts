import type { KubernetesObject } from '../../../lib/kubernetes/objects.ts';
import type { StopCause } from '../../engine.ts';
import { FILE_SET_ANNOTATION, JOB_FINALIZER, NAME_ANNOTATION, STOP_ANNOTATION, UID_LABEL } from './names.ts';

/** What is kept of a Job. Times are milliseconds since the epoch. */
export interface JobView {
  readonly name: string;
  readonly uid: string;
  readonly runName: string;
  readonly runUid: string;
  readonly createdAt: number;
  readonly fileSet: string | null;
  /** Our finalizer is on it. */
  readonly isHeld: boolean;
  readonly stop: StopCause | null;
  /** Somebody deleted it. */
  readonly isDeleting: boolean;
  /** Null until the Job controller has said its last word. */
  readonly end: JobEnd | null;
}

export interface JobEnd {
  readonly isComplete: boolean;
  /** BackoffLimitExceeded, DeadlineExceeded, PodFailurePolicy, … */
  readonly reason: string;
  readonly message: string;
  readonly at: number;
}

/** What is kept of a Pod. */
export interface PodView {
  readonly name: string;
  readonly uid: string;
  readonly runName: string;
  readonly jobName: string;
  readonly createdAt: number;
  readonly phase: string;
  /** The platform's own word for why the Pod failed as a whole (Evicted, …). */
  readonly reason: string | null;
  readonly message: string;
  readonly deletedAt: number | null;
  /** Why no node takes it. */
  readonly unscheduled: { readonly reason: string; readonly message: string } | null;
  readonly waiting: { readonly reason: string; readonly message: string } | null;
  readonly runningSince: number | null;
  readonly terminated: Terminated | null;
  /** Why the platform ended it (preemption, drain, node lost). */
  readonly disruption: string | null;
}

export interface Terminated {
  readonly code: number;
  readonly signal: number | null;
  readonly reason: string;
  /** What the container wrote where its termination message goes, or the platform's sentence. */
  readonly message: string;
  readonly startedAt: number | null;
  readonly finishedAt: number | null;
}

/** The container that the agent runs in. */
export const AGENT_CONTAINER = 'agent';

interface Condition {
  readonly type: string;
  readonly status: string;
  readonly reason?: string;
  readonly message?: string;
  readonly lastTransitionTime?: string;
}

export function jobView(object: KubernetesObject): JobView {
  const { metadata } = object;
  const status = object['status'] as { conditions?: readonly Condition[] } | undefined;
  const end = status?.conditions?.find(
    ({ type, status }) => status === 'True' && (type === 'Complete' || type === 'Failed'),
  );
  const stop = metadata.annotations?.[STOP_ANNOTATION];
  return {
    name: metadata.name,
    uid: metadata.uid,
    runName: metadata.annotations?.[NAME_ANNOTATION] ?? '',
    runUid: metadata.labels?.[UID_LABEL] ?? '',
    createdAt: Date.parse(metadata.creationTimestamp),
    fileSet: metadata.annotations?.[FILE_SET_ANNOTATION] ?? null,
    isHeld: metadata.finalizers?.includes(JOB_FINALIZER) ?? false,
    stop: stop === 'cancelled' || stop === 'deadline' ? stop : null,
    isDeleting: metadata.deletionTimestamp !== undefined,
    end:
      end === undefined
        ? null
        : {
            isComplete: end.type === 'Complete',
            reason: end.reason ?? '',
            message: end.message ?? '',
            at: timeOf(end.lastTransitionTime) ?? Date.parse(metadata.creationTimestamp),
          },
  };
}

interface ContainerStatus {
  readonly name: string;
  readonly state?: {
    readonly waiting?: { readonly reason?: string; readonly message?: string };
    readonly running?: { readonly startedAt?: string };
    readonly terminated?: {
      readonly exitCode: number;
      readonly signal?: number;
      readonly reason?: string;
      readonly message?: string;
      readonly startedAt?: string;
      readonly finishedAt?: string;
    };
  };
}

interface PodStatus {
  readonly phase?: string;
  readonly reason?: string;
  readonly message?: string;
  readonly conditions?: readonly Condition[];
  readonly containerStatuses?: readonly ContainerStatus[];
  readonly initContainerStatuses?: readonly ContainerStatus[];
}

export function podView(object: KubernetesObject): PodView {
  const { metadata } = object;
  const status = (object['status'] ?? {}) as PodStatus;
  const agent = status.containerStatuses?.find(({ name }) => name === AGENT_CONTAINER)?.state;
  const labels = metadata.labels ?? {};
  const unscheduled = status.conditions?.find(({ type, status }) => type === 'PodScheduled' && status === 'False');
  const disruption = status.conditions?.find(({ type, status }) => type === 'DisruptionTarget' && status === 'True');
  return {
    name: metadata.name,
    uid: metadata.uid,
    runName: metadata.annotations?.[NAME_ANNOTATION] ?? '',
    jobName: labels['batch.kubernetes.io/job-name'] ?? labels['job-name'] ?? '',
    createdAt: Date.parse(metadata.creationTimestamp),
    phase: status.phase ?? 'Pending',
    reason: status.reason ?? null,
    message: status.message ?? '',
    deletedAt: timeOf(metadata.deletionTimestamp),
    unscheduled: unscheduled === undefined ? null : wordsOf(unscheduled, 'Unschedulable'),
    waiting: waitingOf(status),
    runningSince: agent?.running === undefined ? null : (timeOf(agent.running.startedAt) ?? 0),
    terminated: terminatedOf(agent?.terminated),
    disruption: disruption === undefined ? null : `${disruption.reason ?? ''}: ${disruption.message ?? ''}`,
  };
}

/** What holds the Pod up: the first container that waits, those that start before the others first. */
function waitingOf(status: PodStatus): PodView['waiting'] {
  const all = [...(status.initContainerStatuses ?? []), ...(status.containerStatuses ?? [])];
  const waiting = all.map(({ state }) => state?.waiting).filter((state) => state !== undefined);
  const told = waiting.find(({ reason }) => reason !== undefined && !UNTELLING.includes(reason)) ?? waiting[0];
  return told === undefined ? null : wordsOf(told, 'ContainerCreating');
}

/** Words for "not yet", which say nothing of a cause. */
export const UNTELLING: readonly string[] = ['ContainerCreating', 'PodInitializing'];

function terminatedOf(state: NonNullable<ContainerStatus['state']>['terminated']): Terminated | null {
  if (state === undefined) return null;
  return {
    code: state.exitCode,
    signal: state.signal || null,
    reason: state.reason ?? '',
    message: state.message ?? '',
    startedAt: timeOf(state.startedAt),
    finishedAt: timeOf(state.finishedAt),
  };
}

function wordsOf(words: { readonly reason?: string; readonly message?: string }, reason: string) {
  return { reason: words.reason ?? reason, message: words.message ?? '' };
}

function timeOf(text: string | undefined): number | null {
  const ms = text === undefined ? Number.NaN : Date.parse(text);
  return Number.isNaN(ms) ? null : ms;
}
