import { type Api, type Cluster, until } from './cluster.ts';
import type { Pod } from './kubelet/kube-types.ts';

export type { Pod } from './kubelet/kube-types.ts';

export interface Job {
  readonly metadata: { readonly name: string; readonly namespace: string; readonly uid: string };
  readonly status?: {
    readonly active?: number;
    readonly succeeded?: number;
    readonly failed?: number;
    readonly completionTime?: string;
    readonly conditions?: readonly { readonly type: string; readonly status: string; readonly reason?: string }[];
  };
}

/** For a machine under load. */
export const PATIENCE_MS = 60_000;

/** A container that runs a line of shell. */
export function shell(line: string, more: object = {}): object {
  return { name: 'main', image: 'test/shell', command: ['sh', '-c', line], ...more };
}

/** Creates a Pod that is not restarted, with one container of the given kind. */
export function createPod(
  cluster: Cluster,
  namespace: string,
  name: string,
  container: object,
  spec: object = {},
): Promise<Pod> {
  const body = {
    metadata: { name },
    spec: { restartPolicy: 'Never', terminationGracePeriodSeconds: 2, containers: [container], ...spec },
  };
  return cluster.api.request<Pod>('POST', `/api/v1/namespaces/${namespace}/pods`, body);
}

/** Creates a Job of one Pod and one attempt. */
export function createJob(
  api: Api,
  namespace: string,
  name: string,
  container: object,
  more: { readonly job?: object; readonly pod?: object } = {},
): Promise<Job> {
  const template = {
    spec: { restartPolicy: 'Never', terminationGracePeriodSeconds: 2, containers: [container], ...more.pod },
  };
  const body = { metadata: { name }, spec: { backoffLimit: 0, template, ...more.job } };
  return api.request<Job>('POST', `/apis/batch/v1/namespaces/${namespace}/jobs`, body);
}

export function getPod(cluster: Cluster, namespace: string, name: string): Promise<Pod> {
  return cluster.api.request<Pod>('GET', `/api/v1/namespaces/${namespace}/pods/${name}`);
}

export function getJob(cluster: Cluster, namespace: string, name: string): Promise<Job> {
  return cluster.api.request<Job>('GET', `/apis/batch/v1/namespaces/${namespace}/jobs/${name}`);
}

export async function podsOfJob(cluster: Cluster, namespace: string, job: string): Promise<readonly Pod[]> {
  const query = { labelSelector: `batch.kubernetes.io/job-name=${job}` };
  const path = `/api/v1/namespaces/${namespace}/pods`;
  return (await cluster.api.request<{ items: Pod[] }>('GET', path, undefined, { query })).items;
}

/** Reads until what was read is as wanted, and gives it. Errors of reading are waited out; the last one is told. */
export async function eventually<T>(read: () => Promise<T>, isWanted: (value: T) => boolean): Promise<T> {
  let last: T | undefined;
  let failure: unknown;
  try {
    await until(PATIENCE_MS, 'never', async () => {
      try {
        last = await read();
        return isWanted(last);
      } catch (error) {
        failure = error;
        return false;
      }
    });
  } catch {
    throw new Error(`It did not come to be as expected: ${JSON.stringify(last, null, 2)}`, { cause: failure });
  }
  return last as T;
}

export function podInPhase(cluster: Cluster, namespace: string, name: string, phase: string): Promise<Pod> {
  return eventually(
    () => getPod(cluster, namespace, name),
    (pod) => pod.status?.phase === phase,
  );
}

export function finishedJob(
  cluster: Cluster,
  namespace: string,
  name: string,
  type: 'Complete' | 'Failed',
): Promise<Job> {
  const isFinished = (job: Job) => job.status?.conditions?.some((c) => c.type === type && c.status === 'True') === true;
  return eventually(() => getJob(cluster, namespace, name), isFinished);
}
