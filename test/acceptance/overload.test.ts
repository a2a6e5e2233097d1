import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { sql } from 'kysely';
import { afterEach, describe, expect, it } from 'vitest';
import type { Service } from '../../src/app/service.ts';
import { aBody } from '../support/deliveries.ts';
import { startPaused } from '../support/paused.ts';
import { freePort } from '../support/ports.ts';
import { describeOnPostgres, freshDatabase } from '../support/postgres.ts';
import { temporaryFolder } from '../support/service.ts';

const TOKEN = 'a-token-of-this-test';

interface Sent {
  readonly status: number;
  readonly retryAfter: string | null;
  // biome-ignore lint/suspicious/noExplicitAny: an answer or a problem
  readonly body: any;
}

const startOn = (settings: Record<string, unknown>): Promise<Service> =>
  startPaused({ apiToken: [TOKEN], ...settings });

async function send(service: Service, run: number, padding = 0): Promise<Sent> {
  const response = await fetch(`${service.url}/api/remediate/ci-failure`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${TOKEN}`,
      'content-type': 'application/json',
      'x-github-event': 'workflow_job',
      'x-github-delivery': `delivery-${run}`,
    },
    body: aBody(run, padding),
  });
  return { status: response.status, retryAfter: response.headers.get('retry-after'), body: await response.json() };
}

/** Nothing half: every delivery is decided, and has the remediation that it was answered with. */
async function expectWhole(service: Service, answered: readonly Sent[]): Promise<void> {
  const { db } = service.store;
  const kept = await db.selectFrom('deliveries').select(['id', 'state', 'remediation_id']).execute();
  const remediations = await db.selectFrom('remediations').select('id').execute();
  const opened = await db.selectFrom('timeline').select('remediation_id').where('event', '=', 'opened').execute();
  const taken = answered.filter(({ status }) => status === 202).map(({ body }) => body);
  expect(kept.map(({ id }) => id).sort()).toEqual(taken.map(({ delivery_id: id }) => id).sort());
  const ids = taken.flatMap(({ remediation_id: id }) => (id === null ? [] : [id])).sort();
  expect(remediations.map(({ id }) => id).sort()).toEqual(ids);
  expect(opened.map(({ remediation_id: id }) => id).sort()).toEqual(ids);
}

function expectToldToKeepIt(answer: Sent): void {
  expect(answer).toMatchObject({ status: 503, body: { type: 'urn:healer:problem:store-unavailable' } });
  expect(Number(answer.retryAfter)).toBeGreaterThan(0);
}

describe('a store that is full', () => {
  const folder = temporaryFolder();
  let service: Service | null = null;
  afterEach(async () => {
    await service?.stop();
    folder.remove();
  });

  it('refuses what does not fit, keeps nothing half, and takes it again when there is room', async () => {
    service = await startOn({ dataDir: folder.path });
    const { db } = service.store;
    const { rows } = await sql<{ page_count: number }>`pragma page_count`.execute(db);
    await sql.raw(`pragma max_page_count = ${(rows[0]?.page_count ?? 0) + 60}`).execute(db);

    const answers: Sent[] = [];
    for (let run = 1; run <= 24; run += 4)
      answers.push(...(await Promise.all([0, 1, 2, 3].map((n) => send(service as Service, run + n, 20_000)))));
    const refused = answers.filter(({ status }) => status !== 202);
    expect(answers.some(({ status }) => status === 202)).toBe(true);
    expect(refused.length).toBeGreaterThan(0);
    for (const answer of refused) expectToldToKeepIt(answer);
    await expectWhole(service, answers);

    await sql.raw('pragma max_page_count = 1000000').execute(db);
    const again: Sent[] = [];
    for (let run = 1; run <= 24; run += 1) again.push(await send(service, run, 20_000));
    expect(again.map(({ status }) => status)).toEqual(again.map(() => 202));
    // Those that were taken before get the same answer.
    for (const [index, before] of answers.entries())
      if (before.status === 202) expect(again[index]?.body).toEqual(before.body);
    await expectWhole(service, again);
  });
});

/** Stands between Healer and its database, and can be cut. */
class Cable {
  readonly #sockets = new Set<Socket>();
  #server: Server | null = null;
  port = 0;

  async plug(target: { host: string; port: number }): Promise<void> {
    this.#server = createServer((socket) => {
      const onward = connect(target.port, target.host);
      for (const end of [socket, onward]) {
        this.#sockets.add(end);
        end.on('error', () => {});
        end.on('close', () => this.#sockets.delete(end));
      }
      socket.pipe(onward).pipe(socket);
    });
    // It comes back to its port, which nobody else may get meanwhile.
    if (this.port === 0) this.port = await freePort();
    this.#server.listen(this.port, '127.0.0.1');
    await once(this.#server, 'listening');
  }

  async cut(): Promise<void> {
    const closed = this.#server === null ? null : once(this.#server, 'close');
    this.#server?.close();
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }
}

describeOnPostgres('a database that is gone', () => {
  const cable = new Cable();
  let service: Service | null = null;
  afterEach(async () => {
    await service?.stop();
    await cable.cut().catch(() => {});
  });

  it('is told to the sender, and found again without a restart', async () => {
    const url = new URL(await freshDatabase());
    const target = { host: url.hostname, port: Number(url.port) };
    await cable.plug(target);
    url.host = `127.0.0.1:${cable.port}`;
    service = await startOn({ databaseUrl: url.href });
    const answers = [await send(service, 1)];
    expect(answers[0]).toMatchObject({ status: 202 });

    await cable.cut();
    const gone = await Promise.all([2, 3, 4].map((run) => send(service as Service, run)));
    for (const answer of gone) expectToldToKeepIt(answer);
    // The same delivery as before: its answer is in the store, so that it cannot be given now.
    expectToldToKeepIt(await send(service, 1));
    expect((await fetch(`${service.url}/health`)).status).toBe(200);
    expect((await fetch(`${service.url}/ready`)).status).toBe(503);

    await cable.plug(target);
    for (const run of [2, 3, 4]) answers.push(await send(service, run));
    expect(answers.map(({ status }) => status)).toEqual([202, 202, 202, 202]);
    expect((await send(service, 1)).body).toEqual(answers[0]?.body);
    await expectWhole(service, answers);
  });
});

describe('a sender that runs wild', () => {
  const folder = temporaryFolder();
  let service: Service | null = null;
  afterEach(async () => {
    await service?.stop();
    folder.remove();
  });

  it('is told to slow down, and takes nothing from others', async () => {
    service = await startOn({
      dataDir: folder.path,
      apiToken: [TOKEN, 'another-token'],
      limits: { requestsPerMinute: 5 },
    });
    const answers: Sent[] = [];
    for (let run = 1; run <= 7; run += 1) answers.push(await send(service, run));
    expect(answers.map(({ status }) => status)).toEqual([202, 202, 202, 202, 202, 429, 429]);
    expect(answers[5]?.body).toMatchObject({ type: 'urn:healer:problem:too-many-requests' });
    expect(Number(answers[5]?.retryAfter)).toBeGreaterThan(0);
    const other = await fetch(`${service.url}/api/remediate/ci-failure`, {
      method: 'POST',
      headers: { authorization: 'Bearer another-token', 'content-type': 'application/json' },
      body: aBody(8),
    });
    expect(other.status).toBe(202);
    expect((await fetch(`${service.url}/health`)).status).toBe(200);
  });
});
