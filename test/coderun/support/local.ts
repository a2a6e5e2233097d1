import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type EndedRun, endedOf } from '../../../src/coderun/ended.ts';
import {
  createLocalEngine,
  type LocalEngine,
  type LocalEngineOptions,
} from '../../../src/coderun/engines/local/engine.ts';
import { DEFAULT_RECONCILE_POLICY, type ReconcilePolicy } from '../../../src/coderun/reconcile/policy.ts';
import { createReconciler, type Reconciler } from '../../../src/coderun/reconcile/reconciler.ts';
import type { CodeRun, CodeRunDraft } from '../../../src/coderun/schema.ts';
import { codeRunRows } from '../../../src/store/coderuns.ts';
import { openStore, type Store } from '../../../src/store/open.ts';
import { Remote } from './git.ts';
import { TEMPLATES } from './templates.ts';
import { until } from './until.ts';

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

/** A folder with a remote in it; shared ones keep their store in the folder, for one process after another. */
export interface Place {
  readonly folder: string;
  readonly remote: Remote;
  readonly isShared: boolean;
}

export function newPlace(isShared = false): Place {
  const folder = mkdtempSync(join(tmpdir(), 'healer-coderun-'));
  return { folder, remote: new Remote(folder), isShared };
}

/** A store, a remote, the local engine and a reconciler in a folder of their own. */
export async function openBench(
  change: Partial<LocalEngineOptions> & { policy?: Partial<ReconcilePolicy>; place?: Place; store?: Store } = {},
): Promise<Bench> {
  const { policy, place = newPlace(), store: _, ...engineChange } = change;
  const { folder, remote } = place;
  const store =
    change.store ?? (await openStore(place.isShared ? { kind: 'sqlite', dir: folder } : { kind: 'memory' }));
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
      for (const run of await engine.listActive()) {
        await engine.stopJob(run, 'cancelled');
        await until(async () => (await engine.observe(run)).job.state !== 'running');
      }
      engine.close();
      if (change.store === undefined) await store.close();
      rmSync(folder, { recursive: true, force: true, maxRetries: 10 });
    },
  };
}
