import type { Engine } from '../../coderun/engine.ts';
import type { Handlers } from '../../remediate/worker.ts';
import type { Metrics } from '../../report/metrics.ts';
import { traceIdOf } from '../../report/traces/index.ts';
import { cloneUrls } from '../github.ts';
import { describePullRequest } from '../pull-request-text.ts';
import { changeReviewer } from './change-review.ts';
import { checkRunHandler } from './check-run.ts';
import { readChecksHandler } from './checks.ts';
import { pullRequestHandler, rerunHandler } from './ci.ts';
import { cancelRunHandler, spawnHandler } from './coderuns.ts';
import { type CommentDeps, commentHandler } from './comment.ts';
import { type GatherDeps, gatherHandler } from './gather.ts';
import { unlessRepairWaits } from './open-repair.ts';
import { type RememberDeps, rememberHandler } from './remember.ts';

export interface EffectDeps extends GatherDeps {
  readonly engine: Engine;
  readonly keep: RememberDeps['keep'];
  readonly metrics: GatherDeps['metrics'] & Pick<Metrics, 'notified'>;
}

/** Who carries out which effect; the compiler sees to it that none is missing. */
export function createHandlers(deps: EffectDeps): Handlers {
  const { store, settings, clock, github, engine, templates } = deps;
  const { publicUrl } = settings;
  const shown: CommentDeps = {
    github,
    store,
    maxAttempts: settings.maxAttempts,
    codeRunPhase: async (name) => (await engine.glance(name))?.status.phase ?? null,
    pageUrl: ({ id }) => (publicUrl === undefined ? null : new URL(`/remediations/${id}`, publicUrl).href),
    traceId: ({ id }) => (settings.otel.endpoint === undefined ? null : traceIdOf(id)),
    onResult: deps.metrics.notified,
  };
  return {
    gather: unlessRepairWaits(gatherHandler(deps), deps),
    spawn: spawnHandler({
      store,
      engine,
      settings,
      clock,
      agents: new Map(templates.agents.map((agent) => [agent.name, agent])),
      cloneUrl: cloneUrls(settings),
    }),
    cancel_run: cancelRunHandler({ engine }),
    rerun: rerunHandler({ github }),
    read_checks: readChecksHandler({
      github,
      clock,
      pollMs: settings.limits.pollSeconds * 1_000,
      review: changeReviewer({ ...deps, refuse: settings.changeReview.refuse }),
    }),
    open_pull_request: pullRequestHandler({ github, describe: describePullRequest }),
    remember: rememberHandler(deps),
    comment: commentHandler(shown),
    check_run: checkRunHandler({ ...shown, whenNotRepaired: settings.notifications.checkRun.whenNotRepaired }),
  };
}
