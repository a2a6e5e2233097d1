import { parse } from 'yaml';
import { z } from 'zod';
import type { PodSettings } from '../coderun/engines/kubernetes/options.ts';

const NAME = /^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$/;
const objectName = z.string().regex(NAME, 'is not the name of a Kubernetes object');
/** A quantity as Kubernetes writes it: `500m`, `2`, `4Gi`. */
const quantity = z.string().regex(/^\d+(\.\d+)?(m|k|Ki|M|Mi|G|Gi|T|Ti)?$/, 'is not a quantity like 500m or 4Gi');

const names = z
  .union([z.array(z.string()), z.string()])
  .transform((value) => (typeof value === 'string' ? value.split(',') : value).map((word) => word.trim()))
  .transform((words) => words.filter((word) => word !== ''))
  .pipe(z.array(objectName));

/** YAML or JSON in the environment, the structure itself in the file. */
const structure = <T extends z.ZodType>(inner: T) =>
  z.preprocess((value) => {
    if (typeof value !== 'string') return value;
    try {
      return parse(value) as unknown;
    } catch {
      return value;
    }
  }, inner);
const words = structure(z.record(z.string(), z.coerce.string()));
const flag = z.preprocess(
  (value) => (value === 'true' ? true : value === 'false' ? false : value),
  z.boolean({ error: 'is neither true nor false' }),
);
const hours = z.coerce
  .number()
  .positive()
  .max(24 * 365);

/** Where CodeRuns live with `engine: kubernetes`, and what the Pods of agents look like. */
export const kubernetesSettings = {
  kubernetes: z
    .strictObject({
      namespace: objectName.max(63).optional().meta({
        env: 'HEALER_NAMESPACE',
        description:
          'Namespace of CodeRuns and agents; the one Healer’s Pod or the kubeconfig’s context is in otherwise.',
      }),
      kubeconfig: z.string().optional().meta({
        description:
          'A kubeconfig, to run outside of the cluster; KUBECONFIG, or inside of a Pod its service account, otherwise.',
      }),
      context: z.string().optional().meta({ description: 'Context of that kubeconfig; its current one otherwise.' }),
      image: z
        .string()
        .min(1)
        .optional()
        .meta({ description: 'Image of the agents’ containers; has bash, git and a CLI.' }),
      images: words.default({}).meta({ description: 'Images by CLI, for example `{ claude: …, codex: … }`.' }),
      imagePullPolicy: z
        .enum(['Always', 'IfNotPresent', 'Never'])
        .default('IfNotPresent')
        .meta({ description: 'When nodes pull the image.' }),
      imagePullSecrets: names.default([]).meta({ description: 'Secrets that images are pulled with.' }),
      serviceAccountName: objectName.optional().meta({
        description:
          'ServiceAccount of agents’ Pods, the namespace’s default one otherwise; its token is never mounted.',
      }),
      cliSecret: objectName.optional().meta({
        description:
          'Secret with what CLIs log in with, its keys named like their environment variables (ANTHROPIC_API_KEY …).',
      }),
      workspace: z
        .strictObject({
          kind: z.enum(['persistent', 'ephemeral']).default('persistent').meta({
            description: 'A PersistentVolumeClaim for each service and agent, or a volume that goes with the Pod.',
          }),
          size: quantity.default('10Gi').meta({ description: 'Size of a workspace.' }),
          storageClass: z
            .string()
            .optional()
            .meta({ description: 'Its storage class; the cluster’s default otherwise.' }),
          accessMode: z
            .enum(['ReadWriteOnce', 'ReadWriteOncePod', 'ReadWriteMany'])
            .default('ReadWriteOnce')
            .meta({ description: 'How a workspace may be mounted.' }),
        })
        .prefault({}),
      requests: words
        .pipe(z.record(z.string(), quantity))
        .default({ cpu: '500m', memory: '1Gi' })
        .meta({ description: 'What an agent’s container is promised.' }),
      limits: words
        .pipe(z.record(z.string(), quantity))
        .default({ memory: '8Gi' })
        .meta({ description: 'What an agent’s container may use at most.' }),
      nodeSelector: words.default({}).meta({ description: 'Labels of the nodes that agents run on.' }),
      tolerations: structure(z.array(z.looseObject({})))
        .default([])
        .meta({ description: 'Taints that agents’ Pods tolerate.' }),
      affinity: structure(z.looseObject({})).optional().meta({ description: 'Affinity of agents’ Pods.' }),
      podLabels: words.default({}).meta({ description: 'Further labels of agents’ Pods.' }),
      podAnnotations: words.default({}).meta({ description: 'Further annotations of agents’ Pods.' }),
      priorityClassName: objectName.optional().meta({ description: 'Priority class of agents’ Pods.' }),
      runtimeClassName: objectName
        .optional()
        .meta({ description: 'Runtime class of agents’ Pods, for example a sandbox.' }),
      readOnlyRootFilesystem: flag.default(true).meta({
        description: 'Agents write to their workspace, their home folder in it and /tmp only.',
      }),
      dockerImage: z.string().min(1).optional().meta({
        description: 'Image of a privileged Docker daemon for CodeRuns with enableDocker; they are refused without it.',
      }),
      pendingMinutes: z.coerce.number().positive().max(1440).default(15).meta({
        description: 'How long a Job may wait for image, volume or node before it is given up.',
      }),
      retentionHours: hours.default(24).meta({
        description: 'How long Job, files and workspace of an ended run are kept, unless the CodeRun says.',
      }),
      keepCodeRunsHours: hours.default(168).meta({
        description: 'How much longer than that the CodeRun itself is kept.',
      }),
    })
    .prefault({}),
};

export type KubernetesSettings = z.output<(typeof kubernetesSettings)['kubernetes']>;

/** What the settings make of agents' Pods. `image` was seen to when the settings were read. */
export function podSettings(settings: KubernetesSettings): PodSettings {
  const { workspace } = settings;
  return {
    image: settings.image ?? '',
    images: settings.images,
    imagePullPolicy: settings.imagePullPolicy,
    imagePullSecrets: settings.imagePullSecrets,
    serviceAccountName: settings.serviceAccountName ?? null,
    cliSecret: settings.cliSecret ?? null,
    workspace: {
      kind: workspace.kind,
      size: workspace.size,
      storageClass: workspace.storageClass ?? null,
      accessMode: workspace.accessMode,
    },
    requests: settings.requests,
    limits: settings.limits,
    nodeSelector: settings.nodeSelector,
    tolerations: settings.tolerations,
    affinity: settings.affinity ?? null,
    labels: settings.podLabels,
    annotations: settings.podAnnotations,
    priorityClassName: settings.priorityClassName ?? null,
    runtimeClassName: settings.runtimeClassName ?? null,
    readOnlyRootFilesystem: settings.readOnlyRootFilesystem,
    dockerImage: settings.dockerImage ?? null,
  };
}
