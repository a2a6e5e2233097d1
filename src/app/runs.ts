import { join } from 'node:path';
import { LABELS } from '../coderun/draft.ts';
import type { Engine } from '../coderun/engine.ts';
import { CONCURRENT_LOOKS, MAX_START_FAILURES } from '../coderun/engines/kubernetes/options.ts';
import { fenceEngine } from '../coderun/reconcile/leader-fence.ts';
import { followLeadership } from '../coderun/reconcile/leader-reconciler.ts';
import { DEFAULT_RECONCILE_POLICY, type ReconcilePolicy } from '../coderun/reconcile/policy.ts';
import { createReconciler, type ReconcilerOptions } from '../coderun/reconcile/reconciler.ts';
import { loadCodeRunTemplates } from '../coderun/templates.ts';
import type { Clock } from '../lib/clock.ts';
import type { GitHub } from '../lib/github/client.ts';
import type { Machine } from '../remediate/machine.ts';
import type { CodeRunPort } from '../report/api/task-port.ts';
import type { ReadinessCheck } from '../report/api.ts';
import type { Metrics } from '../report/metrics.ts';
import type { Store } from '../store/open.ts';
import { findRemediation } from '../store/remediations.ts';
import type { Environment } from './environment.ts';
import { gatedEngine, gateOf } from './gates.ts';
import { runTokens } from './github.ts';
import { startLeading } from './leadership.ts';
import type { Log } from './log.ts';
import { type EngineDeps, engineOf } from './open-engine.ts';
import { PROMPTS_DIR } from './paths.ts';
import type { Settings } from './settings.ts';
import { keepTendingTaskRuns, taskEnder } from './task-ends.ts';
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
  readonly engine: Engine;
  /** CodeRuns as people see them, and those that they ask for. */
  readonly codeRuns: CodeRunPort;
  /** What must be right of the engine, and of who leads. */
  readonly checks: () => Promise<readonly ReadinessCheck[]>;
  readonly stop: () => Promise<void>;
}> {
  const { settings, log, clock, store, machine } = deps;
  const codeRunTemplates = await loadCodeRunTemplates(join(PROMPTS_DIR, 'coderun'));
  const gate = gateOf(settings);
  const given: EngineDeps = { ...deps, templates: codeRunTemplates, gitToken: runTokens(deps.github), gate };
  const { lease, open } = await engineOf(given);
  const leading = startLeading({ settings, log, clock, metrics: deps.metrics, lease });
  const opened = open(leading);
  const engine = fenceEngine(gatedEngine(opened.engine, gate), leading);
  const stopTending = await keepTendingTaskRuns({ store, engine, clock, log });
  const endTask = taskEnder({ ...deps, engine });
  const options: ReconcilerOptions = {
    engine,
    clock,
    policy: policyOf(settings),
    onLook: deps.metrics.reconciled,
    ...(settings.engine === 'kubernetes' ? { concurrency: CONCURRENT_LOOKS } : {}),
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
    checks: opened.checks,
    stop: async () => {
      stopTending();
      await reconciler.stop();
      await opened.close();
      // Last: nothing is written any more.
      await leading.stop();
      opened.disconnect();
    },
  };
}

function policyOf({ engine, kubernetes, limits }: Settings): ReconcilePolicy {
  const policy = { ...DEFAULT_RECONCILE_POLICY, deadlineSeconds: limits.runDeadlineMinutes * 60 };
  if (engine === 'local') return policy;
  const { pendingMinutes, retentionHours } = kubernetes;
  return {
    ...policy,
    pendingSeconds: pendingMinutes * 60,
    retentionSeconds: retentionHours * 3600,
    maxStartFailures: MAX_START_FAILURES,
  };
}
