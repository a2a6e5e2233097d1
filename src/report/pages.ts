import type { FastifyInstance, FastifyReply } from 'fastify';
import { ProblemError } from '../lib/problem.ts';
import { latestBrief } from '../store/briefs.ts';
import { findListedDelivery, listDeliveries } from '../store/delivery-list.ts';
import { findRemediation } from '../store/remediations.ts';
import { readTimeline } from '../store/timeline.ts';
import { readDeliveryPage } from './api/deliveries.ts';
import type { ReportDeps } from './api/deps.ts';
import { check } from './api/documented.ts';
import { readOverview } from './api/overview.ts';
import { readCodeRunPhase, readPage } from './api/remediations.ts';
import { deliveryQuery, idParams, listQuery } from './api/schemas.ts';
import { terminalCommands } from './notifiers/github-comment/render.ts';
import { type Assets, assetRoutes } from './pages/assets.ts';
import { acceptPasswordAsToken, protectPages } from './pages/browser-access.ts';
import { deliveriesPage } from './pages/deliveries-page.ts';
import { html, type Part } from './pages/html.ts';
import { type Frame, layout } from './pages/layout.ts';
import { overviewPage } from './pages/overview-page.ts';
import { remediationPage, titleOf } from './pages/remediation-page.ts';

const LIST_SIZE = '25';
const LATEST_DELIVERIES = 8;
const DELIVERY_LIST_SIZE = '50';

/** The status pages, rendered here, readable without a script. Reading needs what `authorizeRead` asks for. */
export async function pageRoutes(app: FastifyInstance, deps: ReportDeps): Promise<void> {
  protectPages(app);
  const assets = assetRoutes(app);
  const options = { preHandler: [acceptPasswordAsToken(app), deps.authorizeRead], schema: { hide: true } };
  const send = (reply: FastifyReply, frame: Pick<Frame, 'title' | 'current'>, content: Part, status = 200) =>
    sendPage(reply, { ...frame, info: deps.info, assets }, content, status);
  answerWithPages(app, deps, assets);

  app.get('/', options, async (request, reply) => {
    const query = asked(request.query);
    const [overview, page, deliveries] = await Promise.all([
      readOverview(deps),
      readPage(deps, check(listQuery, { limit: LIST_SIZE, ...query }, 'query')),
      listDeliveries(deps.store.db, { limit: LATEST_DELIVERIES }),
    ]);
    const data = { overview, info: deps.info, deliveries, query, now: deps.clock(), ...page };
    return send(reply, { title: 'Overview', current: 'overview' }, overviewPage(data));
  });

  app.get('/remediations/:id', options, async (request, reply) => {
    const { id } = check(idParams, request.params, 'path');
    const remediation = await findRemediation(deps.store.db, id);
    if (remediation === null) throw new ProblemError(404, `There is no remediation ${id}.`);
    const [timeline, brief, codeRunPhase] = await Promise.all([
      readTimeline(deps.store.db, remediation.id),
      latestBrief(deps.store.db, remediation.id),
      readCodeRunPhase(deps, remediation),
    ]);
    const commands = terminalCommands(remediation);
    const content = remediationPage({ remediation, timeline, brief, commands, codeRunPhase, now: deps.clock() });
    return send(reply, { title: `${remediation.taskId}: ${titleOf(remediation)}`, current: null }, content);
  });

  app.get('/deliveries', options, async (request, reply) => {
    const query = asked(request.query);
    const content = deliveriesPage({ ...(await readDeliveries(deps, query)), query, now: deps.clock() });
    return send(reply, { title: 'Deliveries', current: 'deliveries' }, content);
  });
}

async function readDeliveries(deps: ReportDeps, { id, ...query }: Record<string, string>) {
  if (id === undefined)
    return readDeliveryPage(deps, check(deliveryQuery, { limit: DELIVERY_LIST_SIZE, ...query }, 'query'));
  const delivery = await findListedDelivery(deps.store.db, id);
  return { deliveries: delivery === null ? [] : [delivery], nextCursor: null };
}

/** What a form sent, without the fields that were left empty. */
function asked(query: unknown): Record<string, string> {
  const entries = Object.entries(query as Record<string, unknown>);
  return Object.fromEntries(
    entries.flatMap(([name, value]) => {
      const text = String(Array.isArray(value) ? value.at(-1) : value).trim();
      return text === '' ? [] : [[name, text]];
    }),
  );
}

function sendPage(reply: FastifyReply, frame: Frame, content: Part, status: number): FastifyReply {
  return reply.code(status).type('text/html; charset=utf-8').send(layout(frame, content));
}

/** Errors as pages: people read them. */
function answerWithPages(app: FastifyInstance, { info }: ReportDeps, assets: Assets): void {
  app.setErrorHandler((error: Error & { statusCode?: number }, request, reply) => {
    const status = error.statusCode ?? 500;
    const isOurs = error instanceof ProblemError || status < 500;
    if (!isOurs) request.log.error({ err: error }, 'page failed');
    const words = isOurs ? error.message : 'Healer could not make this page; its log says why.';
    const title = status === 404 ? 'Not found' : status === 401 ? 'Sign in' : 'This did not work';
    const content = html`<h1>${title}</h1><p class="lead">${words}</p><p><a href="/">Back to the overview</a></p>`;
    return sendPage(reply, { title, current: null, info, assets }, content, status);
  });
}
