import type { Condition, Container, ContainerState, ContainerStatus, Pod, PodStatus } from './kube-types.ts';

/** What the kubelet knows of one container. */
export interface ContainerView {
  readonly state: ContainerState;
  readonly lastState: ContainerState;
  readonly restartCount: number;
  readonly isReady: boolean;
  readonly isStarted: boolean;
  readonly id: string | null;
}

/** What the kubelet knows of one Pod; everything its status says follows from it. */
export interface PodView {
  readonly podIP: string;
  readonly startTime: string;
  readonly containers: ReadonlyMap<string, ContainerView>;
  /** No container starts any more, whatever the restart policy says. */
  readonly isEnding: boolean;
  /** Set when the kubelet itself ended the Pod (Evicted, DeadlineExceeded). */
  readonly failure: { readonly reason: string; readonly message: string } | null;
  readonly disruption: { readonly reason: string; readonly message: string } | null;
}

export const WAITING: ContainerView = {
  state: { waiting: { reason: 'ContainerCreating' } },
  lastState: {},
  restartCount: 0,
  isReady: false,
  isStarted: false,
  id: null,
};
const INITIALIZING: ContainerState = { waiting: { reason: 'PodInitializing' } };

export const isSidecar = (container: Container): boolean => container.restartPolicy === 'Always';

/** The status of a Pod, without the times of its conditions. */
export function statusOf(pod: Pod, view: PodView): PodStatus {
  const inits = pod.spec.initContainers ?? [];
  const hasInitialized = inits.every((container) => isDone(container, view));
  const statuses = (list: readonly Container[], otherwise: ContainerState) =>
    list.map((container) => containerStatus(container, view.containers.get(container.name), otherwise));
  const containerStatuses = statuses(
    pod.spec.containers,
    inits.length > 0 && !hasInitialized ? INITIALIZING : WAITING.state,
  );
  const initContainerStatuses = statuses(inits, INITIALIZING);
  const phase = phaseOf(pod, view, containerStatuses, initContainerStatuses);
  return {
    phase,
    ...(view.failure === null ? {} : view.failure),
    hostIP: '127.0.0.1',
    podIP: view.podIP,
    startTime: view.startTime,
    conditions: conditionsOf(view, phase, hasInitialized, containerStatuses),
    ...(inits.length === 0 ? {} : { initContainerStatuses }),
    containerStatuses,
  };
}

function phaseOf(
  pod: Pod,
  view: PodView,
  containers: readonly ContainerStatus[],
  inits: readonly ContainerStatus[],
): NonNullable<PodStatus['phase']> {
  const ended = containers.filter((status) => status.state.terminated !== undefined);
  const failedInit = inits.some(({ state }) => state.terminated !== undefined && state.terminated.exitCode !== 0);
  const isOver = ended.length === containers.length || (failedInit && pod.spec.restartPolicy === 'Never');
  const isRunning = [...containers, ...inits].some(({ state }) => state.running !== undefined);
  if ((isOver || view.isEnding) && !isRunning) {
    const mayRestart =
      !view.isEnding && pod.spec.restartPolicy !== 'Never' && ended.some((status) => restarts(pod, status));
    if (!mayRestart) {
      const succeeded =
        view.failure === null &&
        ended.length === containers.length &&
        ended.every((s) => s.state.terminated?.exitCode === 0);
      return succeeded ? 'Succeeded' : 'Failed';
    }
  }
  const hasStarted = containers.some(
    ({ state, lastState }) => state.waiting === undefined || lastState.terminated !== undefined,
  );
  return hasStarted ? 'Running' : 'Pending';
}

function restarts(pod: Pod, { state }: ContainerStatus): boolean {
  return pod.spec.restartPolicy !== 'OnFailure' || state.terminated?.exitCode !== 0;
}

function isDone(container: Container, view: PodView): boolean {
  const state = view.containers.get(container.name);
  if (isSidecar(container)) return state?.isStarted === true;
  return state?.state.terminated?.exitCode === 0;
}

function containerStatus(
  container: Container,
  view: ContainerView | undefined,
  otherwise: ContainerState,
): ContainerStatus {
  const known = view === undefined || view === WAITING ? { ...WAITING, state: otherwise } : view;
  return {
    name: container.name,
    image: container.image,
    imageID: known.id === null ? '' : `docker.io/${container.image}@sha256:${'0'.repeat(64)}`,
    ...(known.id === null ? {} : { containerID: known.id }),
    ready: known.isReady,
    started: known.isStarted,
    restartCount: known.restartCount,
    state: known.state,
    lastState: known.lastState,
  };
}

function conditionsOf(
  view: PodView,
  phase: PodStatus['phase'],
  hasInitialized: boolean,
  containers: readonly ContainerStatus[],
): Condition[] {
  const isOver = phase === 'Succeeded' || phase === 'Failed';
  const unready = containers.filter(({ ready }) => !ready).map(({ name }) => name);
  const readiness: Omit<Condition, 'type'> =
    unready.length === 0
      ? { status: 'True' }
      : {
          status: 'False',
          reason: phase === 'Succeeded' ? 'PodCompleted' : phase === 'Failed' ? 'PodFailed' : 'ContainersNotReady',
          message: `containers with unready status: [${unready.join(' ')}]`,
        };
  return [
    { type: 'PodReadyToStartContainers', status: isOver ? 'False' : 'True' },
    {
      type: 'Initialized',
      ...(hasInitialized ? { status: 'True' } : { status: 'False', reason: 'ContainersNotInitialized' }),
    },
    { type: 'Ready', ...readiness },
    { type: 'ContainersReady', ...readiness },
    { type: 'PodScheduled', status: 'True' },
    ...(view.disruption === null ? [] : [{ type: 'DisruptionTarget', status: 'True', ...view.disruption } as const]),
  ];
}
