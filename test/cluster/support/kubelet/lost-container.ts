import type { Container, Pod, Terminated } from './kube-types.ts';
import type { ContainerView } from './pod-view.ts';
import { timestamp } from './status-writer.ts';

/** What is left of a container that ran when the kubelet was ended: nobody can say how it ended. */
export function lostView(pod: Pod, container: Container): ContainerView | undefined {
  const statuses = [...(pod.status?.initContainerStatuses ?? []), ...(pod.status?.containerStatuses ?? [])];
  const status = statuses.find(({ name }) => name === container.name);
  if (status?.containerID === undefined) return undefined;
  const lost: Terminated = {
    exitCode: 137,
    reason: 'ContainerStatusUnknown',
    message: 'The container could not be located when the pod was terminated',
    startedAt: status.state.running?.startedAt ?? timestamp(),
    finishedAt: timestamp(),
    containerID: status.containerID,
  };
  const terminated = status.state.terminated ?? lost;
  const restartCount = status.restartCount + (pod.spec.restartPolicy === 'Never' ? 0 : 1);
  return {
    state: { terminated },
    lastState: { terminated },
    restartCount,
    isReady: false,
    isStarted: false,
    id: status.containerID,
  };
}
