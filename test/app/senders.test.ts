import { type FastifyInstance, fastify } from 'fastify';
import { afterEach, describe, expect, it } from 'vitest';
import { limitSenders } from '../../src/app/senders.ts';
import { useProblems } from '../../src/intake/problem-handler.ts';

const TOKENS = '/api/remediate/ci-failure';
const GITHUB = '/api/webhooks/github';

describe('the limit of one sender', () => {
  let app: FastifyInstance;
  afterEach(() => app.close());

  async function withLimit(requestsPerMinute: number) {
    app = fastify();
    useProblems(app);
    await limitSenders(app, requestsPerMinute);
    for (const path of [TOKENS, GITHUB, '/api/status']) app.post(path, async () => ({ ok: true }));
    return async (path: string, headers: Record<string, string> = {}, remoteAddress = '192.0.2.1') =>
      (await app.inject({ method: 'POST', url: path, headers, remoteAddress, payload: {} })).statusCode;
  }

  it('answers what is too much with 429 and the time to come again, as a problem', async () => {
    const post = await withLimit(2);
    expect([await post(TOKENS), await post(TOKENS)]).toEqual([200, 200]);
    const answer = await app.inject({ method: 'POST', url: TOKENS, remoteAddress: '192.0.2.1', payload: {} });
    expect(answer.statusCode).toBe(429);
    expect(Number(answer.headers['retry-after'])).toBeGreaterThan(0);
    expect(Number(answer.headers['retry-after'])).toBeLessThanOrEqual(60);
    expect(answer.headers['content-type']).toContain('application/problem+json');
    expect(answer.json()).toMatchObject({ type: 'urn:healer:problem:too-many-requests', status: 429 });
  });

  it('counts each token, webhook and address for itself', async () => {
    const post = await withLimit(1);
    const senders: [string, Record<string, string>, string][] = [
      [TOKENS, { authorization: 'Bearer one' }, '192.0.2.1'],
      [TOKENS, { authorization: 'Bearer two' }, '192.0.2.1'],
      [GITHUB, { 'x-github-hook-id': '1' }, '192.0.2.1'],
      [GITHUB, { 'x-github-hook-id': '2' }, '192.0.2.1'],
      [GITHUB, { 'x-github-hook-id': '1' }, '192.0.2.2'],
      [GITHUB, {}, '192.0.2.1'],
    ];
    for (const sender of senders) expect(await post(...sender), JSON.stringify(sender)).toBe(200);
    for (const sender of senders) expect(await post(...sender), JSON.stringify(sender)).toBe(429);
  });

  it('follows a token from address to address', async () => {
    const post = await withLimit(1);
    const token = { authorization: 'Bearer one' };
    expect(await post(TOKENS, token, '192.0.2.1')).toBe(200);
    expect(await post(TOKENS, token, '192.0.2.2')).toBe(429);
  });

  it('is not got around with made-up tokens where nobody has looked at them yet', async () => {
    const post = await withLimit(1);
    expect(await post('/api/status', { authorization: 'Bearer guess-1' })).toBe(200);
    expect(await post('/api/status', { authorization: 'Bearer guess-2' })).toBe(429);
  });
});
