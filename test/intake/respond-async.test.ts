import { createHmac } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { MAX_BODY_BYTES } from '../../src/intake/server-options.ts';
import { sha256 } from '../../src/lib/digest.ts';
import type { Delivery } from '../../src/model/delivery.ts';
import { reason } from '../../src/model/reason.ts';
import { workflowJob } from './support/bodies.ts';
import { NOW, type Service, startService } from './support/service.ts';

const CI = '/api/remediate/ci-failure';
const GITHUB = '/api/webhooks/github';
const ASYNC = { prefer: 'respond-async' };
const SECRET = 'a secret of this test';
const sign = (body: string): string => `sha256=${createHmac('sha256', SECRET).update(body).digest('hex')}`;

interface WithInbox extends Service {
  readonly kept: Delivery[];
}

function withInbox(
  options: Parameters<typeof startService>[0] & { takes?: boolean; forGitHub?: boolean } = {},
): WithInbox {
  const { takes = true, forGitHub = false, ...rest } = options;
  const kept: Delivery[] = [];
  const put = async (delivery: Delivery): Promise<boolean> => {
    if (takes) kept.push(delivery);
    return takes;
  };
  return { ...startService({ inbox: { put, forGitHub }, ...rest }), kept };
}

const SECURED = { credentials: { webhookSecrets: [SECRET], apiTokens: ['token'], readTokens: ['reader'] } };
const BEARER = { authorization: 'Bearer token' };

describe('a sender that does not wait for the decision', () => {
  it('is answered when its delivery is kept, with the address where it learns what became of it', async () => {
    const { post, kept, accepted } = withInbox();
    const raw = ` ${JSON.stringify(workflowJob())}\n`;
    const answer = await post(CI, raw, { ...ASYNC, 'x-github-event': 'workflow_job', 'x-github-delivery': 'sent-1' });
    expect(answer.statusCode).toBe(202);
    expect(answer.headers['preference-applied']).toBe('respond-async');
    expect(answer.json()).toEqual({
      status: 'accepted',
      dedup_status: 'new',
      delivery_id: sha256(raw),
      remediation_id: null,
      task_id: null,
      agent: null,
      failure_type: null,
      coderun_name: null,
      reason: { code: 'kept', detail: reason('kept').detail },
      status_url: `/api/deliveries/${sha256(raw)}`,
    });
    expect(accepted).toEqual([]);
    expect(kept).toEqual([
      {
        id: 'DEL1',
        origin: 'ci-failure',
        event: 'workflow_job',
        externalId: 'sent-1',
        digest: sha256(raw),
        receivedAt: NOW,
        body: Buffer.from(raw),
      },
    ]);
  });

  it('gets the same answer when it sends it again', async () => {
    const { post } = withInbox();
    const [first, again] = [await post(CI, workflowJob(), ASYNC), await post(CI, workflowJob(), ASYNC)];
    expect(again.json()).toEqual(first.json());
    expect(again.statusCode).toBe(202);
  });

  it.each([['not json'], ['[]'], ['{}'], ['']])('is answered before anybody reads it: %j', async (raw) => {
    const { post, kept, accepted } = withInbox();
    const answer = await post(CI, raw, ASYNC);
    expect(answer.statusCode).toBe(202);
    expect(kept.map(({ body }) => Buffer.from(body).toString())).toEqual([raw]);
    expect(accepted).toEqual([]);
  });

  it('names events and ids only as they can be', async () => {
    const { post, kept } = withInbox();
    await post(CI, workflowJob(), { ...ASYNC, 'x-github-event': '<b>', 'x-github-delivery': '../../etc' });
    expect(kept[0]).toMatchObject({ event: null, externalId: null });
  });
});

describe('the usual way is taken', () => {
  const DECIDED = { statusCode: 202, delivery_id: 'DEL1', remediation_id: 'REM1' };
  const outcome = (answer: Awaited<ReturnType<Service['post']>>) => ({
    statusCode: answer.statusCode,
    delivery_id: answer.json().delivery_id,
    remediation_id: answer.json().remediation_id,
  });

  it.each([
    [undefined, undefined],
    ['handling=lenient', undefined],
    ['respond-async, wait=5', 'wait=5'],
    ['wait=5, respond-async', 'wait=5'],
    ['wait=0, respond-async', 'wait=0'],
  ])('with Prefer: %s', async (prefer, applied) => {
    const { post, kept } = withInbox();
    const answer = await post(CI, workflowJob(), prefer === undefined ? {} : { prefer });
    expect(outcome(answer)).toEqual(DECIDED);
    expect(answer.headers['preference-applied']).toBe(applied);
    expect(kept).toEqual([]);
  });

  it('without an inbox', async () => {
    const { post } = startService();
    const answer = await post(CI, workflowJob(), ASYNC);
    expect(outcome(answer)).toEqual(DECIDED);
    expect(answer.headers['preference-applied']).toBeUndefined();
  });

  it('when the inbox does not take it', async () => {
    const { post, accepted } = withInbox({ takes: false });
    const answer = await post(CI, workflowJob(), ASYNC);
    expect(outcome(answer)).toEqual(DECIDED);
    expect(answer.headers['preference-applied']).toBeUndefined();
    expect(accepted).toHaveLength(1);
  });

  it('when the body may hold a secret that leaked: nothing of it is kept before it was read', async () => {
    const { post, kept, accepted } = withInbox();
    const alert = { ...workflowJob(), alert: { secret_type: 'aws_key', secret: 'AKIAVERYSECRETVALUE1' } };
    for (const body of [alert, { body: JSON.stringify(alert), headers: {} }]) await post(CI, body, ASYNC);
    expect(kept).toEqual([]);
    expect(accepted).toHaveLength(2);
    for (const { delivery } of accepted)
      expect(Buffer.from(delivery.body).toString()).not.toContain('AKIAVERYSECRETVALUE1');
  });
});

describe('nothing is kept', () => {
  it.each([
    ['no token', { authorization: '' }, 401],
    ['another token', { authorization: 'Bearer other' }, 401],
    ['a token that only reads', { authorization: 'Bearer reader' }, 401],
    ['a compressed body', { 'content-encoding': 'gzip' }, 415],
    ['a body of another kind', { 'content-type': 'text/plain' }, 415],
    ['a form without a signature', { 'content-type': 'application/x-www-form-urlencoded' }, 415],
  ])('of a sender with %s', async (_, headers, status) => {
    const { post, kept, accepted } = withInbox(SECURED);
    const answer = await post(CI, workflowJob(), { ...ASYNC, ...BEARER, ...headers });
    expect(answer.statusCode).toBe(status);
    expect(answer.headers['preference-applied']).toBeUndefined();
    expect([kept, accepted]).toEqual([[], []]);
  });

  it('of a body that is too large', async () => {
    const { post, kept } = withInbox();
    expect((await post(CI, Buffer.alloc(MAX_BODY_BYTES + 1, ' '), ASYNC)).statusCode).toBe(413);
    expect(kept).toEqual([]);
  });

  it.each([false, true])('of a webhook whose signature is wrong (GitHub does not wait: %s)', async (forGitHub) => {
    const { post, kept, accepted } = withInbox({ ...SECURED, forGitHub });
    const raw = JSON.stringify(workflowJob());
    for (const signature of [sign(`${raw} `), `sha256=${'0'.repeat(64)}`, 'sha256=', sign(raw).slice(0, -1)]) {
      const answer = await post(GITHUB, raw, {
        ...ASYNC,
        'x-github-event': 'workflow_job',
        'x-hub-signature-256': signature,
      });
      expect(answer.statusCode).toBe(401);
    }
    expect((await post(GITHUB, raw, { ...ASYNC, ...BEARER })).statusCode).toBe(401);
    expect([kept, accepted]).toEqual([[], []]);
  });
});

describe('GitHub, which cannot say what it prefers', () => {
  const raw = JSON.stringify(workflowJob());
  const signed = { 'x-github-event': 'workflow_job', 'x-github-delivery': 'guid', 'x-hub-signature-256': sign(raw) };

  it('waits for the decision unless the settings say otherwise', async () => {
    const { post, kept, accepted } = withInbox(SECURED);
    expect((await post(GITHUB, raw, signed)).json()).toMatchObject({ remediation_id: 'REM1' });
    expect([kept.length, accepted.length]).toEqual([0, 1]);
  });

  it('does not wait where they do; nothing says that a preference was applied', async () => {
    const { post, kept, accepted } = withInbox({ ...SECURED, forGitHub: true });
    const answer = await post(GITHUB, raw, signed);
    expect(answer.json()).toMatchObject({ delivery_id: sha256(raw), reason: { code: 'kept' } });
    expect(answer.headers['preference-applied']).toBeUndefined();
    expect(kept).toMatchObject([{ origin: 'github', event: 'workflow_job', externalId: 'guid' }]);
    expect(accepted).toEqual([]);
  });

  it('is the only one that this is about', async () => {
    const { post, kept, accepted } = withInbox({ ...SECURED, forGitHub: true });
    const answer = await post(CI, raw, { ...BEARER, 'x-github-event': 'workflow_job' });
    expect(answer.json()).toMatchObject({ remediation_id: 'REM1' });
    expect([kept.length, accepted.length]).toEqual([0, 1]);
  });

  it('may send a form', async () => {
    const { post, kept } = withInbox({ ...SECURED, forGitHub: true });
    const form = `payload=${encodeURIComponent(raw)}`;
    const answer = await post(GITHUB, form, {
      'content-type': 'application/x-www-form-urlencoded',
      'x-github-event': 'workflow_job',
      'x-hub-signature-256': sign(form),
    });
    expect(answer.statusCode).toBe(202);
    expect(kept.map(({ digest }) => digest)).toEqual([sha256(form)]);
  });
});
