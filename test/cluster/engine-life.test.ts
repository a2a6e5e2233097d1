import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { conditionOf, isTerminalPhase, isTrue } from '../../src/coderun/schema.ts';
import { installDefinition, type KubernetesBench, openKubernetesBench } from './engine-bench.ts';
import { holdIn } from './engine-hold.ts';
import { type ApiError, sharedCluster, until } from './support/cluster.ts';

interface Named {
  readonly metadata: {
    readonly name: string;
    readonly uid: string;
    readonly finalizers?: readonly string[];
    readonly labels?: Readonly<Record<string, string>>;
  };
  readonly [field: string]: unknown;
}

const PATIENCE_MS = 90_000;
const cluster = sharedCluster();
let bench: KubernetesBench;
beforeAll(() => installDefinition(cluster));
beforeEach(async () => {
  bench = await openKubernetesBench(cluster);
});
afterEach(() => bench.close());

const RUNS = () => `/apis/agents.platform/v1/namespaces/${bench.namespace}/coderuns`;
const of = (kind: 'jobs' | 'pods' | 'configmaps' | 'secrets' | 'persistentvolumeclaims') =>
  `${kind === 'jobs' ? '/apis/batch/v1' : '/api/v1'}/namespaces/${bench.namespace}/${kind}`;
const list = async (path: string): Promise<readonly Named[]> =>
  (await cluster.api.request<{ items: readonly Named[] }>('GET', path)).items;
const read = (name: string) => cluster.api.request<Named>('GET', `${RUNS()}/${name}`);
const written = (since: number) =>
  cluster
    .auditEvents({ since, namespace: bench.namespace, writes: true })
    .then((events) => events.filter(({ userAgent }) => userAgent?.startsWith(`healer/${bench.namespace}`)));
const reported = (name: string) => bench.reach(name, ({ status }) => isTrue(status, 'Reported'), 'is not reported');
/** Events are written beside the work: what was told last is waited for before anybody counts writes. */
const told = (reason: string) =>
  until(PATIENCE_MS, `${reason} is not told`, async () =>
    (await list(`/apis/events.k8s.io/v1/namespaces/${bench.namespace}/events`)).some(
      (event) => event['reason'] === reason,
    ),
  );
const manifest = (name: string, spec: object = {}, metadata: object = {}) => ({
  apiVersion: 'agents.platform/v1',
  kind: 'CodeRun',
  metadata: { name, ...metadata },
  spec: {
    runType: 'remediate',
    service: 'shop',
    repositoryUrl: bench.remote.url,
    branch: 'main',
    cliConfig: {
      cliType: 'command',
      settings: { command: ['bash', '-c', 'echo "$HEALER_ATTEMPT" >>"$HOME/attempts"; cat "$HOME/attempts"'] },
    },
    ...spec,
  },
});
const FIXES = 'echo fixed >fix.txt; echo \'{"status":"fixed","summary":"repaired"}\' >"$HEALER_RESULT"';

describe('a CodeRun in a cluster', () => {
  it('runs the real script to a pushed commit, and leaves no finalizer once its end was told', async () => {
    bench.reconciler.start();
    const draft = bench.draft(FIXES);
    const { codeRun, ended } = await bench.finish(draft);
    expect(ended).toMatchObject({ how: 'succeeded', report: { status: 'fixed', summary: 'repaired' } });
    // Read from the file: git itself refuses a repository that belongs to somebody else.
    const head = readFileSync(join(bench.remote.path, 'refs/heads/main'), 'utf8').trim();
    expect(codeRun.status.commitSha).toBe(head);
    await reported(draft.name);
    await until(PATIENCE_MS, 'a finalizer is left', async () => {
      const [run, jobs] = [await read(draft.name), await list(of('jobs'))];
      return [run, ...jobs].every(({ metadata }) => (metadata.finalizers ?? []).length === 0);
    });
    expect(bench.ended.map(({ ended: { how } }) => how)).toEqual(['succeeded']);
  });

  it('makes one Job and one ConfigMap, however many look at once and whoever starts anew [R1, R7, R8]', async () => {
    const draft = bench.draft('sleep 2');
    await bench.engine.create(draft);
    const others = Array.from({ length: 3 }, () => bench.another());
    await Promise.all(others.map(({ reconciler }) => reconciler.reconcile(draft.name).catch(() => {})));
    for (const { reconciler } of others) reconciler.start();
    await reported(draft.name);
    expect(await list(of('jobs'))).toHaveLength(1);
    expect((await list(of('configmaps'))).filter(({ metadata }) => metadata.labels?.['healer/coderun'])).toHaveLength(
      1,
    );
    const creates = await cluster.auditEvents({ namespace: bench.namespace, resource: 'jobs', verbs: ['create'] });
    expect(creates.filter(({ responseStatus }) => responseStatus?.code === 201)).toHaveLength(1);
  });

  it('writes nothing into an unchanged world, while it runs and after its end [R2]', async () => {
    bench.reconciler.start();
    const hold = holdIn(bench);
    const draft = bench.draft(hold.script);
    await bench.engine.create(draft);
    await bench.reach(draft.name, ({ status }) => status.phase === 'Running', 'does not run');
    await told('JobStarted');
    await bench.reconciler.drain();
    const whileRunning = await cluster.auditMark();
    for (let look = 0; look < 20; look += 1) await bench.reconciler.reconcile(draft.name);
    expect((await bench.engine.get(draft.name))?.status.phase).toBe('Running');
    expect(await written(whileRunning)).toEqual([]);
    hold.letGo();
    await reported(draft.name);
    await until(
      PATIENCE_MS,
      'it is still held',
      async () => ((await read(draft.name)).metadata.finalizers ?? []).length === 0,
    );
    await told('AgentSucceeded');
    await bench.reconciler.drain();
    const after = await cluster.auditMark();
    for (let look = 0; look < 20; look += 1) await bench.reconciler.reconcile(draft.name);
    expect(await written(after)).toEqual([]);
  });

  it('is not started again when its Job was removed after the end [R6]', async () => {
    bench.reconciler.start();
    const draft = bench.draft('true');
    await bench.finish(draft);
    await reported(draft.name);
    const [job] = await list(of('jobs'));
    await cluster.api.request('DELETE', `${of('jobs')}/${job?.metadata.name}`, { propagationPolicy: 'Background' });
    await until(PATIENCE_MS, 'the Job stays', async () => (await list(of('jobs'))).length === 0);
    for (let look = 0; look < 5; look += 1) await bench.reconciler.reconcile(draft.name);
    expect(await list(of('jobs'))).toEqual([]);
    expect(bench.ended).toHaveLength(1);
  });

  it('keeps a finished Job in sight until its end was written down, whoever deletes it meanwhile', async () => {
    const draft = bench.draft('exit 7');
    const { codeRun } = await bench.engine.create(draft);
    await bench.engine.ensureFiles(codeRun);
    await bench.engine.ensureJob(codeRun, 60);
    await until(PATIENCE_MS, 'no end', async () => (await bench.engine.observe(codeRun)).job.state === 'exited');
    const [job] = await list(of('jobs'));
    await cluster.api.request('DELETE', `${of('jobs')}/${job?.metadata.name}`, { propagationPolicy: 'Background' });
    bench.reconciler.start();
    await reported(draft.name);
    expect(bench.ended).toEqual([expect.objectContaining({ ended: expect.objectContaining({ how: 'failed' }) })]);
    await until(PATIENCE_MS, 'the Job stays', async () => (await list(of('jobs'))).length === 0);
  });

  it('names what it waits for, and gives up where waiting cannot help [R5]', async () => {
    bench.reconciler.start();
    const draft = bench.draft('true');
    const order = await cluster.node.tell(
      { namespace: bench.namespace },
      { kind: 'waiting', reason: 'ErrImagePull', message: 'registry said: no route' },
    );
    await bench.engine.create(draft);
    const waiting = await bench.reach(
      draft.name,
      ({ status }) => /no route/.test(status.message ?? ''),
      'does not say',
    );
    expect(waiting.status.phase).toBe('Pending');
    expect(conditionOf(waiting.status, 'JobCreated')?.reason).toMatch(/^(ErrImagePull|ImagePullBackOff)$/);
    await cluster.node.forget(order);
    await cluster.node.tell(
      { namespace: bench.namespace },
      { kind: 'waiting', reason: 'InvalidImageName', message: 'agents/ALL' },
    );
    const hopeless = bench.draft('true', { ordinal: 2 });
    const { ended } = await bench.finish(hopeless);
    expect(ended).toMatchObject({ how: 'infrastructure', detail: expect.stringContaining('InvalidImageName') });
    await cluster.node.forget();
  });

  it('names the Secret that is missing [R5, R20]', async () => {
    bench.reconciler.start();
    const body = manifest('by-hand', {
      envFromSecrets: [{ name: 'NPM_TOKEN', secretName: 'npm-login', secretKey: 'token' }],
    });
    await cluster.api.request('POST', RUNS(), body);
    await bench.reach('by-hand', ({ status }) => /npm-login/.test(status.message ?? ''), 'does not name it');
    await cluster.api.request('POST', of('secrets'), {
      metadata: { name: 'npm-login' },
      stringData: { token: 't', other: 'o' },
    });
    await reported('by-hand');
    expect(bench.ended[0]?.ended.how).toBe('succeeded');
  });

  it.each(['evicted', 'preempted', 'node-lost'] as const)('counts a Pod that was %s as infrastructure', async (how) => {
    bench.reconciler.start();
    const draft = bench.draft('exec sleep 300');
    await bench.engine.create(draft);
    await bench.reach(draft.name, ({ status }) => status.phase === 'Running', 'does not run');
    const [pod] = await list(of('pods'));
    await cluster.node.fail(bench.namespace, pod?.metadata.name ?? '', how);
    const run = await reported(draft.name);
    expect(bench.ended[0]?.ended.how, run.status.message).toBe('infrastructure');
    expect(await list(of('jobs'))).toHaveLength(1);
  });

  it('says that memory ran out', async () => {
    bench.reconciler.start();
    const draft = bench.draft('exec sleep 300');
    await bench.engine.create(draft);
    await bench.reach(draft.name, ({ status }) => status.phase === 'Running', 'does not run');
    const [pod] = await list(of('pods'));
    await cluster.node.fail(bench.namespace, pod?.metadata.name ?? '', 'oom-killed');
    expect((await reported(draft.name)).status).toMatchObject({
      phase: 'Failed',
      message: expect.stringContaining('memory'),
    });
  });

  it('is cancelled by an annotation, told once, and its Job ends', async () => {
    bench.reconciler.start();
    const draft = bench.draft('exec sleep 300');
    await bench.engine.create(draft);
    await bench.reach(draft.name, ({ status }) => status.phase === 'Running', 'does not run');
    await cluster.kubectl(['-n', bench.namespace, 'annotate', 'coderun', draft.name, 'healer/cancel=true']);
    expect((await reported(draft.name)).status.phase).toBe('Cancelled');
    expect(bench.ended.map(({ ended: { how } }) => how)).toEqual(['cancelled']);
  });

  it('begins a further attempt when contextVersion is raised, and goes on with the session', async () => {
    bench.reconciler.start();
    await cluster.kubectl(['-n', bench.namespace, 'create', '-f', '-'], JSON.stringify(manifest('by-hand')));
    await reported('by-hand');
    expect(await bench.engine.output('by-hand', 4000)).toMatch(/^1$/m);
    const patch = { spec: { contextVersion: 2, continueSession: true } };
    await cluster.api.request('PATCH', `${RUNS()}/by-hand`, patch);
    await bench.reach(
      'by-hand',
      ({ status }) => status.contextVersion === 2 && isTrue(status, 'Reported'),
      'does not end',
    );
    expect(await bench.engine.output('by-hand', 4000)).toMatch(/^1\n2$/m);
    expect(await list(of('jobs'))).toHaveLength(2);
    expect(bench.ended.map(({ codeRun }) => codeRun.spec.contextVersion)).toEqual([1, 2]);
    const shrink = cluster.api.request('PATCH', `${RUNS()}/by-hand`, { spec: { contextVersion: 1 } });
    await expect(shrink).rejects.toThrow(/contextVersion only grows/);
  });

  it('ends the attempt before when a further one is asked for in the middle of it', async () => {
    bench.reconciler.start();
    const slow = {
      cliConfig: {
        cliType: 'command',
        settings: { command: ['bash', '-c', '[ "$HEALER_ATTEMPT" = 2 ] || sleep 300'] },
      },
    };
    await cluster.api.request('POST', RUNS(), manifest('by-hand', slow));
    await bench.reach('by-hand', ({ status }) => status.phase === 'Running', 'does not run');
    await cluster.api.request('PATCH', `${RUNS()}/by-hand`, { spec: { contextVersion: 2 } });
    await bench.reach(
      'by-hand',
      ({ status }) => status.contextVersion === 2 && isTrue(status, 'Reported'),
      'does not end',
    );
    expect(bench.ended.map(({ ended: { how } }) => how)).toEqual(['cancelled', 'succeeded']);
  });

  it('stops, tells and goes when it is deleted, with everything that was its own [R9, R10]', async () => {
    bench.reconciler.start();
    const [mine, other] = [bench.draft('exec sleep 300'), bench.draft('exec sleep 300', { ordinal: 2 })];
    for (const draft of [mine, other]) {
      await bench.engine.create(draft);
      await bench.reach(draft.name, ({ status }) => status.phase === 'Running', 'does not run');
    }
    await cluster.api.request('DELETE', `${RUNS()}/${mine.name}`);
    await until(PATIENCE_MS, 'it stays', async () =>
      read(mine.name)
        .then(() => false)
        .catch((error: unknown) => (error as ApiError).status === 404),
    );
    expect(bench.ended).toEqual([expect.objectContaining({ ended: expect.objectContaining({ how: 'cancelled' }) })]);
    await until(PATIENCE_MS, 'a Job or a file set of it stays', async () => {
      const left = [...(await list(of('jobs'))), ...(await list(of('configmaps')))];
      return left.every(({ metadata }) => metadata.labels?.['healer/coderun'] !== mine.name);
    });
    expect((await bench.engine.get(other.name))?.status.phase).toBe('Running');
  });

  it('lets go of a Job whose CodeRun was removed by force [R10]', async () => {
    bench.reconciler.start();
    const draft = bench.draft('exec sleep 300');
    await bench.engine.create(draft);
    await bench.reach(draft.name, ({ status }) => status.phase === 'Running', 'does not run');
    await bench.reconciler.stop();
    await cluster.api.request('PATCH', `${RUNS()}/${draft.name}`, { metadata: { finalizers: null } });
    await cluster.api.request('DELETE', `${RUNS()}/${draft.name}`);
    bench.another().reconciler.start();
    await until(PATIENCE_MS, 'the Job stays', async () => (await list(of('jobs'))).length === 0);
  });

  it('gives two runs of one service and agent a workspace each, and shares it one after the other', async () => {
    bench.reconciler.start();
    const hold = holdIn(bench);
    const sideBySide = [1, 2].map((ordinal) => bench.draft(hold.script, { ordinal }));
    const third = bench.draft('true', { ordinal: 3 });
    for (const draft of sideBySide) await bench.engine.create(draft);
    for (const { name } of sideBySide)
      await bench.reach(name, ({ status }) => status.phase === 'Running', 'does not run');
    hold.letGo();
    for (const { name } of sideBySide) await reported(name);
    const names = async () =>
      (await list(of('persistentvolumeclaims'))).map(({ metadata }) => metadata.name).toSorted();
    expect(await names()).toEqual(['workspace-shop-rex', expect.stringMatching(/^workspace-shop-rex-[0-9a-f]{8}$/)]);
    await bench.finish(third);
    expect(await names()).toHaveLength(2);
    expect(isTerminalPhase((await bench.engine.get(third.name))?.status.phase ?? 'Pending')).toBe(true);
  });

  it('carries a prompt that no ConfigMap holds', async () => {
    bench.reconciler.start();
    const prompt = `${'An exact prompt, ünbroken. '.repeat(44_000)}END`;
    const script = 'wc -c <"$HEALER_PROMPT"; tail -c 4 "$HEALER_PROMPT"; ls "$HEALER_FILES"';
    const acceptanceCriteria = 'x'.repeat(90_000);
    const body = manifest('large', {
      prompt: prompt.slice(0, 900_000),
      acceptanceCriteria,
      promptModification: 'y'.repeat(90_000),
      cliConfig: { cliType: 'command', settings: { command: ['bash', '-c', script] } },
    });
    await cluster.api.request('POST', RUNS(), body);
    await reported('large');
    const output = await bench.engine.output('large', 4000);
    const bytes = Number(/^(\d{6,})$/m.exec(output ?? '')?.[1]);
    expect(bytes).toBeGreaterThan(1_048_576);
    expect(output).toContain('container.sh');
    expect((await list(of('configmaps'))).filter(({ metadata }) => metadata.labels?.['healer/coderun'])).toHaveLength(
      2,
    );
    expect(bench.ended[0]?.ended.how).toBe('succeeded');
  });
});
