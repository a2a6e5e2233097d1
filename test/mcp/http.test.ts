import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { API_TOKEN, inWorld, STORIES, startWorld, type World } from '../support/world.ts';

let world: World;
beforeAll(async () => {
  world = await startWorld({ webhooks: false, settings: { publicUrl: 'https://healer.acme.example' } });
});
afterAll(() => world.close());

const LIST = { jsonrpc: '2.0', id: 1, method: 'tools/list' };
const ACCEPT = { accept: 'application/json, text/event-stream', 'content-type': 'application/json' };

const ask = async (headers: Record<string, string>, body: unknown = LIST, method = 'POST') => {
  const answer = await fetch(`${world.url}/mcp`, {
    method,
    headers: { ...ACCEPT, authorization: `Bearer ${API_TOKEN}`, ...headers },
    ...(method === 'POST' ? { body: typeof body === 'string' ? body : JSON.stringify(body) } : {}),
  });
  // biome-ignore lint/suspicious/noExplicitAny: answers of many shapes
  const read: any = await answer.json().catch(() => null);
  return { status: answer.status, headers: answer.headers, body: read };
};

describe('POST /mcp', STORIES, () => {
  it('answers without a session, as any replica could', async () => {
    const { status, headers, body } = await ask({});
    expect(status).toBe(200);
    expect(headers.get('mcp-session-id')).toBeNull();
    expect(body.result.tools).toHaveLength(9);
  });

  it.each([
    ['no token', ''],
    ['a wrong one', 'Bearer wrong'],
  ])('needs a token: with %s it is refused before anything is read', async (_what, authorization) => {
    const { status, body } = await ask({ authorization });
    expect(status).toBe(401);
    expect(body).toMatchObject({ status: 401, detail: expect.any(String) });
  });

  it.each([
    ['another site', { origin: 'https://evil.example' }],
    ['a name that was made to point here', { origin: 'http://evil.example', host: 'evil.example' }],
    ['no origin that can be told', { origin: 'null' }],
  ])('refuses pages of %s', async (_what, headers) => {
    expect((await ask(headers)).status).toBe(403);
  });

  it('takes pages of its own', async () => {
    expect((await ask({ origin: world.url })).status).toBe(200);
    expect((await ask({ origin: 'https://healer.acme.example' })).status).toBe(200);
  });

  it('says what it takes instead', async () => {
    expect((await ask({}, LIST, 'GET')).status).toBe(405);
    expect((await ask({}, 'no json')).status).toBe(400);
    expect((await ask({}, { hello: 1 })).status).toBe(400);
    expect((await ask({ accept: 'text/html' })).status).toBe(406);
    expect((await ask({}, { ...LIST, method: 'no/such' })).body.error.code).toBe(-32601);
  });

  it('without any token trusts this machine, but not pages in its browser', () =>
    inWorld({ webhooks: false, settings: { apiToken: [], github: {} } }, async (open) => {
      const post = (headers: Record<string, string>) =>
        fetch(`${open.url}/mcp`, { method: 'POST', headers: { ...ACCEPT, ...headers }, body: JSON.stringify(LIST) });
      expect((await post({})).status).toBe(200);
      expect((await post({ origin: 'https://evil.example' })).status).toBe(403);
    }));
});
