import type { FastifyInstance, FastifyReply } from 'fastify';
import { ProblemError } from '../../lib/problem.ts';
import type { Remediation } from '../../model/remediation.ts';
import { latestBrief } from '../../store/briefs.ts';
import { type Found, type SearchFilter, searchRemediations } from '../../store/remediation-list.ts';
import { findRemediation } from '../../store/remediations.ts';
import { readTimeline } from '../../store/timeline.ts';
import type { Command, ReportDeps } from './deps.ts';
import { check, documented, sendJson } from './documented.ts';
import { refuseOtherSites } from './other-sites.ts';
import {
  commandAnswerSchema,
  detailSchema,
  idParams,
  listQuery,
  listSchema,
  personBody,
  retryBody,
  summarySchema,
  taskParams,
} from './schemas.ts';
import { detailView, summaryView } from './views.ts';

const TAG = 'remediations';
const NOT_FOUND = { 404: 'There is no such remediation.' };

/** The answers to “what is being repaired?” and what a person can do about it. */
export function remediationRoutes(app: FastifyInstance, deps: ReportDeps): void {
  listRoute(app, deps);
  detailRoute(app, deps);
  taskRoute(app, deps);
  commandRoutes(app, deps);
}

function listRoute(app: FastifyInstance, deps: ReportDeps): void {
  app.get(
    '/api/remediations',
    {
      preHandler: deps.authorizeRead,
      schema: documented({
        operationId: 'listRemediations',
        summary: 'Remediations, newest first',
        tag: TAG,
        query: listQuery,
        answers: { 200: listSchema },
        token: 'read',
      }),
    },
    async (request, reply) => {
      const page = await readPage(deps, check(listQuery, request.query, 'query'));
      return sendJson(reply, { remediations: page.remediations.map(summaryView), next_cursor: page.nextCursor });
    },
  );
}

function detailRoute(app: FastifyInstance, deps: ReportDeps): void {
  app.get(
    '/api/remediations/:id',
    {
      preHandler: deps.authorizeRead,
      schema: documented({
        operationId: 'getRemediation',
        summary: 'One remediation with attempts, timeline, evidence and prompt; by id or task id',
        tag: TAG,
        params: idParams,
        answers: { 200: detailSchema },
        problems: NOT_FOUND,
        token: 'read',
      }),
    },
    async (request, reply) => {
      const remediation = await mustFind(deps, check(idParams, request.params, 'path').id);
      const timeline = await readTimeline(deps.store.db, remediation.id);
      const brief = await latestBrief(deps.store.db, remediation.id);
      const phase = await readCodeRunPhase(deps, remediation);
      return sendJson(reply, detailView(remediation, timeline, brief, phase));
    },
  );
}

function taskRoute(app: FastifyInstance, deps: ReportDeps): void {
  app.get(
    '/api/status/:task_id',
    {
      preHandler: deps.authorizeRead,
      schema: documented({
        operationId: 'getTaskStatus',
        summary: 'Where one remediation stands; by task id or id',
        tag: TAG,
        params: taskParams,
        answers: { 200: summarySchema },
        problems: NOT_FOUND,
        token: 'read',
      }),
    },
    async (request, reply) =>
      sendJson(reply, summaryView(await mustFind(deps, check(taskParams, request.params, 'path').task_id))),
  );
}

type ListQuery = ReturnType<typeof listQuery.parse>;

/** One page and where the next one begins; also what the pages show. */
export function readPage({ store }: Pick<ReportDeps, 'store'>, query: ListQuery): Promise<Found> {
  const filter: SearchFilter = {
    ...(query.phase === undefined ? {} : { phase: query.phase }),
    ...(query.repo === undefined ? {} : { repository: query.repo }),
    ...(query.branch === undefined ? {} : { branch: query.branch }),
    ...(query.agent === undefined ? {} : { agent: query.agent }),
    ...(query.failure_type === undefined ? {} : { failureType: query.failure_type }),
    ...(query.since === undefined ? {} : { since: Date.parse(query.since) }),
    ...(query.q === undefined ? {} : { text: query.q }),
    ...(query.cursor === undefined ? {} : { cursor: query.cursor }),
    limit: query.limit,
  };
  return searchRemediations(store, filter);
}

/** What the engine says of the latest CodeRun; null when there is none or the engine does not know it. */
export async function readCodeRunPhase(
  { codeRunPhase }: Pick<ReportDeps, 'codeRunPhase'>,
  remediation: Remediation,
): Promise<string | null> {
  const name = remediation.attempts.at(-1)?.codeRunName ?? null;
  return name === null || codeRunPhase === undefined ? null : codeRunPhase(name);
}

async function mustFind({ store }: Pick<ReportDeps, 'store'>, id: string): Promise<Remediation> {
  const remediation = await findRemediation(store.db, id);
  if (remediation === null) throw new ProblemError(404, `There is no remediation ${id}.`);
  return remediation;
}

function commandRoutes(app: FastifyInstance, deps: ReportDeps): void {
  for (const verb of ['retry', 'cancel', 'approve'] as const) {
    app.post(
      `/api/remediations/:id/${verb}`,
      {
        preHandler: [refuseOtherSites, deps.authorizeWrite],
        schema: documented({
          operationId: `${verb}Remediation`,
          summary: SUMMARIES[verb],
          tag: TAG,
          params: idParams,
          body: verb === 'retry' ? retryBody : personBody,
          answers: { 200: commandAnswerSchema },
          problems: { ...NOT_FOUND, 409: 'Not possible in the state it is in.' },
          token: 'write',
        }),
      },
      async (request, reply) => {
        const { id } = check(idParams, request.params, 'path');
        return obey(deps, id, commandFrom(verb, request.body), reply);
      },
    );
  }
}

const SUMMARIES = {
  retry: 'Try again, with guidance for the next attempt if there is any',
  cancel: 'Stop working on it',
  approve: 'Let an agent start',
} as const;

function commandFrom(verb: Command['verb'], body: unknown): Command {
  if (verb !== 'retry') return { kind: 'person_commanded', verb, by: check(personBody, body, 'body').by };
  const { by, guidance, mode } = check(retryBody, body, 'body');
  return {
    kind: 'person_commanded',
    verb,
    by,
    guidance: guidance === undefined ? null : { text: guidance, mode: mode ?? 'append', by },
  };
}

/** Carries a command out and echoes what took effect. */
async function obey(deps: ReportDeps, id: string, command: Command, reply: FastifyReply): Promise<FastifyReply> {
  const remediation = await mustFind(deps, id);
  const result = await deps.command(remediation.id, command);
  if (result.kind === 'not_found') throw new ProblemError(404, `There is no remediation ${id}.`);
  if (result.kind === 'refused') throw new ProblemError(409, result.detail);
  const guidance = command.verb === 'retry' ? command.guidance : null;
  return sendJson(reply, {
    command: command.verb,
    by: command.by,
    guidance: guidance?.text ?? null,
    mode: guidance?.mode ?? null,
    remediation: summaryView(result.remediation),
  });
}
