import type { FastifyInstance } from 'fastify';
import { ProblemError } from '../../lib/problem.ts';
import type { Delivery } from '../../model/delivery.ts';
import {
  type DeliveryFilter,
  findListedDelivery,
  type ListedDelivery,
  listDeliveries,
} from '../../store/delivery-list.ts';
import type { ReportDeps } from './deps.ts';
import { check, documented, sendJson } from './documented.ts';
import { deliveriesSchema, deliveryQuery, deliverySchema, idParams } from './schemas.ts';
import { deliveryView } from './views.ts';

/** The answers to “why did (or didn’t) something happen?”. */
export function deliveryRoutes(app: FastifyInstance, deps: ReportDeps): void {
  const { authorizeRead } = deps;

  app.get(
    '/api/deliveries',
    {
      preHandler: authorizeRead,
      schema: documented({
        operationId: 'listDeliveries',
        summary: 'Deliveries with what became of them, newest first',
        tag: 'deliveries',
        query: deliveryQuery,
        answers: { 200: deliveriesSchema },
        token: 'read',
      }),
    },
    async (request, reply) => {
      const page = await readDeliveryPage(deps, check(deliveryQuery, request.query, 'query'));
      return sendJson(reply, { deliveries: page.deliveries.map(deliveryView), next_cursor: page.nextCursor });
    },
  );

  app.get(
    '/api/deliveries/:id',
    {
      preHandler: authorizeRead,
      schema: documented({
        operationId: 'getDelivery',
        summary:
          'What became of one delivery and why; by Healer’s id, the sender’s (X-GitHub-Delivery) or the SHA-256 of the body in hexadecimal',
        tag: 'deliveries',
        params: idParams,
        answers: { 200: deliverySchema },
        problems: { 404: 'There is no such delivery.' },
        token: 'read',
      }),
    },
    async (request, reply) => {
      const { id } = check(idParams, request.params, 'path');
      return sendJson(reply, deliveryView((await knownDelivery(deps, id)).delivery));
    },
  );
}

interface KnownDelivery {
  readonly delivery: ListedDelivery;
  /** Null where the store has it. */
  readonly body: Uint8Array | null;
}

/** The same as `lookUpDelivery`; throws 404 where that gives null. */
export async function knownDelivery(deps: Pick<ReportDeps, 'store' | 'inbox'>, id: string): Promise<KnownDelivery> {
  const known = await lookUpDelivery(deps, id);
  if (known !== null) return known;
  throw new ProblemError(404, `There is no delivery ${id}; it never arrived here, or it is older than what is kept.`);
}

/** One that is in the store, or still on its way there. */
export async function lookUpDelivery(
  { store, inbox }: Pick<ReportDeps, 'store' | 'inbox'>,
  id: string,
): Promise<KnownDelivery | null> {
  const stored = await findListedDelivery(store.db, id);
  if (stored !== null) return { delivery: stored, body: null };
  const kept = (await inbox?.find(id)) ?? null;
  if (kept !== null) return { delivery: onItsWay(kept), body: kept.body };
  // It may have gone from one to the other meanwhile.
  const late = await findListedDelivery(store.db, id);
  return late === null ? null : { delivery: late, body: null };
}

function onItsWay({ id, origin, event, externalId, receivedAt }: Delivery): ListedDelivery {
  const undecided = { decidedAt: null, failures: 0, disposition: null, taskId: null, repository: null };
  return { id, origin, event, externalId, receivedAt, ...undecided };
}

type DeliveryQuery = ReturnType<typeof deliveryQuery.parse>;

/** One page and where the next one begins; also what the pages show. */
export async function readDeliveryPage(
  { store }: Pick<ReportDeps, 'store'>,
  query: DeliveryQuery,
): Promise<{ readonly deliveries: readonly ListedDelivery[]; readonly nextCursor: string | null }> {
  const filter: DeliveryFilter = {
    ...(query.status === undefined ? {} : { status: query.status }),
    ...(query.reason === undefined ? {} : { reason: query.reason }),
    ...(query.cursor === undefined ? {} : { cursor: query.cursor }),
    limit: query.limit + 1,
  };
  const rows = await listDeliveries(store.db, filter);
  const deliveries = rows.slice(0, query.limit);
  return { deliveries, nextCursor: rows.length > query.limit ? (deliveries.at(-1)?.id ?? null) : null };
}
