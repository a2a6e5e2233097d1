import type { FastifyInstance } from 'fastify';
import { LRUCache } from 'lru-cache';
import { z } from 'zod';
import { ProblemError } from '../../lib/problem.ts';
import { cleanLine } from '../../safety/clean.ts';
import { check } from '../api/documented.ts';
import { SIGN_IN } from './browser-access.ts';
import { readCookie, setCookie } from './cookies.ts';
import { SESSION_MS } from './session.ts';
import { signInPage } from './sign-in-page.ts';
import { asked, type Site } from './site.ts';

/** Wrong tokens from one address in a minute; a person who mistypes needs fewer. */
const MAX_WRONG = 10;
const MINUTE_MS = 60_000;
const MAX_NAME = 60;

const form = z.object({
  token: z.string().trim().max(4_096).default(''),
  name: z.string().default(''),
  next: z.string().max(2_000).default('/'),
});

/** A token becomes a session, and a session ends. */
export function signInRoutes(app: FastifyInstance, { access, send }: Site): void {
  const wrong = new LRUCache<string, number>({ max: 10_000, ttl: MINUTE_MS });
  const head = { title: 'Sign in', current: null } as const;
  const hidden = { schema: { hide: true } };

  app.get(SIGN_IN, hidden, async (request, reply) => {
    const next = localPath(asked(request.query)['next']);
    if (access.sessions.isOpen) return reply.redirect(next, 303);
    const formToken = access.formToken(request, reply);
    return send(request, reply, head, signInPage({ next, formToken, refused: null, name: '' }));
  });

  app.post(SIGN_IN, { preHandler: [...access.toSignIn], ...hidden }, async (request, reply) => {
    const { token, name: given, next } = check(form, request.body, 'body');
    const name = cleanLine(given, MAX_NAME).trim();
    if ((wrong.get(request.ip) ?? 0) >= MAX_WRONG)
      throw new ProblemError(429, 'Too many wrong tokens came from this address. Try again in a minute.', {
        retryAfter: 60,
      });
    if (access.sessions.levelOf(token) === null) {
      wrong.set(request.ip, (wrong.get(request.ip) ?? 0) + 1);
      const refused = 'This token is not known. It has to be one of HEALER_API_TOKEN or HEALER_READ_TOKEN.';
      const formToken = access.formToken(request, reply);
      return send(request, reply, head, signInPage({ next: localPath(next), formToken, refused, name }), 401);
    }
    const value = access.sessions.begin(token, name === '' ? null : name);
    setCookie(request, reply, { name: 'healer_session', value, maxAgeMs: SESSION_MS });
    return reply.redirect(localPath(next), 303);
  });

  app.post('/sign-out', { preHandler: [...access.toSignIn], ...hidden }, async (request, reply) => {
    const cookie = readCookie(request, 'healer_session');
    if (cookie !== null) access.sessions.end(cookie);
    setCookie(request, reply, { name: 'healer_session', value: '', maxAgeMs: 0 });
    return reply.redirect(access.sessions.isOpen ? '/' : SIGN_IN, 303);
  });
}

/** Nobody is sent to another place, however it is written. */
function localPath(next: string | undefined): string {
  if (next === undefined || !next.startsWith('/')) return '/';
  const base = 'http://here.invalid';
  if (!URL.canParse(next, base)) return '/';
  const url = new URL(next, base);
  return url.origin === base && !/^\/[/\\]/.test(next) ? `${url.pathname}${url.search}` : '/';
}
