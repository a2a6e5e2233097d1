import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { messageOf, RetryableError } from '../lib/errors.ts';
import { ProblemError } from '../lib/problem.ts';
import { PROBLEM_TYPE, Problem, type ProblemKind } from './problem.ts';
import type { FieldError } from './sources/source.ts';

/** fastify's own refusals, by its error codes; other client errors go by their status. */
const BY_CODE: Readonly<Record<string, readonly [ProblemKind, string]>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: ['too-large', 'Bodies are taken up to 25 MiB.'],
  FST_ERR_CTP_INVALID_MEDIA_TYPE: ['media-type', 'Send application/json.'],
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: ['bad-request', 'Content-Length does not fit the body.'],
  FST_ERR_CTP_EMPTY_JSON_BODY: ['not-json', 'The body is empty.'],
  FST_ERR_CTP_INVALID_JSON_BODY: ['not-json', 'The body is not JSON.'],
};

const BY_STATUS: Readonly<Record<number, ProblemKind>> = {
  403: 'forbidden',
  404: 'not-found',
  405: 'method-not-allowed',
  408: 'request-timeout',
  409: 'conflict',
  413: 'too-large',
  415: 'media-type',
  429: 'too-many-requests',
  431: 'headers-too-large',
  503: 'overloaded',
};

function fieldErrors(error: FastifyError): readonly FieldError[] {
  return (error.validation ?? []).slice(0, 20).map((issue) => ({
    path: issue.instancePath.replace(/^\//, '').replaceAll('/', '.'),
    message: issue.message ?? 'is not valid',
  }));
}

/** A problem that a route of another room threw: its message and faults are for the reader, whatever the status. */
function ofRoutes(error: ProblemError): Problem {
  const { statusCode, errors, retryAfter, cause } = error;
  const kind = BY_STATUS[statusCode] ?? (statusCode < 500 ? 'bad-request' : 'internal-error');
  return new Problem(kind, error.message, {
    extras: errors.length > 0 ? { errors } : {},
    headers: retryAfter === null ? {} : { 'retry-after': String(retryAfter) },
    cause,
  });
}

/** Whatever was thrown, as a problem; a message of unknown origin is never shown to the sender. */
export function problemOf(error: FastifyError): Problem {
  if (error instanceof Problem) return error;
  if (error instanceof RetryableError) {
    const seconds = Math.max(1, Math.ceil((error.retryAfterMs ?? 5_000) / 1_000));
    const headers = { 'retry-after': String(seconds) };
    return new Problem('overloaded', 'Send it again after the time in Retry-After.', { headers, cause: error });
  }
  if (error instanceof ProblemError) return ofRoutes(error);
  const known = BY_CODE[error.code];
  if (known) return new Problem(...known);
  if (error.validation)
    return new Problem('wrong-shape', 'The request does not have the expected shape.', {
      extras: { errors: fieldErrors(error) },
    });
  const status = error.statusCode ?? 500;
  if (status < 400 || status >= 500)
    return new Problem('internal-error', 'The failure is in the log of the service.', { cause: error });
  return new Problem(BY_STATUS[status] ?? 'bad-request', messageOf(error));
}

function sendProblem(reply: FastifyReply, problem: Problem): FastifyReply {
  const document = problem.document();
  // Serialised here: the type says "problem", and fastify's own serialiser would not know it.
  return reply.code(document.status).headers(problem.headers).type(PROBLEM_TYPE).send(JSON.stringify(document));
}

/** Sends a problem; those of Healer's own making are logged with what caused them. */
export function answerProblem(problem: Problem, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  // Overload is counted, not told line by line: it would add to the load.
  if (problem.document().status >= 500 && problem.kind !== 'overloaded')
    request.log.error({ err: problem.cause ?? problem, problem: problem.kind }, 'request failed');
  return sendProblem(reply, problem);
}

interface KnownPath {
  readonly pattern: RegExp;
  readonly methods: Set<string>;
}

function patternOf(url: string): RegExp {
  const parts = url
    .split('/')
    .map((part) =>
      part.startsWith(':') ? '[^/]+' : part === '*' ? '.*' : part.replace(/[.+?^${}()|[\]\\*]/g, '\\$&'),
    );
  return new RegExp(`^${parts.join('/')}/?$`);
}

/**
 * Problem documents for the whole application: every error, 404, and 405 with `Allow` for a path that exists with other
 * methods. Call it before any route is added.
 */
export function useProblems(app: FastifyInstance): void {
  const known = new Map<string, KnownPath>();
  app.addHook('onRoute', ({ url, method }) => {
    const path = known.get(url) ?? { pattern: patternOf(url), methods: new Set<string>() };
    for (const name of [method].flat()) path.methods.add(name);
    known.set(url, path);
  });
  app.setErrorHandler<FastifyError>((error, request, reply) => answerProblem(problemOf(error), request, reply));
  app.setNotFoundHandler((request, reply) => {
    const path = request.url.split('?')[0] ?? '';
    const allowed = [...known.values()]
      .filter(({ pattern }) => pattern.test(path))
      .flatMap(({ methods }) => [...methods]);
    if (allowed.length === 0) return sendProblem(reply, new Problem('not-found', 'No such path.'));
    const allow = [...new Set(allowed)].sort().join(', ');
    return sendProblem(reply, new Problem('method-not-allowed', `Use ${allow}.`, { headers: { allow } }));
  });
}
