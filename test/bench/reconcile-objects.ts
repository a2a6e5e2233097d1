/* The CodeRuns of reconcile.ts, and what is there of one that has ended. */
import { codeRunOf } from '../../src/coderun/engines/kubernetes/decode.ts';
import { configMaps, planFileSet } from '../../src/coderun/engines/kubernetes/file-set.ts';
import { jobManifest } from '../../src/coderun/engines/kubernetes/manifest.ts';
import { RUN_FINALIZER } from '../../src/coderun/engines/kubernetes/names.ts';
import type { PodSettings } from '../../src/coderun/engines/kubernetes/options.ts';
import { AGENT_CONTAINER } from '../../src/coderun/engines/kubernetes/views.ts';
import { renderFiles } from '../../src/coderun/files.ts';
import { DEFAULT_RECONCILE_POLICY } from '../../src/coderun/reconcile/policy.ts';
import { timestamp } from '../../src/coderun/reconcile/status.ts';
import { API_VERSION, type CodeRun, KIND } from '../../src/coderun/schema.ts';
import type { CodeRunTemplates } from '../../src/coderun/templates.ts';
import type { KubernetesObject, NewObject } from '../../src/lib/kubernetes/objects.ts';
import { POD_SETTINGS } from '../coderun/engines/kubernetes/support/settings.ts';

/** How the reconciler under test is told apart in the audit log. */
export const BENCH_AGENT = 'healer/bench';

/** Volumes that go with the Pod: kube-controller-manager has no claims to make beside its Pods. */
export const BENCH_PODS: PodSettings = {
  ...POD_SETTINGS,
  workspace: { ...POD_SETTINGS.workspace, kind: 'ephemeral' },
};

/** A prompt as remediations have it: 21,600 characters. */
const PROMPT = 'Something is broken, and this is what is known of it. '.repeat(400);

export function runName(index: number): string {
  return `run-${index}`;
}

/** A CodeRun as the engine itself creates it; without the finalizer that it loses with its end. */
export function codeRunBody(index: number, isHeld: boolean): NewObject {
  const name = runName(index);
  return {
    apiVersion: API_VERSION,
    kind: KIND,
    metadata: { name, labels: { 'healer/agent': 'rex' }, finalizers: isHeld ? [RUN_FINALIZER] : [] },
    spec: {
      runType: 'remediate',
      service: name,
      repositoryUrl: 'https://git.example/acme/shop.git',
      branch: 'main',
      prompt: PROMPT,
      cliConfig: { cliType: 'command', settings: { command: ['true'] } },
    },
  };
}

/** What an ended run has left, as long as its time to be kept has not passed. */
export interface Leftovers {
  readonly configMap: NewObject;
  readonly job: NewObject;
  readonly jobStatus: object;
  pod(job: KubernetesObject): NewObject;
  readonly podStatus: object;
  readonly codeRunStatus: object;
}

const SECOND = 1000;

/** Everything that is there of a run that ended well at `endedAt`, in milliseconds since the epoch, and was reported. */
export function leftoversOf(
  object: KubernetesObject,
  templates: CodeRunTemplates,
  namespace: string,
  endedAt: number,
): Leftovers {
  const codeRun = codeRunOf(object);
  const plan = planFileSet(codeRun, renderFiles(codeRun, templates));
  // Without the files: nobody reads them any more, and ten thousand sets of them are for the API server to hold.
  const [configMap] = configMaps(codeRun, { ...plan, maps: [{ name: plan.name, data: {} }] }, namespace);
  if (configMap === undefined) throw new Error('no ConfigMap');
  const { retentionSeconds, deadlineSeconds } = DEFAULT_RECONCILE_POLICY;
  const whole = jobManifest({
    codeRun,
    namespace,
    pods: BENCH_PODS,
    templates,
    files: plan,
    workspace: null,
    hasToken: false,
    deadlineSeconds,
    retentionSeconds,
  });
  const { finalizers: _, ...metadata } = whole.metadata;
  const job = { ...whole, metadata };
  return {
    configMap,
    job,
    jobStatus: jobStatus(endedAt),
    pod: (made) => podOf(made, namespace),
    podStatus: podStatus(endedAt),
    codeRunStatus: codeRunStatus(codeRun, job.metadata.name, plan.name, endedAt),
  };
}

function jobStatus(endedAt: number): object {
  const at = timestamp(endedAt);
  const condition = (type: string) => ({ type, status: 'True', lastProbeTime: at, lastTransitionTime: at });
  return {
    startTime: timestamp(endedAt - 60 * SECOND),
    completionTime: at,
    succeeded: 1,
    ready: 0,
    terminating: 0,
    uncountedTerminatedPods: {},
    conditions: [condition('SuccessCriteriaMet'), condition('Complete')],
  };
}

/** The Pod that kube-controller-manager would make of a Job. */
function podOf({ metadata, ...job }: KubernetesObject, namespace: string): NewObject {
  const { template } = job['spec'] as { template: { metadata: object; spec: object } };
  const { name, uid } = metadata;
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      ...template.metadata,
      name: `${name}-abcde`,
      namespace,
      ownerReferences: [{ apiVersion: 'batch/v1', kind: 'Job', name, uid, controller: true, blockOwnerDeletion: true }],
    },
    spec: template.spec,
  };
}

function podStatus(endedAt: number): object {
  const terminated = {
    exitCode: 0,
    reason: 'Completed',
    message: '{"report":{"status":"fixed","summary":"repaired"}}',
    startedAt: timestamp(endedAt - 50 * SECOND),
    finishedAt: timestamp(endedAt),
  };
  const container = { name: AGENT_CONTAINER, image: BENCH_PODS.image, imageID: '', ready: false, restartCount: 0 };
  return { phase: 'Succeeded', containerStatuses: [{ ...container, state: { terminated } }] };
}

function codeRunStatus({ spec }: CodeRun, jobName: string, configmapName: string, endedAt: number): object {
  const lastTransitionTime = timestamp(endedAt);
  const condition = (type: string, reason: string, message: string) => ({
    type,
    status: 'True',
    reason,
    message,
    observedGeneration: 1,
    lastTransitionTime,
  });
  return {
    contextVersion: spec.contextVersion,
    phase: 'Succeeded',
    conditions: [
      condition('Accepted', 'Accepted', 'The run was accepted.'),
      condition('ContextReady', 'FilesReady', configmapName),
      condition('JobCreated', 'JobStarted', jobName),
      condition('Succeeded', 'AgentSucceeded', 'The missing import was added.'),
      condition('Reported', 'Reported', 'The end was reported.'),
    ],
    message: 'The missing import was added.',
    jobName,
    configmapName,
    pullRequestUrl: 'https://github.com/acme/shop/pull/7',
    commitSha: 'c0ffee'.repeat(6),
    retryCount: 0,
    startedAt: timestamp(endedAt - 50 * SECOND),
    finishedAt: timestamp(endedAt),
    expireAt: timestamp(endedAt + DEFAULT_RECONCILE_POLICY.retentionSeconds * SECOND),
    workCompleted: true,
    usage: { inputTokens: 120_000, outputTokens: 8_000, costUsd: 0.62 },
    result: { status: 'fixed', summary: 'The missing import was added.' },
  };
}
