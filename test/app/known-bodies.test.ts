import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fastify } from 'fastify';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Acceptor, type AcceptorOptions, createAcceptor } from '../../src/app/accept.ts';
import { DOORS } from '../../src/intake/doors.ts';
import { interpretDelivery } from '../../src/intake/interpret.ts';
import { intakeRoutes } from '../../src/intake/routes.ts';
import { serverOptions } from '../../src/intake/server-options.ts';
import { sha256 } from '../../src/lib/digest.ts';
import type { Delivery } from '../../src/model/delivery.ts';
import { reason } from '../../src/model/reason.ts';
import { findDelivery, latestDeliveries } from '../../src/store/deliveries.ts';
import { openStore, type Store } from '../../src/store/open.ts';
import { LEAK, secretScanningAlert } from '../intake/support/alerts.ts';
import { wrapped } from '../intake/support/bodies.ts';
import { NOON } from '../support/clock.ts';
import { temporaryFolder } from '../support/service.ts';

/* What the store holds after deliveries came whose body or whose id it knew already, or which it must not hold at all. */

let folder: ReturnType<typeof temporaryFolder>;
let store: Store;
let acceptor: Acceptor;
let decided: number;

beforeEach(async () => {
  folder = temporaryFolder();
  store = await openStore({ kind: 'sqlite', dir: folder.path });
  decided = 0;
  const disposition = { status: 'ignored', dedupStatus: 'skipped', remediationId: null } as const;
  acceptor = createAcceptor({
    store,
    machine: { publish: () => {}, subscribe: () => () => {} } as unknown as AcceptorOptions['machine'],
    decide: async () => {
      decided += 1;
      return { disposition: { ...disposition, reason: reason('not_a_failure', `Decision ${decided}.`) }, steps: [] };
    },
    clock: () => NOON,
    interpret: (delivery) => interpretDelivery(delivery),
    onDecided: () => {},
    onError: (message, fields) => expect.unreachable(`${message}: ${JSON.stringify(fields)}`),
    wake: () => {},
  });
});

afterEach(async () => {
  await acceptor.drain();
  await store.close();
  folder.remove();
});

function delivery(id: string, externalId: string | null, text: string): Delivery {
  const body = Buffer.from(text);
  return { id, origin: 'github', event: 'push', externalId, digest: sha256(body), receivedAt: NOON, body };
}

const META = { signals: [], ignored: reason('not_a_failure'), preferWaitMs: 0 };
const accept = (id: string, externalId: string | null, text: string) =>
  acceptor.accept(delivery(id, externalId, text), META);

describe('a body that is known', () => {
  it('under another id gets the first answer, and the other id is not taken down', async () => {
    const first = await accept('D1', 'guid-1', '{"a":1}');
    const replayed = await accept('D2', 'guid-2', '{"a":1}');
    expect(replayed).toEqual(first);
    expect(decided).toBe(1);
    expect(await findDelivery(store.db, 'guid-2')).toBeNull();
    expect((await latestDeliveries(store.db, 10)).map(({ id, externalId }) => [id, externalId])).toEqual([
      ['D1', 'guid-1'],
    ]);
  });

  it('replayed under the id of a delivery that is still to come does not keep that one out', async () => {
    await accept('D1', 'guid-1', '{"a":1}');
    await accept('D2', 'guid-2', '{"a":1}');
    const real = await accept('D3', 'guid-2', '{"a":2}');
    expect(real.deliveryId).toBe('D3');
    expect(decided).toBe(2);
    expect((await findDelivery(store.db, 'guid-2'))?.digest).toBe(sha256('{"a":2}'));
  });

  it('and its replay that come at once are one, whichever is first', async () => {
    const answers = await Promise.all([
      accept('D1', 'guid-1', '{"a":1}'),
      accept('D2', 'guid-2', '{"a":1}'),
      accept('D3', null, '{"a":1}'),
    ]);
    expect(new Set(answers.map(({ deliveryId }) => deliveryId)).size).toBe(1);
    expect(decided).toBe(1);
    expect(await latestDeliveries(store.db, 10)).toHaveLength(1);
  });
});

describe('the value of a leaked secret', () => {
  it('is nowhere in the store, by whatever door and in whatever wrapping it came', async () => {
    const app = fastify(serverOptions());
    let count = 0;
    app.register(intakeRoutes, {
      credentials: { webhookSecrets: [], apiTokens: [], readTokens: [] },
      clock: () => NOON,
      newId: () => `D${++count}`,
      accept: acceptor.accept,
    });
    for (const [index, { path }] of DOORS.entries()) {
      const body = secretScanningAlert({ note: `${path} ${LEAK}` });
      for (const payload of [
        body,
        wrapped(body, 'secret_scanning_alert', `guid-${index}`),
        { body: JSON.stringify(body), headers: {} },
      ]) {
        const headers = { 'content-type': 'application/json' };
        const answer = await app.inject({ method: 'POST', url: path, payload: JSON.stringify(payload), headers });
        expect([200, 202, 400]).toContain(answer.statusCode);
        expect(answer.body).not.toContain(LEAK);
      }
    }
    await acceptor.drain();
    const kept = await latestDeliveries(store.db, 100);
    expect(kept).toHaveLength(DOORS.filter(({ source }) => source === 'github').length * 3);
    const files = readdirSync(folder.path).filter((name) => name.startsWith('healer.sqlite'));
    const bytes = Buffer.concat(files.map((name) => readFileSync(join(folder.path, name))));
    expect(bytes.includes('adafruit-io-key')).toBe(true);
    for (const form of [LEAK, Buffer.from(LEAK).toString('base64'), Buffer.from(LEAK).toString('hex')])
      expect(bytes.includes(form)).toBe(false);
    await app.close();
  });
});
