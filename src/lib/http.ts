import { isPrivateHost, type ResolveHost, resolveHost } from './addresses.ts';
import { collectHeadAndTail } from './bounded-bytes.ts';
import { messageOf, PermanentError, RetryableError } from './errors.ts';
import { overFetch, overSockets, type WireAnswer } from './wire.ts';

/** The one way out of the process over HTTP, besides Octokit (which is built on the same rules). */
export interface HttpClientOptions {
  readonly userAgent: string;
  /** Milliseconds for the whole exchange, body included, redirects included. */
  readonly timeoutMs?: number;
  /** More than this many bytes of body is an error, unless the request says what to keep. */
  readonly maxBytes?: number;
  /** Hosts (`name` or `name:port`) that a redirect may lead to besides the one that was asked. */
  readonly redirectHosts?: readonly string[];
  /** Refuse addresses inside (loopback, private, link-local) unless the host is listed here. */
  readonly refusePrivate?: { readonly except: readonly string[] };
  readonly fetch?: typeof fetch;
  readonly resolve?: ResolveHost;
}

export interface HttpRequest {
  readonly method?: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as `Authorization: Bearer` to the host of the request's own URL, never to where a redirect leads. */
  readonly token?: string;
  readonly body?: string | Uint8Array;
  readonly timeoutMs?: number;
  readonly maxBytes?: number;
  /** Keep the beginning and the end of a body that is too long, instead of failing. */
  readonly keep?: { readonly headBytes: number; readonly tailBytes: number };
  readonly signal?: AbortSignal;
}

export interface HttpAnswer {
  readonly url: string;
  readonly status: number;
  readonly headers: Headers;
  readonly bytes: Uint8Array;
  /** Bytes left out of the middle; only ever above 0 with `keep`. */
  readonly cutBytes: number;
}

/**
 * Answers with whatever status the peer gave. Throws `RetryableError` when the peer could not be reached, was too slow
 * or broke off; `PermanentError` when the answer breaks a rule of ours (size, redirect, address).
 */
export type HttpClient = (url: string, request?: HttpRequest) => Promise<HttpAnswer>;

const DEFAULT_TIMEOUT_MS = 10_000;
const DEFAULT_MAX_BYTES = 4 * 1024 * 1024;
const MAX_REDIRECTS = 3;
const REDIRECTS = new Set([301, 302, 303, 307, 308]);

export function createHttpClient(options: HttpClientOptions): HttpClient {
  return async (url, request = {}) => {
    const timeoutMs = request.timeoutMs ?? options.timeoutMs ?? DEFAULT_TIMEOUT_MS;
    try {
      const response = await follow(options, new URL(url), request, timeoutMs);
      return await readAnswer(options, request, response);
    } catch (error) {
      if (error instanceof PermanentError || error instanceof RetryableError) throw error;
      const isLate = request.signal?.aborted === true || (error as Error).name === 'TimeoutError';
      const what = isLate ? `gave no complete answer within ${timeoutMs} ms` : `failed: ${causeOf(error)}`;
      throw new RetryableError(`${request.method ?? 'GET'} ${place(url)} ${what}`, { cause: error });
    }
  };
}

async function follow(
  options: HttpClientOptions,
  first: URL,
  request: HttpRequest,
  timeoutMs: number,
): Promise<WireAnswer> {
  const wire = options.fetch === undefined ? overSockets : overFetch(options.fetch);
  const started = performance.now();
  let url = first;
  for (let hop = 0; ; hop++) {
    await checkAddress(options, url);
    const response = await wire(url.href, {
      method: request.method,
      headers: headersFor(options, request, url.origin === first.origin),
      body: request.body,
      timeoutMs: Math.max(1, timeoutMs - (performance.now() - started)),
      signal: request.signal,
    });
    const location = response.headers.get('location');
    if (!REDIRECTS.has(response.status) || location === null) return response;
    await response.discard();
    if (hop >= MAX_REDIRECTS)
      throw new PermanentError(`${place(first.href)} redirects more than ${MAX_REDIRECTS} times`);
    if (request.body !== undefined) {
      throw new PermanentError(
        `${place(first.href)} answers a request with a body by a redirect, which is not followed`,
      );
    }
    url = nextUrl(options, first, url, location);
  }
}

function nextUrl(options: HttpClientOptions, first: URL, from: URL, location: string): URL {
  const next = URL.canParse(location, from.href) ? new URL(location, from.href) : null;
  const known = next !== null && (next.host === first.host || (options.redirectHosts ?? []).includes(next.host));
  const downgraded = next !== null && from.protocol === 'https:' && next.protocol !== 'https:';
  if (next === null || !known || downgraded || !/^https?:$/.test(next.protocol)) {
    throw new PermanentError(`${place(first.href)} redirects to ${place(location)}, which is not a listed host`);
  }
  return next;
}

async function checkAddress(options: HttpClientOptions, url: URL): Promise<void> {
  const rule = options.refusePrivate;
  if (rule === undefined || rule.except.includes(url.host) || rule.except.includes(url.hostname)) return;
  if (await isPrivateHost(url.hostname, options.resolve ?? resolveHost)) {
    throw new PermanentError(`${place(url.href)} is an address inside the own network, which is refused`);
  }
}

function headersFor(options: HttpClientOptions, request: HttpRequest, ownOrigin: boolean): Record<string, string> {
  const headers: Record<string, string> = { 'user-agent': options.userAgent };
  for (const [name, value] of Object.entries(request.headers ?? {})) {
    if (ownOrigin || !/^(authorization|cookie|proxy-authorization)$|token|key/i.test(name)) headers[name] = value;
  }
  if (request.token !== undefined && ownOrigin) headers['authorization'] = `Bearer ${request.token}`;
  return headers;
}

async function readAnswer(options: HttpClientOptions, request: HttpRequest, response: WireAnswer): Promise<HttpAnswer> {
  const maxBytes = request.maxBytes ?? options.maxBytes ?? DEFAULT_MAX_BYTES;
  const { headBytes, tailBytes } = request.keep ?? { headBytes: maxBytes, tailBytes: 0 };
  const collector = collectHeadAndTail(headBytes, tailBytes);
  for await (const chunk of response.chunks) {
    collector.push(chunk);
    if (request.keep === undefined && collector.seen > maxBytes) {
      throw new PermanentError(`${place(response.url)} answers with more than ${maxBytes} bytes`);
    }
  }
  return { url: response.url, status: response.status, headers: response.headers, ...collector.finish() };
}

/** Throws when the status says that the request did not succeed; the class says whether trying again may help. */
export function expectOk(answer: HttpAnswer, now: number): HttpAnswer {
  if (answer.status >= 200 && answer.status < 300) return answer;
  const message = `${place(answer.url)} answered ${answer.status}`;
  if (answer.status === 408 || answer.status === 429 || answer.status >= 500) {
    throw new RetryableError(message, { retryAfterMs: retryAfterMs(answer.headers, now) });
  }
  throw new PermanentError(message);
}

/** `Retry-After` in seconds or as a date (RFC 9110, 10.2.3), in milliseconds from `now`; null when it is not there. */
export function retryAfterMs(headers: Headers, now: number): number | null {
  const value = headers.get('retry-after')?.trim() ?? '';
  if (/^\d+$/.test(value)) return Number(value) * 1000;
  const at = Date.parse(value);
  return Number.isNaN(at) ? null : Math.max(0, at - now);
}

/** Host and path: what a message may say of an address. Query and user info may hold credentials. */
function place(url: string): string {
  if (!URL.canParse(url)) return 'an unreadable address';
  const { host, pathname } = new URL(url);
  return host + pathname;
}

function causeOf(error: unknown): string {
  return error instanceof Error && error.cause instanceof Error ? error.cause.message : messageOf(error);
}
