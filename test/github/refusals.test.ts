import { unzipSync } from 'fflate';
import { describe, expect, it } from 'vitest';
import { createOpenApiChecker } from '../support/openapi.ts';
import { APP_TOKEN, REPO, startDemo } from './helpers.ts';

const checker = createOpenApiChecker();

describe('what the stand-in refuses', () => {
  it('answers 401 without a token, with a wrong one, and with a token where an App must sign', async () => {
    const { gh, call } = await startDemo();
    expect((await call('GET', REPO, undefined, '')).json.message).toBe('Requires authentication');
    expect((await call('GET', REPO, undefined, 'ghp_wrong')).json.message).toBe('Bad credentials');
    expect((await call('GET', '/app')).status).toBe(401);
    expect((await call('GET', REPO, undefined, APP_TOKEN)).status).toBe(401);
    expect(gh.recorder.exchanges.flatMap(({ request, answer }) => checker.check(request, answer))).toEqual([]);
  });

  it('answers 404 for what is not there, and 422 for a commit that is not', async () => {
    const { gh, call } = await startDemo();
    const paths = [
      '/repos/acme/other',
      `${REPO}/actions/runs/1`,
      `${REPO}/actions/jobs/abc`,
      `${REPO}/pulls/99`,
      `${REPO}/commits/no-such-branch`,
      `${REPO}/branches/no-such-branch`,
      `${REPO}/git/ref/heads%2Fnone`,
      `${REPO}/contents/none.txt`,
      `${REPO}/issues/comments/5`,
      '/nonsense',
    ];
    for (const path of paths) expect([path, (await call('GET', path)).status]).toEqual([path, 404]);
    expect((await call('GET', `${REPO}/commits/${'0'.repeat(40)}`)).status).toBe(422);
    const known = gh.recorder.exchanges.filter(({ request }) => !/abc|nonsense/.test(request.path));
    expect(known.flatMap(({ request, answer }) => checker.check(request, answer))).toEqual([]);
  });

  it('answers 422 with the field that is wrong, and 400 for what is not JSON', async () => {
    const { call } = await startDemo();
    const missing = await call('POST', `${REPO}/issues/1/comments`, {});
    expect(missing.status).toBe(422);
    expect(missing.json.errors).toEqual([{ resource: 'IssueComment', field: 'body', code: 'missing_field' }]);
    expect((await call('POST', `${REPO}/issues/1/comments`, '{ not json')).status).toBe(400);
    const pull = { title: 'Again', head: 'feature/discount', base: 'main' };
    expect((await call('POST', `${REPO}/pulls`, pull)).json.errors[0].message).toContain('already exists');
    expect((await call('POST', `${REPO}/pulls`, { ...pull, head: 'none' })).status).toBe(422);
  });

  it('pages lists and links to the other pages', async () => {
    const { gh, call } = await startDemo();
    const jobs = Array.from({ length: 5 }, (_, index) => ({ name: `job ${index}`, conclusion: 'failure' as const }));
    const { runId } = gh.addRun({ headBranch: 'wide', jobs });
    const first = await call('GET', `${REPO}/actions/runs/${runId}/jobs?per_page=2`);
    expect(first.json.total_count).toBe(5);
    const link = first.headers.get('link') ?? '';
    expect(link).toContain('rel="next"');
    const next = /<([^>]+)>; rel="next"/.exec(link)?.[1] ?? '';
    const second = await call('GET', next.slice(gh.url.length));
    expect(second.json.jobs.map((job: { name: string }) => job.name)).toEqual(['job 2', 'job 3']);
    expect(
      (await call('GET', `${REPO}/actions/runs/${runId}/jobs?per_page=2&page=3`)).headers.get('link'),
    ).not.toContain('next');
  });
});

describe('logs on the stand-in', () => {
  it('redirects to an address that needs no token, for one job as text and for a run as an archive', async () => {
    const { gh, call } = await startDemo();
    const { runId, jobIds } = gh.addRun({
      headBranch: 'x',
      jobs: [{ name: 'test', conclusion: 'failure', log: 'the log\n' }],
    });
    const job = await call('GET', `${REPO}/actions/jobs/${jobIds['test']}/logs`);
    expect(job.status).toBe(302);
    const text = await call('GET', job.headers.get('location') ?? '', undefined, '');
    expect(text.bytes.toString()).toBe('the log\n');
    expect((await call('GET', job.headers.get('location') ?? '')).status).toBe(401);
    const run = await call('GET', `${REPO}/actions/runs/${runId}/logs`);
    const archive = await call('GET', run.headers.get('location') ?? '', undefined, '');
    const files = Object.entries(unzipSync(archive.bytes)).map(([name, bytes]) => [
      name,
      Buffer.from(bytes).toString(),
    ]);
    expect(files).toEqual([['0_test.txt', 'the log\n']]);
  });

  it('answers 404 while a log is not there yet and 410 when it was deleted', async () => {
    const { gh, call } = await startDemo();
    const { jobIds } = gh.addRun({
      headBranch: 'x',
      jobs: [
        { name: 'late', conclusion: 'failure', logMode: 'missing' },
        { name: 'old', conclusion: 'failure', logMode: 'gone' },
        { name: 'running', conclusion: null },
      ],
    });
    const status = async (name: string) => (await call('GET', `${REPO}/actions/jobs/${jobIds[name]}/logs`)).status;
    expect([await status('late'), await status('old'), await status('running')]).toEqual([404, 410, 404]);
  });
});

describe('pages on the stand-in', () => {
  it('show a person what is behind the addresses in answers, with text as text', async () => {
    const { gh, call } = await startDemo();
    const { runId, jobIds } = gh.addRun({
      headBranch: 'feature/discount',
      jobs: [{ name: 'test', conclusion: 'failure', log: '<b>not bold</b>' }],
    });
    gh.addComment(1, 'ada', 'see <script>');
    const pull = await call('GET', '/acme/shop/pull/1', undefined, '');
    expect(pull.bytes.toString()).toContain(`/acme/shop/actions/runs/${runId}`);
    expect(pull.bytes.toString()).not.toContain('<script>');
    const run = await call('GET', `/acme/shop/actions/runs/${runId}`, undefined, '');
    expect(run.bytes.toString()).toContain(`/job/${jobIds['test']}`);
    const job = await call('GET', `/acme/shop/actions/runs/${runId}/job/${jobIds['test']}`, undefined, '');
    expect(job.bytes.toString()).toContain('&#60;b&#62;not bold');
    expect((await call('GET', '/acme/shop/pull/9', undefined, '')).status).toBe(404);
  });
});

describe('an outage of the stand-in', () => {
  it('fails the next requests and then recovers', async () => {
    const { gh, call } = await startDemo();
    gh.outage.failNext(2, 503);
    expect([(await call('GET', '/user')).status, (await call('GET', '/user')).status]).toEqual([503, 503]);
    expect((await call('GET', '/user')).status).toBe(200);
    expect(gh.recorder.exchanges.map((exchange) => exchange.outage)).toEqual([true, true, false]);
  });

  it('strikes only the requests it is meant for', async () => {
    const { gh, call } = await startDemo();
    gh.outage.failNext(1, 500, (method, path) => method === 'GET' && path.includes('/pulls'));
    expect((await call('GET', '/user')).status).toBe(200);
    expect((await call('GET', `${REPO}/pulls`)).status).toBe(500);
  });

  it('limits the rate in both of the ways GitHub has', async () => {
    const { gh, call } = await startDemo({ clock: () => Date.parse('2025-03-04T10:00:00Z') });
    gh.outage.rateLimitNext(1, 7);
    const secondary = await call('GET', '/user');
    expect([secondary.status, secondary.headers.get('retry-after')]).toEqual([403, '7']);
    gh.outage.rateLimitNext(1, 60, undefined, false);
    const primary = await call('GET', '/user');
    expect(primary.headers.get('x-ratelimit-remaining')).toBe('0');
    expect(Number(primary.headers.get('x-ratelimit-reset'))).toBe(Date.parse('2025-03-04T10:01:00Z') / 1000);
    expect((await call('GET', '/user')).headers.get('x-ratelimit-remaining')).toBe('4997');
  });

  it('hangs until it is cleared, or cuts the connection', async () => {
    const { gh, call } = await startDemo();
    gh.outage.resetNext(1);
    await expect(call('GET', '/user')).rejects.toThrow();
    const arrived = new Promise<void>((resolve) => {
      gh.outage.hangNext(1, () => {
        resolve();
        return true;
      });
    });
    const hanging = call('GET', '/user').then(
      () => 'answered',
      () => 'cut',
    );
    await arrived;
    expect((await call('GET', '/user')).status).toBe(200);
    gh.outage.clear();
    expect(await hanging).toBe('cut');
  });
});
