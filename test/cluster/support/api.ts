import type { IncomingMessage } from 'node:http';
import { Agent, request as httpsRequest } from 'node:https';
import type { Api, RequestOptions } from './cluster-types.ts';
import { watchList } from './watch.ts';

/** An answer of 400 and above. `reason` is Kubernetes' own word (NotFound, Conflict, Forbidden, …). */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly status: number;
  readonly reason: string;

  constructor(status: number, reason: string, message: string) {
    super(message);
    this.status = status;
    this.reason = reason;
  }
}

export interface Access {
  readonly server: string;
  /** PEM text. */
  readonly ca: string;
  readonly token: string;
  /** Shows in the audit log. */
  readonly userAgent: string;
}

const TIMEOUT_MS = 30_000;
/** A node with thousands of Pods must not open as many connections; watches hold theirs. */
const MAX_SOCKETS = 128;

/** A client of the Kubernetes API in a few lines, so that the tests' own tools depend on no library under test. */
export function createApi(access: Access): Api {
  const agent = new Agent({ ca: access.ca, keepAlive: true, maxSockets: MAX_SOCKETS });
  return {
    async request<T>(method: string, path: string, body?: unknown, options: RequestOptions = {}): Promise<T> {
      const answer = await send(access, agent, method, path, body, options);
      const text = await textOf(answer);
      if ((answer.statusCode ?? 0) >= 400) throw failure(method, path, answer.statusCode ?? 0, text);
      return (options.asText === true ? text : parse(text)) as T;
    },
    watch(path, onEvent) {
      const open = (query: Readonly<Record<string, string | number | boolean>>, timeoutMs: number) =>
        send(access, agent, 'GET', path, undefined, { query, timeoutMs });
      return watchList(open, onEvent);
    },
  };
}

/** Resolves when the head of the answer is there; errors of the connection reject. */
function send(
  access: Access,
  agent: Agent,
  method: string,
  path: string,
  body: unknown,
  options: RequestOptions,
): Promise<IncomingMessage> {
  const url = new URL(path, access.server);
  for (const [key, value] of Object.entries(options.query ?? {})) url.searchParams.set(key, String(value));
  const payload = body === undefined ? undefined : Buffer.from(JSON.stringify(body));
  const contentType = options.contentType ?? (method === 'PATCH' ? 'application/merge-patch+json' : 'application/json');
  const headers: Record<string, string | number> = {
    authorization: `Bearer ${access.token}`,
    accept: options.asText === true ? '*/*' : 'application/json',
    'user-agent': access.userAgent,
    ...(payload === undefined ? {} : { 'content-type': contentType, 'content-length': payload.length }),
  };
  return new Promise((resolve, reject) => {
    const request = httpsRequest(url, { method, agent, headers, timeout: options.timeoutMs ?? TIMEOUT_MS });
    request.once('response', resolve);
    request.once('timeout', () => request.destroy(new Error(`${method} ${path}: no answer in time`)));
    request.once('error', reject);
    request.end(payload);
  });
}

export async function textOf(answer: IncomingMessage): Promise<string> {
  const pieces: Buffer[] = [];
  for await (const piece of answer) pieces.push(piece as Buffer);
  return Buffer.concat(pieces).toString('utf8');
}

function failure(method: string, path: string, status: number, text: string): ApiError {
  let reason = '';
  let message = text;
  try {
    const answer = JSON.parse(text) as { reason?: string; message?: string };
    reason = answer.reason ?? '';
    message = answer.message ?? text;
  } catch {
    // Not a Status object: a proxy, or the server while it starts.
  }
  return new ApiError(status, reason, `${method} ${path}: ${status} ${reason}: ${message.slice(0, 2_000)}`);
}

function parse(text: string): unknown {
  return text === '' ? undefined : JSON.parse(text);
}
