import { createHmac } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { DOORS } from '../../src/intake/doors.ts';
import { Overloaded, StoreUnavailable } from '../../src/intake/problem.ts';
import { sha256 } from '../../src/lib/digest.ts';
import { PermanentError, RetryableError } from '../../src/lib/errors.ts';
import { reason } from '../../src/model/reason.ts';
import { ALERT_GROUP, dependabotAlert, PLAY_FAILURE, review } from './support/alerts.ts';
import { checkRun, comment, pullRequest, workflowJob, workflowRun, wrapped } from './support/bodies.ts';
import { answerFor, NO_CREDENTIALS, NOW, startService } from './support/service.ts';

const CI = '/api/remediate/ci-failure';
const GITHUB = '/api/webhooks/github';
const GUID = '72d3162e-cc78-11e3-81ab-4c9367dc0958';
const from = (event: string, delivery = GUID) => ({ 'x-github-event': event, 'x-github-delivery': delivery });
const without = (body: object, key: string) =>
  Object.fromEntries(Object.entries(body).filter(([name]) => name !== key));

describe('a failure at the door', () => {
  it('is handed on byte for byte with its digest, its time and what it says', async () => {
    const { post, accepted } = startService();
    const raw = `  ${JSON.stringify(workflowJob())}\n`;
    await post(CI, raw, from('workflow_job'));
    expect(accepted).toHaveLength(1);
    expect(accepted[0]?.delivery).toEqual({
      id: 'DEL1',
      origin: 'ci-failure',
      event: 'workflow_job',
      externalId: GUID,
      digest: sha256(raw),
      receivedAt: NOW,
      body: Buffer.from(raw),
    });
    expect(accepted[0]?.meta).toMatchObject({
      ignored: null,
      preferWaitMs: 0,
      signals: [{ kind: 'ci_failed', runId: 9001 }],
    });
  });

  it('is answered as the contract says', async () => {
    const answer = await startService().post(CI, workflowJob());
    expect(answer.statusCode).toBe(202);
    expect(answer.headers['content-type']).toMatch(/^application\/json/);
    expect(answer.json()).toEqual({
      status: 'accepted',
      dedup_status: 'new',
      delivery_id: 'DEL1',
      remediation_id: 'REM1',
      task_id: 'ci-9001',
      agent: 'rex',
      failure_type: 'rust_clippy',
      coderun_name: null,
      reason: { code: 'new_failure', detail: reason('new_failure').detail },
      status_url: '/api/remediations/REM1',
    });
  });

  it.each([
    ['accepted', 'new', 202],
    ['accepted', 'existing', 202],
    ['skipped', 'skipped', 200],
    ['skipped', 'existing', 200],
    ['ignored', 'skipped', 200],
  ] as const)('that is %s (%s) is a %i', async (status, dedupStatus, code) => {
    const disposition = { status, dedupStatus, remediationId: null, reason: reason('same_branch') };
    const { post } = startService({
      accept: async (delivery, meta) => ({ ...answerFor(delivery, meta), disposition }),
    });
    const answer = await post(CI, workflowJob());
    expect(answer.statusCode).toBe(code);
    expect(answer.json()).toMatchObject({ status, dedup_status: dedupStatus, status_url: '/api/deliveries/DEL1' });
  });

  it('of a repository that is not allowed is a 403 that says where it was kept', async () => {
    const why = reason('repository_not_allowed', 'acme/shop is not on the list.');
    const disposition = { status: 'skipped', dedupStatus: 'skipped', remediationId: null, reason: why } as const;
    const { post } = startService({
      accept: async (delivery, meta) => ({ ...answerFor(delivery, meta), disposition }),
    });
    const answer = await post(CI, workflowJob());
    expect(answer.statusCode).toBe(403);
    expect(answer.json()).toMatchObject({
      type: 'urn:healer:problem:repository-not-allowed',
      reason: why,
      delivery_id: 'DEL1',
    });
  });

  it.each([
    ['wait=20', 20_000, 'wait=20'],
    ['wait=300', 30_000, 'wait=30'],
    ['respond-async', 0, undefined],
  ])('with Prefer: %s waits that long', async (prefer, ms, applied) => {
    const { post, accepted } = startService();
    const answer = await post(CI, workflowJob(), { prefer });
    expect(accepted[0]?.meta.preferWaitMs).toBe(ms);
    expect(answer.headers['preference-applied']).toBe(applied);
  });
});

describe('the type of an event', () => {
  it.each([
    [
      'the header, whatever is wrapped',
      wrapped(workflowRun(), 'push'),
      from('workflow_run', 'outer'),
      'workflow_run',
      'outer',
    ],
    ['the wrapped headers', wrapped(workflowRun(), 'workflow_run'), {}, 'workflow_run', GUID],
    ['the wrapped body’s shape', { body: workflowRun(), headers: {} }, {}, 'workflow_run', null],
    ['the wrapped text’s shape', { body: JSON.stringify(checkRun()), headers: {} }, {}, 'check_run', null],
    ['the bare body’s shape', workflowRun(), {}, 'workflow_run', null],
    ['the shape when the header cannot be a name', workflowRun(), from('<b>', '<i>'), 'workflow_run', null],
  ])('comes from %s', async (_, body, headers, event, externalId) => {
    const { post, accepted } = startService();
    expect((await post(CI, body, headers)).statusCode).toBe(202);
    expect(accepted[0]?.delivery).toMatchObject({ event, externalId });
    expect(accepted[0]?.meta.signals).toHaveLength(1);
  });
});

describe('an event that Healer has no use for', () => {
  it.each([
    ['another type', { action: 'created', sender: {} }, from('star'), 'star', /no use for star/],
    ['another type, unnamed', { action: 'created', sender: {} }, {}, null, /none of the events/],
  ])('is kept and ignored: %s', async (_, body, headers, event, detail) => {
    const { post, accepted } = startService();
    const answer = await post(CI, body, headers);
    expect(answer.statusCode).toBe(200);
    expect(answer.json()).toMatchObject({
      status: 'ignored',
      remediation_id: null,
      reason: { code: 'unknown_event', detail: expect.stringMatching(detail) },
      status_url: '/api/deliveries/DEL1',
    });
    expect(accepted[0]?.delivery.event).toBe(event);
  });
});

describe('the doors', () => {
  const ROWS = [
    [CI, workflowJob(), 'workflow_job', 'ci_failed'],
    ['/api/remediate/security-alert', dependabotAlert(), 'dependabot_alert', 'security_raised'],
    ['/api/remediate/review', review(), 'pull_request_review', 'review_requested'],
    ['/api/remediate/command', comment('/healer fix'), 'issue_comment', 'command'],
    ['/api/remediate/play-failure', PLAY_FAILURE, null, 'play_failed'],
    ['/api/alerts/platform', ALERT_GROUP, null, 'platform_alert'],
    ['/api/alerts/workflows', ALERT_GROUP, null, 'platform_alert'],
    [GITHUB, pullRequest('closed'), 'pull_request', 'pull_request_changed'],
  ] as const;

  it('are all in the table below', () => {
    expect(ROWS.map(([path]) => path)).toEqual(DOORS.map(({ path }) => path));
  });

  it.each(ROWS)('%s takes what is meant for it, bare, named and wrapped', async (path, body, event, kind) => {
    const { post, accepted } = startService();
    const named = event === null ? {} : from(event);
    expect((await post(path, body, named)).statusCode).toBe(202);
    expect((await post(path, body)).statusCode).toBe(202);
    expect((await post(path, wrapped(body, event ?? 'none'))).statusCode).toBe(202);
    expect(accepted.map(({ meta }) => meta.signals[0]?.kind)).toEqual([kind, kind, kind]);
  });

  it.each(ROWS)('%s answers a body of no shape with what is wrong', async (path) => {
    const answer = await startService().post(path, { hello: 'world' });
    expect(answer.statusCode).toBe(400);
    expect(answer.json()).toMatchObject({ type: 'urn:healer:problem:wrong-shape' });
    expect(answer.json().errors.length).toBeGreaterThan(0);
  });

  it('for GitHub’s events take them all: one settled at the wrong door would be a duplicate at the right one', async () => {
    const { post, accepted } = startService();
    for (const path of [CI, '/api/remediate/review']) await post(path, comment('/healer fix'), from('issue_comment'));
    expect(accepted.map(({ meta }) => meta.signals[0]?.kind)).toEqual(['command', 'command']);
  });
});

describe('a body that cannot be used', () => {
  const deep = `{"a":${'['.repeat(10_000)}`;
  it.each([
    ['not JSON', '{"action":', 'not-json', [{ path: '', message: 'is not JSON' }]],
    ['empty', '', 'not-json', [{ path: '', message: 'is empty' }]],
    ['nested too deep', deep, 'not-json', [{ path: '', message: 'nests deeper than 200 levels' }]],
    ['not UTF-8', Buffer.from([0x7b, 0xff]), 'not-json', [{ path: '', message: 'is not UTF-8' }]],
    ['a list', '[]', 'wrong-shape', [{ path: '', message: 'must be a JSON object' }]],
    [
      'missing its repository',
      without(workflowJob(), 'repository'),
      'wrong-shape',
      [{ path: 'repository', message: 'is missing' }],
    ],
    [
      'wrapped around a number',
      { body: 5, headers: {} },
      'wrong-shape',
      [{ path: 'body', message: 'must be an object or its JSON text' }],
    ],
  ])('because it is %s is a 400 that says so, and is not kept', async (_, body, kind, errors) => {
    const { post, accepted, refused } = startService();
    const answer = await post(CI, body);
    expect(answer.statusCode).toBe(400);
    expect(answer.headers['content-type']).toBe('application/problem+json; charset=utf-8');
    expect(answer.json()).toMatchObject({ type: `urn:healer:problem:${kind}`, status: 400, errors });
    expect(accepted).toEqual([]);
    expect(refused).toEqual([kind]);
  });

  it('because it is like no event and nobody names it says which events there are', async () => {
    const answer = await startService().post(CI, { hello: 'world' });
    expect(answer.statusCode).toBe(400);
    expect(answer.json().errors[0].message).toMatch(/is none of workflow_job, .* no X-GitHub-Event/);
  });

  it('because it is not the event the header names is a 400', async () => {
    const answer = await startService().post(CI, workflowJob(), from('check_run'));
    expect(answer.json()).toMatchObject({ status: 400, errors: [{ path: 'check_run', message: 'is missing' }] });
  });

  it('with lone surrogates in its texts is taken, and the signal is well-formed', async () => {
    const { post, accepted } = startService();
    const raw = JSON.stringify(workflowJob()).replace('"clippy"', '"clippy \\ud83d"');
    expect((await post(CI, raw)).statusCode).toBe(202);
    expect(accepted[0]?.meta.signals[0]).toMatchObject({ check: { name: 'clippy \ufffd' } });
    expect(Buffer.from(accepted[0]?.delivery.body ?? []).toString()).toBe(raw);
  });
});

describe('a request that cannot be taken', () => {
  it('of 26 MiB is a 413', async () => {
    const { post, accepted } = startService();
    const answer = await post(CI, Buffer.alloc(26 * 1024 * 1024, 0x20));
    expect(answer.json()).toMatchObject({ status: 413, type: 'urn:healer:problem:too-large' });
    expect(accepted).toEqual([]);
  });

  it('of just under 25 MiB is taken', async () => {
    const padding = ' '.repeat(25 * 1024 * 1024 - 10_000);
    expect((await startService().post(CI, JSON.stringify(workflowJob()) + padding)).statusCode).toBe(202);
  });

  it.each(['text/plain', 'application/xml', 'application/jsonp', 'multipart/form-data; boundary=x', 'nonsense', ''])(
    'with content type %j is a 415',
    async (type) => {
      const answer = await startService().post(CI, workflowJob(), { 'content-type': type });
      expect(answer.json()).toMatchObject({ status: 415, type: 'urn:healer:problem:media-type' });
    },
  );

  it.each(['application/json; charset=utf-8', 'Application/JSON', 'application/cloudevents+json'])(
    'is not one with content type %s',
    async (type) => {
      expect((await startService().post(CI, workflowJob(), { 'content-type': type })).statusCode).toBe(202);
    },
  );

  it('that is compressed is a 415 that says how to send it', async () => {
    const answer = await startService().post(CI, workflowJob(), { 'content-encoding': 'gzip' });
    expect(answer.json()).toMatchObject({ status: 415, type: 'urn:healer:problem:content-encoding' });
    expect(answer.headers['accept-encoding']).toBe('identity');
  });

  it('of a web page is a 403 while no credentials are configured', async () => {
    const answer = await startService().post(CI, workflowJob(), { origin: 'https://evil.example' });
    expect(answer.json()).toMatchObject({ status: 403, type: 'urn:healer:problem:browser-request' });
  });

  it('with a form is a 415 without a signature, because a web page can send one unasked', async () => {
    const form = `payload=${encodeURIComponent(JSON.stringify(workflowJob()))}`;
    const type = { 'content-type': 'application/x-www-form-urlencoded' };
    for (const url of [CI, GITHUB]) expect((await startService().post(url, form, type)).statusCode).toBe(415);
  });
});

describe('credentials at the doors', () => {
  const credentials = { webhookSecrets: ['s3cret'], apiTokens: ['token'], readTokens: ['reader'] };
  const sign = (body: string) => ({
    'x-hub-signature-256': `sha256=${createHmac('sha256', 's3cret').update(body).digest('hex')}`,
  });

  it('every door asks for some', async () => {
    const { post, accepted, refused } = startService({ credentials });
    for (const { path } of DOORS) expect((await post(path, workflowJob())).statusCode).toBe(401);
    expect(accepted).toEqual([]);
    expect(refused).toHaveLength(DOORS.length);
  });

  it('a sensor’s token opens its door, and GitHub’s signature opens GitHub’s', async () => {
    const { post, accepted } = startService({ credentials });
    const body = JSON.stringify(workflowJob());
    expect((await post(CI, body, { authorization: 'Bearer token' })).statusCode).toBe(202);
    expect((await post(GITHUB, body, sign(body))).statusCode).toBe(202);
    expect(accepted.map(({ delivery }) => delivery.origin)).toEqual(['ci-failure', 'github']);
  });

  it('one does not do for the other', async () => {
    const { post } = startService({ credentials });
    const body = JSON.stringify(workflowJob());
    expect((await post(GITHUB, body, { authorization: 'Bearer token' })).json().type).toMatch(/signature-missing$/);
    expect((await post(CI, body, sign(body))).json().type).toMatch(/token-missing$/);
    expect((await post(CI, body, { authorization: 'Bearer reader' })).json().type).toMatch(/token-read-only$/);
  });

  it('the signature is checked before a byte is parsed', async () => {
    const { post } = startService({ credentials });
    const answer = await post(GITHUB, '{"not json', sign('something else'));
    expect(answer.json()).toMatchObject({ status: 401, type: 'urn:healer:problem:signature-mismatch' });
  });

  it('a signed form is read like the JSON within it', async () => {
    const { post, accepted } = startService({ credentials });
    const form = `payload=${encodeURIComponent(JSON.stringify(workflowJob()))}`;
    const headers = { 'content-type': 'application/x-www-form-urlencoded', ...sign(form), ...from('workflow_job') };
    expect((await post(GITHUB, form, headers)).statusCode).toBe(202);
    expect(accepted[0]?.meta.signals[0]).toMatchObject({ runId: 9001 });
    expect(accepted[0]?.delivery.digest).toBe(sha256(form));
  });

  it('a refused token is told how to ask', async () => {
    const answer = await startService({ credentials }).post(CI, workflowJob());
    expect(answer.headers['www-authenticate']).toBe('Bearer realm="healer"');
  });

  it('are refused before the body is read, however large it claims to be', async () => {
    const { app } = startService({ credentials });
    const headers = { 'content-type': 'application/json', 'content-length': String(2 ** 40) };
    expect((await app.inject({ method: 'POST', url: CI, headers, payload: 'x' })).statusCode).toBe(401);
  });
});

describe('when accept fails', () => {
  it.each([
    ['too much work', new Overloaded(7), 503, 'overloaded', '7'],
    [
      'the store is away',
      new StoreUnavailable({ cause: new Error('disk full at /var/lib') }),
      503,
      'store-unavailable',
      '10',
    ],
    ['trying again may help', new RetryableError('busy', { retryAfterMs: 2_500 }), 503, 'overloaded', '3'],
    ['trying again cannot help', new PermanentError('secret internals'), 500, 'internal-error', undefined],
    ['a defect', new TypeError('secret internals'), 500, 'internal-error', undefined],
  ])('because %s', async (_, error, status, kind, retryAfter) => {
    const { post, refused } = startService({ accept: () => Promise.reject(error) });
    const answer = await post(CI, workflowJob());
    expect(answer.statusCode).toBe(status);
    expect(answer.json().type).toBe(`urn:healer:problem:${kind}`);
    expect(answer.headers['retry-after']).toBe(retryAfter);
    expect(answer.body).not.toMatch(/secret|disk full/);
    expect(refused).toEqual([kind]);
  });
});

describe('Healer’s own App', () => {
  it('is known to the doors', async () => {
    const { post } = startService({ self: { appId: 4242 }, credentials: NO_CREDENTIALS });
    const answer = await post(CI, checkRun({ app: { id: 4242, slug: 'acme-fixer' } }));
    expect(answer.json().reason.code).toBe('healer_itself');
  });
});
