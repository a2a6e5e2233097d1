import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { reason } from '../../src/model/reason.ts';
import type { Store } from '../../src/store/open.ts';
import { isPaused, readPauses } from '../../src/store/pauses.ts';
import { expectAsDocumented, type Harness, startApi } from './api-client.ts';
import {
  accepted,
  addDelivery,
  addSeed,
  MINUTE,
  makeAttempt,
  makeBrief,
  makeRemediation,
  NOW,
  openSeeded,
  ulid,
} from './seed.ts';

let store: Store;
let api: Harness;

beforeEach(async () => {
  store = await openSeeded();
  api = await startApi(store);
});
afterEach(async () => {
  await api.app.close();
  await store.close();
});

/** Asks, and holds every answer against the OpenAPI document. `path` is the document's template of `url`. */
async function ask(
  method: 'GET' | 'POST',
  path: string,
  url: string,
  payload?: object,
  headers: Record<string, string> = {},
) {
  const answer = await api.app.inject({ method, url, headers, ...(payload === undefined ? {} : { payload }) });
  expectAsDocumented(api.app, method, path, answer);
  return { status: answer.statusCode, body: answer.json(), headers: answer.headers };
}

const list = (query = '') => ask('GET', '/api/remediations', `/api/remediations${query}`);

async function addMany(count: number): Promise<void> {
  for (let n = 1; n <= count; n += 1) {
    await addSeed(store, {
      remediation: makeRemediation({ id: ulid(n), taskId: `ci-${n}`, branch: `branch-${n}`, subjectKey: `ci:${n}` }),
    });
  }
}

describe('GET /api/remediations', () => {
  it('lists the newest first with what people ask about', async () => {
    await addMany(2);
    const { status, body } = await list();
    expect(status).toBe(200);
    expect(body.next_cursor).toBeNull();
    expect(body.remediations.map((entry: { task_id: string }) => entry.task_id)).toEqual(['ci-2', 'ci-1']);
    expect(body.remediations[0]).toMatchObject({
      phase: 'received',
      live: true,
      agent: 'rex',
      failure_type: 'rust_clippy',
      repository: 'acme/shop',
      pull_request: 482,
      created_at: '2026-03-14T09:05:00.000Z',
      status_url: `/api/remediations/${ulid(2)}`,
    });
  });

  it('goes through all pages by cursor, each remediation once', async () => {
    await addMany(7);
    const seen: string[] = [];
    let cursor: string | null = '';
    while (cursor !== null) {
      const { body }: Awaited<ReturnType<typeof list>> = await list(
        `?limit=3${cursor === '' ? '' : `&cursor=${cursor}`}`,
      );
      seen.push(...body.remediations.map((entry: { task_id: string }) => entry.task_id));
      cursor = body.next_cursor;
    }
    expect(seen).toEqual(['ci-7', 'ci-6', 'ci-5', 'ci-4', 'ci-3', 'ci-2', 'ci-1']);
  });

  it('has no next page when the last one is exactly full', async () => {
    await addMany(3);
    expect((await list('?limit=3')).body.next_cursor).toBeNull();
  });

  it.each([
    ['phase=working', ['ci-b']],
    ['phase=live', ['ci-b', 'ci-a']],
    ['repo=acme/api', ['ci-c']],
    ['branch=main', ['ci-c']],
    ['agent=bolt', ['ci-c']],
    ['failure_type=docker_build', ['ci-c']],
    ['since=2026-03-14T09:00:00Z', ['ci-b', 'ci-a']],
    ['repo=acme/shop&phase=received', ['ci-a']],
  ])('filters by %s', async (query, expected) => {
    await addSeed(store, { remediation: makeRemediation({ taskId: 'ci-a' }) });
    await addSeed(store, {
      remediation: makeRemediation({ id: ulid(2), taskId: 'ci-b', phase: 'working', branch: 'b' }),
    });
    const other = { repository: 'acme/api', branch: 'main', agent: 'bolt', failureType: 'docker_build' } as const;
    await addSeed(store, {
      remediation: makeRemediation({
        id: ulid(3),
        taskId: 'ci-c',
        phase: 'cancelled',
        ...other,
        createdAt: NOW - 60 * MINUTE,
      }),
    });
    const { body } = await list(`?${query}`);
    expect(body.remediations.map((entry: { task_id: string }) => entry.task_id)).toEqual(expected);
  });

  it.each([
    ['phase=broken', 'phase'],
    ['limit=0', 'limit'],
    ['limit=many', 'limit'],
    ['since=yesterday', 'since'],
    ['cursor=%27--', 'cursor'],
    ['failure_type=rust', 'failure_type'],
  ])('refuses %s and says where', async (query, path) => {
    const { status, body } = await list(`?${query}`);
    expect(status).toBe(400);
    expect(body).toMatchObject({ status: 400, title: 'Bad Request' });
    expect(body.errors[0].path).toBe(path);
  });

  it('refuses a filter that does not exist instead of ignoring it', async () => {
    const { status, body } = await list('?repository=acme/shop');
    expect(status).toBe(400);
    expect(body.detail).toContain('repository');
  });
});

describe('GET /api/remediations/:id', () => {
  it('tells attempts, timeline, evidence and prompt', async () => {
    const report = {
      status: 'fixed' as const,
      summary: 'Borrow removed',
      commitSha: 'abc123',
      pullRequestUrl: null,
      usage: null,
    };
    await addSeed(store, {
      remediation: makeRemediation({ phase: 'verifying', spawned: 1, attempts: [makeAttempt({ report })] }),
      timeline: [{ at: NOW - MINUTE, phase: 'received', event: 'opened', message: 'Opened.' }],
      briefs: [makeBrief()],
    });
    const { status, body } = await ask('GET', '/api/remediations/{id}', `/api/remediations/${ulid(1)}`);
    expect(status).toBe(200);
    expect(body.attempts[0]).toMatchObject({
      number: 1,
      outcome: null,
      report: { status: 'fixed', commit_sha: 'abc123' },
    });
    expect(body.timeline).toEqual([
      { at: '2026-03-14T09:29:00.000Z', phase: 'received', event: 'opened', message: 'Opened.' },
    ]);
    expect(body.evidence.classification.evidence[0]).toMatchObject({ line: 812, rule: 'rust-clippy' });
    expect(body.evidence.findings.map((finding: { status: string }) => finding.status)).toEqual([
      'found',
      'found',
      'timed_out',
    ]);
    expect(body.prompt).toContain('You are Rex');
    expect(body.failed_checks[0].failed_steps).toEqual(['cargo clippy']);
  });

  it('is found by task id too, and before any evidence is there', async () => {
    await addSeed(store, { remediation: makeRemediation() });
    const { status, body } = await ask('GET', '/api/remediations/{id}', '/api/remediations/ci-16204417720');
    expect(status).toBe(200);
    expect(body).toMatchObject({ evidence: null, prompt: null, attempts: [] });
  });

  it('answers 404 for one that does not exist', async () => {
    const { status, body } = await ask('GET', '/api/remediations/{id}', '/api/remediations/ci-1');
    expect(status).toBe(404);
    expect(body.detail).toContain('ci-1');
  });
});

describe('GET /api/status', () => {
  it('tells the service in one look', async () => {
    await addSeed(store, { remediation: makeRemediation({ phase: 'working' }) });
    const ended = { phase: 'succeeded' as const, createdAt: NOW - 20 * MINUTE, endedAt: NOW - 10 * MINUTE };
    await addSeed(store, { remediation: makeRemediation({ id: ulid(2), taskId: 'ci-2', ...ended }) });
    await addDelivery(store, { n: 1 });
    await addDelivery(store, { n: 2, disposition: null });
    api.checks = [{ name: 'github', ok: false, detail: 'no credentials' }];
    const { body } = await ask('GET', '/api/status', '/api/status');
    expect(body).toMatchObject({
      version: '0.1.0',
      mode: 'live',
      engine: 'local',
      ready: false,
      failing: ['github'],
      pauses: [],
      live: { working: 1 },
      last_seven_days: { opened: 2, succeeded: 1, escalated: 0, median_time_to_fix_seconds: 600 },
      deliveries_last_day: { new_failure: 1 },
      oldest_undecided_seconds: 120,
    });
  });

  it('tells where one task stands', async () => {
    const why = reason('attempts_spent', 'Three attempts did not help.');
    await addSeed(store, { remediation: makeRemediation({ phase: 'escalated', reason: why, endedAt: NOW }) });
    const { body } = await ask('GET', '/api/status/{task_id}', '/api/status/ci-16204417720');
    expect(body).toMatchObject({
      phase: 'escalated',
      live: false,
      reason: { code: 'attempts_spent', detail: 'Three attempts did not help.' },
    });
    expect(body.reason.sentence).toContain('without a green result');
  });
});

describe('GET /api/deliveries', () => {
  it('says what became of one and why, by Healer’s id and by the sender’s', async () => {
    await addSeed(store, { remediation: makeRemediation() });
    const id = await addDelivery(store, { n: 1, externalId: 'd-guid', disposition: accepted(ulid(1)) });
    const byOwn = await ask('GET', '/api/deliveries/{id}', `/api/deliveries/${id}`);
    const bySender = await ask('GET', '/api/deliveries/{id}', '/api/deliveries/d-guid');
    expect(byOwn.body).toEqual(bySender.body);
    expect(byOwn.body).toMatchObject({
      event: 'workflow_job',
      state: 'decided',
      status: 'accepted',
      dedup_status: 'new',
      reason: { code: 'new_failure', sentence: 'The failure was not known, so a remediation was opened.' },
      task_id: 'ci-16204417720',
      status_url: `/api/remediations/${ulid(1)}`,
    });
  });

  it('does not give out the body', async () => {
    const id = await addDelivery(store, { n: 1 });
    expect((await ask('GET', '/api/deliveries/{id}', `/api/deliveries/${id}`)).body).not.toHaveProperty('body');
  });

  it('says that deciding failed for one that is kept but not decided', async () => {
    const id = await addDelivery(store, { n: 1, disposition: null });
    const { body } = await ask('GET', '/api/deliveries/{id}', `/api/deliveries/${id}`);
    expect(body).toMatchObject({ state: 'stored', status: null, failures: 1, reason: { code: 'decision_failed' } });
  });

  it('lists by status and reason with a cursor', async () => {
    const ignored = { status: 'ignored' as const, dedupStatus: 'skipped' as const, remediationId: null };
    await addDelivery(store, { n: 1, disposition: { ...ignored, reason: reason('unknown_event') } });
    await addDelivery(store, { n: 2, disposition: { ...ignored, reason: reason('not_a_failure') } });
    await addDelivery(store, { n: 3 });
    await addDelivery(store, { n: 4, disposition: null });
    const reasons = async (query: string) =>
      (await ask('GET', '/api/deliveries', `/api/deliveries?${query}`)).body.deliveries.map(
        (entry: { reason: { code: string } }) => entry.reason.code,
      );
    expect(await reasons('')).toEqual(['unknown_event', 'not_a_failure', 'new_failure', 'decision_failed']);
    expect(await reasons('status=ignored')).toEqual(['unknown_event', 'not_a_failure']);
    expect(await reasons('status=stored')).toEqual(['decision_failed']);
    expect(await reasons('reason=new_failure')).toEqual(['new_failure']);
    const first = await ask('GET', '/api/deliveries', '/api/deliveries?limit=3');
    expect(await reasons(`limit=3&cursor=${first.body.next_cursor}`)).toEqual(['decision_failed']);
  });

  it('answers 404 with a hint for one that never came', async () => {
    const { status, body } = await ask('GET', '/api/deliveries/{id}', '/api/deliveries/nope');
    expect(status).toBe(404);
    expect(body.detail).toContain('never arrived');
  });
});

describe('POST /api/remediations/:id/…', () => {
  const post = (verb: string, payload?: object, headers?: Record<string, string>, id = ulid(1)) =>
    ask('POST', `/api/remediations/{id}/${verb}`, `/api/remediations/${id}/${verb}`, payload, headers);

  beforeEach(async () => {
    const remediation = makeRemediation({ phase: 'awaiting_approval' });
    await addSeed(store, { remediation });
    api.answer = async () => ({ kind: 'done', remediation: { ...remediation, phase: 'gathering' } });
  });

  it('retries with guidance and echoes what took effect', async () => {
    const { status, body } = await post('retry', { guidance: ' use reqwest ', by: 'ada' });
    expect(status).toBe(200);
    expect(body).toMatchObject({ command: 'retry', by: 'ada', guidance: 'use reqwest', mode: 'append' });
    expect(body.remediation.phase).toBe('gathering');
    expect(api.commands).toEqual([
      {
        id: ulid(1),
        command: {
          kind: 'person_commanded',
          verb: 'retry',
          by: 'ada',
          guidance: { text: 'use reqwest', mode: 'append', by: 'ada' },
        },
      },
    ]);
  });

  it('takes a retry without a body and a task id for an id', async () => {
    const { status } = await post('retry', undefined, {}, 'ci-16204417720');
    expect(status).toBe(200);
    expect(api.commands[0]).toMatchObject({ id: ulid(1), command: { verb: 'retry', guidance: null } });
  });

  it.each(['cancel', 'approve'])('passes %s on', async (verb) => {
    expect((await post(verb, { by: 'ada' })).status).toBe(200);
    expect(api.commands[0]?.command).toEqual({ kind: 'person_commanded', verb, by: 'ada' });
  });

  it('says why a command was refused', async () => {
    api.answer = async () => ({ kind: 'refused', detail: 'It has ended as succeeded.' });
    const { status, body } = await post('cancel');
    expect(status).toBe(409);
    expect(body.detail).toBe('It has ended as succeeded.');
  });

  it.each([
    ['retry', { mode: 'replace' }, 'mode'],
    ['retry', { guidance: '' }, 'guidance'],
    ['retry', { guidance: 'x'.repeat(8_001) }, 'guidance'],
    ['retry', { guidance: 'a', mode: 'prepend' }, 'mode'],
    ['cancel', { by: 'x'.repeat(101) }, 'by'],
    ['approve', { reason: 'fine' }, ''],
  ])('refuses %s with %j', async (verb, payload, path) => {
    const { status, body } = await post(verb, payload);
    expect(status).toBe(400);
    expect(body.errors[0].path).toBe(path);
    expect(api.commands).toEqual([]);
  });

  it('answers 404 for a remediation that does not exist', async () => {
    expect((await post('cancel', {}, {}, 'ci-9')).status).toBe(404);
    expect(api.commands).toEqual([]);
  });

  it('refuses a token that may only read', async () => {
    expect((await post('cancel', {}, { authorization: 'Bearer read' })).status).toBe(403);
    expect(api.commands).toEqual([]);
  });

  it.each([{ 'sec-fetch-site': 'cross-site' }, { 'sec-fetch-site': 'same-site' }, { origin: 'https://evil.example' }])(
    'refuses a request that a browser sends for another web site (%j)',
    async (headers) => {
      expect((await post('cancel', undefined, headers as Record<string, string>)).status).toBe(403);
      expect(api.commands).toEqual([]);
    },
  );

  it('takes a request that a browser sends for Healer’s own pages', async () => {
    const own = { 'sec-fetch-site': 'same-origin', origin: 'http://localhost:80', host: 'localhost:80' };
    expect((await post('cancel', undefined, own)).status).toBe(200);
  });
});

describe('POST /api/pause and /api/resume', () => {
  const turn = (verb: 'pause' | 'resume', payload?: object) => ask('POST', `/api/${verb}`, `/api/${verb}`, payload);

  it('stops and starts spending everywhere', async () => {
    const paused = await turn('pause', { by: 'ada' });
    expect(paused.body.pauses).toEqual([{ repository: null, by: 'ada', since: '2026-03-14T09:30:00.000Z' }]);
    expect(await isPaused(store.db, 'acme/shop')).toBe(true);
    expect((await turn('resume')).body.pauses).toEqual([]);
    expect(await isPaused(store.db, 'acme/shop')).toBe(false);
    expect(api.pausesChanged).toBe(2);
  });

  it('stops one repository, whatever the case of its name', async () => {
    await turn('pause', { repository: 'Acme/Shop' });
    expect(await isPaused(store.db, 'acme/shop')).toBe(true);
    expect(await isPaused(store.db, 'acme/api')).toBe(false);
    expect(await readPauses(store.db)).toMatchObject([{ repository: 'acme/shop' }]);
  });

  it('refuses what is not a repository’s name', async () => {
    const { status, body } = await turn('pause', { repository: 'shop' });
    expect(status).toBe(400);
    expect(body.errors[0].path).toBe('repository');
  });
});

describe('credentials', () => {
  it.each(['/api/status', '/api/remediations', '/api/deliveries'])('refuse %s with an unknown token', async (url) => {
    expect((await ask('GET', url, url, undefined, { authorization: 'Bearer wrong' })).status).toBe(401);
  });

  it.each(['/health', '/ready', '/metrics', '/openapi.json'])('are not needed for %s', async (url) => {
    const answer = await api.app.inject({ url, headers: { authorization: 'Bearer wrong' } });
    expect(answer.statusCode).toBe(200);
  });
});

describe('probes', () => {
  it('is alive even when nothing around it works', async () => {
    await store.close();
    expect((await ask('GET', '/health', '/health')).body).toEqual({ status: 'ok' });
    store = await openSeeded();
  });

  it('is not ready with the names of the failing checks', async () => {
    api.checks = [
      { name: 'store', ok: true, detail: 'writable' },
      { name: 'engine', ok: false, detail: 'secret detail' },
    ];
    const { status, body } = await ask('GET', '/ready', '/ready');
    expect(status).toBe(503);
    expect(body).toEqual({ status: 'not_ready', failing: ['engine'] });
  });

  it('gives Prometheus its text', async () => {
    const answer = await api.app.inject({ url: '/metrics' });
    expectAsDocumented(api.app, 'GET', '/metrics', answer);
    expect(answer.body).toContain('healer_build_info{version="0.1.0"');
  });
});

describe('errors', () => {
  it('do not tell outsiders what went wrong inside', async () => {
    api.answer = async () => {
      throw new Error('password of the database');
    };
    await addSeed(store, { remediation: makeRemediation() });
    const answer = await api.app.inject({ method: 'POST', url: `/api/remediations/${ulid(1)}/cancel` });
    expect(answer.statusCode).toBe(500);
    expect(answer.headers['content-type']).toContain('application/problem+json');
    expect(answer.body).not.toContain('password');
  });

  it('say that a body is not JSON', async () => {
    const headers = { 'content-type': 'application/json' };
    const answer = await api.app.inject({ method: 'POST', url: '/api/pause', payload: '{', headers });
    expect(answer.statusCode).toBe(400);
    expect(answer.json()).toMatchObject({ status: 400, title: 'Bad Request' });
  });
});

describe('GET /openapi.json', () => {
  it('is an OpenAPI 3.1 document with every route of the plugin', async () => {
    const document = (await api.app.inject({ url: '/openapi.json' })).json();
    expect(document.openapi).toBe('3.1.0');
    expect(Object.keys(document.paths).toSorted()).toEqual([
      '/api/coderuns',
      '/api/coderuns/{name}',
      '/api/coderuns/{name}/cancel',
      '/api/coderuns/{name}/retry',
      '/api/deliveries',
      '/api/deliveries/{id}',
      '/api/events',
      '/api/insights',
      '/api/pause',
      '/api/remediations',
      '/api/remediations/{id}',
      '/api/remediations/{id}/approve',
      '/api/remediations/{id}/cancel',
      '/api/remediations/{id}/retry',
      '/api/resume',
      '/api/status',
      '/api/status/{task_id}',
      '/health',
      '/metrics',
      '/ready',
    ]);
  });

  it('says which parameters and bodies are taken, and that they may be left out', async () => {
    const { paths } = (await api.app.inject({ url: '/openapi.json' })).json();
    const names = paths['/api/remediations'].get.parameters.map((entry: { name: string }) => entry.name);
    expect(names).toEqual(['phase', 'repo', 'branch', 'agent', 'failure_type', 'since', 'q', 'limit', 'cursor']);
    expect(paths['/api/remediations'].get.parameters.some((entry: { required?: boolean }) => entry.required)).toBe(
      false,
    );
    const body = paths['/api/remediations/{id}/retry'].post.requestBody.content['application/json'].schema;
    expect(Object.keys(body.properties)).toEqual(['by', 'guidance', 'mode']);
    expect(body.required ?? []).toEqual([]);
  });
});
