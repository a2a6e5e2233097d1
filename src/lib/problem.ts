import { STATUS_CODES } from 'node:http';
import type { FastifyInstance, FastifyReply } from 'fastify';

/** One fault of a body or a query; `path` is dotted, empty for the whole. */
export interface ProblemPart {
  readonly path: string;
  readonly message: string;
}

/** A problem document (RFC 9457). */
export interface Problem {
  /** `about:blank` while the status says all there is to say. */
  readonly type: string;
  readonly title: string;
  readonly status: number;
  /** What happened, to what, and what to do: for the person who reads the answer. */
  readonly detail: string;
  readonly errors?: readonly ProblemPart[];
}

export const PROBLEM_TYPE = 'application/problem+json';

/** Thrown by a handler whose answer is a problem document. */
export class ProblemError extends Error {
  override readonly name = 'ProblemError';
  readonly statusCode: number;
  readonly errors: readonly ProblemPart[];
  /** Seconds; sent as `Retry-After`. */
  readonly retryAfter: number | null;

  constructor(
    status: number,
    detail: string,
    options: { errors?: readonly ProblemPart[]; retryAfter?: number; cause?: unknown } = {},
  ) {
    super(detail, { cause: options.cause });
    this.statusCode = status;
    this.errors = options.errors ?? [];
    this.retryAfter = options.retryAfter ?? null;
  }
}

export function problem(status: number, detail: string, errors: readonly ProblemPart[] = []): Problem {
  const title = STATUS_CODES[status] ?? 'Error';
  return { type: 'about:blank', title, status, detail, ...(errors.length === 0 ? {} : { errors }) };
}

export function sendProblem(reply: FastifyReply, document: Problem): FastifyReply {
  return reply.code(document.status).type(PROBLEM_TYPE).send(JSON.stringify(document));
}

/** The faults that a zod schema found, as parts of a problem document. */
export function partsOf(error: {
  readonly issues: readonly { readonly path: readonly PropertyKey[]; readonly message: string }[];
}): readonly ProblemPart[] {
  return error.issues.map((issue) => ({ path: issue.path.map(String).join('.'), message: issue.message }));
}

/**
 * Answers every error of this scope with a problem document. An error that nobody expected is logged
 * and answered without its message, which may hold what outsiders should not read.
 */
export function answerWithProblems(app: FastifyInstance): void {
  app.setErrorHandler((error: Error & { statusCode?: number }, request, reply) => {
    const status = error.statusCode ?? 500;
    if (status >= 500 && !(error instanceof ProblemError)) {
      request.log.error({ err: error }, 'request failed');
      return sendProblem(reply, problem(500, 'Healer could not answer this request; its log says why.'));
    }
    if (error instanceof ProblemError && error.retryAfter !== null) reply.header('retry-after', error.retryAfter);
    return sendProblem(reply, problem(status, error.message, error instanceof ProblemError ? error.errors : []));
  });
}
