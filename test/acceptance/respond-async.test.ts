import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import type { Service } from '../../src/app/service.ts';
import { sha256 } from '../../src/lib/digest.ts';
import { INBOX_MAGIC } from '../../src/store/inbox-format.ts';
import { aBody } from '../support/deliveries.ts';
import { pausedEnvironment, startPaused } from '../support/paused.ts';
import { describeOnPostgres, freshDatabase } from '../support/postgres.ts';
import { type RunningService, startService as startProcess, temporaryFolder } from '../support/service.ts';
import { inWorld, STORIES } from '../support/world.ts';

const PATIENCE = { timeout: 120_000 };

interface Sent {
  readonly status: number;
  readonly applied: string | null;
  // biome-ignore lint/suspicious/noExplicitAny: an answer or a problem
  readonly body: any;
}

async function send(url: string, body: string, headers: Readonly<Record<string, string>> = {}): Promise<Sent> {
  const response = await fetch(`${url}/api/remediate/ci-failure`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      'x-github-event': 'workflow_job',
      prefer: 'respond-async',
      ...headers,
    },
    body,
  });
  return {
    status: response.status,
    applied: response.headers.get('preference-applied'),
    body: await response.json(),
  };
}

/** One after the other by so many senders; each answer says that the delivery is kept. */
async function sendMany(url: string, bodies: readonly string[], senders = 32): Promise<void> {
  const queue = [...bodies];
  const sender = async (): Promise<void> => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      const answer = await send(url, next);
      expect(answer).toMatchObject({ status: 202, body: { reason: { code: 'kept' }, delivery_id: sha256(next) } });
    }
  };
  await Promise.all(Array.from({ length: senders }, sender));
}

async function ask<T>(url: string): Promise<T> {
  const response = await fetch(url);
  expect(response.status, url).toBe(200);
  return (await response.json()) as T;
}

interface Told {
  readonly state: string;
  readonly status: string | null;
  readonly reason: { readonly code: string } | null;
  readonly remediation_id: string | null;
}

/** What became of a delivery, once that is decided. */
async function decided(url: string, digest: string): Promise<Told> {
  const look = async () => (await ask<Told>(`${url}/api/deliveries/${digest}`)).state;
  await expect.poll(look, PATIENCE).toBe('decided');
  return ask(`${url}/api/deliveries/${digest}`);
}

const waiting = async (url: string): Promise<number> =>
  Number(/^healer_inbox_bytes (\d+)$/m.exec(await (await fetch(`${url}/metrics`)).text())?.[1]);

/** Bytes of deliveries that a service that is not running left in its folder. */
function left(dataDir: string): number {
  const dir = join(dataDir, 'inbox');
  return readdirSync(dir).reduce((sum, name) => sum + statSync(join(dir, name)).size - INBOX_MAGIC.length, 0);
}

/** Each of the bodies is decided, has a remediation of its own, and nothing else is there. */
async function expectEachOnce(url: string, store: Service['store'] | null, bodies: readonly string[]): Promise<void> {
  await expect.poll(() => waiting(url), PATIENCE).toBe(0);
  const remediations = new Set<string | null>();
  for (const body of bodies) {
    const told = await ask<Told>(`${url}/api/deliveries/${sha256(body)}`);
    expect(told).toMatchObject({ state: 'decided', status: 'accepted', reason: { code: 'new_failure' } });
    remediations.add(told.remediation_id);
  }
  expect(remediations.size).toBe(bodies.length);
  if (store === null) return;
  const count = (table: 'deliveries' | 'remediations') => store.db.selectFrom(table).select('id').execute();
  expect(await count('deliveries')).toHaveLength(bodies.length);
  expect(await count('remediations')).toHaveLength(bodies.length);
}

describe('a sender that does not wait for the decision', () => {
  const folder = temporaryFolder();
  let service: Service | null = null;
  let running: RunningService | null = null;
  afterEach(async () => {
    await service?.stop();
    await running?.kill();
    [service, running] = [null, null];
    folder.remove();
  });

  it('learns at the address in its answer what became of the delivery, at once and later', async () => {
    service = await startPaused({ dataDir: folder.path });
    const { url } = service;
    const body = aBody(1);
    const answer = await send(url, body);
    expect(answer).toMatchObject({ status: 202, applied: 'respond-async', body: { reason: { code: 'kept' } } });
    const address = `${url}${answer.body.status_url}`;
    expect(['stored', 'decided']).toContain((await ask<Told>(address)).state);
    expect((await fetch(`${url}/deliveries/${sha256(body)}`)).status).toBe(200);

    const told = await decided(url, sha256(body));
    expect(told).toMatchObject({ status: 'accepted', reason: { code: 'new_failure' } });
    const remediation = await ask<{ task_id: string }>(`${url}/api/remediations/${told.remediation_id}`);
    expect(remediation).toMatchObject({ task_id: 'ci-1' });
    const page = await fetch(`${url}/deliveries/${sha256(body)}`);
    expect(page.status).toBe(200);
    expect(await page.text()).toContain('ci-1');

    // Again, in both ways: nothing happens twice.
    expect((await send(url, body)).body).toEqual(answer.body);
    const waited = await send(url, body, { prefer: 'handling=strict' });
    expect(waited.body).toMatchObject({ remediation_id: told.remediation_id, dedup_status: 'new' });
    await expectEachOnce(url, service.store, [body]);
  });

  it('is told by the status of its delivery that the body cannot be used', async () => {
    service = await startPaused({ dataDir: folder.path });
    const body = '{"workflow_job": 7';
    expect((await send(service.url, body)).body).toMatchObject({ reason: { code: 'kept' } });
    expect(await decided(service.url, sha256(body))).toMatchObject({
      status: 'ignored',
      reason: { code: 'unreadable' },
      remediation_id: null,
    });
    expect((await fetch(`${service.url}/deliveries/${sha256(body)}`)).status).toBe(200);
  });

  it('waits for the decision after all when the inbox has no room', async () => {
    service = await startPaused({ dataDir: folder.path, limits: { inboxMegabytes: 1 } });
    const large = await send(service.url, aBody(1, 1024 * 1024));
    expect(large).toMatchObject({ status: 202, applied: null, body: { reason: { code: 'new_failure' } } });
    expect(large.body.remediation_id).not.toBeNull();
    const small = await send(service.url, aBody(2));
    expect(small).toMatchObject({ status: 202, applied: 'respond-async', body: { reason: { code: 'kept' } } });
    await expectEachOnce(service.url, service.store, [aBody(1, 1024 * 1024), aBody(2)]);
  });

  const many = Array.from({ length: 400 }, (_, index) => aBody(index + 1));

  it('need not do anything when the service is stopped before it decided', async () => {
    service = await startPaused({ dataDir: folder.path });
    // Nothing can be decided meanwhile, and then one batch at most.
    const { promise: isStopping, resolve: stopping } = Promise.withResolvers<void>();
    const held = service.store.transaction(() => isStopping);
    await sendMany(service.url, many);
    const stopped = service.stop();
    stopping();
    await Promise.all([held, stopped]);
    expect(left(folder.path)).toBeGreaterThan(0);
    service = await startPaused({ dataDir: folder.path });
    await expectEachOnce(service.url, service.store, many);
    await service.stop();
    service = null;
    expect(readdirSync(join(folder.path, 'inbox'))).toEqual([]);
  });

  it('need not do anything when the process is killed before it decided', async () => {
    const env = pausedEnvironment(folder.path);
    running = await startProcess(env);
    await sendMany(running.url, many);
    await running.kill();
    running = await startProcess(env);
    await expectEachOnce(running.url, null, many);
  });
});

describeOnPostgres('a store that is shared', () => {
  let service: Service | null = null;
  afterEach(() => service?.stop());

  it('has no inbox: the preference is not applied, and the answer tells of the decision', async () => {
    const folder = temporaryFolder();
    service = await startPaused({ databaseUrl: await freshDatabase(), dataDir: folder.path });
    const answer = await send(service.url, aBody(1));
    expect(answer).toMatchObject({ status: 202, applied: null, body: { reason: { code: 'new_failure' } } });
    expect(answer.body.remediation_id).not.toBeNull();
    expect(readdirSync(folder.path)).not.toContain('inbox');
    folder.remove();
  });
});

describe('GitHub’s webhooks that are answered as soon as they are kept', STORIES, () => {
  it('heal a broken branch as those that are answered with the decision', () =>
    inWorld({ webhookAnswer: 'kept' }, async (world) => {
      world.commit('topic');
      world.plan({ '*': ['commit'] });
      const { runId } = world.run('topic', { build: 'red' });
      await world.agentPushed(`ci-${runId}`);
      world.run('topic', { build: 'green' });
      expect(await world.ended(`ci-${runId}`)).toMatchObject({ phase: 'succeeded' });
      // All of them were kept first: even those of which nothing comes are answered 202.
      expect(new Set(world.gh.recorder.deliveries.map(({ status }) => status))).toEqual(new Set([202]));
      const answer = await world.deliver('ping', { zen: 'Keep it logically awesome.' });
      expect(answer).toMatchObject({ status: 202, body: { reason: { code: 'kept' } } });
    }));
});
