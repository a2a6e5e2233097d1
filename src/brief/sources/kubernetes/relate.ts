import type { Remediation } from '../../../model/remediation.ts';
import { isImageOf } from '../../images.ts';
import { alertsOf, SERVICE_LABELS, whereabouts } from '../../whereabouts.ts';
import { APPLICATION_LABELS } from '../argocd/relate.ts';
import type { Pod } from './api.ts';

/** What a failure is called in a cluster. */
export interface Subject {
  readonly repository: string;
  /** Names of workloads and applications: of the alert's labels, else the repository's. */
  readonly names: ReadonlySet<string>;
  /** Pods that an alert names outright. */
  readonly pods: ReadonlySet<string>;
}

export function subjectIn(remediation: Remediation): Subject {
  const { repository, service, name } = whereabouts(remediation);
  const alerts = alertsOf(remediation);
  const labelled = (keys: readonly string[]): readonly string[] =>
    alerts.flatMap(({ labels }) => keys.flatMap((key) => (Object.hasOwn(labels, key) ? (labels[key] ?? []) : [])));
  const named = labelled([...SERVICE_LABELS, ...APPLICATION_LABELS]);
  const names = [...named, ...(service === null ? [] : [service]), ...(alerts.length === 0 ? [name] : [])];
  const given = (list: readonly string[]) => new Set(list.filter((one) => one !== ''));
  return { repository, names: given(names), pods: given(labelled(['pod', 'exported_pod'])) };
}

/** Labels that charts and people put a workload's or an application's name into. */
const NAME_LABELS = [
  'app.kubernetes.io/name',
  'app.kubernetes.io/instance',
  'app',
  'k8s-app',
  'argocd.argoproj.io/instance',
];
/** The ends that a controller puts behind the name of what it makes. */
const REPLICA_SET_SUFFIX = /-[a-z0-9]{6,10}$/;
const JOB_SUFFIX = /-\d{6,}$/;

/** The pods of a subject: named by the alert, running the repository's image, owned by or labelled with its name. */
export function relatedPods(pods: readonly Pod[], subject: Subject): readonly Pod[] {
  const unique = new Map(pods.map((pod) => [`${pod.metadata.namespace}/${pod.metadata.name}`, pod]));
  return [...unique.values()]
    .filter((pod) => isRelated(pod, subject))
    .toSorted((a, b) => unease(b, subject) - unease(a, subject) || newest(a, b));
}

const newest = (a: Pod, b: Pod): number =>
  (b.metadata.creationTimestamp ?? '').localeCompare(a.metadata.creationTimestamp ?? '');

function isRelated(pod: Pod, { repository, names, pods }: Subject): boolean {
  if (pods.has(pod.metadata.name)) return true;
  const labels = pod.metadata.labels ?? {};
  if (NAME_LABELS.some((label) => names.has(labels[label] ?? ''))) return true;
  if (ownersOf(pod).some((owner) => names.has(owner))) return true;
  return (pod.spec?.containers ?? []).some(({ image }) => image != null && isImageOf(image, repository));
}

/** The workloads that made a pod: a ReplicaSet's Deployment and a Job's CronJob go by the name without its end. */
export function ownersOf({ metadata }: Pick<Pod, 'metadata'>): readonly string[] {
  return (metadata.ownerReferences ?? []).flatMap(({ kind, name }) => {
    if (kind === 'ReplicaSet') return [name, name.replace(REPLICA_SET_SUFFIX, '')];
    return kind === 'Job' ? [name, name.replace(JOB_SUFFIX, '')] : [name];
  });
}

/** How much is wrong with a pod: the worst first. */
function unease(pod: Pod, { pods }: Subject): number {
  const { status } = pod;
  const containers = [...(status?.initContainerStatuses ?? []), ...(status?.containerStatuses ?? [])];
  const waits = containers.some(({ state }) => isTrouble(state?.waiting?.reason));
  const died = containers.some(({ state, lastState }) => (state?.terminated ?? lastState?.terminated)?.exitCode);
  const unscheduled = status?.phase === 'Pending' && containers.length === 0;
  const failed = status?.phase === 'Failed';
  const named = pods.has(pod.metadata.name);
  return Number(named) * 8 + Number(waits || unscheduled || failed) * 4 + Number(Boolean(died)) * 2;
}

/** `ContainerCreating` and `PodInitializing` are the way every pod begins. */
export function isTrouble(reason: string | null | undefined): boolean {
  return reason != null && reason !== '' && reason !== 'ContainerCreating' && reason !== 'PodInitializing';
}

export function isWell(pod: Pod): boolean {
  return unease(pod, { repository: '', names: new Set(), pods: new Set() }) === 0;
}
