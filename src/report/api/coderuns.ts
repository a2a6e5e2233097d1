import type { FastifyInstance, FastifyReply } from 'fastify';
import { ProblemError, problem, sendProblem } from '../../lib/problem.ts';
import type { ReportDeps } from './deps.ts';
import { check, documented, sendJson } from './documented.ts';
import { refuseOtherSites } from './other-sites.ts';
import { personBody, retryBody } from './schemas.ts';
import type { CodeRunPort, TaskAnswer } from './task-port.ts';
import { codeRunSchema, nameParams, taskBody, taskParams } from './task-schemas.ts';

const TAG = 'coderuns';
const NOT_FOUND = { 404: 'There is no such CodeRun.' };

/** Runs of one's own (implementation, documentation), and a look at any CodeRun. */
export function codeRunRoutes(app: FastifyInstance, deps: ReportDeps): void {
  submitRoute(app, deps);
  showRoute(app, deps);
  cancelRoute(app, deps);
  retryRoute(app, deps);
}

function portOf({ codeRuns }: ReportDeps): CodeRunPort {
  if (codeRuns === undefined) throw new ProblemError(503, 'This service has no engine for CodeRuns.');
  return codeRuns;
}

function submitRoute(app: FastifyInstance, deps: ReportDeps): void {
  app.post(
    '/api/coderuns',
    {
      preHandler: [refuseOtherSites, deps.authorizeWrite],
      schema: documented({
        operationId: 'submitTask',
        summary: 'Have an agent work on a task of one’s own; the answer echoes every effective input',
        tag: TAG,
        body: taskBody,
        answers: { 201: codeRunSchema },
        problems: {
          409: 'The same submission was made before (`coderun` names the run), or Healer starts nothing at the moment.',
          429: 'A limit is reached; `Retry-After` says when to try again.',
          503: 'The engine did not take it; nothing was started.',
        },
        token: 'write',
      }),
    },
    async (request, reply) => {
      const answer = await portOf(deps).submit(check(taskBody, request.body, 'body'));
      return answerSubmission(answer, reply);
    },
  );
}

function answerSubmission(answer: TaskAnswer, reply: FastifyReply): FastifyReply {
  if (answer.kind === 'accepted') return sendJson(reply, answer.codeRun, 201);
  if (answer.kind === 'exists') {
    const url = `/api/coderuns/${answer.name}`;
    return sendProblem(reply, {
      ...problem(409, answer.detail),
      coderun: { name: answer.name, status_url: url },
    } as ReturnType<typeof problem>);
  }
  if (answer.retryAfter !== undefined) reply.header('retry-after', String(answer.retryAfter));
  return sendProblem(reply, problem(answer.status, answer.detail, answer.errors));
}

function showRoute(app: FastifyInstance, deps: ReportDeps): void {
  app.get(
    '/api/coderuns/:name',
    {
      preHandler: deps.authorizeRead,
      schema: documented({
        operationId: 'getCodeRun',
        summary: 'One CodeRun: where it stands, what the agent wrote, its pull request',
        tag: TAG,
        params: nameParams,
        answers: { 200: codeRunSchema },
        problems: NOT_FOUND,
        token: 'read',
      }),
    },
    async (request, reply) => {
      const { name } = check(nameParams, request.params, 'path');
      const codeRun = await portOf(deps).get(name);
      if (codeRun === null) throw new ProblemError(404, `There is no CodeRun ${name}.`);
      return sendJson(reply, codeRun);
    },
  );
}

function cancelRoute(app: FastifyInstance, deps: ReportDeps): void {
  app.post(
    '/api/coderuns/:name/cancel',
    {
      preHandler: [refuseOtherSites, deps.authorizeWrite],
      schema: documented({
        operationId: 'cancelCodeRun',
        summary: 'Stop a run of one’s own',
        tag: TAG,
        params: nameParams,
        body: personBody,
        answers: { 200: codeRunSchema },
        problems: { ...NOT_FOUND, 409: 'It has ended, or it belongs to a remediation.' },
        token: 'write',
      }),
    },
    async (request, reply) => {
      const { name } = check(nameParams, request.params, 'path');
      const answer = await portOf(deps).cancel(name, check(personBody, request.body, 'body').by);
      if (answer.kind === 'not_found') throw new ProblemError(404, `There is no CodeRun ${name}.`);
      if (answer.kind === 'refused') throw new ProblemError(409, answer.detail);
      return sendJson(reply, answer.codeRun);
    },
  );
}

function retryRoute(app: FastifyInstance, deps: ReportDeps): void {
  app.post(
    '/api/coderuns/:name/retry',
    {
      preHandler: [refuseOtherSites, deps.authorizeWrite],
      schema: documented({
        operationId: 'retryTask',
        summary: 'Have the next attempt of a task made, with words for it; by the name of a run or by task id',
        tag: TAG,
        params: taskParams,
        body: retryBody,
        answers: { 201: codeRunSchema },
        problems: {
          404: 'There is no such task.',
          409: 'The attempt before is under way, several tasks are called so, or Healer starts nothing at the moment.',
          429: 'A limit is reached; `Retry-After` says when to try again.',
        },
        token: 'write',
      }),
    },
    async (request, reply) => {
      const { name } = check(taskParams, request.params, 'path');
      const { by, guidance, mode } = check(retryBody, request.body, 'body');
      const answer = await portOf(deps).retry(name, { by, guidance, mode });
      if (answer === null) throw new ProblemError(404, `There is no task ${name}.`);
      return answerSubmission(answer, reply);
    },
  );
}
