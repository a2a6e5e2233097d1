import { z } from 'zod';
import { PermanentError } from '../../../lib/errors.ts';
import { type ClusterEvent, clusterEvent } from '../../cluster-event.ts';
import type { SourceContext } from '../../source.ts';

/** Reads from one API server, and nothing else; throws when it refuses or cannot be reached. */
export type ReadCluster = (request: {
  /** Below the server's address; each part is one segment, whatever is in it. */
  readonly path: readonly string[];
  readonly query: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
}) => Promise<unknown>;

const text = z.string().nullish();
const labels = z.record(z.string(), z.string()).nullish();
const owners = z.array(z.object({ kind: z.string(), name: z.string(), controller: z.boolean().nullish() })).nullish();
const metadata = z.object({
  name: z.string(),
  namespace: text,
  creationTimestamp: text,
  deletionTimestamp: text,
  labels,
  annotations: labels,
  ownerReferences: owners,
});

const terminated = z
  .object({
    reason: text,
    message: text,
    exitCode: z.number().nullish(),
    signal: z.number().nullish(),
    finishedAt: text,
  })
  .nullish();
const state = z
  .object({ waiting: z.object({ reason: text, message: text }).nullish(), terminated, running: z.unknown().nullish() })
  .nullish();
const container = z.object({
  name: z.string(),
  image: text,
  ready: z.boolean().nullish(),
  restartCount: z.number().nullish(),
  state,
  lastState: state,
});
const condition = z.object({ type: z.string(), status: z.string(), reason: text, message: text });

const podSchema = z.object({
  metadata,
  spec: z.object({ containers: z.array(z.object({ name: z.string(), image: text })), nodeName: text }).nullish(),
  status: z
    .object({
      phase: text,
      reason: text,
      message: text,
      conditions: z.array(condition).nullish(),
      initContainerStatuses: z.array(container).nullish(),
      containerStatuses: z.array(container).nullish(),
    })
    .nullish(),
});
const replicaSetSchema = z.object({
  metadata,
  spec: z
    .object({
      replicas: z.number().nullish(),
      template: z
        .object({ spec: z.object({ containers: z.array(z.object({ image: text })).nullish() }).nullish() })
        .nullish(),
    })
    .nullish(),
  status: z.object({ replicas: z.number().nullish(), readyReplicas: z.number().nullish() }).nullish(),
});
const deploymentSchema = z.object({
  metadata,
  spec: z.object({ replicas: z.number().nullish() }).nullish(),
  status: z
    .object({
      readyReplicas: z.number().nullish(),
      updatedReplicas: z.number().nullish(),
      conditions: z.array(condition).nullish(),
    })
    .nullish(),
});
export type Pod = z.output<typeof podSchema>;
export type ContainerState = z.output<typeof container>;
export type ReplicaSet = z.output<typeof replicaSetSchema>;
export type Deployment = z.output<typeof deploymentSchema>;

/** One page of a list; what is behind it is not asked for. */
export interface Page<T> {
  readonly items: readonly T[];
  readonly more: boolean;
}

const MAX_PODS = 250;
const MAX_OBJECTS = 250;
const MAX_EVENTS = 500;

/** What is asked of a cluster. An empty namespace means every one. */
export interface ClusterReads {
  /** Pods that match the selector, or any when it is null. */
  pods(namespace: string, selector: string | null): Promise<Page<Pod>>;
  warnings(namespace: string): Promise<Page<ClusterEvent>>;
  replicaSets(namespace: string): Promise<Page<ReplicaSet>>;
  deployments(namespace: string): Promise<Page<Deployment>>;
}

/** How a list is read that is the same for whoever asks: a whole namespace's. */
export type ShareList = (key: string, read: (signal: AbortSignal) => Promise<Page<unknown>>) => Promise<Page<unknown>>;

export function clusterReads(
  read: ReadCluster,
  { signal }: Pick<SourceContext, 'signal'>,
  share: ShareList = (_, readNow) => readNow(signal),
): ClusterReads {
  const list = async <T>(
    root: readonly string[],
    namespace: string,
    kind: string,
    item: z.ZodType<T>,
    query: Readonly<Record<string, string>>,
    until: AbortSignal = signal,
  ): Promise<Page<T>> => {
    const path = [...root, ...(namespace === '' ? [] : ['namespaces', namespace]), kind];
    const body = await read({ path, query, signal: until });
    const parsed = listOf(item).safeParse(body);
    if (!parsed.success)
      throw new PermanentError(`The API server answered ${kind} in a shape that Healer does not know`);
    return { items: parsed.data.items ?? [], more: (parsed.data.metadata?.continue ?? '') !== '' };
  };
  const whole = <T>(...[root, namespace, kind, item, query]: Parameters<typeof list<T>>): Promise<Page<T>> =>
    share(`${kind} ${namespace}`, (until) => list(root, namespace, kind, item, query, until)) as Promise<Page<T>>;
  const core = ['api', 'v1'];
  const apps = ['apis', 'apps', 'v1'];
  const limited = (limit: number) => ({ limit: String(limit) });
  return {
    pods: (namespace, selector) =>
      selector === null
        ? whole(core, namespace, 'pods', podSchema, {
            ...limited(MAX_PODS),
            fieldSelector: 'status.phase!=Succeeded',
          })
        : list(core, namespace, 'pods', podSchema, { ...limited(MAX_PODS), labelSelector: selector }),
    warnings: (namespace) =>
      whole(core, namespace, 'events', clusterEvent, { ...limited(MAX_EVENTS), fieldSelector: 'type=Warning' }),
    replicaSets: (namespace) => whole(apps, namespace, 'replicasets', replicaSetSchema, limited(MAX_OBJECTS)),
    deployments: (namespace) => whole(apps, namespace, 'deployments', deploymentSchema, limited(MAX_OBJECTS)),
  };
}

const listOf = <T>(item: z.ZodType<T>) =>
  z.object({ items: z.array(item).nullish(), metadata: z.object({ continue: text }).nullish() });
