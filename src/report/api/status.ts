import type { FastifyInstance } from 'fastify';
import { readPauses, setPaused } from '../../store/pauses.ts';
import type { ReportDeps } from './deps.ts';
import { check, documented, sendJson } from './documented.ts';
import { refuseOtherSites } from './other-sites.ts';
import { readOverview } from './overview.ts';
import { pauseBody, pausesSchema, statusSchema } from './schemas.ts';
import { pauseViews, time } from './views.ts';

/** The service as a whole: how it is, and the switch that stops spending. */
export function statusRoutes(app: FastifyInstance, deps: ReportDeps): void {
  overviewRoute(app, deps);
  pauseRoutes(app, deps);
}

function overviewRoute(app: FastifyInstance, deps: ReportDeps): void {
  app.get(
    '/api/status',
    {
      preHandler: deps.authorizeRead,
      schema: documented({
        operationId: 'getStatus',
        summary: 'The service in one look',
        tag: 'service',
        answers: { 200: statusSchema },
        token: 'read',
      }),
    },
    async (_request, reply) => {
      const overview = await readOverview(deps);
      const failing = overview.checks.filter((entry) => !entry.ok).map((entry) => entry.name);
      const { results, oldestUndecidedMs } = overview;
      return sendJson(reply, {
        version: deps.info.version,
        mode: deps.info.mode,
        engine: deps.info.engine,
        started_at: time(deps.info.startedAt),
        ready: failing.length === 0,
        failing,
        checks: overview.checks.map(({ name, ok, detail }) => ({ name, ok, detail })),
        pauses: pauseViews(overview.pauses),
        live: overview.live,
        last_seven_days: {
          opened: results.opened,
          succeeded: results.succeeded,
          escalated: results.escalated,
          median_time_to_fix_seconds: results.medianTimeToFix === null ? null : results.medianTimeToFix / 1000,
        },
        deliveries_last_day: overview.dispositions,
        oldest_undecided_seconds: oldestUndecidedMs === null ? null : oldestUndecidedMs / 1000,
      });
    },
  );
}

function pauseRoutes(app: FastifyInstance, deps: ReportDeps): void {
  for (const verb of ['pause', 'resume'] as const) {
    app.post(
      `/api/${verb}`,
      {
        preHandler: [refuseOtherSites, deps.authorizeWrite],
        schema: documented({
          operationId: verb,
          summary: verb === 'pause' ? 'Stop starting agents' : 'Start agents again',
          tag: 'service',
          body: pauseBody,
          answers: { 200: pausesSchema },
          token: 'write',
        }),
      },
      async (request, reply) => {
        const { by, repository } = check(pauseBody, request.body, 'body');
        await setPaused(deps.store.db, repository ?? null, verb === 'pause', by, deps.clock());
        deps.pausesChanged?.();
        return sendJson(reply, { pauses: pauseViews(await readPauses(deps.store.db)) });
      },
    );
  }
}
