import { afterAll, describe, expect, it } from 'vitest';
import { normalise } from '../../src/intake/sources/github/normalise.ts';
import { startService } from '../intake/support/service.ts';
import { deliver, EVENT_ID, gjson, type SourceRequest } from './support/argo.ts';
import { endpointOf, SENSORS, type Sensor } from './support/manifests.ts';
import { eventOf, GITHUB_REQUESTS, OTHER_REQUESTS } from './support/requests.ts';

const TOKEN = 'a-token-of-a-test';
const service = startService({ credentials: { webhookSecrets: [], apiTokens: [TOKEN], readTokens: [] } });
afterAll(() => service.app.close());

const DELIVERED = [...GITHUB_REQUESTS, ...OTHER_REQUESTS].flatMap((request) =>
  SENSORS.flatMap((sensor) => {
    const outcome = deliver(sensor, request);
    return outcome?.passed ? [{ request, sensor, payload: outcome.payload, id: request.id }] : [];
  }),
);
const OF_GITHUB = DELIVERED.filter(({ request }) => request.eventSource === 'healer-github');
const OF_OTHERS = DELIVERED.filter(({ request }) => request.eventSource !== 'healer-github');

async function post(sensor: Sensor, payload: unknown) {
  const response = await service.post(endpointOf(sensor), payload, { authorization: `Bearer ${TOKEN}` });
  const accepted = service.accepted.at(-1);
  if (!accepted) throw new Error(`nothing was accepted: ${response.body}`);
  return { response, ...accepted };
}

/** As if its filters had let it through. */
function unfiltered(sensor: Sensor, request: SourceRequest): unknown {
  const [dependency] = sensor.spec.dependencies;
  const open = { ...sensor, spec: { ...sensor.spec, dependencies: [{ ...dependency, filters: { data: [] } }] } };
  return deliver(open as unknown as Sensor, request)?.payload;
}

describe('what a GitHub sensor posts', () => {
  it.each(OF_GITHUB)('is taken, and says the same as the bare body: $id', async ({ request, sensor, payload }) => {
    const { response, delivery, meta } = await post(sensor, payload);
    expect([200, 202]).toContain(response.statusCode);
    expect(delivery.event).toBe(eventOf(request));
    expect(delivery.externalId).toBe(request.headers['X-GitHub-Delivery']);
    const { signals, ignored } = normalise(eventOf(request), request.body);
    expect(meta.signals).toEqual(signals);
    expect(meta.ignored).toEqual(ignored);
  });

  it('would be taken of every example there is, whatever the filters let through', async () => {
    const sensor = SENSORS.find(({ metadata }) => metadata.name === 'healer-ci-failure')!;
    const examples = GITHUB_REQUESTS.filter(({ id }) => !/variant|made/.test(id));
    expect(examples.length).toBe(726);
    for (const request of examples) {
      const { response, delivery } = await post(sensor, unfiltered(sensor, request));
      expect(response.statusCode, request.id).toBeLessThan(300);
      expect(delivery.event).toBe(eventOf(request));
    }
  });

  it('carries two headers and nothing else that the sender wrote around the body', () => {
    for (const { payload } of OF_GITHUB) {
      expect(Object.keys(payload ?? {}).sort()).toEqual(['body', 'headers']);
      expect(Object.keys(payload?.['headers'] as object).sort()).toEqual(['X-GitHub-Delivery', 'X-GitHub-Event']);
    }
  });
});

describe('what the other sensors post', () => {
  it.each(OF_OTHERS)('is taken with the bus’s id for a delivery id: $id', async ({ sensor, payload }) => {
    const { response, delivery, meta } = await post(sensor, payload);
    expect(response.statusCode).toBeLessThan(300);
    expect(delivery.externalId).toBe(EVENT_ID);
    expect(meta.signals).toHaveLength(1);
    expect(JSON.stringify(payload)).not.toContain('not-for-healer');
  });
});

describe('a refusal', () => {
  it('comes without the token, and with a wrong one', async () => {
    const { sensor, payload } = OF_GITHUB[0]!;
    const before = service.accepted.length;
    for (const headers of [{}, { authorization: 'Bearer another' }, { authorization: TOKEN }])
      expect((await service.post(endpointOf(sensor), payload, headers)).statusCode).toBe(401);
    expect(service.accepted).toHaveLength(before);
  });
});

describe('the model of gjson', () => {
  const data = { a: { 'b-c': ['x', null], d: { e: 1 } }, f: 'text' };

  it.each([
    ['a.b-c.0', 'x'],
    ['a.b-c.1', null],
    ['a.b-c.2', undefined],
    ['a.none.e', undefined],
    ['[f,a.none,a.d]', ['text', { e: 1 }]],
    ['[none]', []],
    ['{f,"x":{"y":a.d.e,"z":none}}', { f: 'text', x: { y: 1 } }],
  ])('reads %s', (path, expected) => {
    expect(gjson(data, path)).toEqual(expected);
  });
});
