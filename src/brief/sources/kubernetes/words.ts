import { type ClusterEvent, howOften, lastSeen, latestFirst } from '../../cluster-event.ts';
import type { ContainerState, Deployment, Pod, ReplicaSet } from './api.ts';
import { isTrouble, ownersOf } from './relate.ts';

const MAX_MESSAGE = 500;
const MAX_EVENTS = 20;
const MAX_REVISIONS = 3;

const after = (message: string | null | undefined): string => {
  const line = message?.replace(/\s+/g, ' ').trim() ?? '';
  return line === '' ? '' : `: ${line.length > MAX_MESSAGE ? `${line.slice(0, MAX_MESSAGE)}…` : line}`;
};

/** One pod: its phase, what its containers wait for or died of, and why it was not scheduled. */
export function podInWords(pod: Pod): string {
  const { metadata, spec, status } = pod;
  const owner = metadata.ownerReferences?.find(({ controller }) => controller === true);
  const of = owner === undefined ? '' : ` of ${owner.kind} ${ownersOf({ metadata }).at(-1) ?? owner.name}`;
  const leaving = metadata.deletionTimestamp == null ? '' : ', being deleted';
  const reason = status?.reason == null ? '' : ` (${status.reason})`;
  const node = spec?.nodeName == null ? '' : ` on node ${spec.nodeName}`;
  const unmet = (status?.conditions ?? []).filter(
    ({ type, status: is, message }) => is === 'False' && type === 'PodScheduled' && message != null,
  );
  return [
    `Pod ${metadata.namespace ?? ''}/${metadata.name}${of}: ${status?.phase ?? 'unknown'}${reason}${leaving}${node}${after(status?.message)}`,
    ...unmet.map((condition) => `  not scheduled: ${condition.reason ?? ''}${after(condition.message)}`),
    ...(status?.initContainerStatuses ?? []).flatMap((container) => containerInWords(container, 'init container')),
    ...(status?.containerStatuses ?? []).flatMap((container) => containerInWords(container, 'container')),
  ].join('\n');
}

function containerInWords(container: ContainerState, what: string): readonly string[] {
  const { name, image, ready, restartCount, state, lastState } = container;
  const restarts = (restartCount ?? 0) > 0 ? `, restarted ${restartCount} times` : '';
  const waiting = state?.waiting;
  const how = isTrouble(waiting?.reason)
    ? `waits: ${waiting?.reason}${after(waiting?.message)}`
    : state?.terminated != null
      ? deathInWords('ended', state.terminated)
      : ready === false
        ? 'not ready'
        : 'ready';
  const before =
    lastState?.terminated == null ? [] : [`    ${deathInWords('before that it ended', lastState.terminated)}`];
  // A container that did its work says nothing about the failure.
  if (what === 'init container' && state?.terminated?.exitCode === 0) return [];
  return [`  ${what} ${name} (${image ?? 'unknown image'})${restarts}: ${how}`, ...before];
}

function deathInWords(
  begin: string,
  { reason, message, exitCode, finishedAt }: NonNullable<NonNullable<ContainerState['state']>['terminated']>,
): string {
  const code = exitCode == null ? '' : `, exit code ${exitCode}`;
  const when = finishedAt == null ? '' : `, at ${finishedAt}`;
  return `${begin}: ${reason ?? 'unknown'}${code}${when}${after(message)}`;
}

/** Warnings about the named objects, the last one first. */
export function eventsInWords(events: readonly ClusterEvent[], about: ReadonlySet<string>): readonly string[] {
  return latestFirst(events.filter(({ involvedObject }) => about.has(involvedObject?.name ?? '')))
    .slice(0, MAX_EVENTS)
    .map((event) => {
      const { kind, name } = event.involvedObject ?? {};
      return `- ${lastSeen(event)} ${kind ?? ''} ${name ?? ''} ${event.reason ?? ''}${howOften(event)}${after(event.message)}`;
    });
}

/** A deployment with its last revisions: what was rolled out when, and how far it got. */
export function rolloutInWords(deployment: Deployment, sets: readonly ReplicaSet[]): string {
  const { metadata, spec, status } = deployment;
  const wanted = spec?.replicas ?? 1;
  const bad = (status?.conditions ?? []).filter(({ type, status: is }) =>
    type === 'ReplicaFailure' ? is === 'True' : is === 'False',
  );
  const own = sets
    .filter(({ metadata: set }) =>
      set.ownerReferences?.some(({ kind, name }) => kind === 'Deployment' && name === metadata.name),
    )
    // A rollback gives an old ReplicaSet the newest number; creation times are whole seconds.
    .toSorted((a, b) => Number(revisionOf(b)) - Number(revisionOf(a)));
  return [
    `Deployment ${metadata.namespace ?? ''}/${metadata.name}: ${status?.readyReplicas ?? 0} of ${wanted} ready, ${status?.updatedReplicas ?? 0} up to date`,
    ...bad.map(({ type, reason, message }) => `  ${type}: ${reason ?? ''}${after(message)}`),
    ...own.slice(0, MAX_REVISIONS).map(revisionInWords),
  ].join('\n');
}

const revisionOf = ({ metadata }: Pick<ReplicaSet, 'metadata'>): string =>
  metadata.annotations?.['deployment.kubernetes.io/revision'] ?? '0';

function revisionInWords({ metadata, spec, status }: ReplicaSet): string {
  const images = (spec?.template?.spec?.containers ?? []).flatMap(({ image }) => image ?? []);
  const cause = metadata.annotations?.['kubernetes.io/change-cause'];
  const why = cause === undefined || cause === '' ? '' : ` (${cause})`;
  return `  revision ${revisionOf({ metadata })}, made ${metadata.creationTimestamp ?? '?'}${why}: ${images.join(', ')}, ${status?.readyReplicas ?? 0} of ${spec?.replicas ?? 0} ready`;
}
