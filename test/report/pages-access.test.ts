import { type FastifyInstance, type FastifyRequest, fastify } from 'fastify';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ProblemError } from '../../src/lib/problem.ts';
import { apiRoutes, type Command, type CommandResult } from '../../src/report/api.ts';
import { createSessions, SESSION_MS } from '../../src/report/pages/session.ts';
import { pageRoutes } from '../../src/report/pages.ts';
import type { Store } from '../../src/store/open.ts';
import { readPauses } from '../../src/store/pauses.ts';
import { makeDeps } from './api-client.ts';
import { lentWith } from './lent.ts';
import { addSeed, makeRemediation, NOW, openSeeded, ulid } from './seed.ts';

const WRITE = 'a token that may act';
const READ = 'a token that may read';
const PAGE = { accept: 'text/html' };

let store: Store;
let app: FastifyInstance;
let commands: { id: string; command: Command }[];
let answer: ((id: string, command: Command) => Promise<CommandResult>) | null;

async function start(tokens: { write: readonly string[]; read: readonly string[] }): Promise<FastifyInstance> {
  const made = fastify({ trustProxy: false });
  const open = tokens.write.length + tokens.read.length === 0;
  const need = (allowed: readonly string[]) => async (request: FastifyRequest) => {
    const token = request.headers.authorization?.replace(/^Bearer /, '');
    if (!open && !allowed.includes(token ?? '')) throw new ProblemError(401, 'A token is needed.');
  };
  const deps = {
    ...makeDeps(store, {
      commands,
      checks: [],
      answer: async (id, command) => (answer ?? refuse)(id, command),
      pausesChanged: 0,
    }),
    ...lentWith('text'),
    tokens,
    authorizeRead: need([...tokens.write, ...tokens.read]),
    authorizeWrite: need(tokens.write),
  };
  await made.register(apiRoutes, deps);
  await made.register(async (site) => site.register(pageRoutes, deps));
  await made.ready();
  return made;
}

const refuse = async (): Promise<CommandResult> => ({ kind: 'refused', detail: 'It has ended as succeeded.' });

beforeEach(async () => {
  store = await openSeeded();
  await addSeed(store, { remediation: makeRemediation() });
  commands = [];
  answer = null;
  app = await start({ write: [WRITE], read: [READ] });
});
afterEach(async () => {
  await app.close();
  await store.close();
});

interface Browser {
  readonly cookies: Map<string, string>;
  get(url: string, headers?: Record<string, string>): ReturnType<typeof send>;
  /** Fills in the form of `page` that is posted to `url`, with the token that stands in it. */
  post(
    page: string,
    url: string,
    fields?: Record<string, string>,
    headers?: Record<string, string>,
  ): ReturnType<typeof send>;
}

async function send(
  browser: Map<string, string>,
  options: { method: 'GET' | 'POST'; url: string; headers: Record<string, string>; payload?: string },
) {
  const cookie = [...browser].map(([name, value]) => `${name}=${value}`).join('; ');
  const headers = { ...PAGE, ...(cookie === '' ? {} : { cookie }), ...options.headers };
  const reply = await app.inject({ ...options, headers });
  for (const line of [reply.headers['set-cookie'] ?? []].flat()) {
    const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
    if (value === '') browser.delete(name);
    else browser.set(name, value);
  }
  return {
    status: reply.statusCode,
    headers: reply.headers,
    text: reply.body,
    to: String(reply.headers['location'] ?? ''),
  };
}

function open(): Browser {
  const cookies = new Map<string, string>();
  const get: Browser['get'] = (url, headers = {}) => send(cookies, { method: 'GET', url, headers });
  return {
    cookies,
    get,
    post: async (page, url, fields = {}, headers = {}) => {
      const token = /name="form_token" value="([\w-]{43})"/.exec((await get(page)).text)?.[1] ?? '';
      return send(cookies, {
        method: 'POST',
        url,
        headers: { 'content-type': 'application/x-www-form-urlencoded', 'sec-fetch-site': 'same-origin', ...headers },
        payload: new URLSearchParams({ form_token: token, ...fields }).toString(),
      });
    },
  };
}

async function signedIn(token: string, more: Record<string, string> = {}): Promise<Browser> {
  const browser = open();
  expect((await browser.post('/sign-in', '/sign-in', { token, ...more })).status).toBe(303);
  return browser;
}

const REMEDIATION = `/remediations/${ulid(1)}`;

describe('signing in', () => {
  it('sends people to the form and from there to where they were going', async () => {
    const browser = open();
    const sent = await browser.get('/remediations?phase=live');
    expect([sent.status, sent.to]).toEqual([303, '/sign-in?next=%2Fremediations%3Fphase%3Dlive']);
    const done = await browser.post(sent.to, '/sign-in', { token: READ, next: '/remediations?phase=live' });
    expect([done.status, done.to]).toEqual([303, '/remediations?phase=live']);
    expect((await browser.get(done.to)).status).toBe(200);
  });

  it('keeps a cookie that scripts cannot read and other sites cannot send, and that does not hold the token', async () => {
    const browser = open();
    const { headers } = await browser.post('/sign-in', '/sign-in', { token: WRITE });
    const cookie = [headers['set-cookie'] ?? []].flat().find((line) => line.startsWith('healer_session='));
    expect(cookie).toMatch(/; Path=\/; HttpOnly; SameSite=Strict; Max-Age=43200$/);
    expect(Buffer.from(cookie ?? '', 'base64').toString()).not.toContain(WRITE);
    expect(decodeURIComponent(cookie ?? '')).not.toContain(WRITE);
  });

  it('keeps the cookie to https where the proxy in front says that it is', async () => {
    const browser = open();
    const { headers } = await browser.post('/sign-in', '/sign-in', { token: WRITE }, { 'x-forwarded-proto': 'https' });
    expect(String(headers['set-cookie'])).toMatch(/__Host-healer_session=.*; Secure; /);
    expect((await browser.get('/')).status).toBe(200);
  });

  it.each(['', 'wrong', `${WRITE} `.repeat(2)])('says that a token is not known (%j)', async (token) => {
    const browser = open();
    const { status, text } = await browser.post('/sign-in', '/sign-in', { token });
    expect(status).toBe(401);
    expect(text).toContain('This token is not known.');
    expect(browser.cookies.has('healer_session')).toBe(false);
  });

  it('stops listening to an address that guesses', async () => {
    const browser = open();
    for (let n = 0; n < 10; n += 1) await browser.post('/sign-in', '/sign-in', { token: `guess ${n}` });
    const { status, headers } = await browser.post('/sign-in', '/sign-in', { token: WRITE });
    expect([status, headers['retry-after']]).toEqual([429, '60']);
  });

  it.each(['//evil.example', '/\\evil.example', 'https://evil.example/', 'javascript:alert(1)', '/\t/evil.example'])(
    'sends nobody to another place (%s)',
    async (next) => {
      const { to } = await open().post('/sign-in', '/sign-in', { token: WRITE, next });
      expect(new URL(to, 'http://here.test').origin).toBe('http://here.test');
    },
  );

  it('ends with signing out', async () => {
    const browser = await signedIn(WRITE);
    const kept = browser.cookies.get('healer_session') ?? '';
    expect((await browser.post('/', '/sign-out')).to).toBe('/sign-in');
    expect(browser.cookies.has('healer_session')).toBe(false);
    browser.cookies.set('healer_session', kept);
    expect((await browser.get('/')).status).toBe(303);
  });

  it('lets programs send the token as a password, for reading only', async () => {
    const basic = (token: string) => ({ authorization: `Basic ${Buffer.from(`me:${token}`).toString('base64')}` });
    const plain = await app.inject({ url: '/' });
    expect([plain.statusCode, plain.headers['www-authenticate']]).toEqual([
      401,
      'Basic realm="Healer", charset="UTF-8"',
    ]);
    expect((await open().get('/', basic(READ))).status).toBe(200);
    expect((await open().get('/', basic('wrong'))).status).toBe(401);
    const acted = await open().post('/sign-in', `${REMEDIATION}/cancel`, {}, basic(WRITE));
    expect([acted.status, commands]).toEqual([403, []]);
  });

  it('lets the pages read the stream', async () => {
    const browser = await signedIn(READ);
    expect((await browser.get('/api/events?remediation=none')).status).toBe(404);
    expect((await open().get('/api/events?remediation=none')).status).toBe(401);
  });
});

describe('a session', () => {
  it('is good in another process, ends by itself, and ends with its token', () => {
    let now = NOW;
    const first = createSessions({ write: [WRITE], read: [READ] }, () => now);
    const cookie = first.begin(READ, 'Ada Berg');
    const second = createSessions({ write: ['another'], read: [READ] }, () => now);
    expect(second.read(cookie)).toMatchObject({ level: 'read', token: READ, name: 'Ada Berg' });
    expect(createSessions({ write: [WRITE], read: [] }, () => now).read(cookie)).toBeNull();
    now += SESSION_MS;
    expect(second.read(cookie)).toBeNull();
  });

  it('cannot be altered', () => {
    const sessions = createSessions({ write: [WRITE], read: [READ] }, () => NOW);
    const cookie = sessions.begin(READ, null);
    const [version, until = '', ...rest] = cookie.split('.');
    expect(sessions.read([version, String(Number(until) + 1), ...rest].join('.'))).toBeNull();
    for (const other of ['', 'v1', `${cookie}x`, cookie.replace('v1', 'v2')]) expect(sessions.read(other)).toBeNull();
  });
});

describe('acting', () => {
  const done = async (id: string): Promise<CommandResult> => ({ kind: 'done', remediation: makeRemediation({ id }) });

  it('retries with guidance, in the name that was given at sign-in', async () => {
    answer = done;
    const browser = await signedIn(WRITE, { name: 'Ada' });
    const { status, to } = await browser.post(REMEDIATION, `${REMEDIATION}/retry`, {
      guidance: ' use fetch\r\nnot axios ',
      mode: 'replace',
    });
    expect([status, to]).toEqual([303, `${REMEDIATION}?did=retry`]);
    expect(commands).toEqual([
      {
        id: ulid(1),
        command: {
          kind: 'person_commanded',
          verb: 'retry',
          by: 'Ada',
          guidance: { text: 'use fetch\nnot axios', mode: 'replace', by: 'Ada' },
        },
      },
    ]);
    expect((await browser.get(to)).text).toContain('Asked for. The next attempt is on its way');
  });

  it('retries without words, cancels and approves', async () => {
    answer = done;
    const browser = await signedIn(WRITE);
    await browser.post(REMEDIATION, `${REMEDIATION}/retry`, { guidance: '', mode: 'append' });
    await browser.post(REMEDIATION, `${REMEDIATION}/cancel`);
    await browser.post(REMEDIATION, `${REMEDIATION}/approve`);
    const by = 'the status page';
    expect(commands.map(({ command }) => command)).toEqual([
      { kind: 'person_commanded', verb: 'retry', by, guidance: null },
      { kind: 'person_commanded', verb: 'cancel', by },
      { kind: 'person_commanded', verb: 'approve', by },
    ]);
  });

  it('says what was refused and what is not there', async () => {
    const browser = await signedIn(WRITE);
    const refused = await browser.post(REMEDIATION, `${REMEDIATION}/cancel`);
    expect([refused.status, refused.text.includes('It has ended as succeeded.')]).toEqual([409, true]);
    answer = async () => ({ kind: 'not_found' });
    expect((await browser.post(REMEDIATION, '/remediations/none/cancel')).status).toBe(404);
    const long = await browser.post(REMEDIATION, `${REMEDIATION}/retry`, { guidance: 'x'.repeat(8_001) });
    expect([long.status, long.text.includes('at guidance')]).toEqual([400, true]);
  });

  it('pauses and resumes, everywhere and in one repository', async () => {
    const browser = await signedIn(WRITE);
    await browser.post('/', '/pause');
    await browser.post('/', '/pause', { repository: 'acme/shop' });
    expect((await readPauses(store.db)).map(({ repository, by }) => [repository, by])).toEqual([
      [null, 'the status page'],
      ['acme/shop', 'the status page'],
    ]);
    await browser.post('/', '/resume', { repository: 'acme/shop' });
    expect((await browser.post('/', '/resume')).to).toBe('/?did=resume');
    expect(await readPauses(store.db)).toEqual([]);
    expect((await browser.post('/', '/pause', { repository: 'no name' })).status).toBe(400);
  });

  it('cancels a CodeRun', async () => {
    const browser = await signedIn(WRITE);
    const page = '/coderuns/healer-task-1';
    expect((await browser.post(page, `${page}/cancel`)).to).toBe(`${page}?did=cancel`);
    expect((await browser.post(page, '/coderuns/healer-task-2/cancel')).status).toBe(409);
    expect((await browser.post(page, '/coderuns/none/cancel')).status).toBe(404);
  });

  it.each([
    ['a form without its token', { form_token: '' }, {}],
    ['a token that was made up', { form_token: 'A'.repeat(43) }, {}],
    ['another site, as browsers say', {}, { 'sec-fetch-site': 'cross-site' }],
    ['a neighbouring host', {}, { 'sec-fetch-site': 'same-site' }],
  ])('does not obey %s', async (_name, fields, headers) => {
    answer = done;
    const browser = await signedIn(WRITE);
    const { status } = await browser.post(
      REMEDIATION,
      `${REMEDIATION}/cancel`,
      fields as Record<string, string>,
      headers as Record<string, string>,
    );
    expect([status, commands]).toEqual([403, []]);
  });

  it('does not obey another site that an older browser names', async () => {
    answer = done;
    const browser = await signedIn(WRITE);
    const page = await browser.get(REMEDIATION);
    const token = /name="form_token" value="([\w-]{43})"/.exec(page.text)?.[1] ?? '';
    const reply = await app.inject({
      method: 'POST',
      url: `${REMEDIATION}/cancel`,
      headers: {
        ...PAGE,
        origin: 'https://evil.example',
        cookie: `healer_session=${browser.cookies.get('healer_session')}`,
        'content-type': 'application/x-www-form-urlencoded',
      },
      payload: new URLSearchParams({ form_token: token }).toString(),
    });
    expect([reply.statusCode, commands]).toEqual([403, []]);
  });

  it('takes no form of one session from another', async () => {
    answer = done;
    const [one, two] = [await signedIn(WRITE), await signedIn(WRITE)];
    const token = /name="form_token" value="([\w-]{43})"/.exec((await one.get(REMEDIATION)).text)?.[1] ?? '';
    const { status } = await two.post(REMEDIATION, `${REMEDIATION}/cancel`, { form_token: token });
    expect([status, commands]).toEqual([403, []]);
  });

  it('is not offered to readers, nor obeyed from them', async () => {
    answer = done;
    const browser = await signedIn(READ);
    const { text } = await browser.get(REMEDIATION);
    expect(text).toContain('You are signed in with a token that may only read.');
    expect(text).not.toContain('/cancel"');
    expect((await browser.get('/')).text).not.toContain('Pause everywhere');
    const acted = await browser.post(REMEDIATION, `${REMEDIATION}/cancel`);
    expect([acted.status, commands]).toEqual([403, []]);
  });
});

describe('trying a log', () => {
  it('shows the decision, and keeps what was typed', async () => {
    const browser = await signedIn(READ);
    const { status, text } = await browser.post('/rules', '/rules', {
      log: '<b>bang</b>\r\nend',
      workflow: 'ci',
      job: 'lint',
      changed_files: 'a.rs\r\nb.rs',
    });
    expect(status).toBe(200);
    expect(text).toContain('<strong>Rex</strong> would repair <code>rust_clippy</code>.');
    expect(text).toContain('ci lint a.rs,b.rs &lt;b&gt;bang&lt;/b&gt;\nend');
    expect(text).toContain('>&lt;b&gt;bang&lt;/b&gt;\nend</textarea>');
    expect(text).toContain('line 812');
  });

  it('asks for something to decide about, and comes from here only', async () => {
    const browser = await signedIn(READ);
    expect((await browser.post('/rules', '/rules', { log: ' ' })).text).toContain(
      'Paste a log, or name workflow and job.',
    );
    expect((await browser.post('/rules', '/rules', { log: 'x', form_token: '' })).status).toBe(403);
  });

  it('finds rules by what they look for', async () => {
    const { text } = await (await signedIn(READ)).get('/rules?q=DOCS-');
    expect(text).toContain('<strong>docs</strong>');
    expect(text).not.toContain('<strong>rust-clippy</strong>');
  });
});

describe('without credentials', () => {
  beforeEach(async () => {
    await app.close();
    app = await start({ write: [], read: [] });
  });

  it('needs no sign-in, and still takes forms from its own pages only', async () => {
    answer = async (id) => ({ kind: 'done', remediation: makeRemediation({ id }) });
    const browser = open();
    expect((await browser.get('/')).text).toContain('Pause everywhere');
    expect((await browser.get('/sign-in?next=/rules')).to).toBe('/rules');
    expect((await browser.post(REMEDIATION, `${REMEDIATION}/cancel`)).status).toBe(303);
    expect((await browser.post(REMEDIATION, `${REMEDIATION}/cancel`, { form_token: '' })).status).toBe(403);
    expect(commands).toHaveLength(1);
  });
});

describe('style and script', () => {
  it('hold no secrets and are kept from nobody', async () => {
    const { text } = await open().get('/sign-in');
    for (const [, file = ''] of text.matchAll(/"(\/assets\/[\w.]+\?v=\w+)"/g)) {
      const reply = await app.inject({ url: file });
      expect([reply.statusCode, reply.headers['cache-control']]).toEqual([200, 'public, max-age=31536000, immutable']);
    }
  });
});
