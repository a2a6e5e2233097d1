import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { gzipSync } from 'node:zlib';
import { describe, expect, it, onTestFinished } from 'vitest';
import { overFetch, overSockets, type Wire } from '../../src/lib/wire.ts';
import { serve } from './support/server.ts';

const LONG = { timeoutMs: 20_000 };

describe.each<readonly [string, Wire]>([
  ['sockets', overSockets],
  ['a fetch', overFetch(fetch)],
])('the wire over %s', (_, wire) => {
  it('gives status, headers and text', async () => {
    const { url } = await serve((__, response) => {
      response.writeHead(404, 'Nowhere', { 'content-type': 'text/plain', 'x-of': ['a', 'b'] }).end('\ufeffnothing');
    });
    const answer = await wire(url, LONG);
    expect([answer.status, answer.statusText, answer.headers.get('x-of')]).toEqual([404, 'Nowhere', 'a, b']);
    expect(await answer.text()).toBe('nothing');
  });

  it('sends method, headers and body', async () => {
    let body = '';
    const { url, requests } = await serve((request, response) => {
      request.on('data', (chunk) => {
        body += chunk;
      });
      request.on('end', () => response.end('ok'));
    });
    const answer = await wire(`${url}/a?b=c`, { ...LONG, method: 'PUT', headers: { 'x-a': 'b' }, body: 'grüß' });
    expect(Buffer.from(await answer.arrayBuffer()).toString()).toBe('ok');
    expect(requests).toMatchObject([{ line: 'PUT /a?b=c', headers: { 'x-a': 'b', 'content-length': '6' } }]);
    expect(body).toBe('grüß');
  });

  it('unpacks what comes packed', async () => {
    const text = 'a log line\n'.repeat(10_000);
    const { url, requests } = await serve((__, response) => {
      response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync(text));
    });
    expect(await (await wire(url, LONG)).text()).toBe(text);
    expect(requests[0]?.headers['accept-encoding']).toContain('gzip');
  });

  it('fails on a packed answer that breaks off', async () => {
    const packed = gzipSync(Buffer.from(Array.from({ length: 50_000 }, (__, n) => n % 251)));
    const { url } = await serve((__, response) => {
      response.writeHead(200, { 'content-encoding': 'gzip', 'content-length': packed.length });
      response.write(packed.subarray(0, packed.length / 2), () => response.destroy());
    });
    await expect(wire(url, LONG).then((answer) => answer.text())).rejects.toThrow();
  });

  it('follows no redirect', async () => {
    const { url, requests } = await serve((__, response) => response.writeHead(302, { location: '/b' }).end());
    const answer = await wire(`${url}/a`, LONG);
    await answer.discard();
    expect([answer.status, answer.headers.get('location'), requests.length]).toEqual([302, '/b', 1]);
  });

  it.each([
    ['before an answer', () => {}],
    ['in the middle of one', (response: ServerResponse) => void response.write('and so on ')],
  ])('stops with the reason of whoever stops it, %s', async (__, answerSo) => {
    const reason = new Error('enough');
    const abort = new AbortController();
    const { url } = await serve((___, response) => {
      answerSo(response);
      setImmediate(() => abort.abort(reason));
    });
    const asked = wire(url, { ...LONG, signal: abort.signal }).then((answer) => answer.text());
    await expect(asked).rejects.toBe(reason);
  });

  it('says that it was too slow by the name of the error', async () => {
    const silent = await serve(() => {});
    const endless = await serve((__, response) => void response.write('and so on '));
    for (const { url } of [silent, endless]) {
      const asked = wire(url, { timeoutMs: 30 }).then((answer) => answer.text());
      await expect(asked).rejects.toMatchObject({ name: 'TimeoutError' });
    }
  });

  it('does not send what was stopped before', async () => {
    const { url, requests } = await serve((__, response) => response.end());
    await expect(wire(url, { ...LONG, signal: AbortSignal.abort(new Error('never')) })).rejects.toThrow('never');
    expect(requests).toEqual([]);
  });

  it('does not ask an address with credentials in it', async () => {
    await expect(wire('http://user:password@127.0.0.1:1/', LONG)).rejects.toBeInstanceOf(TypeError);
  });

  it.each([204, 200])('uses a connection again after a %s that nobody reads further', async (status) => {
    const sockets = new Set<unknown>();
    const { url } = await serve((request, response) => {
      sockets.add(request.socket);
      response.writeHead(status).end(status === 204 ? undefined : 'ok');
    });
    for (let n = 0; n < 3; n += 1) {
      const answer = await wire(url, LONG);
      if (status === 200) await answer.text();
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    expect(sockets.size).toBe(1);
  });
});

/** Answers one request on each connection, and breaks a connection off when a second one comes on it. */
async function forgetful(): Promise<{ readonly url: string; readonly seen: string[]; readonly server: Server }> {
  const used = new Set<Socket>();
  const seen: string[] = [];
  const server = createServer((request, response) => {
    seen.push(`${request.method}`);
    if (used.has(request.socket)) return request.socket.resetAndDestroy();
    used.add(request.socket);
    response.end('ok');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, seen, server };
}

/** A turn of the loop after the last byte, the connection waits for its next request. */
const isFree = () => new Promise((resolve) => setImmediate(resolve));

describe('a connection that was closed just when it was used again', () => {
  it('is made anew for what only reads', async () => {
    const { url, seen } = await forgetful();
    expect(await (await overSockets(url, LONG)).text()).toBe('ok');
    await isFree();
    expect(await (await overSockets(url, LONG)).text()).toBe('ok');
    expect(seen).toEqual(['GET', 'GET', 'GET']);
  });

  it('is an error for what writes: it may have been done', async () => {
    const { url, seen } = await forgetful();
    await (await overSockets(url, LONG)).text();
    await isFree();
    await expect(overSockets(url, { ...LONG, method: 'POST', body: 'x' })).rejects.toThrow();
    expect(seen).toEqual(['GET', 'POST']);
  });
});
