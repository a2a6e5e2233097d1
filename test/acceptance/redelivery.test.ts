import { createHmac, generateKeyPairSync } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { createLog } from '../../src/app/log.ts';
import { createRedelivery } from '../../src/app/redelivery.ts';
import { type Service, startService } from '../../src/app/service.ts';
import { settingsSchema } from '../../src/app/settings.ts';
import { appDeliveries } from '../../src/lib/github/app-deliveries.ts';
import { createGitHub } from '../../src/lib/github/client.ts';
import { findDelivery, keptSenderIds } from '../../src/store/deliveries.ts';
import { example } from '../intake/support/examples.ts';
import { createOpenApiChecker } from '../support/openapi.ts';
import { temporaryFolder } from '../support/service.ts';

const SECRET = 'webhook secret';
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const openapi = createOpenApiChecker();
const { privateKey } = generateKeyPairSync('rsa', {
  modulusLength: 2048,
  publicKeyEncoding: { type: 'spki', format: 'pem' },
  privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
});

interface Attempt {
  /** Larger than a JavaScript number is exact. */
  readonly id: bigint;
  readonly guid: string;
  readonly deliveredAt: number;
  readonly statusCode: number;
  readonly body: string;
}

/** GitHub's two endpoints for an App's deliveries; what is asked for is delivered to Healer. */
class FakeGitHub {
  attempts: Attempt[] = [];
  deliverTo = '';
  readonly problems: string[] = [];
  readonly asked: string[] = [];
  pagesRead = 0;
  readonly #server = createServer((request, response) => void this.#answer(request, response));

  async start(): Promise<string> {
    await new Promise<void>((done) => this.#server.listen(0, '127.0.0.1', done));
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  stop(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = '', url: path = '' } = request;
    const { status, text, link } = await this.#handle(method, path);
    this.problems.push(...openapi.check({ method, path }, { status, body: JSON.parse(text) }));
    if (!/^bearer [\w-]+\.[\w-]+\.[\w-]+$/i.test(request.headers.authorization ?? ''))
      this.problems.push('not as an App');
    response.writeHead(status, { 'content-type': 'application/json', ...(link === undefined ? {} : { link }) });
    response.end(text);
  }

  async #handle(method: string, path: string): Promise<{ status: number; text: string; link?: string }> {
    const url = new URL(path, 'http://github.test');
    const again = /^\/app\/hook\/deliveries\/(\d+)\/attempts$/.exec(url.pathname)?.[1];
    if (method === 'POST' && again !== undefined) {
      this.asked.push(again);
      const attempt = this.attempts.find(({ id }) => String(id) === again);
      if (attempt === undefined) return { status: 400, text: '{"message":"Bad Request"}' };
      const statusCode = await this.deliver(attempt);
      const id = attempt.id + 1_000n;
      this.attempts.unshift({ ...attempt, id, deliveredAt: Date.now(), statusCode });
      return { status: 202, text: '{}' };
    }
    this.pagesRead += 1;
    const size = Number(url.searchParams.get('per_page'));
    const from = Number(url.searchParams.get('cursor') ?? 0);
    const failed = this.attempts.filter(({ statusCode }) => statusCode >= 400);
    const text = `[${failed
      .slice(from, from + size)
      .map(listed)
      .join(',')}]`;
    const next = `<http://github.test/app/hook/deliveries?per_page=${size}&cursor=${from + size}>; rel="next"`;
    return { status: 200, text, ...(from + size < failed.length ? { link: next } : {}) };
  }

  async deliver({ body, guid }: Attempt): Promise<number> {
    const response = await fetch(`${this.deliverTo}/api/webhooks/github`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        'x-github-event': 'workflow_job',
        'x-github-delivery': guid,
        'x-hub-signature-256': `sha256=${createHmac('sha256', SECRET).update(body).digest('hex')}`,
      },
      body,
    });
    await response.text();
    return response.status;
  }
}

function listed({ id, guid, deliveredAt, statusCode }: Attempt): string {
  const rest = {
    guid,
    delivered_at: new Date(deliveredAt).toISOString(),
    redelivery: false,
    duration: 0.3,
    status: statusCode === 502 ? 'failed to connect to host' : 'OK',
    status_code: statusCode,
    event: 'workflow_job',
    action: 'completed',
    installation_id: 123,
    repository_id: 456,
  };
  return `{"id":${id},${JSON.stringify(rest).slice(1)}`;
}

/** A failed job of a run of its own. */
function body(run: number): string {
  const { body: failed } = example('api.github.com/workflow_job/1');
  const job = { ...(failed['workflow_job'] as object), id: run, run_id: run, head_branch: `topic-${run}` };
  return JSON.stringify({ ...failed, workflow_job: job });
}

const missed = (n: number, ago: number): Attempt => ({
  id: 9_007_199_254_740_993n + BigInt(n) * 2n,
  guid: `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`,
  deliveredAt: Date.now() - ago,
  statusCode: 502,
  body: body(7_000 + n),
});

describe('deliveries that GitHub could not make', () => {
  const folder = temporaryFolder();
  const github = new FakeGitHub();
  let service: Service | null = null;

  afterEach(async () => {
    await service?.stop();
    service = null;
    github.stop();
    folder.remove();
  });

  it('are asked for, arrive, lead to remediations, and are not asked for again', async () => {
    const apiUrl = await github.start();
    const settings = settingsSchema.parse({
      dataDir: folder.path,
      port: 0,
      host: '127.0.0.1',
      apiToken: ['token'],
      mode: 'paused',
      // Without the App: the service itself would begin to ask after some seconds, beside the test.
      github: { apiUrl, token: 'token-of-nobody', webhookSecret: [SECRET] },
      limits: { settleSeconds: 3_600 },
    });
    service = await startService({ settings, log: createLog('silent'), env: {} });
    const { store, url } = service;
    github.deliverTo = url;
    // More than a page of them arrived, though GitHub saw no answer in time; one is older than can be asked for.
    const late = Array.from({ length: 118 }, (_, n) => missed(n, HOUR + n * MINUTE));
    await Promise.all(late.map((attempt) => github.deliver(attempt)));
    const lost = [missed(200, 20 * HOUR), missed(201, 21 * HOUR)];
    github.attempts = [...late, ...lost, missed(500, 71 * HOUR)];

    const client = createGitHub({
      auth: { kind: 'app', appId: 77, privateKey },
      version: '1',
      baseUrl: apiUrl,
      retryBaseMs: 1,
      // The stand-in reads GitHub's whole description for its first answer.
      timeoutMs: 100_000,
    });
    const redelivery = createRedelivery({
      deliveries: appDeliveries(client.asApp, Date.now),
      kept: (guids) => keptSenderIds(store.db, guids),
      isWanted: () => true,
      clock: Date.now,
      random: Math.random,
      onAsked: () => {},
      onError: (message, fields) => github.problems.push(`${message} ${JSON.stringify(fields)}`),
    });
    const counts = [await redelivery.round(), await redelivery.round()];

    expect(github.problems).toEqual([]);
    expect(counts).toEqual([2, 0]);
    expect(github.pagesRead).toBe(4);
    expect(github.asked).toEqual([String(lost[1]?.id), String(lost[0]?.id)]);
    for (const { guid } of lost) {
      const kept = await findDelivery(store.db, guid);
      expect(kept?.disposition).toMatchObject({ status: 'accepted', dedupStatus: 'new' });
    }
    expect(await findDelivery(store.db, missed(500, 0).guid)).toBeNull();
  });

  it('are nobody’s to ask for without an App', async () => {
    const client = createGitHub({ auth: { kind: 'token', token: 't' }, version: '1', baseUrl: 'http://127.0.0.1:9' });
    await expect(appDeliveries(client.asApp, Date.now).failedSince(0)).rejects.toThrow(/needs a GitHub App/);
  });
});
