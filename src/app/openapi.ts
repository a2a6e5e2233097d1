import { systemClock } from '../lib/clock.ts';
import { createMetrics } from '../report/metrics.ts';
import { openStore } from '../store/open.ts';
import { createHttp } from './http.ts';
import { newId } from './ids.ts';
import { VERSION } from './paths.ts';

/** The OpenAPI document of the service, made from the routes themselves; nothing listens. */
export async function openApiDocument(): Promise<unknown> {
  const store = await openStore({ kind: 'memory' });
  const notServed = () => Promise.reject(new Error('This instance only describes itself.'));
  const app = await createHttp({
    intake: {
      credentials: { webhookSecrets: [], apiTokens: [], readTokens: [] },
      clock: systemClock,
      newId,
      accept: notServed,
    },
    report: {
      store,
      clock: systemClock,
      metrics: createMetrics({ version: VERSION, store, clock: systemClock }),
      info: { version: VERSION, mode: 'live', engine: 'local', startedAt: systemClock() },
      authorizeRead: async () => {},
      authorizeWrite: async () => {},
      command: notServed,
      readiness: async () => [],
      insights: notServed,
    },
  });
  try {
    await app.ready();
    return app.swagger();
  } finally {
    await app.close();
    await store.close();
  }
}
