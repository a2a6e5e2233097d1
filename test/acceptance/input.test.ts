import { request } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { emptyStore } from '../contract/store/empty.ts';
import { API_TOKEN, STORIES, startWorld, type World } from '../support/world.ts';

const MEBIBYTE = 1024 * 1024;
const failedJob = {
  action: 'completed',
  workflow_job: {
    id: 1,
    run_id: 77,
    name: 'build',
    workflow_name: 'CI',
    status: 'completed',
    conclusion: 'failure',
    head_branch: 'topic',
    head_sha: 'a'.repeat(40),
    run_attempt: 1,
    steps: [],
  },
  repository: { full_name: 'acme/shop', default_branch: 'main' },
};

describe('input that is not what it should be', STORIES, () => {
  let world: World;
  beforeAll(async () => {
    world = await startWorld({ settings: { mode: 'paused', limits: { settleSeconds: 3_600 } } });
  });
  afterAll(() => world.close());

  const kept = async () => (await world.get('/api/deliveries?limit=100')).body.deliveries.length as number;

  async function send(body: string | Buffer, headers: Record<string, string> = {}, path = '/api/remediate/ci-failure') {
    const response = await fetch(`${world.url}${path}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${API_TOKEN}`, 'content-type': 'application/json', ...headers },
      body,
    });
    const type = response.headers.get('content-type') ?? '';
    return { status: response.status, type, body: (await response.json()) as Record<string, unknown> };
  }

  const deep = `${'['.repeat(100_000)}${']'.repeat(100_000)}`;
  const job = JSON.stringify(failedJob);

  it.each<[string, string | Buffer, Record<string, string>, number]>([
    ['not JSON', 'workflow_job=failed', {}, 400],
    ['nothing at all', '', {}, 400],
    ['half of a body', job.slice(0, 200), {}, 400],
    ['not UTF-8', Buffer.from([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x3a, 0x31, 0x7d]), {}, 400],
    ['nesting without end', deep, { 'x-github-event': 'workflow_job' }, 400],
    ['nesting without end inside a real body', job.replace('"steps":[]', `"steps":${deep}`), {}, 400],
    ['a list', '[1,2,3]', { 'x-github-event': 'workflow_job' }, 400],
    ['a body of no event', '{"hello":"world"}', {}, 400],
    ['another event’s body', '{"action":"completed"}', { 'x-github-event': 'workflow_job' }, 400],
    ['a job without its repository', JSON.stringify({ ...failedJob, repository: undefined }), {}, 400],
    [
      'a repository that is no name',
      JSON.stringify({ ...failedJob, repository: { full_name: '../etc/passwd' } }),
      { 'x-github-event': 'workflow_job' },
      400,
    ],
    ['text', job, { 'content-type': 'text/plain' }, 415],
    ['a form without a signature', `payload=${encodeURIComponent(job)}`, FORM, 415],
    ['a compressed body', job, { 'content-encoding': 'gzip' }, 415],
    ['nobody’s token', job, { authorization: 'Bearer wrong' }, 401],
    ['no token', job, { authorization: '' }, 401],
  ])('%s is refused with a problem document, and nothing of it is kept', async (_, body, headers, status) => {
    const before = await kept();
    const answer = await send(body, headers);
    expect(answer.status, JSON.stringify(answer.body)).toBe(status);
    expect(answer.type).toContain('application/problem+json');
    expect(answer.body).toMatchObject({
      type: expect.stringMatching(/^urn:healer:problem:/),
      title: expect.any(String),
      status,
      detail: expect.any(String),
    });
    if (answer.body['type'] === 'urn:healer:problem:wrong-shape')
      expect(answer.body['errors']).toContainEqual(
        expect.objectContaining({ path: expect.any(String), message: expect.any(String) }),
      );
    expect(await kept()).toBe(before);
    expect(await world.all()).toEqual([]);
  });

  it('26 MiB are refused, whether or not the sender says how much it is', async () => {
    const before = await kept();
    const said = await send(Buffer.alloc(26 * MEBIBYTE, 0x20)).catch((error: unknown) => error);
    // The connection may be cut before the body was sent in full; the answer then cannot be read.
    if (!(said instanceof Error)) expect((said as { status: number }).status).toBe(413);
    expect(await sendChunked(world.url, 26)).toBe(413);
    expect(await kept()).toBe(before);
  });

  it('just below the limit is read', async () => {
    const body = `${' '.repeat(24 * MEBIBYTE)}{"zen":"Keep it simple.","hook_id":1}`;
    const answer = await send(body, { 'x-github-event': 'ping' });
    expect([answer.status, answer.body['status']]).toEqual([200, 'ignored']);
  });

  it.each(['GET', 'PUT', 'DELETE', 'PATCH'])('%s is not how a delivery is sent', async (method) => {
    const response = await fetch(`${world.url}/api/remediate/ci-failure`, {
      method,
      headers: { authorization: `Bearer ${API_TOKEN}` },
    });
    expect([404, 405]).toContain(response.status);
    expect(response.headers.get('content-type')).toContain('application/problem+json');
  });

  it('an event that Healer has no use for is kept and ignored, never an error', async () => {
    const answer = await send('{"action":"created"}', { 'x-github-event': 'a_new_event_of_github' });
    expect([answer.status, answer.body['status'], answer.body['dedup_status']]).toEqual([200, 'ignored', 'skipped']);
    expect(answer.body['reason']).toMatchObject({ code: 'unknown_event' });
    const delivery = await world.get(String(answer.body['status_url']));
    expect([delivery.status, delivery.body.state]).toEqual([200, 'decided']);
  });

  it('lone surrogates, zero bytes and bidirectional marks in names hurt nobody', async () => {
    const body = job
      .replace('"build"', '"bu\\ud800ild \\u0000 \\u202e dliub"')
      .replace('"run_id":77', '"run_id":78')
      .replace('"topic"', '"topic-strange"');
    const answer = await send(body, { 'x-github-event': 'workflow_job' });
    expect([answer.status, answer.body['task_id']]).toEqual([202, 'ci-78']);
    const { failedChecks } = await world.find('ci-78');
    expect(failedChecks[0]?.name.isWellFormed()).toBe(true);
    expect(failedChecks[0]?.name).not.toMatch(/[\u0000\u202e]/);
    await emptyStore(world.service.store);
  });
});

const FORM = { 'content-type': 'application/x-www-form-urlencoded' };

/** Without a length, piece by piece; the status, whenever it comes. */
function sendChunked(url: string, mebibytes: number): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const sending = request(`${url}/api/remediate/ci-failure`, {
      method: 'POST',
      headers: { authorization: `Bearer ${API_TOKEN}`, 'content-type': 'application/json' },
    });
    let status: number | undefined;
    sending.on('response', (response) => {
      status = response.statusCode;
      response.resume();
      resolve(status);
    });
    // Whoever is refused may be cut off while it still sends.
    sending.on('error', (error) => (status === undefined ? reject(error) : resolve(status)));
    const piece = Buffer.alloc(MEBIBYTE, 0x20);
    let left = mebibytes;
    const more = (): void => {
      while (left > 0 && status === undefined) {
        left -= 1;
        if (!sending.write(piece)) {
          sending.once('drain', more);
          return;
        }
      }
      sending.end();
    };
    more();
  });
}
