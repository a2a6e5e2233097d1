import type { z } from 'zod';
import { PermanentError, RetryableError } from '../lib/errors.ts';
import { expectOk, type HttpAnswer, type HttpClient } from '../lib/http.ts';

/** A system that is asked over HTTP. Its address comes from the settings and from nowhere else. */
export interface PeerConfig {
  /** With or without a path: `https://mimir.example/prometheus`. */
  readonly url: string;
  /** Sent as `Authorization: Bearer`, to this host only. */
  readonly token?: string | null;
  /** For example a tenant. */
  readonly headers?: Readonly<Record<string, string>>;
}

export interface PeerRequest<T> {
  /** Below the address; each part becomes one segment of the path, whatever is in it. */
  readonly path: readonly string[];
  readonly query?: readonly (readonly [name: string, value: string])[];
  readonly schema: z.ZodType<T>;
  readonly signal: AbortSignal;
  readonly maxBytes: number;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/** Reads JSON from one system; throws when it cannot be reached, refuses, or answers in a shape we do not know. */
export interface Peer {
  readonly url: string;
  /** The same, but null when the system does not know it (404). */
  find<T>(request: PeerRequest<T>): Promise<T | null>;
  get<T>(request: PeerRequest<T>): Promise<T>;
  text(request: Omit<PeerRequest<unknown>, 'schema'>): Promise<string>;
}

export function connectPeer(http: HttpClient, config: PeerConfig): Peer {
  const send = (request: Omit<PeerRequest<unknown>, 'schema'>): Promise<HttpAnswer> =>
    http(addressOf(config.url, request.path, request.query ?? []), {
      headers: { accept: 'application/json', ...config.headers },
      signal: request.signal,
      maxBytes: request.maxBytes,
      ...(config.token == null ? {} : { token: config.token }),
    });
  const peer: Peer = {
    url: config.url.replace(/\/+$/, ''),
    async find(request) {
      const answered = await send(request);
      return answered.status === 404 ? null : parse(checked(answered, request.now), request.schema);
    },
    async get(request) {
      return parse(checked(await send(request), request.now), request.schema);
    },
    async text(request) {
      return decode(checked(await send(request), request.now));
    },
  };
  return peer;
}

/** An address below `base`. Throws when a part would lead elsewhere. */
export function addressOf(
  base: string,
  path: readonly string[],
  query: readonly (readonly [name: string, value: string])[] = [],
): string {
  const url = new URL(base);
  url.search = '';
  const segments = path.map((part) => {
    if (part === '.' || part === '..') throw new PermanentError(`“${part}” is not a name that can be asked for`);
    return encodeURIComponent(part.toWellFormed());
  });
  url.pathname = [url.pathname.replace(/\/+$/, ''), ...segments].join('/');
  for (const [name, value] of query) url.searchParams.append(name, value.toWellFormed());
  return url.href;
}

/** The peer's own words for a refusal, when it has any, are what people need. */
function checked(answered: HttpAnswer, now: number): HttpAnswer {
  try {
    return expectOk(answered, now);
  } catch (error) {
    const said = reasonIn(answered);
    if (said === null || !(error instanceof Error)) throw error;
    const message = `${error.message}: ${said}`;
    throw error instanceof RetryableError
      ? new RetryableError(message, { cause: error, retryAfterMs: error.retryAfterMs })
      : new PermanentError(message, { cause: error });
  }
}

function reasonIn(answered: HttpAnswer): string | null {
  try {
    const body = JSON.parse(decode(answered)) as { error?: unknown; message?: unknown } | null;
    const said = body?.error ?? body?.message;
    return typeof said === 'string' && said !== '' ? said.slice(0, 300) : null;
  } catch {
    return null;
  }
}

function parse<T>(answered: HttpAnswer, schema: z.ZodType<T>): T {
  let body: unknown;
  try {
    body = JSON.parse(decode(answered));
  } catch (cause) {
    throw new PermanentError(`${hostOf(answered.url)} answered with something that is not JSON`, { cause });
  }
  const parsed = schema.safeParse(body);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const where = issue === undefined ? '' : ` at ${issue.path.join('.') || 'the top'}: ${issue.message}`;
  throw new PermanentError(`${hostOf(answered.url)} answered in a shape that Healer does not know${where}`);
}

const decode = ({ bytes }: HttpAnswer): string => new TextDecoder().decode(bytes);
/** An answer that did not come over the network has no address. */
const hostOf = (url: string): string => (URL.canParse(url) ? new URL(url).host : 'the system');
