import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type EndedRun, endedOf } from '../../../src/coderun/ended.ts';
import {
  createLocalEngine,
  type LocalEngine,
  type LocalEngineOptions,
} from '../../../src/coderun/engines/local/engine.ts';
import { DEFAULT_RECONCILE_POLICY, type ReconcilePolicy } from '../../../src/coderun/reconcile/policy.ts';
import { createReconciler, type Reconciler } from '../../../src/coderun/reconcile/reconciler.ts';
import type { CodeRun, CodeRunDraft } from '../../../src/coderun/schema.ts';
import { loadCodeRunTemplates } from '../../../src/coderun/templates.ts';
import { codeRunRows } from '../../../src/store/coderuns.ts';
import { openStore, type Store } from '../../../src/store/open.ts';
import { Remote } from './git.ts';

export const TEMPLATES = await loadCodeRunTemplates(join(import.meta.dirname, '../../../prompts/coderun'));

/** Looks until something is there; a test that waits in vain fails by its own time-out. */
export async function until<T>(
  look: () => T | null | undefined | false | Promise<T | null | undefined | false>,
): Promise<T> {
  for (;;) {
    const found = await look();
    if (found !== null && found !== undefined && found !== false) return found;
    await sleep(20);
  }
}

export interface Bench {
  readonly folder: string;
  readonly remote: Remote;
  readonly store: Store;
  readonly engine: LocalEngine;
  readonly reconciler: Reconciler;
  readonly ended: { codeRun: CodeRun; ended: EndedRun }[];
  readonly errors: string[];
  /** Creates a CodeRun and drives it to its end. */
  finish(draft: CodeRunDraft): Promise<{ codeRun: CodeRun; ended: EndedRun; output: string }>;
  close(): Promise<void>;
}

/** A store, a remote, the local engine and a reconciler in a folder of their own. */
export async function openBench(
  change: Partial<LocalEngineOptions> & { policy?: Partial<ReconcilePolicy> } = {},
): Promise<Bench> {
  const { policy, ...engineChange } = change;
  const folder = mkdtempSync(join(tmpdir(), 'healer-coderun-'));
  const remote = new Remote(folder);
  const store = await openStore({ kind: 'memory' });
  const engine = createLocalEngine({
    rows: codeRunRows(store.db),
    dataDir: folder,
    templates: TEMPLATES,
    clock: () => Date.now(),
    baseEnv: process.env,
    graceMs: 300,
    ...engineChange,
  });
  const ended: Bench['ended'] = [];
  const errors: string[] = [];
  const reconciler = createReconciler({
    engine,
    clock: () => Date.now(),
    policy: { ...DEFAULT_RECONCILE_POLICY, pollMs: 100, ...policy },
    onEnded: async (codeRun, how) => void ended.push({ codeRun, ended: how }),
    onError: ({ message }) => void errors.push(message),
  });
  return {
    folder,
    remote,
    store,
    engine,
    reconciler,
    ended,
    errors,
    async finish(draft) {
      reconciler.start();
      await engine.create(draft);
      const end = await until(() => {
        if (errors.length > 5) throw new Error(errors.join('\n'));
        return ended.find(({ codeRun }) => codeRun.name === draft.name);
      });
      await reconciler.drain();
      const codeRun = await engine.get(draft.name);
      if (codeRun === null) throw new Error('the CodeRun is gone');
      return { codeRun, ended: endedOf(codeRun) ?? end.ended, output: (await engine.output(draft.name, 65_536)) ?? '' };
    },
    async close() {
      await reconciler.stop();
      for (const run of await engine.listActive()) await engine.stopJob(run, 'cancelled');
      engine.close();
      await store.close();
      rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}
