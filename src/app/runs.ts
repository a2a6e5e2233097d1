import { join, resolve } from 'node:path';
import { LABELS } from '../coderun/draft.ts';
import { createLocalEngine, type LocalEngine } from '../coderun/engines/local/engine.ts';
import { DEFAULT_RECONCILE_POLICY } from '../coderun/reconcile/policy.ts';
import { createReconciler } from '../coderun/reconcile/reconciler.ts';
import { loadCodeRunTemplates } from '../coderun/templates.ts';
import type { Clock } from '../lib/clock.ts';
import type { GitHub } from '../lib/github/client.ts';
import type { Machine } from '../remediate/machine.ts';
import type { CodeRunPort } from '../report/api/task-port.ts';
import type { Metrics } from '../report/metrics.ts';
import { codeRunRows } from '../store/coderuns.ts';
import type { Store } from '../store/open.ts';
import { findRemediation } from '../store/remediations.ts';
import type { Environment } from './environment.ts';
import { gatedEngine, gateOf } from './gates.ts';
import { runTokens } from './github.ts';
import type { Log } from './log.ts';
import { PROMPTS_DIR } from './paths.ts';
import type { Settings } from './settings.ts';
import { adoptTaskRuns, taskEnder } from './task-ends.ts';
import { createTasks } from './tasks.ts';

export interface RunsDeps {
  readonly settings: Settings;
  readonly log: Log;
  readonly env: Environment;
  readonly clock: Clock;
  readonly store: Store;
  readonly machine: Machine;
  readonly github: GitHub;
  readonly metrics: Metrics;
}

/** The engine, and the reconciler that drives it and tells the machine how CodeRuns end. */
export async function startRuns(deps: RunsDeps): Promise<{
  readonly engine: LocalEngine;
  /** CodeRuns as people see them, and those that they ask for. */
  readonly codeRuns: CodeRunPort;
  readonly stop: () => Promise<void>;
}> {
  const { settings, log, clock, store, machine } = deps;
  const codeRunTemplates = await loadCodeRunTemplates(join(PROMPTS_DIR, 'coderun'));
  const gate = gateOf(settings);
  const local = createLocalEngine({
    rows: codeRunRows(store.db),
    dataDir: resolve(settings.dataDir),
    templates: codeRunTemplates,
    clock,
    baseEnv: deps.env,
    gitToken: runTokens(deps.github),
    redact: gate.text,
    onMalformed: (name, why) => log.error({ coderun: name, error: why }, 'CodeRun is malformed'),
  });
  const engine = gatedEngine(local, gate);
  await adoptTaskRuns({ store, engine, log });
  const endTask = taskEnder({ ...deps, engine });
  const reconciler = createReconciler({
    engine,
    clock,
    policy: { ...DEFAULT_RECONCILE_POLICY, deadlineSeconds: settings.limits.runDeadlineMinutes * 60 },
    onEnded: async (codeRun, ended) => {
      if (codeRun.spec.runType !== 'remediate') return endTask(codeRun, ended);
      const taskId = codeRun.annotations[LABELS.taskId];
      const remediation = taskId === undefined ? null : await findRemediation(store.db, taskId);
      if (remediation === null) return;
      log.info({ coderun: codeRun.name, task: taskId, how: ended.how, detail: ended.detail }, 'CodeRun ended');
      await machine.apply(remediation.id, { kind: 'coderun_ended', ordinal: codeRun.spec.contextVersion, ...ended });
    },
    onError: ({ name, message, retryInMs }) =>
      log.error({ coderun: name, error: message, retryInMs }, 'reconciling failed'),
  });
  reconciler.start();
  return {
    engine,
    codeRuns: createTasks({ ...deps, engine, codeRunTemplates }),
    stop: async () => {
      await reconciler.stop();
      engine.close();
    },
  };
}
