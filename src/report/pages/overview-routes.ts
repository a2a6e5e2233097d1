import type { FastifyInstance } from 'fastify';
import { ProblemError } from '../../lib/problem.ts';
import { isTerminal } from '../../model/remediation.ts';
import { listDeliveries } from '../../store/delivery-list.ts';
import { searchRemediations } from '../../store/remediation-list.ts';
import { readState } from '../api/overview.ts';
import { noticeOf } from './action-routes.ts';
import { insightsPage, SPANS } from './insights-page.ts';
import { overviewPage } from './overview-page.ts';
import { ALL_EVENTS, asked, type Site } from './site.ts';

const LIVE_SHOWN = 12;
const ENDED_SHOWN = 6;
const DELIVERIES_SHOWN = 6;
/** Remediations among which the latest that ended are looked for. */
const LOOKED_AT = 40;
const DEFAULT_SPAN = 30;

/** The front page and the figures. */
export function overviewRoutes(app: FastifyInstance, { deps, access, figures, reading, send }: Site): void {
  app.get('/', reading, async (request, reply) => {
    const { store } = deps;
    const [state, measures, budget, live, latest, deliveries] = await Promise.all([
      readState(deps),
      figures.measures(),
      figures.budget(),
      searchRemediations(store, { phase: 'live', limit: LIVE_SHOWN }),
      searchRemediations(store, { limit: LOOKED_AT }),
      listDeliveries(store.db, { limit: DELIVERIES_SHOWN }),
    ]);
    const mayAct = access.visitor(request).level === 'write';
    const content = overviewPage({
      state,
      measures,
      budget,
      live: live.remediations,
      ended: latest.remediations.filter(({ phase }) => isTerminal(phase)).slice(0, ENDED_SHOWN),
      deliveries,
      info: deps.info,
      now: deps.clock(),
      formToken: mayAct ? access.formToken(request, reply) : null,
    });
    const notice = noticeOf(asked(request.query)['did']);
    return send(request, reply, { title: 'Overview', current: 'overview', events: ALL_EVENTS, notice }, content);
  });

  app.get('/insights', reading, async (request, reply) => {
    const days = spanOf(asked(request.query)['days']);
    const content = insightsPage({ insights: await figures.insights(days), days });
    return send(request, reply, { title: 'Insights', current: 'insights', events: ALL_EVENTS }, content);
  });
}

function spanOf(text: string | undefined): number {
  if (text === undefined) return DEFAULT_SPAN;
  const days = SPANS.find((span) => String(span) === text);
  if (days === undefined)
    throw new ProblemError(400, `The query is not of the right shape at days: choose ${SPANS.join(', ')}.`);
  return days;
}
