import { createVerify, generateKeyPairSync } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { PermanentError, RetryableError } from '../../../src/lib/errors.ts';
import { createGitHub, type GitHubOptions } from '../../../src/lib/github/client.ts';
import { githubError, splitRepository } from '../../../src/lib/github/errors.ts';
import type { RateLimit } from '../../../src/lib/github/fetch.ts';
import { json, serve, type TestServer } from '../support/server.ts';

const keys = generateKeyPairSync('rsa', {
  modulusLength: 2048,
  publicKeyEncoding: { type: 'spki', format: 'pem' },
  privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
});
const REPO = { owner: 'acme', repo: 'shop' };

function client(server: TestServer, more: Partial<GitHubOptions> = {}) {
  return createGitHub({
    auth: { kind: 'token', token: 't0ken' },
    version: '1.2.3',
    baseUrl: server.url,
    retryBaseMs: 1,
    ...more,
  });
}

function isSignedByUs(authorization: string | undefined): boolean {
  const [head, body, signature] = (authorization ?? '').replace(/^bearer /i, '').split('.');
  if (!head || !body || !signature) return false;
  const verify = createVerify('RSA-SHA256').update(`${head}.${body}`);
  return verify.verify(keys.publicKey, Buffer.from(signature, 'base64url'));
}

/** An API that knows one App, installed on acme/shop only. */
async function appServer(accepts: (token: string) => boolean = () => true) {
  let tokens = 0;
  return serve((request, response) => {
    const { authorization = '' } = request.headers;
    if (request.url === '/app') {
      json(response, isSignedByUs(authorization) ? 200 : 401, { id: 77, slug: 'healer' });
    } else if (request.url === '/repos/acme/shop/installation') {
      json(response, isSignedByUs(authorization) ? 200 : 401, { id: 5 });
    } else if (request.url === '/app/installations/5/access_tokens') {
      tokens += 1;
      json(response, isSignedByUs(authorization) ? 201 : 401, {
        token: `ghs_${tokens}`,
        expires_at: '2099-01-01T00:00:00Z',
        permissions: {},
        repository_selection: 'selected',
      });
    } else if (request.url === '/repos/acme/shop') {
      json(response, accepts(authorization.replace('token ', '')) ? 200 : 401, { default_branch: 'main' });
    } else json(response, 404, { message: 'Not Found' });
  });
}

const asApp = { auth: { kind: 'app', appId: 77, privateKey: keys.privateKey } } as const;

describe('the GitHub client', () => {
  it('says who it is and authenticates with the token', async () => {
    const server = await serve((_, response) => json(response, 200, { default_branch: 'main' }));
    const { data } = await client(server).forRepository('acme/shop').rest.repos.get(REPO);
    expect(data.default_branch).toBe('main');
    expect(server.requests[0]?.headers).toMatchObject({
      'user-agent': expect.stringMatching(/^healer\/1\.2\.3 /),
      authorization: 'token t0ken',
    });
  });

  it('works under a path, as GitHub Enterprise does', async () => {
    const server = await serve((_, response) => json(response, 200, {}));
    const github = client(server, { baseUrl: `${server.url}/api/v3/` });
    await github.forRepository('acme/shop').rest.repos.get(REPO);
    expect(server.requests[0]?.line).toBe('GET /api/v3/repos/acme/shop');
  });

  it('reports the rate limit of every answer', async () => {
    const seen: RateLimit[] = [];
    const headers = { 'x-ratelimit-remaining': '41', 'x-ratelimit-limit': '5000', 'x-ratelimit-reset': '1700000000' };
    const server = await serve((_, response) => json(response, 404, {}, headers));
    const github = client(server, { onRateLimit: (limit) => seen.push(limit) });
    await expect(github.forRepository('acme/shop').rest.repos.get(REPO)).rejects.toMatchObject({ status: 404 });
    expect(seen).toEqual([{ remaining: 41, limit: 5000, resetAt: 1_700_000_000_000, resource: 'core' }]);
  });

  it('tries a read again when GitHub stumbles, and a POST never', async () => {
    let count = 0;
    const server = await serve((_, response) => json(response, ++count < 3 ? 502 : 200, {}));
    const octokit = client(server).forRepository('acme/shop');
    await octokit.rest.repos.get(REPO);
    expect(count).toBe(3);
    count = 0;
    const comment = octokit.rest.issues.createComment({ ...REPO, issue_number: 1, body: 'x' });
    await expect(comment).rejects.toMatchObject({ status: 502 });
    expect(count).toBe(1);
  });

  it('does not wait for a rate limit that lasts', async () => {
    const message = 'You have exceeded a secondary rate limit';
    const server = await serve((_, response) => json(response, 403, { message }, { 'retry-after': '120' }));
    await expect(client(server).forRepository('acme/shop').rest.repos.get(REPO)).rejects.toMatchObject({ status: 403 });
    expect(server.requests).toHaveLength(1);
  });

  it('waits for a rate limit that ends soon, once', async () => {
    let count = 0;
    const message = 'You have exceeded a secondary rate limit';
    const server = await serve((_, response) => {
      count += 1;
      if (count === 1) json(response, 403, { message }, { 'retry-after': '2' });
      else json(response, 200, { default_branch: 'main' });
    });
    const octokit = client(server).forRepository('acme/shop');
    expect((await octokit.rest.repos.get(REPO)).data.default_branch).toBe('main');
    expect(count).toBe(2);
    const always = await serve((_, response) => json(response, 429, { message }, { 'retry-after': '2' }));
    const again = client(always).forRepository('acme/shop').rest.repos.get(REPO);
    await expect(again).rejects.toMatchObject({ status: 429 });
    expect(always.requests).toHaveLength(2);
  });

  it('asks ten things at once of a repository, and no more', async () => {
    let most = 0;
    const held: (() => void)[] = [];
    const server = await serve((_, response) => {
      held.push(() => json(response, 200, {}));
      most = Math.max(most, held.length);
      // Nothing is answered before ten were asked, and an eleventh has had a moment to come.
      if (held.length !== 10) return;
      setTimeout(() => {
        for (const answer of held.splice(0)) answer();
      }, 50);
    });
    const octokit = client(server).forRepository('acme/shop');
    await Promise.all(Array.from({ length: 40 }, () => octokit.rest.repos.get(REPO)));
    expect(server.requests).toHaveLength(40);
    expect(most).toBe(10);
  });

  it('follows a renamed repository on its own host, and no redirect to another', async () => {
    const other = await serve((_, response) => json(response, 200, {}));
    const server = await serve((request, response) => {
      if (request.url === '/repos/acme/old') json(response, 301, {}, { location: '/repositories/1' });
      else if (request.url === '/repos/acme/bad') json(response, 302, {}, { location: `${other.url}/steal` });
      else json(response, 200, { default_branch: 'main' });
    });
    const octokit = client(server).forRepository('acme/old');
    expect((await octokit.rest.repos.get({ owner: 'acme', repo: 'old' })).data.default_branch).toBe('main');
    await expect(octokit.rest.repos.get({ owner: 'acme', repo: 'bad' })).rejects.toMatchObject({ status: 421 });
    expect(other.requests).toEqual([]);
  });

  it('sends nothing to an address that an answer names on another host', async () => {
    const other = await serve((_, response) => json(response, 200, {}));
    const server = await serve((_, response) => json(response, 200, {}));
    const octokit = client(server).forRepository('acme/shop');
    await expect(octokit.request(`GET ${other.url}/next`)).rejects.toMatchObject({ status: 421 });
    expect(other.requests).toEqual([]);
  });

  it('gives up on an answer that does not come', async () => {
    const server = await serve(() => {});
    // Counted where they begin: on a busy machine the time of a request may be over before it reaches the server.
    let asked = 0;
    const counting: typeof fetch = (input, init) => {
      asked += 1;
      return fetch(input, init);
    };
    const github = client(server, { timeoutMs: 20, fetch: counting });
    await expect(github.forRepository('acme/shop').rest.repos.get(REPO)).rejects.toThrow();
    expect(asked).toBe(3);
  });

  it('stops at once when the caller does', async () => {
    const server = await serve(() => {});
    const abort = new AbortController();
    const octokit = client(server).forRepository('acme/shop');
    const asked = octokit.rest.repos.get({ ...REPO, request: { signal: abort.signal } });
    abort.abort();
    await expect(asked).rejects.toThrow(/abort/i);
    expect(server.requests.length).toBeLessThanOrEqual(1);
  });

  it('lets a hook see and answer requests', async () => {
    const asked: string[] = [];
    const github = createGitHub({
      auth: { kind: 'none' },
      version: '0',
      fetch: async (input) => {
        asked.push(String(input));
        return new Response('{"default_branch":"x"}', { headers: { 'content-type': 'application/json' } });
      },
    });
    await github.forRepository('acme/shop').rest.repos.get(REPO);
    expect(asked).toEqual(['https://api.github.com/repos/acme/shop']);
    expect(await github.app()).toBe(null);
  });
});

describe('the GitHub client of an App', () => {
  it('takes one token per repository and keeps it', async () => {
    const server = await appServer((token) => token === 'ghs_1');
    const github = client(server, asApp);
    await Promise.all([1, 2, 3].map(() => github.forRepository('acme/shop').rest.repos.get(REPO)));
    await github.forRepository('ACME/shop').rest.repos.get(REPO);
    expect(server.requests.filter(({ line }) => line.endsWith('/access_tokens'))).toHaveLength(1);
  });

  it('replaces a token that is refused, once', async () => {
    const server = await appServer((token) => token === 'ghs_2');
    const github = client(server, asApp);
    expect((await github.forRepository('acme/shop').rest.repos.get(REPO)).data.default_branch).toBe('main');
    const never = client(await appServer(() => false), asApp);
    await expect(never.forRepository('acme/shop').rest.repos.get(REPO)).rejects.toMatchObject({ status: 401 });
  });

  it('knows who it is', async () => {
    const server = await appServer();
    const github = client(server, asApp);
    expect(await github.app()).toEqual({ id: 77, slug: 'healer' });
    await github.app();
    expect(server.requests.filter(({ line }) => line === 'GET /app')).toHaveLength(1);
  });

  it('makes a short-lived token of its own for an agent, with no more rights than asked for', async () => {
    const bodies: unknown[] = [];
    const server = await serve((request, response) => {
      if (request.method === 'GET') return json(response, 200, { id: 5 });
      let text = '';
      request.on('data', (chunk) => {
        text += chunk;
      });
      request.on('end', () => {
        bodies.push(JSON.parse(text));
        json(response, 201, { token: 'ghs_agent', expires_at: '2030-01-01T00:00:00Z', permissions: {} });
      });
    });
    const token = await client(server, asApp).agentToken('acme/shop', { contents: 'write' });
    expect(token).toEqual({ token: 'ghs_agent', expiresAt: Date.parse('2030-01-01T00:00:00Z') });
    expect(bodies).toEqual([{ repositories: ['shop'], permissions: { contents: 'write' } }]);
    expect(await client(server).agentToken('acme/shop', {})).toEqual({ token: 't0ken', expiresAt: null });
    expect(await client(server, { auth: { kind: 'none' } }).agentToken('acme/shop', {})).toBe(null);
  });

  it('says what to do when it is not installed', async () => {
    const github = client(await appServer(), asApp);
    const asked = github.forRepository('acme/other').rest.repos.get({ owner: 'acme', repo: 'other' });
    await expect(asked).rejects.toThrow('The GitHub App is not installed on acme/other');
  });
});

describe('errors of GitHub', () => {
  const failed = (status: number, headers: Record<string, string> = {}) =>
    Object.assign(new Error('no'), { status, response: { headers } });

  it.each([
    [failed(500), RetryableError, null],
    [failed(429, { 'retry-after': '3' }), RetryableError, 3_000],
    [failed(403, { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': '11' }), RetryableError, 10_000],
    [Object.assign(new Error('time-out'), { status: 500 }), RetryableError, null],
    [failed(403), PermanentError, undefined],
    [failed(404), PermanentError, undefined],
    [failed(422), PermanentError, undefined],
  ])('say whether trying again helps: %#', (error, type, wait) => {
    const made = githubError(error, 'read the weather', 1_000);
    expect(made).toBeInstanceOf(type);
    expect(made.message).toContain('GitHub could not read the weather');
    if (made instanceof RetryableError) expect(made.retryAfterMs).toBe(wait);
  });

  it('refuse what is no repository', () => {
    expect(splitRepository('acme/shop.js')).toEqual({ owner: 'acme', repo: 'shop.js' });
    for (const bad of ['acme', 'acme/', '/shop', 'a/b/c', 'acme/..', 'acme/sh op', '../x']) {
      expect(() => splitRepository(bad)).toThrow(PermanentError);
    }
  });
});
