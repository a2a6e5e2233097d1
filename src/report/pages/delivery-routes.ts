import type { FastifyInstance } from 'fastify';
import { findDelivery } from '../../store/deliveries.ts';
import { knownDelivery, lookUpDelivery, readDeliveryPage } from '../api/deliveries.ts';
import type { ReportDeps } from '../api/deps.ts';
import { check } from '../api/documented.ts';
import { deliveryQuery, idParams } from '../api/schemas.ts';
import { deliveriesPage, deliveryPage } from './deliveries-page.ts';
import { ALL_EVENTS, asked, type Site } from './site.ts';

const LIST_SIZE = '50';

/** Everything that arrived, and one of them. */
export function deliveryRoutes(app: FastifyInstance, { deps, reading, send }: Site): void {
  app.get('/deliveries', reading, async (request, reply) => {
    const query = asked(request.query);
    const content = deliveriesPage({ ...(await readDeliveries(deps, query)), query, now: deps.clock() });
    return send(request, reply, { title: 'Deliveries', current: 'deliveries', events: ALL_EVENTS }, content);
  });

  app.get('/deliveries/:id', reading, async (request, reply) => {
    const { id } = check(idParams, request.params, 'path');
    const { delivery, body } = await knownDelivery(deps, id);
    const bytes = body ?? (await findDelivery(deps.store.db, delivery.id))?.body ?? new Uint8Array();
    const content = deliveryPage({ delivery, body: bytes, now: deps.clock() });
    const title = `Delivery ${delivery.externalId ?? delivery.id}`;
    return send(request, reply, { title, current: 'deliveries', events: ALL_EVENTS }, content);
  });
}

async function readDeliveries(deps: ReportDeps, { id, ...query }: Record<string, string>) {
  if (id === undefined) return readDeliveryPage(deps, check(deliveryQuery, { limit: LIST_SIZE, ...query }, 'query'));
  const known = await lookUpDelivery(deps, id);
  return { deliveries: known === null ? [] : [known.delivery], nextCursor: null };
}
