import { kubernetesLease } from '../coderun/reconcile/leader-lease.ts';
import { messageOf } from '../lib/errors.ts';
import type { KubernetesClient } from '../lib/kubernetes/client.ts';
import { definitionState, type WantedDefinition } from './cluster-definition.ts';
import { definitionCheck, WATCH_SILENT_MS } from './cluster-health.ts';
import { RIGHTS, refusedRights, sayRights } from './cluster-rights.ts';
import type { Finding } from './finding.ts';

export interface ClusterToDiagnose {
  readonly client: KubernetesClient;
  /** Where CodeRuns live. */
  readonly namespace: string;
  readonly definition: WantedDefinition;
  /** Where the service of this machine would listen, to be asked how it does. */
  readonly serviceUrl: string;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

const LOOK_MS = 10_000;
const NOTHING_RUNS = 'deliveries are taken and decided about, but no CodeRun is started or watched';

/** Asks everything that the kubernetes engine stands on: the API server, each right, the definition, the lease, the watch. */
export async function diagnoseCluster(cluster: ClusterToDiagnose): Promise<readonly Finding[]> {
  const reached = await lookAtServer(cluster);
  if (reached.status === 'failed') return [reached];
  return [
    reached,
    ...(await Promise.all([
      lookAtRights(cluster),
      lookAtDefinition(cluster),
      lookAtLease(cluster),
      lookAtWatch(cluster),
    ])),
  ];
}

async function lookAtServer({ client, namespace }: ClusterToDiagnose): Promise<Finding> {
  const name = 'cluster';
  try {
    const { body: version } = await client.request({ path: '/version', timeoutMs: LOOK_MS });
    const { body: review } = await client.request({
      method: 'POST',
      path: '/apis/authentication.k8s.io/v1/selfsubjectreviews',
      body: { apiVersion: 'authentication.k8s.io/v1', kind: 'SelfSubjectReview' },
      timeoutMs: LOOK_MS,
    });
    const { gitVersion = 'an unknown version' } = version as { gitVersion?: string };
    const user = (review as { status?: { userInfo?: { username?: string } } }).status?.userInfo?.username;
    const detail = `${client.server} answers (${gitVersion}) to ${user ?? 'us'}; CodeRuns live in namespace ${namespace}`;
    return { name, status: 'ok', detail, without: null };
  } catch (error) {
    return { name, status: 'failed', detail: `${client.server}: ${messageOf(error)}`, without: NOTHING_RUNS };
  }
}

async function lookAtRights({ client, namespace }: ClusterToDiagnose): Promise<Finding> {
  const name = 'cluster rights';
  try {
    const refused = await refusedRights(client, namespace);
    if (refused.length === 0) {
      const detail = `all ${RIGHTS.length} rights in namespace ${namespace} are there`;
      return { name, status: 'ok', detail, without: null };
    }
    const detail =
      `missing in namespace ${namespace}: ${sayRights(refused)}. Install the chart with rbac.create=true, or add these ` +
      'rules to the Role that the ServiceAccount is bound to; it is noticed within a minute';
    return { name, status: 'failed', detail, without: NOTHING_RUNS };
  } catch (error) {
    return { name, status: 'failed', detail: `the rights could not be asked for: ${messageOf(error)}`, without: null };
  }
}

async function lookAtDefinition({ client, definition }: ClusterToDiagnose): Promise<Finding> {
  const name = 'cluster definition';
  try {
    const { ok, detail } = definitionCheck(await definitionState(client, definition));
    return ok
      ? { name, status: 'ok', detail: `${detail} (${definition.group}/${definition.version})`, without: null }
      : { name, status: 'failed', detail, without: NOTHING_RUNS };
  } catch (error) {
    return { name, status: 'failed', detail: messageOf(error), without: NOTHING_RUNS };
  }
}

async function lookAtLease({ client, namespace, now }: ClusterToDiagnose): Promise<Finding> {
  const name = 'cluster leader';
  try {
    const lease = await kubernetesLease(client, namespace).read(AbortSignal.timeout(LOOK_MS));
    if (lease === null || lease.holder === null) {
      const detail = 'nobody holds the lease; a running service takes it within seconds';
      return { name, status: 'warn', detail, without: NOTHING_RUNS };
    }
    const ageMs = lease.renewedAt === null ? null : Math.max(0, now - lease.renewedAt);
    const age = ageMs === null ? '' : `, renewed ${Math.round(ageMs / 1_000)} s ago`;
    const detail = `${lease.holder} leads${age}; it changed hands ${lease.transitions} times`;
    // By two clocks: only a large difference says something.
    if (ageMs === null || ageMs < 3 * lease.durationMs) return { name, status: 'ok', detail, without: null };
    return { name, status: 'warn', detail: `${detail}; nobody has taken it over`, without: NOTHING_RUNS };
  } catch (error) {
    return { name, status: 'failed', detail: messageOf(error), without: NOTHING_RUNS };
  }
}

/** The watch is the running service's; it says on its own pages how it does. */
async function lookAtWatch({ serviceUrl }: ClusterToDiagnose): Promise<Finding> {
  const name = 'cluster watch';
  try {
    const read = async (path: string) => {
      const answer = await fetch(new URL(path, serviceUrl), { signal: AbortSignal.timeout(LOOK_MS) });
      return answer.text();
    };
    const { failing = [] } = JSON.parse(await read('/ready')) as { failing?: readonly string[] };
    const seconds = /^healer_watch_last_event_seconds (\S+)$/m.exec(await read('/metrics'))?.[1];
    const age = seconds === undefined ? null : Number(seconds);
    const heard = age === null ? 'has not heard of the API server yet' : `heard of it ${Math.round(age)} s ago`;
    const rest = failing.length === 0 ? 'it is ready' : `it is not ready: ${failing.join(', ')}`;
    const isFresh = age !== null && age * 1_000 < WATCH_SILENT_MS && failing.length === 0;
    const detail = `the service at ${serviceUrl} ${heard}; ${rest}`;
    return isFresh
      ? { name, status: 'ok', detail, without: null }
      : { name, status: 'warn', detail, without: NOTHING_RUNS };
  } catch {
    const detail = `no service answers at ${serviceUrl}; run doctor in its pod to see its watch: kubectl exec deploy/healer -- node bin/healer.js doctor`;
    return { name, status: 'missing', detail, without: 'everything else here is checked all the same' };
  }
}
