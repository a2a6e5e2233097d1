import { randomBytes } from 'node:crypto';
import type { FastifyInstance, FastifyReply, FastifyRequest, preHandlerAsyncHookHandler } from 'fastify';
import { ProblemError } from '../../lib/problem.ts';
import type { PageTokens, ReportDeps } from '../api/deps.ts';
import { refuseOtherSites } from '../api/other-sites.ts';
import { readCookie, setCookie } from './cookies.ts';
import { createSessions, type Level, type Session, type Sessions } from './session.ts';

/** Who may see and do what on the pages. */
export interface Access {
  readonly sessions: Sessions;
  /** Before a page is made: lets readers pass, and sends people who have not signed in to the form for it. */
  readonly toRead: readonly preHandlerAsyncHookHandler[];
  /** Before a form is obeyed: nobody from another site, the form's own token, and who may do what it asks. */
  readonly toAct: readonly preHandlerAsyncHookHandler[];
  /** A form that changes nothing: the same without the right to act. */
  readonly toAsk: readonly preHandlerAsyncHookHandler[];
  /** Before somebody who is nobody yet signs in. */
  readonly toSignIn: readonly preHandlerAsyncHookHandler[];
  /** Who asks; for what a page offers. */
  visitor(request: FastifyRequest): Visitor;
  /** What every form of an answer carries; makes the browser remember what belongs to it. */
  formToken(request: FastifyRequest, reply: FastifyReply): string;
}

export interface Visitor {
  /** Nobody has to sign in here. */
  readonly isOpen: boolean;
  /** Null while nobody is signed in. */
  readonly level: Level | null;
  /** As given at sign-in. */
  readonly name: string | null;
  /** There is a session that can be ended. */
  readonly hasSession: boolean;
}

/** Fields of every form that is posted. */
export const FORM_TOKEN = 'form_token';

/** A page that is asked for and does not need the reader's own token; people are sent there. */
export const SIGN_IN = '/sign-in';

export function createAccess(app: FastifyInstance, deps: ReportDeps): Access {
  const sessions = sessionsOf(deps);
  challengeOn401(app);
  const sessionOf = (request: FastifyRequest): Session | null => {
    const cookie = readCookie(request, 'healer_session');
    return cookie === null ? null : sessions.read(cookie);
  };
  const levelOf = (request: FastifyRequest): Level | null => {
    if (sessions.isOpen) return 'write';
    const token = bearerOf(request.headers.authorization) ?? sessionOf(request)?.token ?? null;
    return token === null ? null : sessions.levelOf(token);
  };
  const mayAct: preHandlerAsyncHookHandler = async (request) => {
    if (levelOf(request) !== 'read') return;
    throw new ProblemError(403, 'You are signed in with a token that may only read. Sign in with one that may act.');
  };
  const present: preHandlerAsyncHookHandler = async (request) => {
    presentToken(request, sessionOf(request));
  };
  const inviteNobody: preHandlerAsyncHookHandler = async (request, reply) => {
    const isKnown = sessions.isOpen || request.headers.authorization !== undefined;
    if (isKnown || !wantsPage(request)) return;
    const next = request.method === 'GET' ? request.url : '/';
    return reply.redirect(`${SIGN_IN}?${new URLSearchParams({ next })}`, 303);
  };
  const formIsOurs: preHandlerAsyncHookHandler = async (request) => {
    const nonce = sessionOf(request)?.nonce ?? readCookie(request, 'healer_form');
    const given = (request.body as Record<string, string> | null)?.[FORM_TOKEN] ?? '';
    if (nonce !== null && sessions.isFormToken(nonce, given)) return;
    throw new ProblemError(
      403,
      'This form is too old, or it did not come from here. Open the page again and repeat it.',
    );
  };
  const asked = [refuseOtherSites, present, inviteNobody];
  return {
    sessions,
    toRead: [present, inviteNobody, deps.authorizeRead],
    toAct: [...asked, refusePasswords, formIsOurs, mayAct, deps.authorizeWrite],
    toAsk: [...asked, formIsOurs, deps.authorizeRead],
    toSignIn: [refuseOtherSites, formIsOurs],
    visitor: (request) => {
      const session = sessionOf(request);
      return {
        isOpen: sessions.isOpen,
        level: levelOf(request),
        name: session?.name ?? null,
        hasSession: session !== null,
      };
    },
    formToken: (request, reply) => {
      const nonce = sessionOf(request)?.nonce ?? formNonce(request, reply);
      return sessions.formToken(nonce);
    },
  };
}

/** API and pages of one service know the same sessions. */
const SESSIONS = new WeakMap<object, Sessions>();

function sessionsOf({ tokens = NO_TOKENS, clock }: ReportDeps): Sessions {
  const known = SESSIONS.get(tokens) ?? createSessions(tokens, clock);
  if (tokens !== NO_TOKENS) SESSIONS.set(tokens, known);
  return known;
}

const NO_TOKENS: PageTokens = { read: [], write: [] };

/** The session of whoever reads the stream from one of our pages counts as the token it was begun with. */
export function acceptSession(deps: ReportDeps): preHandlerAsyncHookHandler {
  const sessions = sessionsOf(deps);
  return async (request) => {
    const cookie = readCookie(request, 'healer_session');
    presentToken(request, cookie === null ? null : sessions.read(cookie));
  };
}

function presentToken(request: FastifyRequest, session: Session | null): void {
  const password = passwordOf(request.headers.authorization);
  if (password !== null) {
    request.headers.authorization = `Bearer ${password}`;
    BY_PASSWORD.add(request);
  } else if (request.headers.authorization === undefined && session !== null) {
    request.headers.authorization = `Bearer ${session.token}`;
  }
}

/** Requests that came with a password, which browsers send along by themselves. */
const BY_PASSWORD = new WeakSet<FastifyRequest>();

const refusePasswords: preHandlerAsyncHookHandler = async (request) => {
  if (BY_PASSWORD.has(request))
    throw new ProblemError(403, 'A password is for reading. Sign in, or send the token as a bearer token to the API.');
};

/** All forms of one answer belong to one cookie. */
const NONCES = new WeakMap<FastifyRequest, string>();

function formNonce(request: FastifyRequest, reply: FastifyReply): string {
  const known = NONCES.get(request) ?? readCookie(request, 'healer_form');
  if (known !== null && /^[A-Za-z0-9_-]{22}$/.test(known)) return known;
  const value = randomBytes(16).toString('base64url');
  NONCES.set(request, value);
  setCookie(request, reply, { name: 'healer_form', value, maxAgeMs: null });
  return value;
}

function wantsPage(request: FastifyRequest): boolean {
  return request.headers.accept?.includes('text/html') === true;
}

/**
 * Programs that read pages may send the token as a password (Basic, any name): `curl -u :token`. A browser is never asked
 * for it; it gets the form.
 */
function challengeOn401(app: FastifyInstance): void {
  app.addHook('onSend', async (request, reply) => {
    if (reply.statusCode === 401 && !wantsPage(request))
      reply.header('www-authenticate', 'Basic realm="Healer", charset="UTF-8"');
  });
}

function bearerOf(header: string | undefined): string | null {
  return /^bearer +(\S+)$/i.exec(header ?? '')?.[1] ?? null;
}

function passwordOf(header: string | undefined): string | null {
  const match = /^Basic +([A-Za-z0-9+/=]+)$/i.exec(header ?? '');
  if (match === null) return null;
  const [, ...password] = Buffer.from(match[1] ?? '', 'base64')
    .toString('utf8')
    .split(':');
  return password.length === 0 ? null : password.join(':');
}

/** Nothing on these pages comes from, or goes to, another place; nothing runs that is not a file of ours. */
const POLICY = [
  "default-src 'none'",
  "style-src 'self'",
  "script-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "form-action 'self'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
].join('; ');

export function protectPages(app: FastifyInstance): void {
  app.addHook('onSend', async (_request, reply) => {
    reply.headers({
      'content-security-policy': POLICY,
      'x-content-type-options': 'nosniff',
      'x-frame-options': 'DENY',
      // Not `no-referrer`: browsers would then hide where a form comes from, from us as well.
      'referrer-policy': 'same-origin',
      'cross-origin-opener-policy': 'same-origin',
      'cross-origin-resource-policy': 'same-origin',
    });
    if (!reply.hasHeader('cache-control')) reply.header('cache-control', 'no-store');
  });
}
