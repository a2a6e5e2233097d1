/**
 * Healer's own HTTP server without a store: it authenticates, parses and answers, and forgets. The distance between
 * this row and Healer's is what keeping and deciding cost.
 */
import type { AddressInfo } from 'node:net';
import { createHttp } from '../../src/app/http.ts';
import { newId } from '../../src/app/ids.ts';
import { settleDown, startSmall } from '../../src/app/memory.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { reason } from '../../src/model/reason.ts';
import { createMetrics } from '../../src/report/metrics.ts';
import { openStore } from '../../src/store/open.ts';
import { SECRET } from './intake-body.ts';

startSmall();
const store = await openStore({ kind: 'memory' });
const app = await createHttp({
  limits: { requestsPerMinute: 600_000, inFlightBytes: 128 * 1024 * 1024 },
  intake: {
    credentials: { webhookSecrets: [SECRET], apiTokens: ['bench-token'], readTokens: [] },
    clock: systemClock,
    newId,
    ...(process.env['HEALER_GITHUB_WEBHOOK_ANSWER'] === 'kept'
      ? { inbox: { put: () => Promise.resolve(true), forGitHub: true } }
      : {}),
    accept: async (delivery) => ({
      deliveryId: delivery.id,
      disposition: {
        status: 'accepted',
        dedupStatus: 'new',
        remediationId: delivery.id,
        reason: reason('new_failure'),
      },
      taskId: 'ci-1',
      agent: 'atlas',
      failureType: 'general',
      codeRunName: null,
    }),
  },
  report: {
    store,
    clock: systemClock,
    metrics: createMetrics({ version: 'bench', store, clock: systemClock }),
    info: { version: 'bench', mode: 'paused', engine: 'local', startedAt: systemClock() },
    authorizeRead: async () => {},
    authorizeWrite: async () => {},
    command: async () => ({ kind: 'not_found' }),
    readiness: async () => [],
    insights: () => Promise.reject(new Error('not measured')),
    pausesChanged: () => {},
  },
});
await app.listen({ host: '127.0.0.1', port: 0 });
// Its heap is small, and a limit made for a service's would have it collected all the time.
settleDown(Number.POSITIVE_INFINITY);
const { port } = app.server.address() as AddressInfo;
process.stdout.write(`${JSON.stringify({ msg: 'listening', url: `http://127.0.0.1:${port}` })}\n`);
