/* The reconciler of reconcile.ts, in a process of its own. Says what it did, one JSON document a line. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { startSmall } from '../../src/app/memory.ts';
import { createKubernetesEngine } from '../../src/coderun/engines/kubernetes/engine.ts';
import { CONCURRENT_LOOKS } from '../../src/coderun/engines/kubernetes/options.ts';
import { DEFAULT_RECONCILE_POLICY } from '../../src/coderun/reconcile/policy.ts';
import { createReconciler } from '../../src/coderun/reconcile/reconciler.ts';
import { isTrue } from '../../src/coderun/schema.ts';
import { loadCodeRunTemplates } from '../../src/coderun/templates.ts';
import { tokenAccess } from '../../src/lib/kubernetes/access.ts';
import { createKubernetesClient } from '../../src/lib/kubernetes/client.ts';
import { POD_SETTINGS } from '../coderun/engines/kubernetes/support/settings.ts';

startSmall();
const [server = '', token = '', caFile = '', namespace = ''] = process.argv.slice(2);
const since = performance.now();
const client = createKubernetesClient({
  access: tokenAccess({ server, token, ca: readFileSync(caFile, 'utf8') }),
  userAgent: 'healer/bench',
});
const engine = createKubernetesEngine({
  client,
  namespace,
  templates: await loadCodeRunTemplates(join(import.meta.dirname, '../../prompts/coderun')),
  clock: () => Date.now(),
  pods: { ...POD_SETTINGS, workspace: { ...POD_SETTINGS.workspace, kind: 'ephemeral' } },
  retentionSeconds: 3600,
  keepCodeRunsMs: 86_400_000,
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

let residentMib = 0;
const watchMemory = setInterval(() => {
  residentMib = Math.max(residentMib, Math.round(process.memoryUsage.rss() / 1024 / 1024));
}, 50);
const say = (document: object): void => void process.stdout.write(`${JSON.stringify(document)}\n`);

process.stdin.once('data', () => void end());
reconciler.start();
await engine.listActive();
const listMs = performance.now() - since;
await settle();
say({ kind: 'settled', ms: performance.now() - since, listMs, looks });
const before = performance.now();
const active = await engine.listActive();
for (const { name } of active) void reconciler.reconcile(name).catch(() => {});
await reconciler.drain();
say({ kind: 'resynced', ms: performance.now() - before, count: active.length });

/** Until every CodeRun has its Job written down and nothing is under way. */
async function settle(): Promise<void> {
  for (;;) {
    await reconciler.drain();
    const all = await engine.listActive();
    if (all.length > 0 && all.every(({ status }) => isTrue(status, 'JobCreated'))) return;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

async function end(): Promise<void> {
  clearInterval(watchMemory);
  for (const [message, count] of errors) process.stderr.write(`${count} times: ${message}\n`);
  const { user, system } = process.cpuUsage();
  say({ kind: 'ended', cpuMs: (user + system) / 1000, residentMib, looks });
  await reconciler.stop();
  await engine.close();
  process.exit(0);
}
