import type { FastifyInstance } from 'fastify';
import { ProblemError } from '../../lib/problem.ts';
import { setPaused } from '../../store/pauses.ts';
import type { Command } from '../api/deps.ts';
import { check } from '../api/documented.ts';
import { idParams, pauseBody, retryBody } from '../api/schemas.ts';
import { FORM_TOKEN, type Visitor } from './browser-access.ts';
import type { Notice } from './layout.ts';
import { asked, type Site } from './site.ts';

/** What a page says after a form was obeyed; the address carries the word, never the sentence. */
const NOTICES: Readonly<Record<string, Notice>> = {
  retry: { tone: 'good', text: 'Asked for. The next attempt is on its way; this page follows it.' },
  cancel: { tone: 'good', text: 'Cancelled. What is under way is being stopped.' },
  approve: { tone: 'good', text: 'Approved. An agent is being started.' },
  pause: { tone: 'waiting', text: 'Paused. No agent is started until somebody resumes.' },
  resume: { tone: 'good', text: 'Resumed. What was held back goes on.' },
};

export function noticeOf(did: string | undefined): Notice | null {
  return did === undefined ? null : Object.hasOwn(NOTICES, did) ? (NOTICES[did] ?? null) : null;
}

/** Who did it, for timelines. */
export function actorOf({ name }: Visitor): string {
  return name ?? 'the status page';
}

/** Forms that change something: each is obeyed once and answered with another page. */
export function actionRoutes(app: FastifyInstance, { deps, access }: Site): void {
  const acting = { preHandler: [...access.toAct], schema: { hide: true } };
  for (const verb of ['retry', 'cancel', 'approve'] as const) {
    app.post(`/remediations/:id/${verb}`, acting, async (request, reply) => {
      const { id } = check(idParams, request.params, 'path');
      const by = actorOf(access.visitor(request));
      const result = await deps.command(id, commandFrom(verb, request.body, by));
      if (result.kind === 'not_found') throw new ProblemError(404, `There is no remediation ${id}.`);
      if (result.kind === 'refused') throw new ProblemError(409, result.detail);
      return reply.redirect(`/remediations/${result.remediation.id}?did=${verb}`, 303);
    });
  }

  for (const verb of ['pause', 'resume'] as const) {
    app.post(`/${verb}`, acting, async (request, reply) => {
      const by = actorOf(access.visitor(request));
      const { repository } = check(pauseBody, { ...fieldsOf(request.body), by }, 'body');
      await setPaused(deps.store.db, repository ?? null, verb === 'pause', by, deps.clock());
      deps.pausesChanged?.();
      return reply.redirect(`/?did=${verb}`, 303);
    });
  }
}

function fieldsOf(body: unknown): Record<string, string> {
  const { [FORM_TOKEN]: _, ...fields } = asked(body);
  return fields;
}

function commandFrom(verb: Command['verb'], body: unknown, by: string): Command {
  if (verb !== 'retry') return { kind: 'person_commanded', verb, by };
  const { mode: chosen, guidance: words, ...rest } = fieldsOf(body);
  // How words meet the prompt means nothing without words.
  const fields = words === undefined ? rest : { ...rest, guidance: words.replaceAll('\r\n', '\n'), mode: chosen };
  const { guidance, mode } = check(retryBody, { ...fields, by }, 'body');
  const given = guidance === undefined ? null : ({ text: guidance, mode: mode ?? 'append', by } as const);
  return { kind: 'person_commanded', verb, by, guidance: given };
}
