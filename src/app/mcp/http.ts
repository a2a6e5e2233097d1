import type { FastifyInstance, preHandlerAsyncHookHandler } from 'fastify';
import { ProblemError } from '../../lib/problem.ts';
import { apiWithin } from './api.ts';
import type { LocalDecisions } from './tool.ts';

export interface McpRouteDeps {
  readonly decisions: LocalDecisions;
  /** Refuses whoever may not even read; what a tool does beyond is refused by the API that it asks. */
  readonly authorizeRead: preHandlerAsyncHookHandler;
  /** Where people reach the service, when that is another address than the one it listens on. */
  readonly publicUrl: string | undefined;
}

/** `POST /mcp`: streamable HTTP without sessions, so that any replica answers any request. */
export async function mcpRoutes(app: FastifyInstance, deps: McpRouteDeps): Promise<void> {
  app.post(
    '/mcp',
    { preHandler: [refuseForeignOrigin(deps.publicUrl), deps.authorizeRead], schema: { hide: true } },
    async (request, reply) => {
      // Loaded when somebody asks: most services have no such client.
      const { answerMcp } = await import('./answer.ts');
      const tools = { api: apiWithin(app, request), decisions: deps.decisions };
      const { status, headers, text } = await answerMcp(tools, request);
      for (const [name, value] of headers) reply.header(name, value);
      return reply.code(status).send(text);
    },
  );
}

/**
 * Browsers say which page a request comes from. A page of another site, or one whose name was made to point at this
 * machine (DNS rebinding), has no business here; programs say nothing and pass.
 */
export function refuseForeignOrigin(publicUrl: string | undefined): preHandlerAsyncHookHandler {
  const known = publicUrl === undefined ? null : new URL(publicUrl).origin;
  return async ({ headers }) => {
    const { origin, host } = headers;
    if (origin === undefined || origin === known) return;
    const url = URL.canParse(origin) ? new URL(origin) : null;
    const isOwn = url !== null && url.host === host && isOwnName(url.hostname, known);
    if (!isOwn) throw new ProblemError(403, `Pages of ${origin} may not use this server.`);
  };
}

/** A name that only this machine has; behind any other name stands whoever owns it. */
function isOwnName(hostname: string, known: string | null): boolean {
  return (
    /^(localhost|127\.0\.0\.1|\[::1\])$/.test(hostname) || (known !== null && new URL(known).hostname === hostname)
  );
}
