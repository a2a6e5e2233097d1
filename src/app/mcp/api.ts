import type { FastifyInstance, FastifyRequest } from 'fastify';
import { messageOf, UserError } from '../../lib/errors.ts';
import { createHttpClient } from '../../lib/http.ts';

/** Healer's own API, as the tools use it: over the network, or within the process. */
export interface Api {
  get(path: string, query?: Readonly<Record<string, string | number | undefined>>): Promise<ApiAnswer>;
  post(path: string, body: object): Promise<ApiAnswer>;
}

export interface ApiAnswer {
  readonly status: number;
  /** JSON; undefined when the answer was something else. */
  readonly body: unknown;
  /** Seconds. */
  readonly retryAfter: number | null;
}

const TIMEOUT_MS = 30_000;
/** A remediation's answer holds prompt and excerpt. */
const MAX_BYTES = 16 * 1024 * 1024;

/** The API of a running service. `url` has no slash at the end. */
export function apiOverNetwork(url: string, token: string | undefined): Api {
  const http = createHttpClient({ userAgent: 'healer-mcp', timeoutMs: TIMEOUT_MS, maxBytes: MAX_BYTES });
  const ask = async (path: string, request: { method?: 'POST'; body?: string }): Promise<ApiAnswer> => {
    const headers = {
      accept: 'application/json',
      ...(request.body === undefined ? {} : { 'content-type': 'application/json' }),
    };
    try {
      const answer = await http(url + path, { ...request, headers, ...(token === undefined ? {} : { token }) });
      return { status: answer.status, body: parse(Buffer.from(answer.bytes).toString('utf8')), retryAfter: null };
    } catch (error) {
      throw new UserError(
        `No answer from Healer at ${url}: ${messageOf(error)}. Start it with "healer server", or name another address in HEALER_URL.`,
        { cause: error },
      );
    }
  };
  return {
    get: (path, query) => ask(withQuery(path, query), {}),
    post: (path, body) => ask(path, { method: 'POST', body: JSON.stringify(body) }),
  };
}

/** The API of this process, asked with the caller's own credentials: what they may not do there, they may not do here. */
export function apiWithin(app: FastifyInstance, request: FastifyRequest): Api {
  const { authorization, host } = request.headers;
  const headers = {
    accept: 'application/json',
    ...(authorization === undefined ? {} : { authorization }),
    ...(host === undefined ? {} : { host }),
  };
  const read = (answer: { statusCode: number; body: string; headers: Record<string, unknown> }): ApiAnswer => ({
    status: answer.statusCode,
    body: parse(answer.body),
    retryAfter: Number(answer.headers['retry-after'] ?? '') || null,
  });
  return {
    get: async (path, query) => read(await app.inject({ method: 'GET', url: withQuery(path, query), headers })),
    post: async (path, body) => read(await app.inject({ method: 'POST', url: path, headers, payload: body })),
  };
}

function withQuery(path: string, query: Readonly<Record<string, string | number | undefined>> = {}): string {
  const entries = Object.entries(query).flatMap(([name, value]): [string, string][] =>
    value === undefined ? [] : [[name, String(value)]],
  );
  return entries.length === 0 ? path : `${path}?${new URLSearchParams(entries)}`;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
