import { z } from 'zod';
import { type ClusterEvent, clusterEvent } from '../../cluster-event.ts';
import type { Peer } from '../../peer.ts';
import type { SourceContext } from '../../source.ts';

const text = z.string().nullish();
const health = z.object({ status: text, message: text }).nullish();
const source = z.object({ repoURL: text, path: text, chart: text, targetRevision: text });

const metadata = z.object({ name: z.string(), namespace: text });
const spec = z.object({ project: text, source: source.nullish(), sources: z.array(source).nullish() });

/** What the list is asked for: names, sources and states, not the whole of every application. */
const LIST_FIELDS = [
  'items.metadata.name',
  'items.metadata.namespace',
  'items.spec',
  'items.status.sync.status',
  'items.status.health',
  'items.status.summary',
  'items.status.operationState.phase',
].join(',');

const listed = z.object({
  metadata,
  spec: spec.nullish(),
  status: z
    .object({
      sync: z.object({ status: text }).nullish(),
      health,
      summary: z.object({ images: z.array(z.string()).nullish() }).nullish(),
      operationState: z.object({ phase: text }).nullish(),
    })
    .nullish(),
});
const listSchema = z.object({ items: z.array(listed).nullish() });

const resource = { group: text, kind: text, namespace: text, name: text };

const applicationSchema = z.object({
  metadata,
  spec: spec.nullish(),
  status: z
    .object({
      sync: z.object({ status: text, revision: text }).nullish(),
      health,
      conditions: z.array(z.object({ type: text, message: text, lastTransitionTime: text })).nullish(),
      resources: z.array(z.object({ ...resource, status: text, health })).nullish(),
      operationState: z
        .object({
          phase: text,
          message: text,
          startedAt: text,
          finishedAt: text,
          retryCount: z.coerce.number().nullish(),
          syncResult: z
            .object({
              revision: text,
              resources: z
                .array(z.object({ ...resource, status: text, message: text, hookPhase: text, syncPhase: text }))
                .nullish(),
            })
            .nullish(),
        })
        .nullish(),
    })
    .nullish(),
});
const treeSchema = z.object({ nodes: z.array(z.object({ ...resource, health })).nullish() });
const eventsSchema = z.object({ items: z.array(clusterEvent).nullish() });

export type ListedApplication = z.output<typeof listed>;
export type Application = z.output<typeof applicationSchema>;
export type TreeNode = NonNullable<z.output<typeof treeSchema>['nodes']>[number];

/** One application with what is around it; null or empty where Argo CD did not say. */
export interface ApplicationDetails {
  readonly application: Application;
  readonly nodes: readonly TreeNode[];
  readonly events: readonly ClusterEvent[];
}

const LIST_BYTES = 8 * 1024 * 1024;
const ANSWER_BYTES = 4 * 1024 * 1024;

/** Every application that the token may see. Its `repo` filter is not used: it compares one source, letter for letter. */
export async function listApplications(
  peer: Peer,
  { signal, now }: SourceContext,
): Promise<readonly ListedApplication[]> {
  const { items } = await peer.get({
    path: ['api', 'v1', 'applications'],
    query: [['fields', LIST_FIELDS]],
    schema: listSchema,
    maxBytes: LIST_BYTES,
    signal,
    now,
  });
  return items ?? [];
}

export async function readApplication(
  peer: Peer,
  { signal, now }: SourceContext,
  { metadata: { name, namespace }, spec: known }: ListedApplication,
): Promise<ApplicationDetails> {
  const path = ['api', 'v1', 'applications', name];
  const query = [
    ...(namespace == null ? [] : [['appNamespace', namespace] as const]),
    ...(known?.project == null ? [] : [['project', known.project] as const]),
  ];
  const rest = { query, maxBytes: ANSWER_BYTES, signal, now };
  const [application, tree, events] = await Promise.allSettled([
    peer.get({ ...rest, path, schema: applicationSchema }),
    peer.get({ ...rest, path: [...path, 'resource-tree'], schema: treeSchema }),
    peer.get({ ...rest, path: [...path, 'events'], schema: eventsSchema }),
  ]);
  if (application.status === 'rejected') throw application.reason;
  return {
    application: application.value,
    nodes: tree.status === 'fulfilled' ? (tree.value.nodes ?? []) : [],
    events: events.status === 'fulfilled' ? (events.value.items ?? []) : [],
  };
}
