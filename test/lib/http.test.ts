import { describe, expect, it } from 'vitest';
import { PermanentError, RetryableError } from '../../src/lib/errors.ts';
import { createHttpClient, expectOk, type HttpAnswer, retryAfterMs } from '../../src/lib/http.ts';
import { serve } from './support/server.ts';

const client = createHttpClient({ userAgent: 'healer/test', timeoutMs: 2_000 });

describe('the HTTP client', () => {
  it('sends who it is, and a token to the host that was asked', async () => {
    const { url, requests } = await serve((_, response) => response.end('hello'));
    const answer = await client(`${url}/a?b=c`, { token: 't0ken', headers: { accept: 'text/plain' } });
    expect(Buffer.from(answer.bytes).toString()).toBe('hello');
    expect(requests[0]).toMatchObject({
      line: 'GET /a?b=c',
      headers: { 'user-agent': 'healer/test', authorization: 'Bearer t0ken', accept: 'text/plain' },
    });
  });

  it('follows a redirect on the same host with the token', async () => {
    const { url, requests } = await serve((request, response) => {
      if (request.url === '/old') response.writeHead(301, { location: '/new' }).end();
      else response.end('moved');
    });
    expect((await client(`${url}/old`, { token: 't' })).status).toBe(200);
    expect(requests[1]).toMatchObject({ line: 'GET /new', headers: { authorization: 'Bearer t' } });
  });

  it('does not follow a redirect to a host that is not listed', async () => {
    const other = await serve((_, response) => response.end('other'));
    const { url } = await serve((_, response) => response.writeHead(302, { location: `${other.url}/x` }).end());
    await expect(client(url)).rejects.toBeInstanceOf(PermanentError);
    expect(other.requests).toEqual([]);
  });

  it('follows a redirect to a listed host without token and secret headers', async () => {
    const other = await serve((_, response) => response.end('other'));
    const { url } = await serve((_, response) => response.writeHead(302, { location: `${other.url}/x` }).end());
    const listed = createHttpClient({ userAgent: 'healer/test', redirectHosts: [other.host] });
    const headers = { 'x-api-key': 'k', cookie: 'c', accept: 'text/plain' };
    expect((await listed(url, { token: 't', headers })).status).toBe(200);
    expect(Object.keys(other.requests[0]?.headers ?? {})).not.toEqual(
      expect.arrayContaining([expect.stringMatching(/authorization|x-api-key|cookie/)]),
    );
    expect(other.requests[0]?.headers.accept).toBe('text/plain');
  });

  it.each([
    ['round in circles', '/again'],
    ['to no address', 'http://'],
    ['to a file', 'file:///etc/passwd'],
  ])('does not let itself be led %s', async (_, location) => {
    const { url } = await serve((_request, response) => response.writeHead(302, { location }).end());
    await expect(client(url)).rejects.toBeInstanceOf(PermanentError);
  });

  it('refuses more than it was asked to take', async () => {
    const { url } = await serve((_, response) => response.end('x'.repeat(2_000)));
    await expect(client(url, { maxBytes: 1_999 })).rejects.toBeInstanceOf(PermanentError);
    expect((await client(url, { maxBytes: 2_000 })).bytes.length).toBe(2_000);
  });

  it('keeps head and tail of what is too long when asked to, and says what is missing', async () => {
    const { url } = await serve((_, response) => response.end(`begin${'x'.repeat(2_000)}end`));
    const answer = await client(url, { keep: { headBytes: 5, tailBytes: 3 } });
    expect(answer.cutBytes).toBe(2_000);
    expect(Buffer.from(answer.bytes).toString()).toBe(
      'begin\n[healer: 2000 bytes of this text were left out here]\nend',
    );
  });

  it('gives up in time on a peer that never answers, or never ends', async () => {
    const silent = await serve(() => {});
    const endless = await serve((_, response) => void response.write('and so on '));
    for (const { url } of [silent, endless]) {
      await expect(client(url, { timeoutMs: 30 })).rejects.toThrow(/no complete answer within 30 ms/);
      await expect(client(url, { timeoutMs: 30 })).rejects.toBeInstanceOf(RetryableError);
    }
  });

  it('says that trying again may help when nobody is there', async () => {
    await expect(client('http://127.0.0.1:1/')).rejects.toBeInstanceOf(RetryableError);
  });

  it.each([
    'http://127.0.0.1/',
    'http://127.1/',
    'http://2130706433/',
    'http://[::1]/',
    'http://[::ffff:10.0.0.1]/',
    'http://169.254.169.254/latest/meta-data',
    'http://inside.example/',
  ])('refuses %s when addresses inside are not allowed', async (url) => {
    const asked: string[] = [];
    const guarded = createHttpClient({
      userAgent: 'healer/test',
      refusePrivate: { except: [] },
      resolve: async () => ['93.184.216.34', '10.1.2.3'],
      fetch: async (input) => {
        asked.push(String(input));
        return new Response('');
      },
    });
    await expect(guarded(url)).rejects.toBeInstanceOf(PermanentError);
    expect(asked).toEqual([]);
  });

  it('asks a public host, and one inside that is listed', async () => {
    const guarded = createHttpClient({
      userAgent: 'healer/test',
      refusePrivate: { except: ['logs.internal'] },
      resolve: async () => ['93.184.216.34'],
      fetch: async () => new Response('ok'),
    });
    expect((await guarded('https://public.example/')).status).toBe(200);
    expect((await guarded('https://logs.internal/')).status).toBe(200);
  });

  it('tells by the class of the error whether trying again helps', () => {
    const answer = (status: number, headers: Record<string, string> = {}): HttpAnswer => ({
      url: 'https://example.com/a?token=secret',
      status,
      headers: new Headers(headers),
      bytes: new Uint8Array(),
      cutBytes: 0,
    });
    expect(expectOk(answer(204), 0).status).toBe(204);
    for (const status of [408, 429, 500, 503]) expect(() => expectOk(answer(status), 0)).toThrow(RetryableError);
    for (const status of [301, 400, 401, 404, 410]) expect(() => expectOk(answer(status), 0)).toThrow(PermanentError);
    expect(() => expectOk(answer(500), 0)).toThrow('example.com/a answered 500');
    try {
      expectOk(answer(429, { 'retry-after': '7' }), 0);
    } catch (error) {
      expect((error as RetryableError).retryAfterMs).toBe(7_000);
    }
  });

  it('reads Retry-After as seconds and as a date', () => {
    const now = Date.parse('2026-01-01T00:00:00Z');
    expect(retryAfterMs(new Headers({ 'retry-after': '3' }), now)).toBe(3_000);
    expect(retryAfterMs(new Headers({ 'retry-after': 'Thu, 01 Jan 2026 00:00:05 GMT' }), now)).toBe(5_000);
    expect(retryAfterMs(new Headers({ 'retry-after': 'soon' }), now)).toBe(null);
    expect(retryAfterMs(new Headers(), now)).toBe(null);
  });
});
