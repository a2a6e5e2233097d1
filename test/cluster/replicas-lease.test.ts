import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, describe, expect, it } from 'vitest';
import { type AuditEvent, type Cluster, sharedCluster, startCluster, until } from './support/cluster.ts';

const PROGRAM = join(import.meta.dirname, 'replicas/contender.ts');
/** The default. A shorter one a busy machine takes from a leader that nobody stopped. */
const LEASE_SECONDS = 15;
const PATIENCE_MS = 90_000;

interface Contender {
  readonly name: string;
  readonly child: ChildProcess;
  leads: boolean;
  /** Every change, in order. */
  readonly said: boolean[];
  readonly exited: Promise<void>;
}

const running: Contender[] = [];
afterEach(async () => {
  for (const { child } of running) {
    child.kill('SIGCONT');
    child.kill('SIGKILL');
  }
  await Promise.all(running.splice(0).map(({ exited }) => exited));
});

async function contend(cluster: Cluster, namespace: string, count: number): Promise<readonly Contender[]> {
  await cluster.api.request('POST', `/api/v1/namespaces/${namespace}/configmaps`, { metadata: { name: 'written' } });
  const contenders = Array.from({ length: count }, (_, index) => start(cluster, namespace, `contender-${index}`));
  running.push(...contenders);
  return contenders;
}

function start(cluster: Cluster, namespace: string, name: string): Contender {
  const args = [cluster.server, cluster.adminToken, cluster.caFile, namespace, name, String(LEASE_SECONDS)];
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', PROGRAM, ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const contender: Contender = {
    name,
    child,
    leads: false,
    said: [],
    exited: new Promise((resolve) => child.once('exit', () => resolve())),
  };
  createInterface({ input: child.stdout }).on('line', (line) => {
    const { leads } = JSON.parse(line) as { leads?: boolean };
    if (leads === undefined) return;
    contender.leads = leads;
    contender.said.push(leads);
  });
  return contender;
}

async function leaderOf(contenders: readonly Contender[], except: Contender | null = null): Promise<Contender> {
  let found: Contender | undefined;
  await until(PATIENCE_MS, 'nobody leads', async () => {
    found = contenders.find((contender) => contender !== except && contender.leads);
    return found !== undefined;
  });
  return found as Contender;
}

/** Who wrote the ConfigMap, in the order in which the API server took it, each run of one writer once. */
async function writers(cluster: Cluster, namespace: string): Promise<readonly string[]> {
  const events = await cluster.auditEvents({ namespace, resource: 'configmaps', verbs: ['patch'] });
  const order = events
    .filter(({ responseStatus }) => responseStatus?.code === 200)
    .toSorted((a, b) => time(a) - time(b))
    .map(({ userAgent = '' }) => userAgent);
  return order.filter((writer, index) => writer !== order[index - 1]);
}

/** Microseconds, as the audit log has them. */
function time({ stageTimestamp }: AuditEvent): number {
  const [seconds = '', fraction = ''] = stageTimestamp.replace('Z', '').split('.');
  return Date.parse(`${seconds}Z`) * 1_000 + Number(fraction.padEnd(6, '0'));
}

describe('replicas that contend for a Lease of a real API server', () => {
  it('write one at a time, also when the leader is stopped past its lease and goes on', async () => {
    const cluster = sharedCluster();
    const namespace = await cluster.namespace('lease');
    const contenders = await contend(cluster, namespace, 3);
    const first = await leaderOf(contenders);
    await until(PATIENCE_MS, 'the leader does not write', async () => (await writers(cluster, namespace)).length > 0);

    first.child.kill('SIGSTOP');
    const second = await leaderOf(contenders, first);
    await until(PATIENCE_MS, 'the next does not write', async () => (await writers(cluster, namespace)).length > 1);
    first.child.kill('SIGCONT');
    await until(PATIENCE_MS, 'the first does not notice', async () => !first.leads);
    // It contends again, and wins when the other goes.
    second.child.kill('SIGTERM');
    await second.exited;
    const third = await leaderOf(contenders, second);
    await until(PATIENCE_MS, 'the third does not write', async () => (await writers(cluster, namespace)).length > 2);

    expect(await writers(cluster, namespace)).toEqual([first.name, second.name, third.name]);
    const lease = await cluster.api.request<{ spec: { holderIdentity: string; leaseTransitions: number } }>(
      'GET',
      `/apis/coordination.k8s.io/v1/namespaces/${namespace}/leases/healer-leader`,
    );
    expect(lease.spec.holderIdentity).toBe(third.name);
    expect(lease.spec.leaseTransitions).toBe(2);
  });

  it('hand over within one look when the leader stops gracefully, and after the lease when it is killed', async () => {
    const cluster = sharedCluster();
    const namespace = await cluster.namespace('lease');
    const contenders = await contend(cluster, namespace, 3);
    const first = await leaderOf(contenders);
    first.child.kill('SIGTERM');
    await first.exited;
    const second = await leaderOf(contenders, first);
    second.child.kill('SIGKILL');
    await second.exited;
    const third = contenders.find((contender) => contender !== first && contender !== second) as Contender;
    await until(PATIENCE_MS, 'nobody takes over from the dead', async () => third.leads);

    const events = await cluster.auditEvents({ namespace, resource: 'leases', verbs: ['update'] });
    const writes = events
      .filter(({ responseStatus }) => responseStatus?.code === 200)
      .map((event) => ({ by: event.userAgent, at: time(event) }));
    const lastOf = (name: string) => writes.findLast(({ by }) => by === name)?.at ?? Number.NaN;
    const firstOf = (name: string) => writes.find(({ by }) => by === name)?.at ?? Number.NaN;
    // The dead one's lease ran its whole time; the one that was given back did not.
    expect(firstOf(third.name) - lastOf(second.name)).toBeGreaterThanOrEqual(LEASE_SECONDS * 1e6);
    expect(firstOf(second.name)).toBeGreaterThan(lastOf(first.name));
    expect(third.said.filter(Boolean).length).toBe(1);
  });

  it('write nothing while the API server hangs for longer than a lease, and one of them goes on afterwards', async () => {
    const cluster = await startCluster({ withNode: false, withControllerManager: false });
    try {
      const namespace = await cluster.namespace('lease');
      const contenders = await contend(cluster, namespace, 2);
      const first = await leaderOf(contenders);
      cluster.apiserver.pause();
      await until(PATIENCE_MS, 'the leader does not step down', async () => !first.leads);
      cluster.apiserver.resume();
      const next = await leaderOf(contenders);
      const before = (await writers(cluster, namespace)).length;
      await until(PATIENCE_MS, 'nobody writes', async () => {
        const order = await writers(cluster, namespace);
        return order.at(-1) === next.name && order.length >= before;
      });
      const order = await writers(cluster, namespace);
      expect(order.length).toBe(new Set(order).size);
    } finally {
      await cluster.stop();
    }
  });
});
