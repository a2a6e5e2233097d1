import rateLimit from '@fastify/rate-limit';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { DOORS } from '../intake/doors.ts';
import { Problem } from '../intake/problem.ts';
import { sha256 } from '../lib/digest.ts';

const MINUTE_MS = 60_000;
const TOKEN_DOORS = new Set(DOORS.filter(({ auth }) => auth === 'token').map(({ path }) => path));
/** Senders counted at the same time; the one that was quiet longest is forgotten first. */
const SENDERS = 5_000;

/** Bounds how much one sender may ask for, so that one that runs wild does not take the others' place. */
export async function limitSenders(app: FastifyInstance, requestsPerMinute: number): Promise<void> {
  await app.register(rateLimit, {
    global: true,
    max: requestsPerMinute,
    timeWindow: MINUTE_MS,
    cache: SENDERS,
    keyGenerator: senderOf,
    // Headers that count down would only tell a well-meaning sender what Retry-After tells it in time.
    addHeaders: { 'x-ratelimit-limit': false, 'x-ratelimit-remaining': false, 'x-ratelimit-reset': false },
    addHeadersOnExceeding: { 'x-ratelimit-limit': false, 'x-ratelimit-remaining': false, 'x-ratelimit-reset': false },
    errorResponseBuilder: (_request, { ttl }) =>
      Object.assign(
        new Problem(
          'too-many-requests',
          `More than ${requestsPerMinute} requests a minute. Keep it and send it again.`,
          {
            headers: { 'retry-after': String(Math.max(1, Math.ceil(ttl / 1_000))) },
          },
        ),
        // For error handlers of other rooms, which know no problems of this one.
        { statusCode: 429 },
      ),
  });
}

/**
 * Who sends: at a door for tokens, which were looked at before, whose token it is; GitHub by the webhook it names, of
 * which several come from one address; everybody else by address. Nobody else's share can be used up without that name.
 */
function senderOf(request: FastifyRequest): string {
  const { authorization, 'x-github-hook-id': hook } = request.headers;
  if (authorization !== undefined && TOKEN_DOORS.has(request.routeOptions.url ?? '')) return sha256(authorization);
  return typeof hook === 'string' && hook.length < 32 ? `${request.ip} ${hook}` : request.ip;
}
