import { zipSync } from 'fflate';
import { describe, expect, it } from 'vitest';
import { createGitHub, type GitHubOptions } from '../../../src/lib/github/client.ts';
import { jobLogDownloader } from '../../../src/lib/github/job-log.ts';
import { unzipBounded } from '../../../src/lib/github/unzip.ts';
import { json, serve, type TestServer } from '../support/server.ts';

const MEBIBYTE = 1024 * 1024;

function downloader(server: TestServer, more: Partial<GitHubOptions> = {}) {
  const waits: number[] = [];
  const github = createGitHub({
    auth: { kind: 'token', token: 't0ken' },
    version: '0',
    baseUrl: server.url,
    retryBaseMs: 1,
    ...more,
  });
  const download = jobLogDownloader(github, async (ms) => void waits.push(ms));
  const ask = (maxBytes = 24 * MEBIBYTE, signal = new AbortController().signal) =>
    download({ repository: 'acme/shop', jobId: 7, maxBytes, signal });
  return { ask, waits };
}

const text = (answer: unknown): string => Buffer.from((answer as { bytes: Uint8Array }).bytes).toString();

describe('the log of a job', () => {
  it('is fetched from where GitHub points, without our token', async () => {
    const storage = await serve((_, response) => response.end('the log'));
    const api = await serve((_, response) => response.writeHead(302, { location: `${storage.url}/blob?sig=x` }).end());
    const answer = await downloader(api).ask();
    expect(answer).toMatchObject({ status: 'found', cutBytes: 0 });
    expect(text(answer)).toBe('the log');
    expect(api.requests[0]).toMatchObject({
      line: 'GET /repos/acme/shop/actions/jobs/7/logs',
      headers: { authorization: 'token t0ken' },
    });
    expect(storage.requests[0]?.headers.authorization).toBeUndefined();
  });

  it('may come directly', async () => {
    const api = await serve((_, response) => response.writeHead(200, { 'content-type': 'text/plain' }).end('plain'));
    expect(text(await downloader(api).ask())).toBe('plain');
  });

  it('comes without the mark at its beginning', async () => {
    const api = await serve((_, response) => response.end('\ufeff2026-01-01T00:00:00.0000000Z first'));
    expect(text(await downloader(api).ask())).toBe('2026-01-01T00:00:00.0000000Z first');
  });

  it('may come as an archive', async () => {
    const parts = { '1_Set up job.txt': Buffer.from('first\n'), '2_Build.txt': Buffer.from('second\n') };
    const api = await serve((_, response) => response.end(zipSync(parts)));
    expect(text(await downloader(api).ask())).toBe('first\nsecond\n');
  });

  it('keeps head and tail when it is long', async () => {
    const api = await serve((_, response) => response.end(`begin\n${'x'.repeat(3 * MEBIBYTE)}\nend`));
    const answer = await downloader(api).ask(MEBIBYTE);
    expect(answer).toMatchObject({ status: 'found', cutBytes: 2 * MEBIBYTE + 10 });
    expect(text(answer)).toMatch(
      /^begin\n[\s\S]*\n\[healer: \d+ bytes of this text were left out here\]\n[\s\S]*\nend$/,
    );
  });

  it('is waited for when it is not there yet', async () => {
    let looks = 0;
    const api = await serve((_, response) => (++looks < 3 ? json(response, 404, {}) : response.end('late')));
    const { ask, waits } = downloader(api);
    expect(text(await ask())).toBe('late');
    expect(waits).toEqual([500, 1_000]);
  });

  it('is given up when it does not come', async () => {
    const api = await serve((_, response) => json(response, 404, {}));
    const { ask, waits } = downloader(api);
    expect(await ask()).toMatchObject({ status: 'not_ready' });
    expect(waits).toHaveLength(4);
    expect(api.requests).toHaveLength(5);
  });

  it('is not waited for longer than the asker lives', async () => {
    const api = await serve((_, response) => json(response, 404, {}));
    const { ask, waits } = downloader(api);
    await ask(MEBIBYTE, AbortSignal.abort());
    expect(waits).toEqual([]);
  });

  it.each([
    [410, 'gone'],
    [403, 'failed'],
    [500, 'failed'],
  ])('says what %i means', async (status, word) => {
    const api = await serve((_, response) => json(response, status, { message: 'no' }));
    expect(await downloader(api).ask()).toMatchObject({ status: word, detail: expect.any(String) });
  });

  it.each([
    [404, 'not_ready'],
    [410, 'gone'],
    [503, 'failed'],
  ])('says what %i of the storage means', async (status, word) => {
    const api = await serve((request, response) => {
      if (request.url?.startsWith('/repos')) response.writeHead(302, { location: '/blob' }).end();
      else response.writeHead(status).end('no');
    });
    expect(await downloader(api).ask()).toMatchObject({ status: word });
  });

  it('is not fetched from an address inside when the API is outside', async () => {
    const inside = await serve((_, response) => response.end('metadata'));
    const asked: string[] = [];
    const server = { ...inside, url: 'https://93.184.216.34' };
    const hook: typeof fetch = async (input, init) => {
      asked.push(String(input));
      if (!String(input).includes('/repos/')) return fetch(input, init);
      return new Response('', { status: 302, headers: { location: `${inside.url}/latest` } });
    };
    expect(await downloader(server, { fetch: hook }).ask()).toMatchObject({
      status: 'failed',
      detail: expect.stringContaining('inside the own network'),
    });
    expect(inside.requests).toEqual([]);
    const listed = downloader(server, { fetch: hook, logHosts: [inside.host] });
    expect(text(await listed.ask())).toBe('metadata');
  });
});

describe('an archive', () => {
  const keep = { headBytes: 1_000, tailBytes: 1_000 };

  it('of endless zeros costs bounded memory', () => {
    const bomb = zipSync({ 'a.txt': new Uint8Array(16 * MEBIBYTE) }, { level: 9 });
    const result = unzipBounded(bomb, keep);
    expect(result.bytes.length).toBeLessThan(2_200);
    expect(result.cutBytes).toBe(16 * MEBIBYTE - 2_000);
  });

  it('that is cut off gives what it has', () => {
    const noise = Buffer.from(Array.from({ length: 50_000 }, (_, i) => (i * 7919) % 251));
    const whole = zipSync({ 'a.txt': noise }, { level: 1 });
    const result = unzipBounded(whole.subarray(0, Math.floor(whole.length / 2)), { headBytes: 100_000, tailBytes: 0 });
    expect(result.bytes.length).toBeGreaterThanOrEqual(0);
    expect(result.bytes.length).toBeLessThan(50_000);
  });

  it('that is none gives nothing', () => {
    expect(unzipBounded(Buffer.from('PK\u0003\u0004 but not really an archive at all'), keep).bytes.length).toBe(0);
  });
});
