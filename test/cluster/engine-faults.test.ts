import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { CodeRunPhase } from '../../src/coderun/schema.ts';
import { isTrue } from '../../src/coderun/schema.ts';
import { RetryableError } from '../../src/lib/errors.ts';
import { installDefinition, type KubernetesBench, openKubernetesBench } from './engine-bench.ts';
import { holdIn } from './engine-hold.ts';
import { type Cluster, startCluster, until } from './support/cluster.ts';

const PATIENCE_MS = 90_000;
const RANK: Readonly<Record<CodeRunPhase, number>> = { Pending: 0, Running: 1, Succeeded: 2, Failed: 2, Cancelled: 2 };
let cluster: Cluster;
let bench: KubernetesBench;
beforeAll(async () => {
  cluster = await startCluster();
  await installDefinition(cluster);
});
afterAll(() => cluster?.stop());
beforeEach(async () => {
  bench = await openKubernetesBench(cluster);
});
afterEach(() => bench.close());

const jobs = async () =>
  (await cluster.api.request<{ items: object[] }>('GET', `/apis/batch/v1/namespaces/${bench.namespace}/jobs`)).items;
const running = (name: string) => bench.reach(name, ({ status }) => status.phase === 'Running', 'does not run');

/** Follows the phases of a CodeRun as the API server tells them. */
function phasesOf(name: string) {
  const seen: CodeRunPhase[] = [];
  const path = `/apis/agents.platform/v1/namespaces/${bench.namespace}/coderuns`;
  const handle = cluster.api.watch<{ metadata: { name: string }; status?: { phase?: CodeRunPhase } }>(
    path,
    ({ object }) => {
      if (object.metadata.name === name && object.status?.phase !== undefined) seen.push(object.status.phase);
    },
  );
  return { seen, stop: () => handle.stop() };
}

/** A run through a fault while its agent is at work: whatever happens then, it is there before and after it. */
async function atWorkThroughFault(fault: (name: string) => Promise<void>): Promise<void> {
  const hold = holdIn(bench);
  await throughFault(hold.script, async (name) => {
    await running(name);
    await fault(name);
    hold.letGo();
  });
}

/** A run through a fault: it settles, has had one Job, its end was told, and its phase never went back. */
async function throughFault(script: string, fault: (name: string) => Promise<void>): Promise<void> {
  const draft = bench.draft(script);
  const phases = phasesOf(draft.name);
  bench.reconciler.start();
  await bench.engine.create(draft);
  await fault(draft.name);
  await bench.reach(draft.name, ({ status }) => isTrue(status, 'Reported'), 'does not settle');
  phases.stop();
  expect(await jobs()).toHaveLength(1);
  // An end whose word was lost is told again, in the same words.
  expect([...new Set(bench.ended.map(({ ended }) => ended.how))]).toEqual(['succeeded']);
  const ranks = phases.seen.map((phase) => RANK[phase]);
  expect(ranks).toEqual(ranks.toSorted((a, b) => a - b));
}

describe('a cluster that fails', () => {
  it('API server killed and started again while a run is under way', () =>
    atWorkThroughFault(async () => {
      await cluster.apiserver.kill();
      await cluster.apiserver.restart();
    }));

  it('API server killed in the moment a run is created', () =>
    throughFault('true', async () => {
      await cluster.apiserver.kill();
      await cluster.apiserver.restart();
    }));

  it('API server that hangs with every connection open', () =>
    atWorkThroughFault(async () => {
      cluster.apiserver.pause();
      const late = bench.client.request({ path: '/version', timeoutMs: 1500 });
      await expect(late).rejects.toThrow(RetryableError);
      cluster.apiserver.resume();
    }));

  it('etcd that hangs', () =>
    atWorkThroughFault(async (name) => {
      cluster.etcd.pause();
      const cancel = bench.engine.requestCancel('unknown').then(
        () => 'answered',
        () => 'refused',
      );
      // What only etcd knows is asked for in vain: the API server waits for it, or says that it cannot.
      const path = `/apis/agents.platform/v1/namespaces/${bench.namespace}/coderuns/${name}`;
      await expect(bench.client.request({ path, timeoutMs: 1500 })).rejects.toThrow(RetryableError);
      cluster.etcd.resume();
      expect(['answered', 'refused']).toContain(await cancel);
    }));

  it('controller manager that is away when the run begins', () =>
    throughFault('true', async (name) => {
      await cluster.controllerManager.kill();
      const waiting = await bench.reach(name, ({ status }) => status.jobName !== undefined, 'has no Job');
      expect(waiting.status.phase).toBe('Pending');
      await cluster.controllerManager.restart();
    }));

  it('Healer stopped and started anew in the middle', () =>
    atWorkThroughFault(async () => {
      await bench.reconciler.stop();
      bench.another().reconciler.start();
    }));

  it('a watch that the API server cuts off again and again', async () => {
    await bench.close();
    bench = await openKubernetesBench(cluster, { engine: { watch: { idleMs: 300, resyncMs: 500 } } });
    await throughFault('sleep 4', async () => {});
  });

  it('answers of 429 and 500 on the way, with what to wait for', async () => {
    const { client } = bench;
    const original = client.request.bind(client);
    let count = 0;
    // Chance, but the same each time (Lehmer's generator): a fixed beat would hit the same step of every try.
    let seed = 42;
    const chance = (): number => {
      seed = (seed * 48_271) % 2_147_483_647;
      return seed / 2_147_483_647;
    };
    const spoilt: typeof original = async (request) => {
      count += 1;
      if (chance() < 0.3) throw new RetryableError('429 Too Many Requests', { retryAfterMs: 20 });
      const answer = await original(request);
      // Done, but the answer is lost.
      if (chance() < 0.1) throw new RetryableError('502 Bad Gateway');
      return answer;
    };
    await throughFault('sleep 1', async () => void Object.assign(client, { request: spoilt }));
    expect(count).toBeGreaterThan(9);
  });

  it('a leader that was held up writes nothing any more, and the next one takes over', async () => {
    let mayWrite = true;
    await bench.close();
    const refuse = () => {
      if (!mayWrite) throw new RetryableError('somebody else leads');
    };
    bench = await openKubernetesBench(cluster, { engine: { mayWrite: refuse } });
    const draft = bench.draft('true');
    mayWrite = false;
    bench.reconciler.start();
    await bench.engine.create(draft);
    await until(PATIENCE_MS, 'it is not looked at', async () =>
      bench.errors.some((error) => error.includes('somebody else leads')),
    );
    expect(await jobs()).toEqual([]);
    mayWrite = true;
    await bench.reach(draft.name, ({ status }) => isTrue(status, 'Reported'), 'does not settle');
    expect(await jobs()).toHaveLength(1);
  });
});
