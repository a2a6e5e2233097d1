import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Cluster, startCluster } from './support/cluster.ts';
import { createJob, createPod, eventually, finishedJob, getPod, podInPhase, shell } from './support/objects.ts';

/** Processes of a cluster are killed and stopped here, so it is one that nobody else uses. */
let cluster: Cluster;
let namespace = '';

beforeAll(async () => {
  cluster = await startCluster();
  namespace = await cluster.namespace('faults');
});

afterAll(async () => {
  await cluster.stop();
});

const quick = { timeoutMs: 1_000 };

describe('the control plane', () => {
  it('goes on where it was when the API server is killed and started again', async () => {
    const line = 'until [ -e /tmp/go ] || [ $((n=n+1)) -gt 40 ]; do sleep 0.1; done; echo over';
    await createJob(cluster.api, namespace, 'survivor', shell(line));
    await eventually(
      () => cluster.node.running(),
      (running) => running.some(({ pod }) => pod.startsWith('survivor-')),
    );
    const before = cluster.apiserver.pid();
    await cluster.apiserver.kill();
    expect(cluster.apiserver.isRunning()).toBe(false);
    await expect(cluster.api.request('GET', '/api/v1/namespaces')).rejects.toThrow(/ECONN|hang up/);
    await cluster.apiserver.restart();
    expect(cluster.apiserver.pid()).not.toBe(before);
    const job = await finishedJob(cluster, namespace, 'survivor', 'Complete');
    expect(job.status).toMatchObject({ succeeded: 1 });
    expect(await cluster.kubectl(['-n', namespace, 'logs', 'job/survivor'])).toBe('over\n');
    await createJob(cluster.api, namespace, 'newcomer', shell('true'));
    await finishedJob(cluster, namespace, 'newcomer', 'Complete');
  });

  it('answers nothing while the API server is stopped, and everything afterwards', async () => {
    cluster.apiserver.pause();
    try {
      await expect(cluster.api.request('GET', '/version', undefined, quick)).rejects.toThrow('no answer in time');
    } finally {
      cluster.apiserver.resume();
    }
    await eventually(
      () => cluster.api.request('GET', '/version'),
      () => true,
    );
  });

  it('accepts no write while etcd is stopped, and goes on afterwards', async () => {
    cluster.etcd.pause();
    const path = `/api/v1/namespaces/${namespace}/configmaps`;
    try {
      const early = cluster.api.request('POST', path, { metadata: { name: 'early' } }, quick);
      await expect(early).rejects.toThrow('no answer in time');
    } finally {
      cluster.etcd.resume();
    }
    await eventually(
      () => cluster.api.request('POST', path, { metadata: { name: 'late' } }),
      () => true,
    );
    await createJob(cluster.api, namespace, 'after-etcd', shell('true'));
    await finishedJob(cluster, namespace, 'after-etcd', 'Complete');
  });

  it('leaves Jobs alone while their controller is away', async () => {
    await cluster.controllerManager.kill();
    await createJob(cluster.api, namespace, 'orphan', shell('true'));
    await cluster.controllerManager.restart();
    await finishedJob(cluster, namespace, 'orphan', 'Complete');
  });
});

describe('the node', () => {
  it('loses its processes with its own, and says so of their Pods', async () => {
    await createPod(cluster, namespace, 'cut', shell('sleep 600'));
    await podInPhase(cluster, namespace, 'cut', 'Running');
    await eventually(
      () => cluster.node.running(),
      (running) => running.some(({ pod, pid }) => pod === 'cut' && pid > 1),
    );
    const pid = (await cluster.node.running()).find(({ pod }) => pod === 'cut')?.pid ?? 0;
    await cluster.node.restart();
    const { status } = await podInPhase(cluster, namespace, 'cut', 'Failed');
    expect(status?.containerStatuses?.[0]?.state.terminated).toMatchObject({
      exitCode: 137,
      reason: 'ContainerStatusUnknown',
    });
    await eventually(
      async () => isAlive(pid),
      (alive) => !alive,
    );
  });

  it('changes nothing while it is stopped', async () => {
    cluster.node.pause();
    try {
      await createPod(cluster, namespace, 'ignored', shell('true'));
      expect((await getPod(cluster, namespace, 'ignored')).spec.nodeName).toBeUndefined();
    } finally {
      cluster.node.resume();
    }
    await podInPhase(cluster, namespace, 'ignored', 'Succeeded');
  });

  it('takes no more Pods than it has room for', async () => {
    const small = await startCluster({ maxPods: 1 });
    try {
      const place = await small.namespace();
      await createPod(small, place, 'first', shell('until [ -e /tmp/go ]; do sleep 0.1; done'));
      await podInPhase(small, place, 'first', 'Running');
      await createPod(small, place, 'second', shell('true'));
      await eventually(
        async () => (await getPod(small, place, 'second')).status?.conditions ?? [],
        (conditions) => conditions.some(({ message }) => message?.includes('Too many pods') === true),
      );
      await small.kubectl(['-n', place, 'delete', 'pod', 'first']);
      await podInPhase(small, place, 'second', 'Succeeded');
    } finally {
      await small.stop();
    }
  });
});

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
