import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import type { ReportDeps } from './deps.ts';
import { documented, sendJson } from './documented.ts';
import { readinessSchema } from './schemas.ts';

/** What probes and Prometheus ask, without a token: numbers and names of checks, nothing that came from outside. */
export function operationRoutes(app: FastifyInstance, deps: ReportDeps): void {
  app.get(
    '/health',
    {
      schema: documented({
        operationId: 'getHealth',
        summary: 'The process is alive; depends on nothing outside it',
        tag: 'service',
        answers: { 200: z.object({ status: z.literal('ok') }) },
      }),
    },
    async (_request, reply) => sendJson(reply, { status: 'ok' }),
  );

  app.get(
    '/ready',
    {
      schema: documented({
        operationId: 'getReadiness',
        summary: 'Able to do its work; otherwise 503 with the names of the failing checks',
        tag: 'service',
        answers: { 200: readinessSchema, 503: readinessSchema },
      }),
    },
    async (_request, reply) => {
      const checks = await deps.readiness();
      const failing = checks.filter((entry) => !entry.ok).map((entry) => entry.name);
      const status = failing.length === 0 ? 'ready' : 'not_ready';
      return sendJson(reply, { status, failing }, failing.length === 0 ? 200 : 503);
    },
  );

  app.get(
    '/metrics',
    {
      schema: {
        ...documented({ operationId: 'getMetrics', summary: 'Prometheus text format', tag: 'service', answers: {} }),
        response: { 200: { description: 'Metrics', content: { 'text/plain': { schema: { type: 'string' } } } } },
      },
    },
    async (_request, reply) => {
      const { contentType, text } = await deps.metrics.render();
      return reply.type(contentType).send(text);
    },
  );
}
