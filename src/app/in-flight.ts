import type { IncomingHttpHeaders } from 'node:http';
import type { FastifyInstance } from 'fastify';
import { Overloaded } from '../intake/problem.ts';
import { MAX_BODY_BYTES } from '../intake/server-options.ts';

/** Bodies above this share a part of the memory of their own, so that a few big ones never keep the many small out. */
const BIG = 1024 * 1024;

/**
 * Bounds the memory of bodies that are being received, waiting or being decided about. A request counts with what it
 * announced, from before its body is read until its answer is sent; one that announced nothing counts as the largest
 * that is taken. The sender of what does not fit is told to keep it. Half of `maxBytes` is for bodies up to 1 MiB.
 */
export function boundInFlight(app: FastifyInstance, maxBytes: number): void {
  const held = { small: 0, big: 0 };
  app.addHook('preParsing', (request, reply, payload, done) => {
    const announced = bytesAnnounced(request.headers);
    const kind = announced > BIG ? 'big' : 'small';
    // A body larger than the whole share is taken when nothing else is held, or it could never be.
    if (held[kind] > 0 && held[kind] + announced > maxBytes / 2) {
      done(new Overloaded(1, 'Too many bodies are under way. Send it again after the time in Retry-After.'));
      return;
    }
    if (announced > 0) {
      held[kind] += announced;
      reply.raw.once('close', () => {
        held[kind] -= announced;
      });
    }
    done(null, payload);
  });
}

function bytesAnnounced(headers: IncomingHttpHeaders): number {
  const length = headers['content-length'];
  if (length !== undefined) return Math.min(Number(length) || 0, MAX_BODY_BYTES);
  return headers['transfer-encoding'] === undefined ? 0 : MAX_BODY_BYTES;
}
