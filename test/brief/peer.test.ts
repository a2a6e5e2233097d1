import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { addressOf, connectPeer } from '../../src/brief/peer.ts';
import { createHttpClient } from '../../src/lib/http.ts';
import { nastyText } from './support/nasty.ts';
import { useStandIn } from './support/systems.ts';

const asked = useStandIn();
const elsewhere = useStandIn(() => ({ status: 200, body: { ok: true } }));
const http = createHttpClient({ userAgent: 'healer/test' });
const request = () => ({
  path: ['api'],
  schema: z.object({ ok: z.boolean() }),
  signal: new AbortController().signal,
  maxBytes: 1_000,
  now: 0,
});

describe('a system that is asked', () => {
  it('gets its token, and nobody else does, wherever it redirects', async () => {
    asked().answers = () => ({ status: 307, body: '', location: `${elsewhere().url}/api` });
    const peer = connectPeer(http, { url: asked().url, token: 't0ken', headers: { 'x-scope-orgid': 'acme' } });
    await expect(peer.get(request())).rejects.toThrow('which is not a listed host');
    expect(asked().asked.at(-1)?.headers.authorization).toBe('Bearer t0ken');
    expect(elsewhere().asked).toEqual([]);
  });

  it('may redirect on its own host', async () => {
    asked().answers = ({ path }) =>
      path === '/api' ? { status: 302, body: '', location: '/moved' } : { status: 200, body: { ok: true } };
    const peer = connectPeer(http, { url: asked().url, token: 't0ken' });
    expect(await peer.get(request())).toEqual({ ok: true });
  });

  it('is below the path that it is served under', async () => {
    asked().answers = () => ({ status: 200, body: { ok: true } });
    await connectPeer(http, { url: `${asked().url}/team/prometheus/` }).get(request());
    expect(asked().asked.at(-1)?.path).toBe('/team/prometheus/api');
  });

  it.each([
    ['something that is no JSON', '<html>', /answered with something that is not JSON$/],
    ['another shape', { ok: 'yes' }, /in a shape that Healer does not know at ok: /],
    ['more than it may', 'x'.repeat(2_000), /answers with more than 1000 bytes$/],
  ])('is told apart when it answers with %s', async (_, body, message) => {
    asked().answers = () => ({ status: 200, body });
    await expect(connectPeer(http, { url: asked().url }).get(request())).rejects.toThrow(message);
  });

  it('is not known there, which is no error for who only looks', async () => {
    asked().answers = () => undefined;
    const peer = connectPeer(http, { url: asked().url });
    expect(await peer.find(request())).toBeNull();
    await expect(peer.get(request())).rejects.toThrow('answered 404: not found');
  });
});

describe('an address', () => {
  it('keeps to its host and path whatever the parts are (property)', () => {
    fc.assert(
      fc.property(nastyText, nastyText, (part, value) => {
        fc.pre(part !== '.' && part !== '..');
        const url = new URL(addressOf('https://argo.test/base', ['api', part, 'log'], [['q', value]]));
        expect(url.host).toBe('argo.test');
        expect(url.hash).toBe('');
        const segments = url.pathname.split('/');
        expect(segments.slice(0, 3)).toEqual(['', 'base', 'api']);
        expect(segments).toHaveLength(5);
        expect(decodeURIComponent(segments[3] ?? '')).toBe(part.toWellFormed());
        expect([...url.searchParams]).toEqual([['q', value.toWellFormed()]]);
      }),
    );
  });

  it.each(['.', '..'])('refuses the part %s', (part) => {
    expect(() => addressOf('https://argo.test', ['api', part])).toThrow('is not a name that can be asked for');
  });
});
