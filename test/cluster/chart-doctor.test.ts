import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse, stringify } from 'yaml';
import { definitionState, wantedDefinition } from '../../src/app/cluster-definition.ts';
import { RIGHTS, RULES, refusedRights } from '../../src/app/cluster-rights.ts';
import { diagnoseCluster } from '../../src/app/diagnose-cluster.ts';
import { kubernetesLease, LEASE_NAME } from '../../src/coderun/reconcile/leader-lease.ts';
import { tokenAccess } from '../../src/lib/kubernetes/access.ts';
import { createKubernetesClient, type KubernetesClient } from '../../src/lib/kubernetes/client.ts';
import { CHART } from '../charts/documents.ts';
import { type Cluster, startCluster, until } from './support/cluster.ts';

const NAMESPACE = 'healer';
const DEFINITION = join(CHART, 'crds/coderuns.yaml');
const PATIENCE_MS = 60_000;

interface Definition {
  readonly spec: {
    readonly versions: readonly {
      readonly schema: {
        readonly openAPIV3Schema: { readonly properties: Record<string, { properties: Record<string, unknown> }> };
      };
    }[];
  };
}

/** Nothing listens there. */
const NO_SERVICE = 'http://127.0.0.1:9';

describe('doctor and readiness on a real API server', () => {
  let cluster: Cluster;
  let client: KubernetesClient;
  const clientFor = async (account: string): Promise<KubernetesClient> => {
    const token = await cluster.tokenFor(NAMESPACE, account);
    const ca = readFileSync(cluster.caFile, 'utf8');
    return createKubernetesClient({ access: tokenAccess({ server: cluster.server, token, ca }), userAgent: 'doctor' });
  };
  const doctor = async (using = client) => {
    const findings = await diagnoseCluster({
      client: using,
      namespace: NAMESPACE,
      definition: wantedDefinition(),
      serviceUrl: NO_SERVICE,
      now: Date.now(),
    });
    return new Map(findings.map((finding) => [finding.name, finding]));
  };

  beforeAll(async () => {
    cluster = await startCluster({ withNode: false, withControllerManager: false });
    await cluster.helm([
      ...['install', 'healer', CHART, '-n', NAMESPACE, '--create-namespace', '--skip-crds'],
      ...['--set', 'settings.kubernetes.image=agents:1'],
    ]);
    client = await clientFor('healer');
  });
  afterAll(() => cluster?.stop());

  it('notices a definition that comes later, and one that is too old', async () => {
    const wanted = wantedDefinition();
    expect(await definitionState(client, wanted)).toEqual({ state: 'absent', served: [] });
    expect((await doctor()).get('cluster definition')).toMatchObject({ status: 'failed' });

    const older = parse(readFileSync(DEFINITION, 'utf8')) as Definition;
    delete older.spec.versions[0]?.schema.openAPIV3Schema.properties['status']?.properties['commitSha'];
    await cluster.kubectl(['apply', '--server-side', '-f', '-'], stringify(older));
    await until(PATIENCE_MS, 'the old definition is not published', async () => {
      const found = await definitionState(client, wanted);
      return found.state === 'outdated' && found.lacks.join() === 'status.commitSha';
    });
    expect((await doctor()).get('cluster definition')?.detail).toContain('lacks status.commitSha');

    await cluster.kubectl(['apply', '--server-side', '--force-conflicts', '-f', DEFINITION]);
    await until(PATIENCE_MS, 'the definition does not fit', async () => {
      return (await definitionState(client, wanted)).state === 'fits';
    });
    expect((await doctor()).get('cluster definition')).toMatchObject({ status: 'ok' });
  });

  it('is content with the rights that the chart gives, and with nothing less', async () => {
    expect(await refusedRights(client, NAMESPACE)).toEqual([]);
    expect((await doctor()).get('cluster rights')).toMatchObject({
      status: 'ok',
      detail: `all ${RIGHTS.length} rights in namespace ${NAMESPACE} are there`,
    });
    // Nothing beyond them either: no other namespace, no listing of Secrets, no other lease, no definitions.
    expect((await refusedRights(client, 'default')).length).toBe(RIGHTS.length);
    const beyond = [
      { verb: 'list', group: '', resource: 'secrets' },
      { verb: 'update', group: 'coordination.k8s.io', resource: 'leases', name: 'another' },
      { verb: 'get', group: 'apiextensions.k8s.io', resource: 'customresourcedefinitions' },
      { verb: 'create', group: '', resource: 'pods' },
      { verb: 'create', group: '', resource: 'pods/exec' },
    ];
    expect((await refusedRights(client, NAMESPACE, beyond)).length).toBe(beyond.length);
  });

  it.each(RULES.flatMap(({ verbs, ...rule }, index) => verbs.map((verb) => ({ ...rule, verb, index }))))(
    'names $verb $resource when it is taken away',
    async ({ index, verb, resource, group }) => {
      const path = `/apis/rbac.authorization.k8s.io/v1/namespaces/${NAMESPACE}/roles/healer`;
      const { rules } = await cluster.api.request<{ rules: { verbs: string[] }[] }>('GET', path);
      const without = rules.map((rule, at) =>
        at === index ? { ...rule, verbs: rule.verbs.filter((candidate) => candidate !== verb) } : rule,
      );
      await cluster.api.request('PATCH', path, { rules: without.filter((rule) => rule.verbs.length > 0) });
      try {
        await until(PATIENCE_MS, 'the right is still there', async () => {
          const refused = await refusedRights(client, NAMESPACE);
          return refused.length === 1 && refused[0]?.verb === verb && refused[0].resource === resource;
        });
        const finding = (await doctor()).get('cluster rights');
        expect(finding?.status).toBe('failed');
        const plural = resource.split('/')[0] ?? '';
        expect(finding?.detail).toContain(
          `missing in namespace ${NAMESPACE}: ${verb} ${plural}${group === '' ? '' : `.${group}`}`,
        );
      } finally {
        await cluster.api.request('PATCH', path, { rules });
        await until(PATIENCE_MS, 'the right does not come back', async () => {
          return (await refusedRights(client, NAMESPACE)).length === 0;
        });
      }
    },
  );

  it('says who leads, and that nobody does', async () => {
    expect((await doctor()).get('cluster leader')).toMatchObject({ status: 'warn' });
    const lease = kubernetesLease(client, NAMESPACE);
    const signal = AbortSignal.timeout(PATIENCE_MS);
    const content = { durationMs: 15_000, acquiredAt: Date.now(), renewedAt: Date.now(), transitions: 3 };
    const first = await lease.write({ ...content, holder: 'healer-abc_1' }, null, signal);
    expect((await doctor()).get('cluster leader')).toMatchObject({
      status: 'ok',
      detail: expect.stringMatching(/^healer-abc_1 leads, renewed \d+ s ago; it changed hands 3 times$/),
    });
    const old = { ...content, holder: 'healer-abc_1', renewedAt: Date.now() - 60_000 };
    const second = await lease.write(old, first?.version ?? '', signal);
    expect((await doctor()).get('cluster leader')).toMatchObject({
      status: 'warn',
      detail: expect.stringContaining('nobody has taken it over'),
    });
    // Both written over a version that is gone, or over none where there is one.
    expect(await lease.write({ ...content, holder: 'late' }, first?.version ?? '', signal)).toBeNull();
    expect(await lease.write({ ...content, holder: 'late' }, null, signal)).toBeNull();
    expect(await lease.read(signal)).toEqual(second);
    await cluster.kubectl(['delete', 'lease', LEASE_NAME, '-n', NAMESPACE]);
    // A Lease that was deleted is made anew by whoever writes over it; then nobody else can make one.
    const third = await lease.write({ ...content, holder: 'healer-abc_1' }, second?.version ?? '', signal);
    expect(third?.holder).toBe('healer-abc_1');
    expect(await lease.write({ ...content, holder: 'late' }, null, signal)).toBeNull();
    expect(await lease.write({ ...content, holder: 'late' }, second?.version ?? '', signal)).toBeNull();
  });

  it('asks the service of the same pod how its watch does, and says where to ask when there is none', async () => {
    expect((await doctor()).get('cluster watch')).toMatchObject({ status: 'missing' });
  });

  it('says so and no more when the API server is away', async () => {
    await cluster.apiserver.kill();
    const findings = await doctor();
    expect([...findings.keys()]).toEqual(['cluster']);
    expect(findings.get('cluster')).toMatchObject({ status: 'failed' });
    await cluster.apiserver.restart();
    await until(PATIENCE_MS, 'the API server does not come back', async () => {
      return (await doctor()).get('cluster')?.status === 'ok';
    });
  });
});
