import { readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { DOORS } from '../../src/intake/doors.ts';
import { PROBLEMS } from '../../src/intake/problem.ts';
import { github } from '../../src/intake/sources/github/index.ts';
import { DELIVERY_ORIGINS } from '../../src/model/delivery.ts';
import { createRedactor } from '../../src/safety/redact.ts';
import {
  endpointOf,
  FILES,
  kustomization,
  MANIFESTS,
  SENSORS,
  SENSORS_DIR,
  type Sensor,
  textOf,
} from './support/manifests.ts';

/** What a Service, a JetStream subject and a bucket may be called; dots would split a subject. */
const NAME = /^[a-z]([a-z0-9-]{0,50}[a-z0-9])?$/;
const originOf = ({ metadata }: Sensor) => metadata.name.replace(/^healer-/, '');
const FOLDERS = FILES.filter((file) => file.endsWith('kustomization.yaml')).map(dirname);

/** A sensor without what may differ from origin to origin. */
function common({ spec }: Sensor): unknown {
  const { template, eventBusName, triggers } = structuredClone(spec);
  const [{ template: trigger, policy, retryStrategy, atLeastOnce, dlqTrigger }] = triggers;
  const { http } = trigger;
  const { k8s } = dlqTrigger.template;
  return {
    ...{ template, eventBusName, policy, retryStrategy, atLeastOnce },
    http: { ...http, url: new URL(http.url).origin, payload: { ...http.payload[0]?.src, dependencyName: '' } },
    letter: { ...k8s, source: k8s.source.resource.kind, parameters: k8s.parameters[0]?.dest },
    letterRetry: dlqTrigger.retryStrategy,
  };
}

describe('the manifests', () => {
  it('have valid names, each once', () => {
    const names = MANIFESTS.map(({ kind, metadata }) => `${kind} ${metadata.name}`);
    expect(new Set(names).size).toBe(names.length);
    for (const { metadata } of MANIFESTS) expect(metadata.name).toMatch(NAME);
  });

  it('hold no secret, neither as an object nor in their text', () => {
    expect(MANIFESTS.filter(({ kind }) => kind === 'Secret')).toEqual([]);
    for (const file of FILES) expect(createRedactor().redact(textOf(file)).found, file).toEqual([]);
  });

  it('leave the namespace to kustomize, so that an overlay can name another', () => {
    for (const { metadata } of MANIFESTS) expect(metadata.namespace).toBeUndefined();
  });

  it.each(FOLDERS)('in %s are all listed in its kustomization', (folder) => {
    const listed = kustomization(folder);
    const own = readdirSync(join(SENSORS_DIR, folder)).filter((name) => name.endsWith('.yaml'));
    const expected = own.filter((name) => name !== 'kustomization.yaml').map((name) => join(folder, name));
    expect(listed.filter((name) => name.endsWith('.yaml')).sort()).toEqual(expected.sort());
    for (const name of listed.filter((entry) => !entry.endsWith('.yaml'))) expect(FOLDERS).toContain(name);
  });

  it('are applied by one command, but for an EventBus and what is optional', () => {
    expect(kustomization('.')).toEqual(['dead-letters', 'github', 'play']);
  });
});

describe('the sensors', () => {
  it('are one for each origin that Argo Events can carry', () => {
    const origins = DELIVERY_ORIGINS.filter((origin) => origin !== 'github');
    expect(SENSORS.map(originOf).sort()).toEqual([...origins].sort());
  });

  it.each(SENSORS)('$metadata.name posts to the door of its origin, with a bearer token from a Secret', (sensor) => {
    const door = DOORS.find(({ path }) => path === endpointOf(sensor));
    expect(door).toMatchObject({ origin: originOf(sensor), auth: 'token' });
    const { http } = sensor.spec.triggers[0].template;
    expect(http).toMatchObject({ method: 'POST', timeout: 30, headers: { 'Content-Type': 'application/json' } });
    const secretKeyRef = { name: 'healer-api', key: 'authorization' };
    expect(http.secureHeaders).toEqual([{ name: 'Authorization', valueFrom: { secretKeyRef } }]);
  });

  it.each(SENSORS)('$metadata.name tries again, within bounds, and keeps what it could not deliver', (sensor) => {
    const [trigger] = sensor.spec.triggers;
    for (const { atLeastOnce, retryStrategy } of [trigger, trigger.dlqTrigger]) {
      expect(atLeastOnce).toBe(true);
      expect(retryStrategy.steps).toBeGreaterThanOrEqual(5);
      // Argo Events reads numbers only: with a text it does not even try once.
      expect([typeof retryStrategy.factor, typeof retryStrategy.jitter]).toEqual(['number', 'number']);
      expect(Number(retryStrategy.factor)).toBeGreaterThan(1);
      expect(Number(retryStrategy.jitter)).toBeGreaterThan(0);
    }
    expect(trigger.rateLimit.requestsPerUnit).toBeGreaterThan(0);
    const { metadata } = trigger.dlqTrigger.template.k8s.source.resource;
    expect(metadata.name).toBe(`dead-letter-${originOf(sensor)}-`);
    expect(`${metadata.name}${'f'.repeat(32)}`.length).toBeLessThanOrEqual(63);
    expect(metadata.labels).toEqual({ 'healer/dead-letter': originOf(sensor) });
    expect(metadata.annotations).toEqual({ 'healer/endpoint': endpointOf(sensor) });
  });

  it.each(SENSORS)('$metadata.name takes no refusal for an answer', (sensor) => {
    const { allow } = sensor.spec.triggers[0].policy.status;
    expect(allow).toEqual([200, 202]);
    for (const { status } of Object.values(PROBLEMS)) expect(allow).not.toContain(status);
  });

  it.each(SENSORS)('$metadata.name differs from the others only in what it carries and where to', (sensor) => {
    expect(common(sensor)).toEqual(common(SENSORS[0]!));
  });

  it.each(SENSORS)(
    '$metadata.name names its trigger like itself, because Argo keeps clients and limits by that',
    (sensor) => {
      const [trigger] = sensor.spec.triggers;
      expect(trigger.template.name).toBe(sensor.metadata.name);
      expect(trigger.dlqTrigger.template.name).toBe(`${sensor.metadata.name}-dead-letter`);
    },
  );

  it.each(SENSORS)('$metadata.name depends on one event, so that no value of its payload can be missing', (sensor) => {
    expect(sensor.spec.dependencies).toHaveLength(1);
    const [trigger] = sensor.spec.triggers;
    const sources = [...trigger.template.http.payload, ...trigger.dlqTrigger.template.k8s.parameters];
    for (const { src } of sources) expect(src.dependencyName).toBe(sensor.spec.dependencies[0].name);
  });
});

describe('the README', () => {
  const table = textOf('README.md')
    .split('\n')
    .map((line) => line.split('|').map((cell) => cell.trim()))
    .filter((cells) => cells.length === 6 && DELIVERY_ORIGINS.some((origin) => origin === cells[1]));

  it('has a row for each origin, with its endpoint', () => {
    const rows = table.map((cells) => [cells[1], cells[4]]);
    expect(rows.sort()).toEqual(SENSORS.map((sensor) => [originOf(sensor), `\`${endpointOf(sensor)}\``]).sort());
  });

  it('names the events that the filters name', () => {
    for (const [, origin, , events = ''] of table) {
      const sensor = SENSORS.find((one) => originOf(one) === origin);
      const filters = sensor?.spec.dependencies[0].filters?.data.filter(({ comparator }) => comparator !== '!=') ?? [];
      const named = filters
        .flatMap(({ value }) => value)
        .join()
        .match(/[a-z]+(?:_[a-z]+)+|status|push|delete|ping/g);
      for (const word of named ?? []) if (github.events.includes(word)) expect(events).toContain(`\`${word}\``);
    }
  });
});
