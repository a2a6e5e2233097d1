import type { IncomingHttpHeaders } from 'node:http';
import helmet from '@fastify/helmet';
import { type FastifyInstance, fastify, type preHandlerAsyncHookHandler } from 'fastify';
import { type Credentials, refuseToken } from '../intake/authenticate.ts';
import { Problem } from '../intake/problem.ts';
import { answerProblem, useProblems } from '../intake/problem-handler.ts';
import { type IntakeDeps, intakeRoutes } from '../intake/routes.ts';
import { serverOptions } from '../intake/server-options.ts';
import { apiRoutes, type ReportDeps } from '../report/api.ts';
import { collectOpenApi } from '../report/openapi.ts';
import { pageRoutes } from '../report/pages.ts';
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

/** The whole HTTP surface: doors, API, pages. Not listening yet. */
export async function createHttp(options: {
  readonly intake: IntakeDeps;
  readonly report: ReportDeps;
}): Promise<FastifyInstance> {
  const app = fastify(serverOptions());
  useProblems(app);
  await app.register(helmet, { contentSecurityPolicy: false });
  await collectOpenApi(app, options.report.info.version);
  await app.register(intakeRoutes, options.intake);
  await app.register(apiRoutes, options.report);
  await app.register(pageRoutes, options.report);
  return app;
}
