/*
 * How fast CodeRuns become Jobs, beside kube-controller-manager's own Jobs to Pods in the same run, on a real API server
 * without a node: `npm run bench:reconcile [-- 100 1000 5000] [-- --resync 10000]`.
 *
 * The reconciler runs in a process of its own (reconcile-target.ts), so that its processor time and memory are its own.
 */
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import pLimit from 'p-limit';
import { RUN_FINALIZER } from '../../src/coderun/engines/kubernetes/names.ts';
import { installDefinition } from '../cluster/engine-definition.ts';
import { type Cluster, startCluster } from '../cluster/support/cluster.ts';

const DEFAULT_SIZES = [100, 1000];
const DEFAULT_RESYNC = 10_000;
/** What issue 5 asks for. */
const TARGETS = { resyncSeconds: 5, residentMib: 250 };
const PATIENCE_MS = 1_800_000;

const words = process.argv.slice(2).filter((word) => word !== '--');
const resyncAt = words.indexOf('--resync');
const resync = resyncAt < 0 ? DEFAULT_RESYNC : Number(words[resyncAt + 1] ?? DEFAULT_RESYNC);
const given = words.filter((word, index) => /^\d+$/.test(word) && (resyncAt < 0 || index !== resyncAt + 1)).map(Number);
const sizes = given.length > 0 ? given : resyncAt < 0 ? DEFAULT_SIZES : [];

/** A prompt as remediations have it, in characters. */
const PROMPT = 'Something is broken, and this is what is known of it. '.repeat(400);

function body(name: string): object {
  return {
    apiVersion: 'agents.platform/v1',
    kind: 'CodeRun',
    // As the engine itself creates them.
    metadata: { name, labels: { 'healer/agent': 'rex' }, finalizers: [RUN_FINALIZER] },
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

async function create(cluster: Cluster, namespace: string, count: number): Promise<void> {
  const limit = pLimit(32);
  const path = `/apis/agents.platform/v1/namespaces/${namespace}/coderuns`;
  await Promise.all(
    Array.from({ length: count }, (_, index) => limit(() => cluster.api.request('POST', path, body(`run-${index}`)))),
  );
}

interface Pace {
  readonly seconds: number;
  readonly perSecond: number;
}

/** From the first object of a kind to the `count`th, by when this process heard of it. */
function paceOf(cluster: Cluster, path: string, count: number): { readonly done: Promise<Pace>; stop(): void } {
  const seen = new Set<string>();
  let first = 0;
  const { promise, resolve } = Promise.withResolvers<Pace>();
  const handle = cluster.api.watch<{ metadata: { uid: string } }>(path, ({ object }) => {
    if (seen.size === 0) first = performance.now();
    seen.add(object.metadata.uid);
    if (seen.size < count) return;
    const seconds = (performance.now() - first) / 1000;
    resolve({ seconds, perSecond: count / seconds });
  });
  return { done: promise, stop: () => handle.stop() };
}

interface Target {
  /** Lines that the process said, as documents. */
  next(kind: string): Promise<Readonly<Record<string, number>>>;
  stop(): Promise<Readonly<Record<string, number>>>;
}

function startTarget(cluster: Cluster, namespace: string): Target {
  const program = join(import.meta.dirname, 'reconcile-target.ts');
  const child = spawn(
    process.execPath,
    ['--disable-warning=ExperimentalWarning', program, cluster.server, cluster.adminToken, cluster.caFile, namespace],
    { stdio: ['pipe', 'pipe', 'inherit'] },
  );
  const said: (Readonly<Record<string, number>> & { readonly kind: string })[] = [];
  const waiting: (() => void)[] = [];
  createInterface({ input: child.stdout }).on('line', (line) => {
    said.push(JSON.parse(line) as (typeof said)[number]);
    for (const wake of waiting.splice(0)) wake();
  });
  const next = async (kind: string): Promise<Readonly<Record<string, number>>> => {
    for (;;) {
      const found = said.find((each) => each.kind === kind);
      if (found !== undefined) return found;
      if (child.exitCode !== null) throw new Error(`the reconciler ended with ${child.exitCode}`);
      await new Promise<void>((resolve) => {
        waiting.push(resolve);
        child.once('exit', () => resolve());
      });
    }
  };
  return {
    next,
    async stop() {
      child.stdin.end('stop\n');
      return next('ended');
    },
  };
}

async function benchSize(cluster: Cluster, count: number): Promise<void> {
  const namespace = await cluster.namespace('bench');
  await create(cluster, namespace, count);
  const jobs = paceOf(cluster, `/apis/batch/v1/namespaces/${namespace}/jobs`, count);
  const pods = paceOf(cluster, `/api/v1/namespaces/${namespace}/pods`, count);
  const target = startTarget(cluster, namespace);
  const patience = sleep(PATIENCE_MS, null, { ref: false });
  const result = await Promise.race([Promise.all([jobs.done, pods.done]), patience]);
  jobs.stop();
  pods.stop();
  const ended = await target.stop();
  if (result === null) throw new Error(`${count} CodeRuns were not done in ${PATIENCE_MS / 60_000} minutes`);
  const [ours, theirs] = result;
  say(`${count} CodeRuns`, {
    'CodeRuns to Jobs': `${ours.perSecond.toFixed(0)}/s (${ours.seconds.toFixed(1)} s)`,
    'Jobs to Pods (kube-controller-manager)': `${theirs.perSecond.toFixed(0)}/s (${theirs.seconds.toFixed(1)} s)`,
    'processor time of the reconciler': `${(ended['cpuMs'] ?? 0).toFixed(0)} ms`,
    'resident at most': `${ended['residentMib']} MiB (target < ${TARGETS.residentMib})`,
  });
}

/** Ten thousand CodeRuns under way, whose Jobs are there: what a new leader has to look through. */
async function benchResync(cluster: Cluster, count: number): Promise<void> {
  const namespace = await cluster.namespace('resync');
  await create(cluster, namespace, count);
  const first = startTarget(cluster, namespace);
  await first.next('settled');
  const firstEnd = await first.stop();
  const second = startTarget(cluster, namespace);
  const started = await second.next('settled');
  const again = await second.next('resynced');
  const ended = await second.stop();
  say(`resync of ${count} CodeRuns under way`, {
    'a new process, from nothing to everything looked at': `${((started['ms'] ?? 0) / 1000).toFixed(2)} s`,
    'listing alone': `${((started['listMs'] ?? 0) / 1000).toFixed(2)} s`,
    'looking at everything once more': `${((again['ms'] ?? 0) / 1000).toFixed(2)} s (target < ${TARGETS.resyncSeconds})`,
    'resident at most': `${ended['residentMib']} MiB (target < ${TARGETS.residentMib})`,
    'resident at most of the process that started them': `${firstEnd['residentMib']} MiB`,
  });
}

function say(title: string, figures: Readonly<Record<string, string>>): void {
  process.stdout.write(`\n${title}\n`);
  for (const [name, value] of Object.entries(figures)) process.stdout.write(`  ${name.padEnd(54)} ${value}\n`);
}

const load = readFileSync('/proc/loadavg', 'utf8').split(' ').slice(0, 3).join(' ');
process.stdout.write(`load of the machine before: ${load}\n`);
// The controller manager's own pace would otherwise be its default limit of 20 requests a second.
const fast = ['--kube-api-qps=1000', '--kube-api-burst=2000', '--concurrent-job-syncs=20'];
const cluster = await startCluster({ withNode: false, controllerManagerArgs: fast });
try {
  await installDefinition(cluster);
  for (const size of sizes) await benchSize(cluster, size);
  if (resync > 0) await benchResync(cluster, resync);
} finally {
  await cluster.stop();
}
