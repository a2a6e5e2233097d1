import fastify, { type FastifyInstance, type InjectOptions, type LightMyRequestResponse } from 'fastify';
import type { Credentials } from '../../../src/intake/authenticate.ts';
import type { ProblemKind } from '../../../src/intake/problem.ts';
import { useProblems } from '../../../src/intake/problem-handler.ts';
import { type AcceptedAnswer, type AcceptMeta, type IntakeDeps, intakeRoutes } from '../../../src/intake/routes.ts';
import { serverOptions, type Timeouts } from '../../../src/intake/server-options.ts';
import type { Delivery } from '../../../src/model/delivery.ts';
import { reason } from '../../../src/model/reason.ts';

export interface Accepted {
  readonly delivery: Delivery;
  readonly meta: AcceptMeta;
}

export interface Service {
  readonly app: FastifyInstance;
  /** Everything that reached `accept`. */
  readonly accepted: Accepted[];
  readonly refused: ProblemKind[];
  readonly post: (url: string, body: unknown, headers?: Record<string, string>) => Promise<LightMyRequestResponse>;
}

export const NO_CREDENTIALS: Credentials = { webhookSecrets: [], apiTokens: [], readTokens: [] };
export const NOW = 1_750_000_000_000;

/** An answer as the decision gives it: ignored with the reason, or a new remediation. */
export function answerFor({ id }: Delivery, { ignored }: Pick<AcceptMeta, 'ignored'>): AcceptedAnswer {
  const nothing = { deliveryId: id, taskId: null, agent: null, failureType: null, codeRunName: null };
  if (ignored !== null)
    return {
      ...nothing,
      disposition: { status: 'ignored', dedupStatus: 'skipped', remediationId: null, reason: ignored },
    };
  const disposition = {
    status: 'accepted',
    dedupStatus: 'new',
    remediationId: 'REM1',
    reason: reason('new_failure'),
  } as const;
  return { ...nothing, disposition, taskId: 'ci-9001', agent: 'rex', failureType: 'rust_clippy' };
}

/** The routes with an `accept` that remembers; nothing listens until a test says so. */
export function startService(options: Partial<IntakeDeps> & { timeouts?: Timeouts } = {}): Service {
  const { timeouts, ...deps } = options;
  const accepted: Accepted[] = [];
  const refused: ProblemKind[] = [];
  const app = fastify(serverOptions(timeouts));
  useProblems(app);
  const accept: IntakeDeps['accept'] = async (delivery, meta) => {
    accepted.push({ delivery, meta });
    return answerFor(delivery, meta);
  };
  const newId = () => `DEL${accepted.length + 1}`;
  const onRefused = (kind: ProblemKind) => void refused.push(kind);
  app.register(intakeRoutes, { credentials: NO_CREDENTIALS, clock: () => NOW, newId, accept, onRefused, ...deps });
  const post: Service['post'] = (url, body, headers = {}) => {
    const isRaw = typeof body === 'string' || Buffer.isBuffer(body);
    const payload: NonNullable<InjectOptions['payload']> = isRaw ? body : JSON.stringify(body);
    return app.inject({ method: 'POST', url, payload, headers: { 'content-type': 'application/json', ...headers } });
  };
  return { app, accepted, refused, post };
}
