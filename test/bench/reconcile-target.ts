/*
 * The reconciler of reconcile.ts, in a process of its own, with the memory settings that `healer server` has. Says what it
 * did, one JSON document a line, and ends when it is told to.
 */
import { readFileSync } from 'node:fs';
import { flushCompileCache } from 'node:module';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { settleDown, startSmall } from '../../src/app/memory.ts';
import { createKubernetesEngine } from '../../src/coderun/engines/kubernetes/engine.ts';
import { CONCURRENT_LOOKS } from '../../src/coderun/engines/kubernetes/options.ts';
import { DEFAULT_RECONCILE_POLICY } from '../../src/coderun/reconcile/policy.ts';
import { createReconciler } from '../../src/coderun/reconcile/reconciler.ts';
import { isTrue } from '../../src/coderun/schema.ts';
import { loadCodeRunTemplates } from '../../src/coderun/templates.ts';
import { tokenAccess } from '../../src/lib/kubernetes/access.ts';
import { createKubernetesClient } from '../../src/lib/kubernetes/client.ts';
import { BENCH_AGENT, BENCH_PODS, runName } from './reconcile-objects.ts';

startSmall();
const [server = '', token = '', caFile = '', namespace = ''] = process.argv.slice(2);
const client = createKubernetesClient({
  access: tokenAccess({ server, token, ca: readFileSync(caFile, 'utf8') }),
  userAgent: BENCH_AGENT,
});
const engine = createKubernetesEngine({
  client,
  namespace,
  templates: await loadCodeRunTemplates(join(import.meta.dirname, '../../prompts/coderun')),
  clock: () => Date.now(),
  pods: BENCH_PODS,
  retentionSeconds: DEFAULT_RECONCILE_POLICY.retentionSeconds,
  keepCodeRunsMs: 7 * 86_400_000,
  onProblem: (what, message) => process.stderr.write(`${what}: ${message}\n`),
});
let looks = 0;
const errors = new Map<string, number>();
const reconciler = createReconciler({
  engine,
  clock: () => Date.now(),
  // Nothing is looked at by itself: what is measured is what is asked for.
  policy: { ...DEFAULT_RECONCILE_POLICY, pollMs: 3_600_000 },
  resyncMs: 3_600_000,
  concurrency: CONCURRENT_LOOKS,
  onEnded: async () => {},
  onError: ({ message }) => errors.set(message, (errors.get(message) ?? 0) + 1),
  onLook: () => {
    looks += 1;
  },
});
flushCompileCache();
settleDown();

const say = (document: object): void => void process.stdout.write(`${JSON.stringify(document)}\n`);
const cpuMs = (): number => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
};

const since = performance.now();
const cpuBefore = cpuMs();
reconciler.start();
await engine.listActive();
const listMs = performance.now() - since;
await settle();
say({ kind: 'settled', ms: performance.now() - since, listMs, looks, cpuMs: cpuMs() - cpuBefore });

for await (const line of createInterface({ input: process.stdin })) {
  const [command = '', count = '0'] = line.split(' ');
  if (command === 'look') await lookAtAll(Number(count));
  else break;
}
for (const [message, count] of errors) process.stderr.write(`${count} times: ${message}\n`);
say({ kind: 'ended', residentMb: highestResident() });
await reconciler.stop();
await engine.close();
process.exit(0);

/** Until every CodeRun under way has its Job written down and nothing waits to be looked at. */
async function settle(): Promise<void> {
  for (;;) {
    await reconciler.drain();
    const all = await engine.listActive();
    if (all.length > 0 && all.every(({ status }) => isTrue(status, 'JobCreated'))) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** Every CodeRun once more, ended ones too: more than the service ever does at once. */
async function lookAtAll(count: number): Promise<void> {
  const before = performance.now();
  const looksBefore = looks;
  await Promise.all(Array.from({ length: count }, (_, index) => reconciler.reconcile(runName(index))));
  say({ kind: 'looked', ms: performance.now() - before, looks: looks - looksBefore });
}

/** The highest resident memory of this process so far, megabytes, as the kernel counted it. */
function highestResident(): number {
  const kilobytes = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1];
  return Math.round((Number(kilobytes) * 1024) / 1e6);
}
