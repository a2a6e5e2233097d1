import type { FastifyInstance } from 'fastify';

/** How often connections are looked for that have become idle, milliseconds. */
const LOOK_MS = 50;
/** As long as GitHub waits for an answer; whoever is not done by then sends again. */
const GRACE_MS = 10_000;

/**
 * Lets a server end when its last answer is sent. Node closes the connections that are idle in the moment when it is told
 * to end; one that carried a request just then is kept open for the next one, by the time-out for that, a minute or more.
 * What says nothing at all is let go of after `graceMs`.
 */
export function closeConnections(app: FastifyInstance, graceMs = GRACE_MS): void {
  app.addHook('preClose', async () => {
    const { server } = app;
    const look = setInterval(() => server.closeIdleConnections(), LOOK_MS);
    const end = setTimeout(() => server.closeAllConnections(), graceMs);
    server.once('close', () => {
      clearInterval(look);
      clearTimeout(end);
    });
  });
}
