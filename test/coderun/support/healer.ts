// A process like Healer's own, to be killed in the middle: <place folder> <CodeRunDraft as JSON>
import { createLocalEngine } from '../../../src/coderun/engines/local/engine.ts';
import { DEFAULT_RECONCILE_POLICY } from '../../../src/coderun/reconcile/policy.ts';
import { createReconciler } from '../../../src/coderun/reconcile/reconciler.ts';
import { codeRunRows } from '../../../src/store/coderuns.ts';
import { openStore } from '../../../src/store/open.ts';
import { TEMPLATES } from './templates.ts';

const [folder = '', draft = ''] = process.argv.slice(2);
const store = await openStore({ kind: 'sqlite', dir: folder });
const engine = createLocalEngine({
  rows: codeRunRows(store.db),
  dataDir: folder,
  templates: TEMPLATES,
  clock: () => Date.now(),
  baseEnv: process.env,
  graceMs: 300,
});
const reconciler = createReconciler({
  engine,
  clock: () => Date.now(),
  policy: { ...DEFAULT_RECONCILE_POLICY, pollMs: 100 },
  onEnded: async () => {},
});
reconciler.start();
await engine.create(JSON.parse(draft));
setInterval(() => {}, 60_000);
