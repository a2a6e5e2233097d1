import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { ProblemError } from '../../lib/problem.ts';
import { searchRemediations } from '../../store/remediation-list.ts';
import { latestTaskRuns } from '../../store/task-run-list.ts';
import type { LogToClassify } from '../api/deps.ts';
import { check } from '../api/documented.ts';
import { actorOf, noticeOf } from './action-routes.ts';
import { codeRunPage, codeRunsPage } from './coderuns-page.ts';
import { rulesPage } from './rules-page.ts';
import { ALL_EVENTS, asked, type Site } from './site.ts';

const WORKING_SHOWN = 50;
const TASKS_SHOWN = 50;

const nameParams = z.object({ name: z.string().regex(/^[a-z0-9.-]{1,253}$/, 'is not the name of a CodeRun') });

/** Pages of what other parts of Healer lend: CodeRuns and rules; those that are not lent do not exist. */
export function workRoutes(app: FastifyInstance, site: Site): void {
  if (site.deps.codeRuns !== undefined) codeRunRoutes(app, site);
  if (site.deps.rules !== undefined) ruleRoutes(app, site);
}

function codeRunRoutes(app: FastifyInstance, { deps, access, reading, send }: Site): void {
  const head = { title: 'CodeRuns', current: 'coderuns', events: ALL_EVENTS } as const;
  app.get('/coderuns', reading, async (request, reply) => {
    const [working, tasks] = await Promise.all([
      searchRemediations(deps.store, { phase: 'working', limit: WORKING_SHOWN }),
      latestTaskRuns(deps.store.db, TASKS_SHOWN),
    ]);
    return send(request, reply, head, codeRunsPage({ working: working.remediations, tasks, now: deps.clock() }));
  });

  app.get('/coderuns/:name', reading, async (request, reply) => {
    const { name } = check(nameParams, request.params, 'path');
    const codeRun = (await deps.codeRuns?.get(name)) ?? null;
    if (codeRun === null) throw new ProblemError(404, `There is no CodeRun ${name}.`);
    const formToken = access.formToken(request, reply);
    const content = codeRunPage({ codeRun, visitor: access.visitor(request), formToken, now: deps.clock() });
    return send(request, reply, { ...head, title: name, notice: noticeOf(asked(request.query)['did']) }, content);
  });

  app.post(
    '/coderuns/:name/cancel',
    { preHandler: [...access.toAct], schema: { hide: true } },
    async (request, reply) => {
      const { name } = check(nameParams, request.params, 'path');
      const answer = await deps.codeRuns?.cancel(name, actorOf(access.visitor(request)));
      if (answer === undefined || answer.kind === 'not_found')
        throw new ProblemError(404, `There is no CodeRun ${name}.`);
      if (answer.kind === 'refused') throw new ProblemError(409, answer.detail);
      return reply.redirect(`/coderuns/${encodeURIComponent(name)}?did=cancel`, 303);
    },
  );
}

const logForm = z.object({
  log: z.string().default(''),
  workflow: z.string().max(256).optional(),
  job: z.string().max(256).optional(),
  changed_files: z.string().max(20_000).default(''),
});

function ruleRoutes(app: FastifyInstance, { deps, access, reading, send }: Site): void {
  const head = { title: 'Rules', current: 'rules' } as const;
  app.get('/rules', reading, async (request, reply) => {
    const search = asked(request.query)['q'] ?? '';
    const formToken = access.formToken(request, reply);
    return send(
      request,
      reply,
      head,
      rulesPage({ rules: deps.rules?.() ?? [], search, asked: null, answer: null, formToken }),
    );
  });

  // Nothing comes of it, so that the answer is the page itself.
  app.post('/rules', { preHandler: [...access.toAsk], schema: { hide: true } }, async (request, reply) => {
    const { changed_files: files, ...form } = check(logForm, request.body, 'body');
    const wanted: LogToClassify = {
      log: form.log.replaceAll('\r\n', '\n'),
      workflow: form.workflow?.trim() || null,
      job: form.job?.trim() || null,
      changedFiles: files.split(/[,\n]/).flatMap((path) => path.trim() || []),
    };
    const isEmpty = wanted.log.trim() === '' && wanted.workflow === null && wanted.job === null;
    const answer = isEmpty ? null : (deps.classify?.(wanted) ?? null);
    const formToken = access.formToken(request, reply);
    const content = rulesPage({ rules: deps.rules?.() ?? [], search: '', asked: wanted, answer, formToken });
    return send(request, reply, head, content);
  });
}
