import type { IncomingHttpHeaders } from 'node:http';
import helmet from '@fastify/helmet';
import {
  type FastifyBaseLogger,
  type FastifyInstance,
  fastify,
  LogController,
  type preHandlerAsyncHookHandler,
} from 'fastify';
import { type Credentials, refuseToken } from '../intake/authenticate.ts';
import { Problem } from '../intake/problem.ts';
import { answerProblem, useProblems } from '../intake/problem-handler.ts';
import { type IntakeDeps, intakeRoutes } from '../intake/routes.ts';
import { serverOptions, type Timeouts } from '../intake/server-options.ts';
import { apiRoutes, type ReportDeps } from '../report/api.ts';
import { docsRoutes } from '../report/docs.ts';
import { collectOpenApi } from '../report/openapi.ts';
import { pageRoutes } from '../report/pages.ts';
import type { OpenGate } from '../safety/index.ts';
import { closeConnections } from './close-connections.ts';
import { gateAnswers } from './gates.ts';
import { boundInFlight } from './in-flight.ts';
import type { Log } from './log.ts';
import { type McpRouteDeps, mcpRoutes } from './mcp/http.ts';
import { limitSenders } from './senders.ts';
import type { Settings } from './settings.ts';

/** Who may use the API; GitHub's signatures are the doors' own business. */
export function credentialsOf(settings: Settings): Credentials {
  return {
    webhookSecrets: settings.github.webhookSecret,
    apiTokens: settings.apiToken,
    readTokens: settings.readToken,
  };
}

const LOOPBACK_HOST = /^(127\.0\.0\.1|localhost|\[::1\])(:\d+)?$/i;

/**
 * Refuses a request whose bearer token may not do what it asks. Without any API token the service listens on loopback
 * only (the settings see to it) and trusts whoever reaches it, but not a web page that makes a browser reach it.
 */
export function authorize(credentials: Credentials, need: 'read' | 'write'): preHandlerAsyncHookHandler {
  const isOpen = ![...credentials.apiTokens, ...credentials.readTokens].some((token) => token !== '');
  return async (request, reply) => {
    const refusal = isOpen ? refuseForeignPage(request.headers) : refuseToken(credentials, request.headers, need);
    if (refusal !== null) return answerProblem(refusal, request, reply);
  };
}

function refuseForeignPage({ host = '', origin }: IncomingHttpHeaders): Problem | null {
  const isOwn = LOOPBACK_HOST.test(host) && (origin === undefined || origin === `http://${host}`);
  return isOwn
    ? null
    : new Problem(
        'browser-request',
        'Without HEALER_API_TOKEN only this machine is served. Open Healer by its loopback address.',
      );
}

export interface HttpLimits {
  /** Of one sender. */
  readonly requestsPerMinute: number;
  /** Of bodies under way, all senders together. */
  readonly inFlightBytes: number;
}

const MEBIBYTE = 1024 * 1024;
/** Requests that went well leave no line of their own; what came of a delivery is logged by whoever decided it. */
const QUIET = new LogController({ disableRequestLogging: true });

export function httpLimits({ limits }: Settings): HttpLimits {
  return { requestsPerMinute: limits.requestsPerMinute, inFlightBytes: limits.inFlightMegabytes * MEBIBYTE };
}

/** The whole HTTP surface: doors, API, pages. Not listening yet. */
export async function createHttp(options: {
  readonly intake: IntakeDeps;
  readonly report: ReportDeps;
  /** The MCP server at `/mcp`; none without it. */
  readonly mcp?: McpRouteDeps;
  /** None when nothing is to be served from outside of the process. */
  readonly limits?: HttpLimits;
  /** Takes what failed in answering; nothing is logged about requests that went well. */
  readonly log?: Log;
  /** What answers about remediations go through; none where there is nothing to answer about. */
  readonly gate?: OpenGate;
  /** Shorter ones for tests of slow senders. */
  readonly timeouts?: Timeouts;
}): Promise<FastifyInstance> {
  const logger = options.log === undefined ? {} : { loggerInstance: options.log as FastifyBaseLogger };
  const app = fastify({ ...serverOptions(options.timeouts), ...logger, logController: QUIET });
  // One logger for all requests: a child for each would cost every delivery what only a failure needs.
  app.setChildLoggerFactory((parent) => parent);
  closeConnections(app);
  useProblems(app);
  if (options.limits !== undefined) {
    boundInFlight(app, options.limits.inFlightBytes);
    await limitSenders(app, options.limits.requestsPerMinute);
  }
  await collectOpenApi(app, options.report.info.version);
  await app.register(intakeRoutes, options.intake);
  // What people's browsers see; senders of events have no use for twelve more headers.
  await app.register(async (site) => {
    await site.register(helmet, { contentSecurityPolicy: false });
    if (options.gate !== undefined) gateAnswers(site, options.gate);
    await site.register(apiRoutes, options.report);
    if (options.mcp !== undefined) await site.register(mcpRoutes, options.mcp);
    await site.register(pageRoutes, options.report);
    await site.register(docsRoutes);
  });
  return app;
}
