import * as http from 'node:http';
import * as https from 'node:https';
import { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';

export interface WireRequest {
  readonly method?: string | undefined;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array | null | undefined;
  /** Milliseconds until the last byte of the body. */
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | null | undefined;
}

/** What Healer uses of a `Response`. */
export type WireAnswer = Pick<
  Response,
  'status' | 'statusText' | 'headers' | 'url' | 'body' | 'text' | 'arrayBuffer'
> & {
  /** The body as it comes; either this or one of the others. */
  readonly chunks: AsyncIterable<Uint8Array>;
  /** Lets go of a body that nobody wants. */
  discard(): Promise<void>;
};

/**
 * One request and its answer. Follows no redirect. Rejects with the signal's reason, with a `TimeoutError`, or with the
 * network's error; reading the body does so too.
 */
export type Wire = (url: string, request: WireRequest) => Promise<WireAnswer>;

/** The wire over a `fetch` that is handed in. */
export function overFetch(doFetch: typeof fetch): Wire {
  return async (url, { method, headers, body, timeoutMs, signal }) => {
    const response = await doFetch(url, {
      method: method ?? 'GET',
      ...(headers === undefined ? {} : { headers }),
      ...(body == null ? {} : { body: body as string }),
      redirect: 'manual',
      signal: AbortSignal.any([AbortSignal.timeout(Math.ceil(timeoutMs)), ...(signal ? [signal] : [])]),
    });
    const { status, statusText, url: at, body: stream } = response;
    return {
      ...{ status, statusText, headers: response.headers, url: at, body: stream },
      text: () => response.text(),
      arrayBuffer: () => response.arrayBuffer(),
      chunks: (stream ?? []) as AsyncIterable<Uint8Array>,
      discard: async () => stream?.cancel(),
    };
  };
}

/**
 * The wire over Node's own client: half the processor time of `fetch`, whose streams and signals cost more than the
 * request. Connections are kept open, proxies and certificates are those that Node is told of.
 */
export const overSockets: Wire = (address, request) =>
  new Promise((resolve, reject) => {
    const url = new URL(address);
    if (url.username !== '' || url.password !== '')
      throw new TypeError('An address with credentials in it is not asked.');
    send(url, request, false, resolve, reject);
  });

/** Answers that have no body. */
const EMPTY: ReadonlySet<number> = new Set([204, 205, 304]);

function send(
  url: URL,
  request: WireRequest,
  isAgain: boolean,
  resolve: (answer: WireAnswer) => void,
  reject: (error: unknown) => void,
): void {
  const { method = 'GET', headers, body, timeoutMs, signal } = request;
  const given = { accept: '*/*', 'accept-encoding': 'gzip', ...headers };
  const sent = (url.protocol === 'https:' ? https : http).request(url, { method, headers: given });
  let message: Readable | null = null;
  const stop = (reason: unknown): void => {
    const error = reason instanceof Error ? reason : new Error(String(reason));
    // Whoever reads the body hears of it; the request alone would end it as if the peer had.
    (message ?? sent).destroy(error);
  };
  const onAbort = (): void => stop(signal?.reason);
  const timer = setTimeout(
    () => stop(new DOMException(`No complete answer came within ${timeoutMs} ms.`, 'TimeoutError')),
    timeoutMs,
  );
  sent.once('close', () => {
    clearTimeout(timer);
    signal?.removeEventListener('abort', onAbort);
  });
  sent.once('response', (received) => {
    message = received;
    // Nobody reads what is empty, and its connection would not be free again.
    if (method === 'HEAD' || EMPTY.has(received.statusCode ?? 0)) received.resume();
    resolve(answerOf(url, received));
  });
  sent.on('error', (error: NodeJS.ErrnoException) => {
    if (message !== null) return;
    // The peer closed a connection that was kept open, just when it was used again: nothing was done yet.
    const isStale = sent.reusedSocket && error.code === 'ECONNRESET' && method === 'GET' && !isAgain;
    if (isStale && signal?.aborted !== true) send(url, request, true, resolve, reject);
    else reject(error);
  });
  if (signal?.aborted) onAbort();
  else signal?.addEventListener('abort', onAbort);
  sent.end(body ?? undefined);
}

function answerOf(url: URL, message: http.IncomingMessage): WireAnswer {
  const headers = new Headers();
  for (let i = 0; i + 1 < message.rawHeaders.length; i += 2) {
    headers.append(message.rawHeaders[i] ?? '', message.rawHeaders[i + 1] ?? '');
  }
  const stream = plainOf(message, headers.get('content-encoding'));
  const bytes = async (): Promise<Buffer> => {
    const chunks: Buffer[] = [];
    for await (const chunk of stream) chunks.push(chunk as Buffer);
    return Buffer.concat(chunks);
  };
  return {
    status: message.statusCode ?? 0,
    statusText: message.statusMessage ?? '',
    headers,
    url: url.href,
    get body() {
      return Readable.toWeb(stream) as unknown as ReadableStream<Uint8Array<ArrayBuffer>>;
    },
    text: async () => withoutMark((await bytes()).toString('utf8')),
    arrayBuffer: async () => new Uint8Array(await bytes()).buffer,
    chunks: stream as AsyncIterable<Uint8Array>,
    discard: async () => {
      stream.on('error', () => {});
      message.resume();
    },
  };
}

function plainOf(message: http.IncomingMessage, encoding: string | null): Readable {
  if (!/^(?:x-)?gzip$/i.test(encoding ?? '')) return message;
  const plain = createGunzip();
  message.on('error', (error) => plain.destroy(error));
  message.on('aborted', () => plain.destroy(new Error('The answer broke off.')));
  return message.pipe(plain);
}

/** As `Response.text()` does. */
const withoutMark = (text: string): string => (text.charCodeAt(0) === 0xfeff ? text.slice(1) : text);
