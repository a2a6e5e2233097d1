import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { discordProblems, type Json, slackProblems } from './limits.ts';

/** A message as it stands in a chat. */
export interface ChatMessage {
  readonly id: string;
  readonly where: 'discord' | 'slack-webhook' | 'slack-bot' | 'webhook';
  body: Json;
  edits: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly raw: string;
}

/** What is answered instead of what a chat would say. */
export interface Failure {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

/** Stand-ins for Discord, Slack (both ways) and a receiver of webhooks, on loopback. They refuse what the real ones refuse. */
export interface Chats {
  readonly url: string;
  readonly discord: string;
  readonly slackWebhook: string;
  readonly slackApi: string;
  readonly webhook: string;
  /** What stands there now, the oldest first. */
  readonly messages: readonly ChatMessage[];
  /** Every request, answered well or not. */
  readonly requests: readonly { readonly method: string; readonly path: string }[];
  /** The next answers, or all of them until `heal`. */
  failNext(failure: Failure, times?: number): void;
  heal(): void;
  /** Somebody deletes everything. */
  deleteAll(): void;
  close(): Promise<void>;
}

export const SLACK_TOKEN = 'xoxb-standin-token';
const DISCORD_PATH = '/api/webhooks/111111111111111111/discord-webhook-token-that-is-a-secret';

export async function startChats(): Promise<Chats> {
  const chats = new StandInChats();
  await chats.listen();
  return chats;
}

class StandInChats implements Chats {
  readonly messages: ChatMessage[] = [];
  readonly requests: { method: string; path: string }[] = [];
  readonly #server: Server;
  #failures: { failure: Failure; times: number }[] = [];
  #count = 0;

  constructor() {
    this.#server = createServer((request, response) => {
      this.#answer(request).then(
        ({ status, headers = {}, body = null }) => {
          const text = typeof body === 'string' ? body : JSON.stringify(body);
          response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(text);
        },
        (error: unknown) => response.writeHead(500).end(String(error)),
      );
    });
  }

  async listen(): Promise<void> {
    await new Promise<void>((done) => this.#server.listen(0, '127.0.0.1', done));
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }
  get discord(): string {
    return `${this.url}${DISCORD_PATH}`;
  }
  get slackWebhook(): string {
    return `${this.url}/services/T0/B0/slack-webhook-secret`;
  }
  get slackApi(): string {
    return `${this.url}/slack/api`;
  }
  get webhook(): string {
    return `${this.url}/hooks/healer`;
  }

  failNext(failure: Failure, times = Number.POSITIVE_INFINITY): void {
    this.#failures.push({ failure, times });
  }

  heal(): void {
    this.#failures = [];
  }

  deleteAll(): void {
    this.messages.length = 0;
  }

  close(): Promise<void> {
    this.#server.closeAllConnections();
    return new Promise((done) => this.#server.close(() => done()));
  }

  async #answer(request: IncomingMessage): Promise<Failure> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const raw = Buffer.concat(chunks).toString();
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://chats.invalid');
    this.requests.push({ method: request.method ?? '', path: pathname });
    const planned = this.#failures[0];
    if (planned !== undefined) {
      planned.times -= 1;
      if (planned.times <= 0) this.#failures.shift();
      return planned.failure;
    }
    const body = JSON.parse(raw) as Json;
    if (pathname.startsWith(DISCORD_PATH)) return this.#discord(request, pathname, searchParams, body, raw);
    if (pathname.startsWith('/slack/api/')) return this.#slackApi(request, pathname, body, raw);
    if (pathname.startsWith('/services/')) return this.#slackWebhook(request, body, raw);
    this.#keep('webhook', request, body, raw);
    return { status: 204, body: '' };
  }

  #discord(request: IncomingMessage, path: string, query: URLSearchParams, body: Json, raw: string): Failure {
    const problems = discordProblems(body);
    if (problems.length > 0) return { status: 400, body: { code: 50_035, errors: problems } };
    if (request.method === 'POST') {
      const { id } = this.#keep('discord', request, body, raw);
      return query.get('wait') === 'true' ? { status: 200, body: { id } } : { status: 204, body: '' };
    }
    const known = this.messages.find(({ id }) => path.endsWith(`/messages/${id}`));
    if (known === undefined) return { status: 404, body: { code: 10_008, message: 'Unknown Message' } };
    edit(known, body);
    return { status: 200, body: { id: known.id } };
  }

  #slackWebhook(request: IncomingMessage, body: Json, raw: string): Failure {
    if (slackProblems(body).length > 0) return { status: 400, body: 'invalid_blocks' };
    this.#keep('slack-webhook', request, body, raw);
    return { status: 200, body: 'ok' };
  }

  #slackApi(request: IncomingMessage, path: string, body: Json, raw: string): Failure {
    const no = (error: string): Failure => ({ status: 200, body: { ok: false, error } });
    if (request.headers.authorization !== `Bearer ${SLACK_TOKEN}`) return no('invalid_auth');
    if (body['channel'] !== 'C0123456') return no('channel_not_found');
    if (slackProblems(body).length > 0) return no('invalid_blocks');
    if (path.endsWith('/chat.postMessage')) {
      const { id } = this.#keep('slack-bot', request, body, raw);
      return { status: 200, body: { ok: true, channel: 'C0123456', ts: id } };
    }
    const known = this.messages.find(({ id }) => id === body['ts']);
    if (known === undefined) return no('message_not_found');
    edit(known, body);
    return { status: 200, body: { ok: true, channel: 'C0123456', ts: known.id } };
  }

  #keep(where: ChatMessage['where'], request: IncomingMessage, body: Json, raw: string): ChatMessage {
    this.#count += 1;
    const message = { id: `17000000${this.#count}.000100`, where, body, edits: 0, headers: request.headers, raw };
    this.messages.push(message);
    return message;
  }
}

function edit(message: ChatMessage, body: Json): void {
  message.body = body;
  message.edits += 1;
}
