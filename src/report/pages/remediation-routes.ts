import type { FastifyInstance } from 'fastify';
import { ProblemError } from '../../lib/problem.ts';
import { briefOfAttempt, listBriefs } from '../../store/brief-list.ts';
import { latestBrief } from '../../store/briefs.ts';
import { deliveriesOf } from '../../store/deliveries-of.ts';
import { findRemediation } from '../../store/remediations.ts';
import { readTimeline } from '../../store/timeline.ts';
import type { ReportDeps } from '../api/deps.ts';
import { check } from '../api/documented.ts';
import { readCodeRunPhase, readPage } from '../api/remediations.ts';
import { idParams, listQuery } from '../api/schemas.ts';
import { terminalCommands } from '../notifiers/github-comment/render.ts';
import { noticeOf } from './action-routes.ts';
import { remediationPage, titleOf } from './remediation-page.ts';
import { remediationsPage } from './remediations-page.ts';
import { ALL_EVENTS, asked, type Site } from './site.ts';

const LIST_SIZE = '25';
const ARRIVALS_SHOWN = 12;
/** Whom a list can be filtered by even when no rule names them. */
const AGENTS = ['atlas', 'blaze', 'bolt', 'cipher', 'rex'];

/** The list, and one of them. */
export function remediationRoutes(app: FastifyInstance, { deps, access, reading, send }: Site): void {
  app.get('/remediations', reading, async (request, reply) => {
    const query = asked(request.query);
    const found = await readPage(deps, check(listQuery, { limit: LIST_SIZE, ...query }, 'query'));
    const content = remediationsPage({ found, query, now: deps.clock(), agents: agentsOf(deps, query['agent']) });
    return send(request, reply, { title: 'Remediations', current: 'remediations', events: ALL_EVENTS }, content);
  });

  app.get('/remediations/:id', reading, async (request, reply) => {
    const { id } = check(idParams, request.params, 'path');
    const query = asked(request.query);
    const found = await readWhole(deps, id, query['attempt']);
    const content = remediationPage({
      ...found,
      commands: terminalCommands(found.remediation),
      hasCodeRunPages: deps.codeRuns !== undefined,
      visitor: access.visitor(request),
      formToken: access.formToken(request, reply),
      now: deps.clock(),
    });
    const { remediation } = found;
    const title = `${remediation.taskId}: ${titleOf(remediation)}`;
    const events = `${ALL_EVENTS}?remediation=${remediation.id}`;
    return send(request, reply, { title, current: 'remediations', events, notice: noticeOf(query['did']) }, content);
  });
}

/** Everything that one page shows of a remediation. Throws a 404 problem. */
export async function readWhole(deps: ReportDeps, id: string, attempt: string | undefined) {
  const { db } = deps.store;
  const remediation = await findRemediation(db, id);
  if (remediation === null) throw new ProblemError(404, `There is no remediation ${id}.`);
  const last = remediation.attempts.at(-1)?.codeRunName ?? null;
  const [timeline, briefs, codeRunPhase, output, deliveries] = await Promise.all([
    readTimeline(db, remediation.id),
    listBriefs(db, remediation.id),
    readCodeRunPhase(deps, remediation),
    last === null || deps.codeRunOutput === undefined ? null : deps.codeRunOutput(last),
    deliveriesOf(db, remediation.id, ARRIVALS_SHOWN),
  ]);
  const brief =
    attempt === undefined ? await latestBrief(db, remediation.id) : await briefOfAttempt(db, briefs, Number(attempt));
  return {
    remediation,
    timeline,
    brief,
    briefed: new Set(briefs.map(({ ordinal }) => ordinal)),
    codeRunPhase,
    output,
    deliveries,
  };
}

function agentsOf({ rules }: ReportDeps, chosen: string | undefined): readonly string[] {
  const named = rules?.().map(({ agent }) => agent) ?? [];
  return [...new Set([...AGENTS, ...named, ...(chosen === undefined ? [] : [chosen])])].toSorted();
}
