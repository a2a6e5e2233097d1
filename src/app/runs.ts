import { join, resolve } from 'node:path';
import { LABELS } from '../coderun/draft.ts';
import { createLocalEngine, type LocalEngine } from '../coderun/engines/local/engine.ts';
import { fenceEngine } from '../coderun/reconcile/leader-fence.ts';
import { followLeadership } from '../coderun/reconcile/leader-reconciler.ts';
import { storeLease } from '../coderun/reconcile/leader-store.ts';
import { DEFAULT_RECONCILE_POLICY } from '../coderun/reconcile/policy.ts';
import { createReconciler, type ReconcilerOptions } from '../coderun/reconcile/reconciler.ts';
import { loadCodeRunTemplates } from '../coderun/templates.ts';
import type { Clock } from '../lib/clock.ts';
import type { GitHub } from '../lib/github/client.ts';
import type { Machine } from '../remediate/machine.ts';
import type { CodeRunPort } from '../report/api/task-port.ts';
import type { ReadinessCheck } from '../report/api.ts';
import type { Metrics } from '../report/metrics.ts';
import { codeRunRows } from '../store/coderuns.ts';
import type { Store } from '../store/open.ts';
import { findRemediation } from '../store/remediations.ts';
import { leaderCheck } from './cluster-health.ts';
import type { Environment } from './environment.ts';
import { gatedEngine, gateOf } from './gates.ts';
import { runTokens } from './github.ts';
import { startLeading } from './leadership.ts';
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
  /** What must be right of the engine, and of who leads. */
  readonly checks: () => Promise<readonly ReadinessCheck[]>;
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
  // Replicas on one database would each start what the others have started: one of them leads.
  const lease = store.dialect === 'postgres' ? storeLease(store, clock) : null;
  const leading = startLeading({ settings, log, clock, metrics: deps.metrics, lease });
  const engine = fenceEngine(gatedEngine(local, gate), leading);
  await adoptTaskRuns({ store, engine, log });
  const endTask = taskEnder({ ...deps, engine });
  const options: ReconcilerOptions = {
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
  };
  const reconciler = followLeadership(leading, () => createReconciler(options));
  reconciler.start();
  return {
    engine,
    codeRuns: createTasks({ ...deps, engine, codeRunTemplates }),
    checks: async () => (lease === null ? [] : [leaderCheck(leading.view(), settings.leaseSeconds * 1_000)]),
    stop: async () => {
      await reconciler.stop();
      engine.close();
      // Last: nothing is written any more.
      await leading.stop();
    },
  };
}
