import type { FastifyInstance } from 'fastify';
import { answerWithProblems } from '../lib/problem.ts';
import { codeRunRoutes } from './api/coderuns.ts';
import { deliveryRoutes } from './api/deliveries.ts';
import type { ReportDeps } from './api/deps.ts';
import { documentOnly } from './api/documented.ts';
import { eventRoutes } from './api/events.ts';
import { insightsRoutes } from './api/insights.ts';
import { operationRoutes } from './api/operations.ts';
import { remediationRoutes } from './api/remediations.ts';
import { statusRoutes } from './api/status.ts';
import { collectOpenApi, openApiRoute } from './openapi.ts';
import { createEventStream } from './stream.ts';

export type {
  Budget,
  Command,
  CommandResult,
  LogToClassify,
  PageTokens,
  ReadinessCheck,
  ReportDeps,
  RuleView,
  ServiceInfo,
} from './api/deps.ts';

/**
 * The JSON API for reading and acting, probes, metrics and `/openapi.json`. The document holds the routes of the whole
 * program when `collectOpenApi` was called on its root before, otherwise this plugin's.
 */
export async function apiRoutes(app: FastifyInstance, deps: ReportDeps): Promise<void> {
  if (!app.hasDecorator('swagger')) await collectOpenApi(app, deps.info.version);
  answerWithProblems(app);
  documentOnly(app);
  operationRoutes(app, deps);
  statusRoutes(app, deps);
  remediationRoutes(app, deps);
  deliveryRoutes(app, deps);
  insightsRoutes(app, deps);
  codeRunRoutes(app, deps);
  eventRoutes(
    app,
    deps,
    createEventStream({ store: deps.store, onError: (message, fields) => app.log.error(fields, message) }),
  );
  openApiRoute(app);
}
