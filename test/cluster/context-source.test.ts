import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { contextCluster } from '../../src/app/context-cluster.ts';
import { settingsSchema } from '../../src/app/settings.ts';
import { kubernetes } from '../../src/brief/sources/kubernetes/index.ts';
import { nastyText } from '../brief/support/nasty.ts';
import { anAlert, anAlertRemediation, findingOf } from '../brief/support/systems.ts';
import { aRemediation } from '../support/builders.ts';
import { sharedCluster } from './support/cluster.ts';
import { eventually } from './support/objects.ts';

/** The source kubernetes against a real API server, as an account that may read and nothing else. */

const cluster = sharedCluster();
const IMAGE = 'ghcr.io/acme/shop';
let namespace = '';
let kubeconfig = '';

const deployment = (tag: string) => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'shop', labels: { app: 'shop' } },
  spec: {
    replicas: 1,
    progressDeadlineSeconds: 600,
    selector: { matchLabels: { app: 'shop' } },
    template: {
      metadata: { labels: { app: 'shop' } },
      spec: {
        containers: [
          { name: 'till', image: `${IMAGE}:${tag}`, command: ['/bin/sh', '-c', 'while :; do sleep 1; done'] },
        ],
      },
    },
  },
});

/** A ServiceAccount with the rights that docs/sources.md names. */
async function reader(): Promise<string> {
  const rbac = `/apis/rbac.authorization.k8s.io/v1/namespaces/${namespace}`;
  await cluster.api.request('POST', `/api/v1/namespaces/${namespace}/serviceaccounts`, {
    metadata: { name: 'healer-reader' },
  });
  await cluster.api.request('POST', `${rbac}/roles`, {
    metadata: { name: 'healer-reader' },
    rules: [
      { apiGroups: [''], resources: ['pods', 'events'], verbs: ['list'] },
      { apiGroups: ['apps'], resources: ['deployments', 'replicasets'], verbs: ['list'] },
    ],
  });
  await cluster.api.request('POST', `${rbac}/rolebindings`, {
    metadata: { name: 'healer-reader' },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'healer-reader' },
    subjects: [{ kind: 'ServiceAccount', name: 'healer-reader', namespace }],
  });
  return cluster.tokenFor(namespace, 'healer-reader');
}

function source(namespaces: readonly string[] = [namespace], selectors?: readonly string[]) {
  const { cluster: settings } = settingsSchema.parse({
    cluster: { access: 'kubeconfig', kubeconfig, namespaces, ...(selectors === undefined ? {} : { selectors }) },
  });
  return kubernetes(contextCluster(settings, {}));
}

const about = (labels: Readonly<Record<string, string>>) =>
  anAlertRemediation([anAlert({ labels: { namespace, ...labels } })]);

beforeAll(async () => {
  namespace = await cluster.namespace('context');
  kubeconfig = cluster.kubeconfigFor(await reader(), namespace);
  await cluster.node.tell(
    { namespace, image: `${IMAGE}:2` },
    { kind: 'waiting', reason: 'ErrImagePull', message: 'manifest unknown' },
  );
  await cluster.node.tell(
    { namespace, name: 'worker*' },
    { kind: 'pretend', exitCode: 3, message: 'the queue is gone', reason: 'Error' },
  );
  const path = `/apis/apps/v1/namespaces/${namespace}/deployments`;
  await cluster.api.request('POST', path, deployment('1'));
  await eventually(
    () => cluster.api.request<{ status?: { readyReplicas?: number } }>('GET', `${path}/shop`),
    ({ status }) => status?.readyReplicas === 1,
  );
  await cluster.api.request('PATCH', `${path}/shop`, { spec: deployment('2').spec });
  await cluster.api.request('POST', `/api/v1/namespaces/${namespace}/pods`, {
    metadata: { name: 'worker', labels: { 'app.kubernetes.io/name': 'worker' } },
    spec: {
      restartPolicy: 'Always',
      containers: [{ name: 'worker', image: 'ghcr.io/acme/worker:7', command: ['true'] }],
    },
  });
});

describe('the source kubernetes on a real API server', () => {
  it('tells the pod that waits for its image, the warnings, and what was rolled out before', async () => {
    const finding = await eventually(
      () => findingOf(source(), about({ app: 'shop' })),
      ({ body }) => /waits: (?:ErrImagePull|ImagePullBackOff)/.test(body ?? ''),
    );
    expect(finding).toMatchObject({ status: 'found' });
    expect(finding.summary).toBe(`2 pods of shop in ${namespace}, 1 not well.`);
    expect(finding.body).toMatch(new RegExp(`container till \\(${IMAGE}:2\\).*manifest unknown`));
    expect(finding.body).toMatch(
      new RegExp(`revision 2, made .*: ${IMAGE}:2, 0 of 1 ready\\n  revision 1, .*: ${IMAGE}:1, 1 of 1 ready`),
    );
    expect(finding.body).toContain(`Deployment ${namespace}/shop: 1 of 1 ready, 1 up to date`);
    expect(finding.body).not.toContain('worker');
  });

  it('tells what a container died of, and how often it was started again', async () => {
    const finding = await eventually(
      () => findingOf(source(), about({ pod: 'worker' })),
      ({ body }) => /restarted [1-9]/.test(body ?? ''),
    );
    expect(finding.body).toMatch(/ended: Error, exit code 3, at .*: the queue is gone/);
  });

  it('finds the pods of a release by image alone', async () => {
    const release = aRemediation({ failureType: 'release', repository: 'acme/shop' });
    const finding = await findingOf(source([namespace], []), release);
    expect(finding).toMatchObject({ status: 'found', body: expect.stringContaining(`${IMAGE}:2`) });
  });

  it('is told what it may not read', async () => {
    const other = await cluster.namespace('secret');
    const finding = await findingOf(
      source([]),
      anAlertRemediation([anAlert({ labels: { namespace: other, app: 'shop' } })]),
    );
    expect(finding).toMatchObject({ status: 'failed', summary: expect.stringContaining('answered 403 Forbidden') });
  });

  it('sends no selector that the API server refuses, and lists only (property)', async () => {
    const since = await cluster.auditMark();
    const property = fc.asyncProperty(nastyText, async (app) => {
      const finding = await findingOf(source(), about({ app, pod: 'worker' }));
      expect(finding).toMatchObject({ status: 'found', summary: expect.not.stringContaining('could be read') });
    });
    await fc.assert(property, { numRuns: 25 });
    const user = `system:serviceaccount:${namespace}:healer-reader`;
    const events = await cluster.auditEvents({ since, user });
    expect(events.length).toBeGreaterThan(100);
    expect(new Set(events.map(({ verb }) => verb))).toEqual(new Set(['list']));
    expect(new Set(events.map(({ responseStatus }) => responseStatus?.code))).toEqual(new Set([200]));
  });
});
