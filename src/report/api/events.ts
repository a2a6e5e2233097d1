import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { ProblemError } from '../../lib/problem.ts';
import { findRemediation } from '../../store/remediations.ts';
import { acceptSession } from '../pages/browser-access.ts';
import type { EventStream } from '../stream.ts';
import type { ReportDeps } from './deps.ts';
import { check, documented } from './documented.ts';

const EVENT_STREAM = 'text/event-stream';

const eventsQuery = z.strictObject({
  remediation: z.string().min(1).max(128).optional().describe('Only entries of this one; by id or task id'),
  last_event_id: z.coerce
    .number()
    .int()
    .min(0)
    .max(Number.MAX_SAFE_INTEGER)
    .optional()
    .describe('Entries after this number; the header `Last-Event-ID`, which browsers send by themselves, goes first'),
});

/** Every entry of every timeline as it is written, as server-sent events. */
export function eventRoutes(app: FastifyInstance, deps: ReportDeps, stream: EventStream): void {
  // Streams never end by themselves; the server waits for them when it stops.
  app.addHook('preClose', async () => stream.close());
  const unlisten = deps.listen?.(stream.wake);
  app.addHook('onClose', async () => unlisten?.());
  const { response: _, ...schema } = documented({
    operationId: 'streamEvents',
    summary: 'Every timeline entry as it is written, as server-sent events; resumes after `Last-Event-ID`',
    tag: 'remediations',
    query: eventsQuery,
    answers: {},
    token: 'read',
  });
  const problems = documented({
    operationId: 'streamEvents',
    summary: '',
    tag: 'remediations',
    answers: {},
    problems: {
      400: 'The request is not of the right shape; `errors` says where.',
      401: 'No token, or one that may not do this.',
      404: 'There is no such remediation.',
      503: 'As many readers as there may be are connected; come back after `Retry-After`.',
    },
  });
  app.get(
    '/api/events',
    {
      preHandler: [acceptSession(deps), deps.authorizeRead],
      schema: {
        ...schema,
        response: {
          200: {
            description:
              'An endless stream. `id` is the number of the entry, `data` a JSON object with id, remediation_id, task_id, repository, at, phase, event and message.',
            content: { [EVENT_STREAM]: { schema: { type: 'string' } } },
          },
          ...(problems.response as object),
        },
      },
    },
    async (request, reply) => {
      const { remediation, last_event_id: asked } = check(eventsQuery, request.query, 'query');
      if (stream.isFull)
        throw new ProblemError(503, 'As many readers as there may be are connected.', { retryAfter: 30 });
      const remediationId = remediation === undefined ? null : await idOf(deps, remediation);
      const after = lastEventId(request.headers['last-event-id']) ?? asked ?? null;
      reply.hijack();
      reply.raw.writeHead(200, {
        ...securityHeaders(reply.getHeaders()),
        'content-type': `${EVENT_STREAM}; charset=utf-8`,
        'cache-control': 'no-store',
        // nginx and what is built on it would collect entries before passing them on.
        'x-accel-buffering': 'no',
      });
      reply.raw.flushHeaders();
      stream.attach(reply.raw, { after, remediationId });
    },
  );
}

async function idOf({ store }: ReportDeps, name: string): Promise<string> {
  const found = await findRemediation(store.db, name);
  if (found === null) throw new ProblemError(404, `There is no remediation ${name}.`);
  return found.id;
}

function lastEventId(header: string | string[] | undefined): number | null {
  const text = Array.isArray(header) ? header[0] : header;
  if (text === undefined || !/^\d{1,16}$/.test(text)) return null;
  const number = Number(text);
  return Number.isSafeInteger(number) ? number : null;
}

/** What hooks have set so far. */
function securityHeaders(headers: Readonly<Record<string, number | string | string[] | undefined>>) {
  return Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  );
}
