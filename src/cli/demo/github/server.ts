import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { messageOf } from '../../../lib/errors.ts';
import { type Access, type Answer, findRoute, Refusal, type Route } from './http.ts';
import type { OutageSwitch } from './outage.ts';
import type { Recorder } from './recorder.ts';
import { RATE_LIMIT, type RateLimit } from './routes/accounts.ts';
import { STORAGE } from './routes/actions.ts';
import type { World } from './world.ts';

const DOCUMENTATION = 'https://docs.github.com/rest';
const MAX_BODY = 5 * 1024 * 1024;

export interface ServerParts {
  readonly world: World;
  readonly routes: readonly Route[];
  readonly outage: OutageSwitch;
  readonly recorder: Recorder;
  readonly token: string;
  readonly rate: RateCounter;
}

/** Counts requests per hour, as GitHub's headers tell. It does not refuse; that is the outage switch's part. */
export class RateCounter {
  readonly #world: World;
  #used = 0;
  #reset = 0;

  constructor(world: World) {
    this.#world = world;
  }

  count(): void {
    this.#roll();
    this.#used += 1;
  }

  read(): RateLimit {
    this.#roll();
    return { limit: RATE_LIMIT, used: this.#used, remaining: Math.max(0, RATE_LIMIT - this.#used), reset: this.#reset };
  }

  #roll(): void {
    const now = Math.floor(this.#world.clock() / 1000);
    if (now < this.#reset) return;
    this.#reset = now + 3600;
    this.#used = 0;
  }
}

export interface Listening {
  /** Without a slash at its end. */
  readonly url: string;
  /** Cuts what is still open. */
  readonly close: () => Promise<void>;
}

/** Listens on loopback; port 0 takes a free one. */
export async function listen(parts: ServerParts, port: number): Promise<Listening> {
  const server = createServer((request, response) => {
    serve(parts, request, response).catch((error: unknown) => {
      parts.world.log(`request failed: ${messageOf(error)}`);
      response.destroy();
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
  const close = async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  };
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, close };
}

async function serve(parts: ServerParts, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const method = request.method ?? 'GET';
  const sentPath = request.url ?? '/';
  const raw = await readBody(request);
  const misbehaviour = parts.outage.take(method, sentPath);
  if (misbehaviour?.kind === 'hang') return parts.outage.hang(response);
  if (misbehaviour?.kind === 'reset') {
    response.destroy();
    return;
  }
  parts.rate.count();
  const planned: Answer | null =
    misbehaviour === null
      ? null
      : misbehaviour.kind === 'fail'
        ? { status: misbehaviour.status, body: misbehaviour.body }
        : limited(misbehaviour.retryAfterSeconds, misbehaviour.secondary, parts.world);
  const answer = planned ?? (await answerTo(parts, request, method, sentPath, raw));
  send(parts, request, response, { method, path: sentPath, raw, answer, outage: planned !== null });
}

async function answerTo(
  parts: ServerParts,
  request: IncomingMessage,
  method: string,
  sentPath: string,
  raw: Buffer | null,
): Promise<Answer> {
  const { world } = parts;
  try {
    const url = new URL(sentPath, world.baseUrl);
    // GitHub Enterprise serves the same API below this prefix.
    const path = url.pathname.replace(/^\/api\/v3(?=\/)/, '');
    const found = findRoute(parts.routes, method, path);
    const access = found?.route.access ?? 'token';
    const login = authenticate(parts, request.headers.authorization, access);
    if (!found) throw new Refusal(404, 'Not Found');
    const { owner, repo } = found.params;
    const known = `${owner}/${repo}`.toLowerCase() === `${world.owner}/${world.name}`.toLowerCase();
    if (owner !== undefined && !known) throw new Refusal(404, 'Not Found');
    if (raw === null) throw new Refusal(413, 'Payload too large');
    const body = parseBody(raw);
    return await found.route.handle({
      world,
      method,
      params: found.params,
      query: url.searchParams,
      path,
      body,
      login,
    });
  } catch (error) {
    if (error instanceof URIError) return refusal(400, 'Bad Request');
    if (!(error instanceof Refusal)) throw error;
    return refusal(error.status, error.message, error.details);
  }
}

function refusal(status: number, message: string, details: Readonly<Record<string, unknown>> = {}): Answer {
  return { status, body: { message, ...details, documentation_url: DOCUMENTATION, status: String(status) } };
}

/** Answers the login behind the credentials. App routes want a JWT, the others a token, as on GitHub. */
function authenticate(parts: ServerParts, header: string | undefined, access: Access): string | null {
  if (access === 'none') return null;
  if (access === 'storage') {
    if (header !== undefined) throw new Refusal(401, 'Server failed to authenticate the request');
    return null;
  }
  const [, token = ''] = /^(?:bearer|token)\s+(\S+)$/i.exec(header ?? '') ?? [];
  if (token === '') throw new Refusal(401, 'Requires authentication');
  const isJwt = /^[\w-]+\.[\w-]+\.[\w-]+$/.test(token);
  if (access === 'app') {
    if (!isJwt) throw new Refusal(401, 'A JSON web token could not be decoded');
    return null;
  }
  const { world } = parts;
  if (token !== parts.token && !world.store.state.tokens.includes(token)) throw new Refusal(401, 'Bad credentials');
  return world.login;
}

function parseBody(raw: Buffer): Readonly<Record<string, unknown>> {
  if (raw.length === 0) return {};
  try {
    const value: unknown = JSON.parse(raw.toString());
    if (typeof value === 'object' && value !== null) return value as Record<string, unknown>;
  } catch {
    // Falls through to the refusal.
  }
  throw new Refusal(400, 'Problems parsing JSON');
}

/** Null when the body is larger than the stand-in takes. */
async function readBody(request: IncomingMessage): Promise<Buffer | null> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size <= MAX_BODY) chunks.push(chunk);
  }
  return size > MAX_BODY ? null : Buffer.concat(chunks);
}

function limited(seconds: number, secondary: boolean, world: World): Answer {
  if (secondary) {
    const message = 'You have exceeded a secondary rate limit. Please wait a few minutes before you try again.';
    return { ...refusal(403, message), headers: { 'retry-after': String(seconds) } };
  }
  const reset = Math.floor(world.clock() / 1000) + seconds;
  const headers = {
    'x-ratelimit-remaining': '0',
    'x-ratelimit-used': String(RATE_LIMIT),
    'x-ratelimit-reset': String(reset),
  };
  return { ...refusal(403, 'API rate limit exceeded for installation.'), headers };
}

interface Served {
  readonly method: string;
  readonly path: string;
  readonly raw: Buffer | null;
  readonly answer: Answer;
  readonly outage: boolean;
}

function send(parts: ServerParts, request: IncomingMessage, response: ServerResponse, served: Served): void {
  const { answer } = served;
  const rate = parts.rate.read();
  const isBytes = Buffer.isBuffer(answer.body);
  const bytes = isBytes
    ? (answer.body as Buffer)
    : Buffer.from(answer.body === undefined ? '' : JSON.stringify(answer.body));
  const headers: Record<string, string> = {
    'content-type': 'application/json; charset=utf-8',
    'content-length': String(bytes.length),
    'x-github-media-type': 'github.v3; format=json',
    'x-github-api-version-selected': '2022-11-28',
    'x-github-request-id': `STANDIN:${rate.used.toString(16).toUpperCase()}`,
    'x-ratelimit-limit': String(rate.limit),
    'x-ratelimit-remaining': String(rate.remaining),
    'x-ratelimit-used': String(rate.used),
    'x-ratelimit-reset': String(rate.reset),
    'x-ratelimit-resource': 'core',
    ...answer.headers,
  };
  response.writeHead(answer.status, headers);
  response.end(bytes);
  // Blob storage and pages are not part of the published API.
  const type = headers['content-type'] ?? '';
  if (served.path.startsWith(STORAGE) || type.startsWith('text/html')) return;
  const given = Object.entries(request.headers).map(([name, value]) => [name, String(value)]);
  const requestHeaders = { ...(Object.fromEntries(given) as Record<string, string>), authorization: '***' };
  const sent = { method: served.method, path: served.path, headers: requestHeaders, body: readable(served.raw) };
  const body = isBytes ? null : (answer.body ?? null);
  parts.recorder.add({
    kind: 'exchange',
    request: sent,
    answer: { status: answer.status, headers, body: structuredClone(body) },
    outage: served.outage,
  });
}

function readable(raw: Buffer | null): unknown {
  if (raw === null || raw.length === 0) return null;
  try {
    return JSON.parse(raw.toString());
  } catch {
    return raw.toString();
  }
}
