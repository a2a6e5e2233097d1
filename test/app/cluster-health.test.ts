import { describe, expect, it } from 'vitest';
import { definitionState, missingFields, wantedDefinition } from '../../src/app/cluster-definition.ts';
import { type ClusterQuestions, createClusterHealth, leaderCheck, watchCheck } from '../../src/app/cluster-health.ts';
import { RIGHTS, refusedRights, sayRights } from '../../src/app/cluster-rights.ts';
import { createReadiness } from '../../src/app/readiness.ts';
import { RetryableError } from '../../src/lib/errors.ts';
import { openStore } from '../../src/store/open.ts';
import { fakeClock } from '../support/clock.ts';
import { type Answers, away, clientOf } from './support/api-server.ts';

const view = { self: 'a', holder: 'a', ageMs: 1_000 };

function healthOf(change: Partial<ClusterQuestions> = {}) {
  const clock = fakeClock();
  const asked = { rights: 0, definition: 0 };
  const now = {
    rights: async () => [] as never[],
    definition: async () => ({ state: 'fits' }) as const,
    isLeading: () => true,
    lastHeardAt: () => clock.now(),
    leader: () => view,
    ...change,
  };
  const ask: ClusterQuestions = {
    ...now,
    rights: () => {
      asked.rights += 1;
      return now.rights();
    },
    definition: () => {
      asked.definition += 1;
      return now.definition();
    },
  };
  return {
    clock,
    asked,
    now,
    health: createClusterHealth({ ask, namespace: 'healer', clock: clock.now, leaseMs: 15_000 }),
  };
}

const failing = async (health: () => Promise<readonly { name: string; ok: boolean }[]>) =>
  (await health()).filter(({ ok }) => !ok).map(({ name }) => name);

describe('readiness of the cluster', () => {
  it('is well when rights, definition, watch and leader are', async () => {
    const { health } = healthOf();
    expect((await health()).map(({ name, ok }) => [name, ok])).toEqual([
      ['rights', true],
      ['definition', true],
      ['watch', true],
      ['leader', true],
    ]);
  });

  it('names each refused right with verb, resource and namespace', async () => {
    const { health } = healthOf({
      rights: async () => [{ verb: 'create', group: 'batch', resource: 'jobs', reason: null }],
    });
    const [rights] = await health();
    expect(rights).toEqual({
      name: 'rights',
      ok: false,
      detail: 'not allowed in namespace healer: create jobs.batch',
    });
  });

  it('asks again soon while something is wrong, and seldom when all is well', async () => {
    let isThere = false;
    const world = healthOf({
      definition: async () => (isThere ? ({ state: 'fits' } as const) : ({ state: 'absent', served: [] } as const)),
    });
    expect(await failing(world.health)).toEqual(['definition']);
    isThere = true;
    expect(await failing(world.health)).toEqual(['definition']);
    world.clock.advance(6_000);
    expect(await failing(world.health)).toEqual([]);
    world.clock.advance(50_000);
    await world.health();
    expect(world.asked.definition).toBe(2);
    world.clock.advance(20_000);
    isThere = false;
    expect(await failing(world.health)).toEqual(['definition']);
  });

  it('asks once for probes that come side by side', async () => {
    const { health, asked } = healthOf();
    await Promise.all([health(), health(), health()]);
    expect(asked).toEqual({ rights: 1, definition: 1 });
  });

  it('does not take rights for lost while the API server is away: the watch says that', async () => {
    let isAway = false;
    const world = healthOf({
      rights: async () => (isAway ? away() : []),
      definition: async () => (isAway ? away() : { state: 'fits' }),
    });
    expect(await failing(world.health)).toEqual([]);
    isAway = true;
    world.clock.advance(61_000);
    expect(await failing(world.health)).toEqual([]);
  });

  it('is not ready when the API server could never be asked', async () => {
    const { health } = healthOf({ rights: async () => away(), lastHeardAt: () => null });
    const checks = await health();
    expect(checks.filter(({ ok }) => !ok).map(({ name }) => name)).toEqual(['rights', 'watch']);
    expect(checks[0]?.detail).toContain('ECONNREFUSED');
  });

  it('leaves the watch to the replica that leads', async () => {
    const { health } = healthOf({ isLeading: () => false, lastHeardAt: () => null });
    expect(await failing(health)).toEqual([]);
  });

  it('tells a watch that has fallen silent', () => {
    expect(watchCheck(null, 0).ok).toBe(false);
    expect(watchCheck(1_000, 61_000)).toMatchObject({ ok: true, detail: 'the API server was last heard 60 s ago' });
    expect(watchCheck(1_000, 241_000).ok).toBe(false);
  });

  it('tells who leads, or that nobody does or can be known to', () => {
    expect(leaderCheck(null, 15_000).ok).toBe(true);
    expect(leaderCheck(view, 15_000)).toMatchObject({ ok: true, detail: 'this process leads' });
    expect(leaderCheck({ ...view, holder: 'b' }, 15_000)).toMatchObject({ ok: true, detail: 'b leads' });
    expect(leaderCheck({ ...view, holder: null }, 15_000).ok).toBe(false);
    expect(leaderCheck({ ...view, ageMs: 31_000 }, 15_000).ok).toBe(false);
    expect(leaderCheck({ ...view, ageMs: null }, 15_000).ok).toBe(false);
  });

  it('stands beside store and loops', async () => {
    const store = await openStore({ kind: 'memory' });
    const readiness = createReadiness({ store, isRunning: () => false, cluster: healthOf().health });
    expect((await readiness()).map(({ name, ok }) => `${name} ${ok}`)).toEqual([
      'store true',
      'loops false',
      'rights true',
      'definition true',
      'watch true',
      'leader true',
    ]);
    await store.close();
    expect((await readiness()).find(({ name }) => name === 'store')?.ok).toBe(false);
  });
});

describe('the rights', () => {
  it('are asked for one by one, and the refused ones come back', async () => {
    const { client, seen } = clientOf(({ body }) => {
      const { resourceAttributes } = (body as { spec: { resourceAttributes: Record<string, string> } }).spec;
      const allowed = !(resourceAttributes['resource'] === 'pods' && resourceAttributes['subresource'] === 'log');
      return { body: { status: { allowed, reason: allowed ? '' : 'no RBAC policy matched' } } };
    });
    expect(await refusedRights(client, 'healer')).toEqual([
      { verb: 'get', group: '', resource: 'pods/log', reason: 'no RBAC policy matched' },
    ]);
    expect(seen.length).toBe(RIGHTS.length);
    const lease = seen.find(({ body }) => JSON.stringify(body).includes('"update"'));
    expect(lease?.body).toMatchObject({
      spec: { resourceAttributes: { namespace: 'healer', resource: 'leases', name: 'healer-leader' } },
    });
  });

  it('throw when the API server cannot be asked: not known is not refused', async () => {
    await expect(refusedRights(clientOf(away).client, 'healer')).rejects.toThrow(RetryableError);
  });

  it('are said by resource', () => {
    expect(
      sayRights([
        { verb: 'create', group: 'batch', resource: 'jobs' },
        { verb: 'delete', group: 'batch', resource: 'jobs' },
        { verb: 'get', group: '', resource: 'pods/log' },
        { verb: 'update', group: 'coordination.k8s.io', resource: 'leases', name: 'healer-leader' },
      ]),
    ).toBe('create, delete jobs.batch; get pods/log; update leases.coordination.k8s.io "healer-leader"');
  });
});

describe('the definition of CodeRuns', () => {
  const wanted = wantedDefinition();
  const kind = { 'x-kubernetes-group-version-kind': [{ group: wanted.group, version: 'v1', kind: 'CodeRun' }] };
  const serving =
    (schema: object, resources = ['coderuns', 'coderuns/status']): Answers =>
    ({ path }) =>
      path.startsWith('/openapi')
        ? { body: { components: { schemas: { 'platform.agents.v1.CodeRun': { ...schema, ...kind } } } } }
        : { body: { resources: resources.map((name) => ({ name })) } };

  it('fits when every field is there', async () => {
    expect(await definitionState(clientOf(serving(wanted.schema)).client, wanted)).toEqual({ state: 'fits' });
  });

  it('names the fields that would be pruned in silence', async () => {
    const older = structuredClone(wanted.schema) as {
      properties: Record<string, { properties: Record<string, { properties?: Record<string, unknown> }> }>;
    };
    delete older.properties['status']?.properties['commitSha'];
    delete older.properties['spec']?.properties['cliConfig']?.properties?.['maxTokens'];
    const { client } = clientOf(serving(older, ['coderuns']));
    expect(await definitionState(client, wanted)).toEqual({
      state: 'outdated',
      lacks: ['the status subresource', 'spec.cliConfig.maxTokens', 'status.commitSha'],
    });
  });

  it('is absent when it is not served, or only in another version', async () => {
    expect(await definitionState(clientOf(() => ({ status: 404 })).client, wanted)).toEqual({
      state: 'absent',
      served: [],
    });
    const { client } = clientOf(({ path }) =>
      path === '/apis/agents.platform' ? { body: { versions: [{ version: 'v1alpha1' }] } } : { status: 404 },
    );
    expect(await definitionState(client, wanted)).toEqual({ state: 'absent', served: ['v1alpha1'] });
  });

  it('looks into lists, and lets free-form objects be', () => {
    const list = { properties: { a: { items: { properties: { b: {}, c: {} } } } } };
    expect(missingFields(list, { properties: { a: { items: { properties: { b: {} } } } } })).toEqual(['a[].c']);
    expect(missingFields(list, { properties: { a: { 'x-kubernetes-preserve-unknown-fields': true } } })).toEqual([]);
  });
});
