/**
 * How fast CodeRuns become Jobs, beside kube-controller-manager's own Jobs to Pods in the same run, and how long a restart
 * and a resync of many CodeRuns take: `npm run bench:reconcile [-- 100 1000 5000] [-- --resync 10000] [-- --rounds 3]`.
 * Medians of several rounds; a quarter of an hour on two quiet cores.
 *
 * - Everything is real but the node: etcd, kube-apiserver and kube-controller-manager share the machine with the
 *   reconciler, so that its pace is bounded by what the requests of all four cost. A CodeRun carries a prompt of 21,600
 *   characters, its ConfigMap 45 kB.
 * - The reconciler is a process of its own (reconcile-target.ts) with the memory settings and the code cache that `healer
 *   server` has; the store, the HTTP server and the rest of the service are not in it. Its memory is the highest that the
 *   kernel counted (VmHWM), from its first instruction to its end.
 * - Pace and requests are read from the API server's audit log afterwards: nothing watches beside those that are measured.
 * - The resync looks at CodeRuns of which one in twenty is under way (half of those running, half waiting for a node) and
 *   the others ended well within the day that their Job, Pod and ConfigMap are kept (the ConfigMaps are empty: only their
 *   metadata is ever listed). Nothing has changed: not one write may be made, or the benchmark fails.
 *   kube-controller-manager is away meanwhile.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import pLimit from 'p-limit';
import { AGENT_CONTAINER } from '../../src/coderun/engines/kubernetes/views.ts';
import { loadCodeRunTemplates } from '../../src/coderun/templates.ts';
import type { KubernetesObject } from '../../src/lib/kubernetes/objects.ts';
import { installDefinition } from '../cluster/engine-definition.ts';
import { type Cluster, startCluster, until } from '../cluster/support/cluster.ts';
import { median, paceOf, processorTime, requestsOf, table } from './reconcile-measure.ts';
import { BENCH_AGENT, codeRunBody, leftoversOf, runName } from './reconcile-objects.ts';

/** Seconds and megabytes that the table is held against. */
const TARGETS = { resyncSeconds: 5, residentMb: 250 };
const PATIENCE_MS = 900_000;
const WARM_UP = 50;
/** Of the CodeRuns of a resync, one in so many is under way. */
const UNDER_WAY = 20;
const ROOT = join(import.meta.dirname, '../..');

const { values: options, positionals } = parseArgs({
  args: process.argv.slice(2).filter((word) => word !== '--'),
  allowPositionals: true,
  options: { resync: { type: 'string' }, rounds: { type: 'string' } },
});
const isGiven = positionals.length > 0 || options.resync !== undefined;
const sizes = isGiven ? positionals.map(Number) : [100, 1000, 5000];
const resync = Number(options.resync ?? (isGiven ? 0 : 10_000));
const rounds = Number(options.rounds ?? 3);

type Said = Readonly<Record<string, number>>;

interface Target {
  /** The next line of its kind that the process says. */
  next(kind: string): Promise<Said>;
  tell(command: string): void;
}

function startTarget(cluster: Cluster, namespace: string): Target {
  const program = join(import.meta.dirname, 'reconcile-target.ts');
  const { server, adminToken, caFile } = cluster;
  const child: ChildProcess = spawn(
    process.execPath,
    ['--disable-warning=ExperimentalWarning', program, server, adminToken, caFile, namespace],
    // As bin/healer.js has it: without a cache of compiled code, what strips types is loaded, too.
    {
      stdio: ['pipe', 'pipe', 'inherit'],
      env: { ...process.env, NODE_COMPILE_CACHE: join(ROOT, 'node_modules/.cache/healer') },
    },
  );
  const said: (Said & { readonly kind: string })[] = [];
  let wake = Promise.withResolvers<void>();
  const woken = (): void => {
    wake.resolve();
    wake = Promise.withResolvers();
  };
  child.once('exit', woken);
  if (child.stdout !== null) {
    createInterface({ input: child.stdout }).on('line', (line) => {
      said.push(JSON.parse(line) as (typeof said)[number]);
      woken();
    });
  }
  return {
    async next(kind) {
      for (;;) {
        const index = said.findIndex((each) => each.kind === kind);
        if (index >= 0) return said.splice(index, 1)[0] ?? {};
        if (child.exitCode !== null) throw new Error(`the reconciler ended with ${child.exitCode}`);
        await wake.promise;
      }
    },
    tell: (command) => void child.stdin?.write(`${command}\n`),
  };
}

const pathsOf = (namespace: string) => ({
  codeRuns: `/apis/agents.platform/v1/namespaces/${namespace}/coderuns`,
  jobs: `/apis/batch/v1/namespaces/${namespace}/jobs`,
  pods: `/api/v1/namespaces/${namespace}/pods`,
  configMaps: `/api/v1/namespaces/${namespace}/configmaps`,
});

function many(from: number, to: number, each: (index: number) => Promise<unknown>): Promise<unknown> {
  const limit = pLimit(32);
  return Promise.all(Array.from({ length: to - from }, (_, offset) => limit(() => each(from + offset))));
}

/** How many objects there are; the API server says how many a page of one leaves out. */
async function countOf(cluster: Cluster, path: string): Promise<number> {
  const query = { limit: 1 };
  const { metadata, items } = await cluster.api.request<{
    metadata: { remainingItemCount?: number };
    items: readonly object[];
  }>('GET', path, undefined, { query });
  return items.length + (metadata.remainingItemCount ?? 0);
}

interface Round {
  readonly jobsPerSecond: number;
  readonly podsPerSecond: number;
  readonly requests: number;
  readonly writes: number;
  readonly theirRequests: number;
  readonly cpuMs: number;
  readonly planeMs: number;
  readonly theirMs: number;
  readonly residentMb: number;
}

/** `count` CodeRuns that wait already when the reconciler starts. */
async function roundOf(cluster: Cluster, count: number): Promise<Round> {
  const namespace = await cluster.namespace('bench');
  const paths = pathsOf(namespace);
  await many(0, count, (index) => cluster.api.request('POST', paths.codeRuns, codeRunBody(index, true)));
  const mark = await cluster.auditMark();
  const before = processorTime(cluster);
  const target = startTarget(cluster, namespace);
  const settled = await target.next('settled');
  await until(PATIENCE_MS, 'Jobs get no Pods', async () => (await countOf(cluster, paths.pods)) >= count);
  const after = processorTime(cluster);
  target.tell('stop');
  const ended = await target.next('ended');
  const events = await cluster.auditEvents({ since: mark });
  const inNamespace = events.filter(({ objectRef }) => objectRef?.namespace === namespace);
  const jobs = paceOf(inNamespace, 'jobs');
  const pods = paceOf(inNamespace, 'pods');
  if (jobs.count !== count || pods.count !== count) throw new Error(`${jobs.count} Jobs and ${pods.count} Pods`);
  const own = requestsOf(inNamespace, BENCH_AGENT);
  const plane = after.apiserver + after.etcd - before.apiserver - before.etcd;
  return {
    jobsPerSecond: jobs.perSecond,
    podsPerSecond: pods.perSecond,
    requests: own.all / count,
    writes: own.writes / count,
    theirRequests: requestsOf(inNamespace, 'kube-controller-manager').all / count,
    cpuMs: (settled['cpuMs'] ?? Number.NaN) / count,
    planeMs: plane / count,
    theirMs: (after.controllerManager - before.controllerManager) / count,
    residentMb: ended['residentMb'] ?? Number.NaN,
  };
}

async function withCluster<T>(use: (cluster: Cluster) => Promise<T>): Promise<T> {
  // The controller manager's own pace would otherwise be its default limit of 20 requests a second.
  const fast = ['--kube-api-qps=1000', '--kube-api-burst=2000', '--concurrent-job-syncs=20'];
  const cluster = await startCluster({ withNode: false, controllerManagerArgs: fast });
  try {
    await installDefinition(cluster);
    return await use(cluster);
  } finally {
    await cluster.stop();
  }
}

async function benchSizes(): Promise<void> {
  const results = new Map<number, readonly Round[]>();
  for (const size of sizes) {
    const done: Round[] = [];
    for (let round = 0; round < rounds; round += 1) {
      // A control plane of its own, which would otherwise carry along what earlier rounds left, warmed up by a few.
      const found = await withCluster(async (cluster) => {
        await roundOf(cluster, WARM_UP);
        return roundOf(cluster, size);
      });
      done.push(found);
      say(
        `${size} CodeRuns: ${found.jobsPerSecond.toFixed(0)} Jobs and ${found.podsPerSecond.toFixed(0)} Pods a second`,
      );
    }
    results.set(size, done);
  }
  const of = (size: number, key: keyof Round, digits: number): string =>
    median((results.get(size) ?? []).map((round) => round[key])).toFixed(digits);
  const row = (label: string, key: keyof Round, digits = 0) => ({
    label,
    cells: sizes.map((size) => of(size, key, digits)),
  });
  const head = { label: `medians of ${rounds}`, cells: sizes.map((size) => `${size} CodeRuns`) };
  const rows = [
    row('CodeRuns to Jobs, a second', 'jobsPerSecond'),
    row('Jobs to Pods by kube-controller-manager, a second', 'podsPerSecond'),
    row('requests a CodeRun, Healer', 'requests', 2),
    row('  of these writes', 'writes', 2),
    row('requests a Job, kube-controller-manager', 'theirRequests', 2),
    row('processor time a CodeRun, ms: Healer', 'cpuMs', 1),
    row('  kube-controller-manager', 'theirMs', 1),
    row('  kube-apiserver and etcd, for both', 'planeMs', 1),
    row(`highest resident memory of Healer, MB (target < ${TARGETS.residentMb})`, 'residentMb'),
  ];
  say(`\n${table(head, rows)}`);
}

/** Healer's requests since a mark, by how many there were of writes and of all. */
async function requestsSince(cluster: Cluster, mark: number): Promise<{ all: number; writes: number }> {
  return requestsOf(await cluster.auditEvents({ since: mark }), BENCH_AGENT);
}

/** The CodeRuns under way: their Jobs are made as always, every other Pod is then said to run. */
async function makeUnderWay(cluster: Cluster, namespace: string, count: number): Promise<void> {
  const { codeRuns, pods } = pathsOf(namespace);
  await many(0, count, (index) => cluster.api.request('POST', codeRuns, codeRunBody(index, true)));
  const target = startTarget(cluster, namespace);
  await target.next('settled');
  await until(PATIENCE_MS, 'Jobs get no Pods', async () => (await countOf(cluster, pods)) >= count);
  target.tell('stop');
  await target.next('ended');
  await cluster.controllerManager.kill();
  const { items } = await cluster.api.request<{ items: readonly KubernetesObject[] }>('GET', pods);
  const startedAt = new Date().toISOString();
  const container = { name: AGENT_CONTAINER, image: 'agents/all:1', imageID: '', ready: true, restartCount: 0 };
  const status = { phase: 'Running', containerStatuses: [{ ...container, state: { running: { startedAt } } }] };
  const running = items.filter((_, index) => index % 2 === 0).map(({ metadata }) => metadata.name);
  await many(0, running.length, (index) =>
    cluster.api.request('PATCH', `${pods}/${running[index]}/status`, { status }),
  );
  const again = startTarget(cluster, namespace);
  await again.next('settled');
  again.tell(`look ${count}`);
  await again.next('looked');
  again.tell('stop');
  await again.next('ended');
}

async function makeEnded(cluster: Cluster, namespace: string, from: number, to: number): Promise<void> {
  const templates = await loadCodeRunTemplates(join(ROOT, 'prompts/coderun'));
  const paths = pathsOf(namespace);
  const post = (path: string, body: object) => cluster.api.request<KubernetesObject>('POST', path, body);
  const patch = (path: string, name: string, status: object) =>
    cluster.api.request('PATCH', `${path}/${name}/status`, { status });
  await many(from, to, async (index) => {
    const codeRun = await post(paths.codeRuns, codeRunBody(index, false));
    const left = leftoversOf(codeRun, templates, namespace, Date.now() - index * 1000);
    await post(paths.configMaps, left.configMap);
    const job = await post(paths.jobs, left.job);
    await patch(paths.jobs, job.metadata.name, left.jobStatus);
    const pod = await post(paths.pods, left.pod(job));
    await patch(paths.pods, pod.metadata.name, left.podStatus);
    await patch(paths.codeRuns, runName(index), left.codeRunStatus);
  });
}

async function benchResync(cluster: Cluster, count: number): Promise<void> {
  const namespace = await cluster.namespace('resync');
  const underWay = Math.floor(count / UNDER_WAY);
  await makeUnderWay(cluster, namespace, underWay);
  await makeEnded(cluster, namespace, underWay, count);
  say(`${count} CodeRuns are there, ${underWay} of them under way`);
  const started: number[] = [];
  const looked: number[] = [];
  const resident: number[] = [];
  const mark = await cluster.auditMark();
  for (let round = 0; round < rounds; round += 1) {
    const target = startTarget(cluster, namespace);
    started.push(((await target.next('settled'))['ms'] ?? Number.NaN) / 1000);
    target.tell(`look ${count}`);
    looked.push(((await target.next('looked'))['ms'] ?? Number.NaN) / 1000);
    target.tell('stop');
    resident.push((await target.next('ended'))['residentMb'] ?? Number.NaN);
  }
  const { all, writes } = await requestsSince(cluster, mark);
  const seconds = (values: readonly number[]): readonly string[] => [median(values).toFixed(2)];
  const head = { label: `medians of ${rounds}`, cells: [`${count} CodeRuns`] };
  const rows = [
    { label: `looking at every CodeRun again, s (target < ${TARGETS.resyncSeconds})`, cells: seconds(looked) },
    {
      label: `restart: from nothing known to all settled, s (target < ${TARGETS.resyncSeconds})`,
      cells: seconds(started),
    },
    { label: 'requests of a restart and a look at everything', cells: [(all / rounds).toFixed(0)] },
    { label: '  of these writes (target 0)', cells: [String(writes)] },
    {
      label: `highest resident memory, MB (target < ${TARGETS.residentMb})`,
      cells: [median(resident).toFixed(0)],
    },
  ];
  say(`\n${table(head, rows)}`);
  if (writes > 0) throw new Error(`${writes} writes into a world that had not changed`);
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

const load = readFileSync('/proc/loadavg', 'utf8').split(' ').slice(0, 3).join(' ');
say(`load of the machine before: ${load}`);
if (sizes.length > 0) await benchSizes();
if (resync > 0) await withCluster((cluster) => benchResync(cluster, resync));
