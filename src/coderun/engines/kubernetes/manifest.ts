import type { V1Container, V1JobSpec, V1PodSpec, V1Volume } from '@kubernetes/client-node';
import { PermanentError } from '../../../lib/errors.ts';
import type { NewObject } from '../../../lib/kubernetes/objects.ts';
import { PRESERVE_ANNOTATION, TTL_ANNOTATION } from '../../reconcile/assess.ts';
import type { CodeRun } from '../../schema.ts';
import type { CodeRunTemplates } from '../../templates.ts';
import { environmentOf, PATHS } from './environment.ts';
import type { FileSetNames } from './file-set.ts';
import { launchCommand } from './launch.ts';
import {
  childLabels,
  FILE_SET_ANNOTATION,
  JOB_FINALIZER,
  jobName,
  NAME_ANNOTATION,
  ownerOf,
  secretName,
} from './names.ts';
import type { PodSettings } from './options.ts';
import { AGENT_CONTAINER } from './views.ts';

/** The user that agents run as; images need no entry for it. */
const UID = 1000;
/** Seconds between SIGTERM and SIGKILL. */
const GRACE_SECONDS = 30;
/** Exit codes by which the script says that the agent could not be run at all; see `prompts/coderun/container.sh.hbs`. */
const NOT_RUN_CODES = [75, 126, 127];

export interface JobInput {
  readonly codeRun: CodeRun;
  readonly namespace: string;
  readonly pods: PodSettings;
  readonly templates: CodeRunTemplates;
  readonly files: FileSetNames;
  /** The claim that is mounted; null for a volume that goes with the Pod. */
  readonly workspace: string | null;
  readonly hasToken: boolean;
  readonly deadlineSeconds: number;
  /** For runs that state no time of their own. */
  readonly retentionSeconds: number;
}

/** The Job of one attempt. Pure: the same input gives the same manifest. PermanentError for what is not allowed. */
export function jobManifest(input: JobInput): NewObject {
  const { codeRun, namespace, pods } = input;
  refuseUnsupported(codeRun, pods);
  const annotations = { [NAME_ANNOTATION]: codeRun.name, [FILE_SET_ANNOTATION]: input.files.name };
  const labels = childLabels(codeRun);
  const ttl = ttlOf(codeRun, input.retentionSeconds);
  const spec: V1JobSpec = {
    parallelism: 1,
    completions: 1,
    // The agent runs once; whether there is a further attempt is decided with more context, not by a controller.
    backoffLimit: 0,
    activeDeadlineSeconds: input.deadlineSeconds,
    ...(ttl === null ? {} : { ttlSecondsAfterFinished: ttl }),
    podFailurePolicy: {
      rules: [
        { action: 'FailJob', onPodConditions: [{ type: 'DisruptionTarget', status: 'True' }] },
        {
          action: 'FailJob',
          onExitCodes: { containerName: AGENT_CONTAINER, operator: 'In', values: NOT_RUN_CODES },
        },
      ],
    },
    template: {
      metadata: { labels: { ...pods.labels, ...labels }, annotations: { ...pods.annotations, ...annotations } },
      spec: podSpec(input),
    },
  };
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: {
      name: jobName(codeRun),
      namespace,
      labels,
      annotations,
      finalizers: [JOB_FINALIZER],
      ownerReferences: [ownerOf(codeRun)],
    },
    spec,
  };
}

/** What would be left out in silence is refused aloud. */
function refuseUnsupported({ spec }: CodeRun, pods: PodSettings): void {
  if (!spec.enableDocker || pods.dockerImage !== null) return;
  throw new PermanentError(
    'enableDocker asks for a privileged container, which this installation does not allow: set kubernetes.dockerImage.',
  );
}

/** Seconds after which the cluster removes a finished Job by itself; null for one that is to be kept. */
function ttlOf({ annotations, spec }: CodeRun, retentionSeconds: number): number | null {
  if (annotations[PRESERVE_ANNOTATION] === 'true') return null;
  const annotated = annotations[TTL_ANNOTATION] ?? '';
  return /^\d{1,9}$/.test(annotated) ? Number(annotated) : (spec.ttlSecondsAfterFinished ?? retentionSeconds);
}

function podSpec(input: JobInput): V1PodSpec {
  const { codeRun, pods } = input;
  const serviceAccountName = codeRun.spec.serviceAccountName ?? pods.serviceAccountName;
  return {
    restartPolicy: 'Never',
    terminationGracePeriodSeconds: GRACE_SECONDS,
    automountServiceAccountToken: false,
    enableServiceLinks: false,
    ...(serviceAccountName === null ? {} : { serviceAccountName }),
    ...(pods.imagePullSecrets.length === 0
      ? {}
      : { imagePullSecrets: pods.imagePullSecrets.map((name) => ({ name })) }),
    ...(pods.priorityClassName === null ? {} : { priorityClassName: pods.priorityClassName }),
    ...(pods.runtimeClassName === null ? {} : { runtimeClassName: pods.runtimeClassName }),
    ...(Object.keys(pods.nodeSelector).length === 0 ? {} : { nodeSelector: { ...pods.nodeSelector } }),
    ...(pods.tolerations.length === 0 ? {} : { tolerations: [...pods.tolerations] }),
    ...(pods.affinity === null ? {} : { affinity: pods.affinity }),
    securityContext: {
      runAsNonRoot: true,
      runAsUser: UID,
      runAsGroup: UID,
      fsGroup: UID,
      // A workspace with a whole build in it is not walked through at each start.
      fsGroupChangePolicy: 'OnRootMismatch',
      seccompProfile: { type: 'RuntimeDefault' },
    },
    ...(codeRun.spec.enableDocker ? { initContainers: [dockerSidecar(pods.dockerImage ?? '')] } : {}),
    containers: [agentContainer(input)],
    volumes: volumes(input),
  };
}

function agentContainer({ codeRun, pods, templates, files, hasToken }: JobInput): V1Container {
  const { spec } = codeRun;
  const hasDocker = spec.enableDocker;
  const isPieced = files.pieced.length > 0;
  return {
    name: AGENT_CONTAINER,
    image: pods.images[spec.cliConfig?.cliType ?? 'factory'] ?? pods.image,
    imagePullPolicy: pods.imagePullPolicy,
    command: [...launchCommand(files.pieced)],
    workingDir: PATHS.workspace,
    env: environmentOf(codeRun, { templates, cliSecret: pods.cliSecret, hasToken, hasDocker }).map((variable) => ({
      ...variable,
    })),
    resources: { requests: { ...pods.requests }, limits: { ...pods.limits } },
    securityContext: {
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: pods.readOnlyRootFilesystem,
      capabilities: { drop: ['ALL'] },
    },
    terminationMessagePath: PATHS.result,
    terminationMessagePolicy: 'File',
    volumeMounts: [
      isPieced ? { name: 'files', mountPath: PATHS.files } : { name: 'files', mountPath: PATHS.files, readOnly: true },
      ...(isPieced ? [{ name: 'parts', mountPath: PATHS.parts, readOnly: true }] : []),
      ...(hasToken ? [{ name: 'credentials', mountPath: PATHS.credentials, readOnly: true }] : []),
      ...(hasDocker ? [{ name: 'docker', mountPath: PATHS.docker }] : []),
      { name: 'workspace', mountPath: PATHS.workspace },
      { name: 'tmp', mountPath: PATHS.tmp },
    ],
  };
}

/** Readable by the group only: the files belong to root, the group is the Pod's. */
const SECRET_MODE = 0o440;
const FILE_MODE = 0o555;

function volumes({ codeRun, files, workspace, hasToken, pods }: JobInput): V1Volume[] {
  const map = (name: string) => ({ configMap: { name } });
  const set: V1Volume[] =
    files.pieced.length === 0
      ? [{ name: 'files', configMap: { name: files.name, defaultMode: FILE_MODE } }]
      : [
          { name: 'files', emptyDir: {} },
          { name: 'parts', projected: { defaultMode: FILE_MODE, sources: files.maps.map(({ name }) => map(name)) } },
        ];
  return [
    ...set,
    ...(hasToken
      ? [{ name: 'credentials', secret: { secretName: secretName(codeRun), defaultMode: SECRET_MODE } }]
      : []),
    ...(codeRun.spec.enableDocker ? [{ name: 'docker', emptyDir: {} }] : []),
    workspace === null
      ? { name: 'workspace', emptyDir: { sizeLimit: pods.workspace.size } }
      : { name: 'workspace', persistentVolumeClaim: { claimName: workspace } },
    { name: 'tmp', emptyDir: {} },
  ];
}

/** A container that starts before the agent's and ends after it; it listens on a socket that only this Pod has. */
function dockerSidecar(image: string): V1Container {
  return {
    name: 'docker',
    image,
    restartPolicy: 'Always',
    args: [`--host=unix://${PATHS.docker}/docker.sock`, `--group=${UID}`],
    securityContext: { privileged: true, runAsUser: 0, runAsGroup: 0, runAsNonRoot: false },
    volumeMounts: [
      { name: 'docker', mountPath: PATHS.docker },
      { name: 'workspace', mountPath: PATHS.workspace },
    ],
  };
}
