import { messageOf } from '../../../lib/errors.ts';
import type { Remediation } from '../../../model/remediation.ts';
import type { ClusterEvent } from '../../cluster-event.ts';
import { fillSelector } from '../../query-language.ts';
import { concernsPlatform } from '../../relevance.ts';
import { sharedAnswers } from '../../shared-answers.ts';
import { answer, type ContextSource, type SourceAnswer, type SourceContext } from '../../source.ts';
import { alertsOf, whereabouts } from '../../whereabouts.ts';
import {
  type ClusterReads,
  clusterReads,
  type Deployment,
  type Page,
  type Pod,
  type ReadCluster,
  type ReplicaSet,
} from './api.ts';
import { isWell, ownersOf, relatedPods, type Subject, subjectIn } from './relate.ts';
import { eventsInWords, podInWords, rolloutInWords } from './words.ts';

export interface KubernetesConfig {
  readonly read: ReadCluster;
  /** Namespaces that may be read; empty for every one that the account may read. */
  readonly namespaces: readonly string[];
  /** Label selectors of a service's pods, with placeholders. */
  readonly selectors: readonly string[];
}

/** As charts, people and Helm label what they deploy. */
export const DEFAULT_SELECTORS: readonly string[] = [
  'app.kubernetes.io/name={service}',
  'app.kubernetes.io/instance={service}',
  'app={service}',
];

const MAX_NAMESPACES = 3;
const MAX_PODS = 8;
const MAX_ROLLOUTS = 3;

/**
 * The pods of what fails, what they wait for or died of, warnings about them, and what was rolled out last. Reads only;
 * for each of at most three namespaces four lists and one for each selector.
 */
export function kubernetes(config: KubernetesConfig | null): ContextSource {
  const lists = sharedAnswers<Page<unknown>>();
  return {
    name: 'kubernetes',
    budget: { timeMs: 6_000, bytes: 32 * 1024 },
    relevant: concernsPlatform,
    async ask(context) {
      if (config === null) return answer.notConfigured('No cluster is set to be asked (cluster.access).');
      const { remediation } = context;
      const namespaces = namespacesFor(remediation, config.namespaces);
      const named = whereabouts(remediation).namespace;
      if (namespaces.length === 0) {
        return answer.empty(`The namespace ${named} is not among those that may be read (cluster.namespaces).`);
      }
      const reads = clusterReads(config.read, context, (key, read) => lists({ key, ...context }, read));
      const subject = subjectIn(remediation);
      const found = await Promise.all(
        namespaces.map((namespace) => lookInto(reads, context, config, namespace, subject)),
      );
      return report(found, subject, namespaces);
    },
  };
}

/** Where to look: the namespaces that alerts name as far as they may be read, else all of those; `''` is every one. */
function namespacesFor(remediation: Remediation, allowed: readonly string[]): readonly string[] {
  const labelled = alertsOf(remediation).flatMap(({ labels }) => {
    const namespace = labels['namespace'] ?? labels['exported_namespace'];
    return namespace === undefined || !/^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/.test(namespace) ? [] : [namespace];
  });
  const named = [...new Set(labelled)];
  if (named.length === 0) return allowed.length === 0 ? [''] : allowed.slice(0, MAX_NAMESPACES);
  return named.filter((one) => allowed.length === 0 || allowed.includes(one)).slice(0, MAX_NAMESPACES);
}

interface Found {
  readonly pods: readonly Pod[];
  readonly events: readonly ClusterEvent[];
  readonly sets: readonly ReplicaSet[];
  readonly deployments: readonly Deployment[];
  readonly errors: readonly string[];
  readonly truncated: boolean;
}

async function lookInto(
  reads: ClusterReads,
  { remediation }: SourceContext,
  config: KubernetesConfig,
  namespace: string,
  subject: Subject,
): Promise<Found> {
  const values = whereabouts(remediation);
  const selectors = config.selectors.flatMap((template) => fillSelector(template, values).query ?? []);
  const [selected, any, events, sets, deployments] = await Promise.all([
    Promise.allSettled(selectors.map((selector) => reads.pods(namespace, selector))),
    settled(reads.pods(namespace, null)),
    settled(reads.warnings(namespace)),
    settled(reads.replicaSets(namespace)),
    settled(reads.deployments(namespace)),
  ]);
  const bySelector = selected.flatMap((result) => (result.status === 'fulfilled' ? result.value.items : []));
  const related = new Set(relatedPods([...bySelector, ...any.items], subject));
  // A selector of one's own says that these are the pods, whatever they are called.
  const pods = relatedPods([...bySelector, ...related], { ...subject, pods: namesOf(bySelector, subject) });
  const failures = selected.flatMap((result) => (result.status === 'rejected' ? messageOf(result.reason) : []));
  return {
    pods,
    events: events.items,
    sets: sets.items,
    deployments: deployments.items,
    errors: [...failures, ...[any, events, sets, deployments].flatMap(({ error }) => error ?? [])],
    truncated: any.more,
  };
}

const namesOf = (pods: readonly Pod[], { pods: named }: Subject): ReadonlySet<string> =>
  new Set([...named, ...pods.map(({ metadata }) => metadata.name)]);

/** What could not be read is said, and spoils nothing else: an account may list pods and no events. */
async function settled<T>(asked: Promise<{ readonly items: readonly T[]; readonly more: boolean }>) {
  try {
    return { ...(await asked), error: null };
  } catch (error) {
    return { items: [] as readonly T[], more: false, error: messageOf(error) };
  }
}

function report(found: readonly Found[], subject: Subject, namespaces: readonly string[]): SourceAnswer {
  const all = <T>(pick: (one: Found) => readonly T[]): readonly T[] => found.flatMap(pick);
  const pods = relatedPods(
    all((one) => one.pods),
    {
      ...subject,
      pods: new Set(all((one) => one.pods).map(({ metadata }) => metadata.name)),
    },
  );
  const owners = new Set(pods.flatMap(ownersOf));
  const deployments = all((one) => one.deployments).filter(
    ({ metadata }) => owners.has(metadata.name) || subject.names.has(metadata.name),
  );
  const errors = [...new Set(all((one) => one.errors))];
  const names = [...subject.names].join(', ') || subject.repository;
  const place = namespaces.includes('') ? 'the cluster' : namespaces.join(', ');
  if (pods.length + deployments.length === 0) {
    if (errors.length > 0) return answer.failed(`${errors.join('; ')}.`);
    return answer.empty(`Nothing in ${place} belongs to ${names}.`);
  }
  const about = new Set([
    ...pods.map(({ metadata }) => metadata.name),
    ...owners,
    ...deployments.map(({ metadata }) => metadata.name),
  ]);
  const events = eventsInWords(
    all((one) => one.events),
    about,
  );
  const unwell = pods.filter((pod) => !isWell(pod)).length;
  const body = [
    ...pods.slice(0, MAX_PODS).map(podInWords),
    ...(events.length === 0 ? [] : ['Warnings, the last one first:', ...events]),
    ...deployments.slice(0, MAX_ROLLOUTS).map((deployment) =>
      rolloutInWords(
        deployment,
        all((one) => one.sets),
      ),
    ),
  ].join('\n');
  const partly = errors.length === 0 ? '' : ` Not everything could be read: ${errors.join('; ')}.`;
  const summary = `${pods.length === 1 ? '1 pod' : `${pods.length} pods`} of ${names} in ${place}, ${unwell} not well.${partly}`;
  return answer.found(summary, body, {
    truncated: pods.length > MAX_PODS || deployments.length > MAX_ROLLOUTS || found.some((one) => one.truncated),
  });
}
