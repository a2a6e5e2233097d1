import { request as httpRequest, type IncomingMessage, type RequestOptions } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { type Clock, systemClock } from '../clock.ts';
import { messageOf, PermanentError, RetryableError } from '../errors.ts';
import { retryAfterMs } from '../http.ts';
import type { KubernetesAccess } from './access.ts';
import { refusalOf, type Status } from './errors.ts';
import { takeItems } from './items.ts';

export interface KubernetesRequest {
  /** GET when left out. */
  readonly method?: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** From the root: `/api/v1/namespaces/<namespace>/pods`. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  /** Sent as JSON; with PATCH as a JSON merge patch. */
  readonly body?: unknown;
  /** The form of the answer, when not plain JSON. */
  readonly accept?: string;
  /** Statuses besides 2xx that are answers; any other one is an error. */
  readonly expect?: readonly number[];
  /** For the whole exchange; 30 s when left out. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

export interface KubernetesAnswer {
  readonly status: number;
  readonly body: unknown;
  /** How long the body was on its way. */
  readonly bytes: number;
}

/**
 * The Kubernetes API over HTTP. Throws RetryableError when the server could not be reached, was too slow or is not able
 * to answer now (with its Retry-After), PermanentError when the request itself is refused.
 */
export interface KubernetesClient {
  readonly server: string;
  /** See KubernetesAccess. */
  readonly namespace: string | null;
  request(request: KubernetesRequest): Promise<KubernetesAnswer>;
  /** The same for a list: `onItem` is called with each of its objects as it comes, the answer's body is without them. */
  list(request: KubernetesRequest, onItem: (item: unknown) => void): Promise<KubernetesAnswer>;
  /** The answer's body as it comes, for watches and logs; `timeoutMs` covers its head only. */
  stream(request: KubernetesRequest): Promise<IncomingMessage>;
  /** The body as text, at most `maxBytes` from its end. */
  text(request: KubernetesRequest, maxBytes: number): Promise<string | null>;
  close(): void;
}

const TIMEOUT_MS = 30_000;
/** A page of a list; larger answers are not asked for. */
const MAX_BYTES = 256 * 1024 * 1024;

export interface ClientOptions {
  readonly access: KubernetesAccess;
  /** Shows in the audit log: `healer/<version>`. */
  readonly userAgent: string;
  readonly clock?: Clock;
}

export function createKubernetesClient(options: ClientOptions): KubernetesClient {
  const { access, clock = systemClock } = options;
  const open = async (request: KubernetesRequest, signal: AbortSignal): Promise<IncomingMessage> => {
    const first = await send(options, request, signal, false);
    if (first.statusCode !== 401) return first;
    // A token that was replaced a moment ago.
    first.resume();
    return send(options, request, signal, true);
  };
  const answered = async (request: KubernetesRequest, answer: IncomingMessage): Promise<KubernetesAnswer> => {
    const status = answer.statusCode ?? 0;
    const bytes = await collect(answer, MAX_BYTES);
    const body = parse(bytes.toString('utf8'));
    if ((status >= 200 && status < 300) || request.expect?.includes(status)) {
      return { status, body, bytes: bytes.byteLength };
    }
    const headers = new Headers({ 'retry-after': answer.headers['retry-after'] ?? '' });
    throw refusalOf(nameOf(request), status, (body ?? {}) as Status, retryAfterMs(headers, clock()));
  };
  return {
    server: access.server,
    namespace: access.namespace,
    request: (request) => within(request, async (signal) => answered(request, await open(request, signal))),
    list: (request, onItem) =>
      within(request, async (signal) => {
        const answer = await open(request, signal);
        if (answer.statusCode !== 200) return answered(request, answer);
        const { rest, bytes } = await takeItems(answer, (text) => onItem(JSON.parse(text)));
        return { status: 200, body: parse(rest), bytes };
      }),
    stream: (request) =>
      within(request, async (signal, settle) => {
        const answer = await open(request, signal);
        if (answer.statusCode !== 200) await answered({ ...request, expect: [] }, answer);
        settle();
        return answer;
      }),
    text: (request, maxBytes) =>
      within(request, async (signal) => {
        const answer = await open(request, signal);
        if (answer.statusCode !== 200) {
          await answered(request, answer);
          return null;
        }
        return (await lastBytes(answer, maxBytes)).toString('utf8');
      }),
    close: () => access.close(),
  };
}

/** Runs an exchange under its time-out and turns whatever breaks it into an error that says what was asked. */
async function within<T>(
  request: KubernetesRequest,
  exchange: (signal: AbortSignal, settle: () => void) => Promise<T>,
): Promise<T> {
  const timeoutMs = request.timeoutMs ?? TIMEOUT_MS;
  const late = new AbortController();
  const timer = setTimeout(() => late.abort(), timeoutMs);
  const signal = request.signal === undefined ? late.signal : AbortSignal.any([late.signal, request.signal]);
  try {
    return await exchange(signal, () => clearTimeout(timer));
  } catch (cause) {
    if (cause instanceof RetryableError || cause instanceof PermanentError) throw cause;
    const what = late.signal.aborted ? `gave no complete answer within ${timeoutMs} ms` : `failed: ${messageOf(cause)}`;
    throw new RetryableError(`${nameOf(request)} ${what}`, { cause });
  } finally {
    clearTimeout(timer);
  }
}

async function send(
  { access, userAgent }: ClientOptions,
  request: KubernetesRequest,
  signal: AbortSignal,
  renew: boolean,
): Promise<IncomingMessage> {
  const { method = 'GET', path, query, body, accept = 'application/json' } = request;
  const { headers, agent } = await access.credentials(renew);
  const url = new URL(access.server);
  url.pathname = `${url.pathname.replace(/\/+$/, '')}${path}`;
  url.search = new URLSearchParams({ ...query }).toString();
  const payload = body === undefined ? undefined : Buffer.from(JSON.stringify(body));
  const contentType = method === 'PATCH' ? 'application/merge-patch+json' : 'application/json';
  const options: RequestOptions = {
    method,
    agent,
    signal,
    headers: {
      ...headers,
      accept,
      'user-agent': userAgent,
      ...(payload === undefined ? {} : { 'content-type': contentType, 'content-length': payload.length }),
    },
  };
  return new Promise((resolve, reject) => {
    const outgoing = url.protocol === 'http:' ? httpRequest(url, options) : httpsRequest(url, options);
    outgoing.once('response', resolve);
    outgoing.once('error', reject);
    outgoing.end(payload);
  });
}

async function collect(answer: IncomingMessage, maxBytes: number): Promise<Buffer> {
  const pieces: Buffer[] = [];
  let size = 0;
  for await (const piece of answer as AsyncIterable<Buffer>) {
    size += piece.byteLength;
    if (size > maxBytes) throw new PermanentError(`The API server answered with more than ${maxBytes} bytes.`);
    pieces.push(piece);
  }
  return Buffer.concat(pieces);
}

async function lastBytes(answer: IncomingMessage, maxBytes: number): Promise<Buffer> {
  let pieces: Buffer[] = [];
  let size = 0;
  for await (const piece of answer as AsyncIterable<Buffer>) {
    pieces.push(piece);
    size += piece.byteLength;
    if (size < 2 * maxBytes) continue;
    pieces = [Buffer.concat(pieces).subarray(-maxBytes)];
    size = pieces[0]?.byteLength ?? 0;
  }
  const whole = Buffer.concat(pieces);
  return maxBytes === 0 ? Buffer.alloc(0) : whole.subarray(-maxBytes);
}

/** Null for what is no JSON: a proxy in between, or the server while it starts. */
function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function nameOf({ method = 'GET', path }: KubernetesRequest): string {
  return `${method} ${path}`;
}
