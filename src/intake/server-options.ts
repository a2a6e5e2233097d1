import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import type { FastifyHttpOptions } from 'fastify';
import { PROBLEM_TYPE, PROBLEMS, type ProblemKind, problemDocument } from './problem.ts';
import { answerProblem, problemOf } from './problem-handler.ts';

/** Largest body taken (docs: CONTRACT section 2); GitHub itself stops at 25 MB. */
export const MAX_BODY_BYTES = 25 * 1024 * 1024;
/** GitHub's headers are below 2 KiB; sensors add little. */
const MAX_HEADER_BYTES = 16 * 1024;
/** A sender that has not finished its headers by then is not one. */
const HEADERS_TIMEOUT_MS = 10_000;
/** Enough for 25 MiB at 1 MiB a second; GitHub gives up on us after 10 s. */
const REQUEST_TIMEOUT_MS = 30_000;
/** Longer than common load balancers keep theirs, so that they close first. */
const KEEP_ALIVE_MS = 72_000;

function kindOf(code: string | undefined): ProblemKind {
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') return 'request-timeout';
  return code === 'HPE_HEADER_OVERFLOW' ? 'headers-too-large' : 'bad-request';
}

/** Answers what the HTTP parser refused before any route could see it. */
function answerClientError(error: NodeJS.ErrnoException, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const kind = kindOf(error.code);
  const { status, title } = PROBLEMS[kind];
  const body = JSON.stringify(problemDocument(kind, 'The request ended before it could be handled.'));
  const head = [
    `HTTP/1.1 ${status} ${title}`,
    `Content-Type: ${PROBLEM_TYPE}`,
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Connection: close',
  ];
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`);
}

export interface Timeouts {
  readonly headersMs: number;
  readonly requestMs: number;
  /** How often Node looks for senders that are too slow. */
  readonly checkEveryMs: number;
}

const TIMEOUTS: Timeouts = { headersMs: HEADERS_TIMEOUT_MS, requestMs: REQUEST_TIMEOUT_MS, checkEveryMs: 1_000 };

/** What fastify must be made with so that slow, oversized and unreadable requests end early and as problem documents. */
export function serverOptions(timeouts: Timeouts = TIMEOUTS) {
  return {
    bodyLimit: MAX_BODY_BYTES,
    requestTimeout: timeouts.requestMs,
    keepAliveTimeout: KEEP_ALIVE_MS,
    // Requests that arrive while the service stops are still answered; new connections are not taken.
    return503OnClosing: false,
    http: {
      maxHeaderSize: MAX_HEADER_BYTES,
      headersTimeout: timeouts.headersMs,
      requestTimeout: timeouts.requestMs,
      connectionsCheckingInterval: timeouts.checkEveryMs,
    },
    clientErrorHandler: answerClientError,
    // A path that cannot be decoded never reaches a route or its error handler.
    frameworkErrors: (error, request, reply) => {
      answerProblem(problemOf(error), request, reply);
    },
  } satisfies FastifyHttpOptions<Server>;
}
