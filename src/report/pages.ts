import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { ProblemError } from '../lib/problem.ts';
import type { ReportDeps } from './api/deps.ts';
import { actionRoutes } from './pages/action-routes.ts';
import { type Assets, assetRoutes } from './pages/assets.ts';
import { type Access, createAccess, protectPages } from './pages/browser-access.ts';
import { deliveryRoutes } from './pages/delivery-routes.ts';
import { html, type Part } from './pages/html.ts';
import { type Frame, layout, type Section } from './pages/layout.ts';
import { createFigures } from './pages/measures.ts';
import { overviewRoutes } from './pages/overview-routes.ts';
import { remediationRoutes } from './pages/remediation-routes.ts';
import { signInRoutes } from './pages/sign-in-routes.ts';
import type { PageHead, Site } from './pages/site.ts';
import { workRoutes } from './pages/work-routes.ts';

/** A pasted log may be long; GitHub's own viewer shows about as much at once. */
const MAX_FORM_BYTES = 4 * 1024 * 1024;

/** The status pages, rendered here, readable without a script. Reading needs what `authorizeRead` asks for. */
export async function pageRoutes(app: FastifyInstance, deps: ReportDeps): Promise<void> {
  protectPages(app);
  acceptForms(app);
  const assets = assetRoutes(app);
  const access = createAccess(app, deps);
  const send = sender(deps, access, assets);
  const site: Site = {
    deps,
    access,
    send,
    figures: createFigures(deps),
    reading: { preHandler: [...access.toRead], schema: { hide: true } },
  };
  answerWithPages(app, site);
  signInRoutes(app, site);
  overviewRoutes(app, site);
  remediationRoutes(app, site);
  deliveryRoutes(app, site);
  workRoutes(app, site);
  actionRoutes(app, site);
}

/** Forms as browsers post them: names and values, the last of a name counts. */
function acceptForms(app: FastifyInstance): void {
  app.addContentTypeParser(
    'application/x-www-form-urlencoded',
    { parseAs: 'string', bodyLimit: MAX_FORM_BYTES },
    (_request, body, done) => done(null, Object.fromEntries(new URLSearchParams(String(body)))),
  );
}

function sectionsOf({ codeRuns, rules }: ReportDeps): readonly Section[] {
  return [
    'overview',
    'remediations',
    'deliveries',
    ...(codeRuns === undefined ? [] : ['coderuns' as const]),
    'insights',
    ...(rules === undefined ? [] : ['rules' as const]),
  ];
}

function sender(deps: ReportDeps, access: Access, assets: Assets): Site['send'] {
  const sections = sectionsOf(deps);
  return (request: FastifyRequest, reply: FastifyReply, head: PageHead, content: Part, status = 200) => {
    const frame: Frame = {
      title: head.title,
      current: head.current,
      info: deps.info,
      assets,
      visitor: access.visitor(request),
      formToken: access.formToken(request, reply),
      sections,
      events: head.events ?? null,
      notice: head.notice ?? null,
    };
    return reply.code(status).type('text/html; charset=utf-8').send(layout(frame, content));
  };
}

/** Errors as pages: people read them. */
function answerWithPages(app: FastifyInstance, { send }: Site): void {
  app.setErrorHandler((error: Error & { statusCode?: number }, request, reply) => {
    const status = error.statusCode ?? 500;
    const isOurs = error instanceof ProblemError || status < 500;
    if (!isOurs) request.log.error({ err: error }, 'page failed');
    if (error instanceof ProblemError && error.retryAfter !== null) reply.header('retry-after', error.retryAfter);
    const words = isOurs ? error.message : 'Healer could not make this page; its log says why.';
    const title = status === 404 ? 'Not found' : status === 401 ? 'Sign in' : 'This did not work';
    const content = html`<h1>${title}</h1><p class="lead">${words}</p><p>${status === 401 ? html`<a href="/sign-in">Sign in</a> · ` : ''}<a href="/">Back to the overview</a></p>`;
    return send(request, reply, { title, current: null }, content, status);
  });
}
