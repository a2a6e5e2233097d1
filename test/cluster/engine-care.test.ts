import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { GitToken } from '../../src/coderun/engines/kubernetes/options.ts';
import { isTrue } from '../../src/coderun/schema.ts';
import { type BenchChange, installDefinition, type KubernetesBench, openKubernetesBench } from './engine-bench.ts';
import { type ApiError, sharedCluster, until } from './support/cluster.ts';

interface Found {
  readonly metadata: { readonly name: string; readonly labels?: Readonly<Record<string, string>> };
  readonly data?: Readonly<Record<string, string>>;
  readonly type?: string;
  readonly reason?: string;
}

const PATIENCE_MS = 90_000;
const cluster = sharedCluster();
let bench: KubernetesBench;
beforeAll(() => installDefinition(cluster));
afterEach(() => bench.close());

const open = async (change: BenchChange = {}) => {
  bench = await openKubernetesBench(cluster, change);
  bench.reconciler.start();
};
const list = async (path: string): Promise<readonly Found[]> =>
  (await cluster.api.request<{ items: readonly Found[] }>('GET', path)).items;
const core = (kind: string) => list(`/api/v1/namespaces/${bench.namespace}/${kind}`);
const jobs = () => list(`/apis/batch/v1/namespaces/${bench.namespace}/jobs`);
const RUNS = () => `/apis/agents.platform/v1/namespaces/${bench.namespace}/coderuns`;
const reported = (name: string) => bench.reach(name, ({ status }) => isTrue(status, 'Reported'), 'is not reported');
const mine = (found: readonly Found[]) => found.filter(({ metadata }) => metadata.labels?.['healer/coderun-uid']);

describe('the CustomResourceDefinition on an API server', () => {
  const minimal = { service: 'shop', repositoryUrl: 'https://github.com/acme/shop.git' };
  const create = (name: string, spec: object) =>
    cluster.api.request('POST', RUNS(), {
      apiVersion: 'agents.platform/v1',
      kind: 'CodeRun',
      metadata: {
        name,
        labels: { 'healer.platform/exclude': 'true', 'healer/agent': 'rex', 'healer/failure-type': 'rust_fmt' },
      },
      spec,
    });

  it('takes what people wrote for the schema in use, and refuses what is wrong', async () => {
    bench = await openKubernetesBench(cluster);
    await create('minimal', minimal);
    await create('number', { ...minimal, taskId: 7, contextVersion: 2, env: { A: 'b' }, branch: null });
    await create('text', {
      ...minimal,
      taskId: 'T-7',
      cliConfig: { cliType: 'claude', settings: { deep: { er: [1] } } },
    });
    const kept = await cluster.api.request<{ spec: object }>('GET', `${RUNS()}/minimal`);
    expect(kept.spec).toMatchObject({ ...minimal, runType: 'implementation', docsBranch: 'main', contextVersion: 1 });
    await expect(create('a', { service: 'shop' })).rejects.toThrow(/repositoryUrl/);
    await expect(create('b', { ...minimal, runType: 'guess' })).rejects.toThrow(/runType/);
    await expect(create('c', { ...minimal, branch: 'a..b' })).rejects.toThrow(/two dots/);
    await expect(create('d', { ...minimal, branch: '-x' })).rejects.toThrow(/branch/);
    await expect(create('e', { ...minimal, service: 's'.repeat(64) })).rejects.toThrow(/service/);
  });

  it('keeps the identity of a CodeRun', async () => {
    bench = await openKubernetesBench(cluster);
    await create('fixed', { ...minimal, taskId: 7 });
    const change = (spec: object) => cluster.api.request('PATCH', `${RUNS()}/fixed`, { spec });
    await expect(change({ taskId: 8 })).rejects.toThrow(/taskId cannot be changed/);
    await expect(change({ taskId: null })).rejects.toThrow(/taskId cannot be changed/);
    await expect(change({ service: 'other' })).rejects.toThrow(/service cannot be changed/);
    await expect(change({ repositoryUrl: 'https://x.example/y.git' })).rejects.toThrow(
      /repositoryUrl cannot be changed/,
    );
    await change({ contextVersion: 3, prompt: 'more' });
    await expect(change({ contextVersion: 2 })).rejects.toThrow(/only grows/);
  });

  it('shows the columns people look at, and finds runs by their fields', async () => {
    bench = await openKubernetesBench(cluster);
    await create('seen', { ...minimal, runType: 'remediate' });
    const table = await cluster.kubectl(['-n', bench.namespace, 'get', 'cr']);
    expect(
      table
        .split('\n')[0]
        ?.split(/ {2,}/)
        .map((column) => column.trim()),
    ).toEqual(['NAME', 'TYPE', 'AGENT', 'SERVICE', 'TYPE OF FAILURE', 'ATTEMPT', 'PHASE', 'AGE']);
    expect(table).toMatch(/seen +remediate +rex +shop +rust_fmt +1/);
    const found = await cluster.kubectl([
      '-n',
      bench.namespace,
      'get',
      'cr',
      '--field-selector',
      'spec.runType=remediate',
      '-o',
      'name',
    ]);
    expect(found.trim()).toBe('coderun.agents.platform/seen');
    expect(await cluster.kubectl(['explain', 'coderun.spec.contextVersion'])).toContain(
      'a higher one asks for a further attempt',
    );
  });

  it('is left alone where people say so', async () => {
    await open();
    await create('foreign', minimal);
    const other = bench.draft('true');
    await bench.finish(other);
    await bench.reconciler.reconcile('foreign').catch(() => {});
    expect((await bench.engine.listActive()).map(({ name }) => name)).not.toContain('foreign');
  });
});

describe('what a run leaves', () => {
  it('goes when its time has come, the workspace with it, and the CodeRun stays to be read', async () => {
    await open();
    const draft = bench.draft('true');
    await bench.engine.create({ ...draft, annotations: { ...draft.annotations, 'cleanup.cto.dev/ttl-seconds': '2' } });
    const run = await reported(draft.name);
    expect(run.status.expireAt).toBeDefined();
    await until(PATIENCE_MS, 'something is left', async () => {
      const left = [
        ...mine(await jobs()),
        ...mine(await core('configmaps')),
        ...mine(await core('persistentvolumeclaims')),
      ];
      return left.length === 0;
    });
    expect((await bench.engine.get(draft.name))?.status.phase).toBe('Succeeded');
  });

  it('stays where people say so', async () => {
    await open({ policy: { retentionSeconds: 0 }, engine: { retentionSeconds: 0 } });
    const kept = bench.draft('true');
    const gone = bench.draft('true', { ordinal: 2 });
    await bench.engine.create({ ...kept, annotations: { ...kept.annotations, 'cleanup.cto.dev/preserve': 'true' } });
    await bench.engine.create(gone);
    await reported(kept.name);
    await reported(gone.name);
    const left = async (found: Promise<readonly Found[]>) => mine(await found).length;
    await until(PATIENCE_MS, 'the other one stays', async () => (await left(jobs())) === 1);
    await until(PATIENCE_MS, 'its text stays', async () => (await left(core('configmaps'))) === 1);
    for (let look = 0; look < 3; look += 1) await bench.reconciler.reconcile(kept.name);
    expect(mine(await jobs()).map(({ metadata }) => metadata.labels?.['healer/coderun'])).toEqual([kept.name]);
    expect(mine(await core('configmaps')).map(({ metadata }) => metadata.labels?.['healer/coderun'])).toEqual([
      kept.name,
    ]);
  });

  it('goes in the end with the CodeRun itself', async () => {
    await open({ policy: { retentionSeconds: 1 }, engine: { retentionSeconds: 1, keepCodeRunsMs: 1000 } });
    const draft = bench.draft('true');
    await bench.finish(draft);
    await until(PATIENCE_MS, 'the CodeRun stays', async () => {
      await bench.reconciler.reconcile(draft.name).catch(() => {});
      return cluster.api
        .request('GET', `${RUNS()}/${draft.name}`)
        .then(() => false)
        .catch((error: unknown) => (error as ApiError).status === 404);
    });
  });
});

describe('the token of a run', () => {
  it('is in a Secret of its own, is replaced where the run reads it before it ends, and goes after the run', async () => {
    let made = 0;
    const gitToken = async (): Promise<GitToken> => {
      made += 1;
      return { token: `token-${made}`, expiresAt: Date.now() + (made === 1 ? 905_000 : 3_600_000) };
    };
    await open({ engine: { gitToken }, policy: { pollMs: 300 } });
    const draft = bench.draft(
      'echo "first $(cat "$HEALER_TOKEN_FILE")"; until grep -q token-2 "$HEALER_TOKEN_FILE"; do sleep 0.2; done; echo "then $(cat "$HEALER_TOKEN_FILE")"',
    );
    await bench.engine.create(draft);
    await until(PATIENCE_MS, 'no Secret', async () => mine(await core('secrets')).length === 1);
    await reported(draft.name);
    const output = await bench.engine.output(draft.name, 4000);
    expect(output).toContain('then token-2');
    expect(made).toBe(2);
    await until(PATIENCE_MS, 'the Secret stays', async () => mine(await core('secrets')).length === 0);
  });

  it('is never in what people may read: not in the Job, the ConfigMap, the status or the Events', async () => {
    await open({ engine: { gitToken: async () => ({ token: 'ghs_veryprivate', expiresAt: null }) } });
    const draft = bench.draft('true');
    await bench.finish(draft);
    const events = await list(`/apis/events.k8s.io/v1/namespaces/${bench.namespace}/events`);
    const all = JSON.stringify([await jobs(), await core('configmaps'), await list(RUNS()), events]);
    expect(all).not.toContain('ghs_veryprivate');
    expect(events.length).toBeGreaterThan(0);
  });
});

it('tells each step once, in Events that describe shows', async () => {
  await open();
  const draft = bench.draft('exit 3');
  await bench.finish(draft);
  await reported(draft.name);
  const reasons = async () => {
    const events = await list(`/apis/events.k8s.io/v1/namespaces/${bench.namespace}/events`);
    const own = events.filter((event) => (event as { regarding?: { name?: string } }).regarding?.name === draft.name);
    return own.map(({ type, reason }) => `${type} ${reason}`);
  };
  await until(PATIENCE_MS, 'the end is not told', async () => (await reasons()).includes('Warning AgentFailed'));
  const told = await reasons();
  expect(told).toContain('Warning AgentFailed');
  expect(told.some((event) => event.startsWith('Normal Job'))).toBe(true);
  expect(new Set(told).size).toBe(told.length);
  const described = await cluster.kubectl(['-n', bench.namespace, 'describe', 'coderun', draft.name]);
  expect(described).toMatch(/AgentFailed/);
});
