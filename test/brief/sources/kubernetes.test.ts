import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import { type KubernetesConfig, kubernetes } from '../../../src/brief/sources/kubernetes/index.ts';
import { createHttpClient } from '../../../src/lib/http.ts';
import { aRemediation } from '../../support/builders.ts';
import { clusterAnswers } from '../support/kubernetes.ts';
import { nastyText } from '../support/nasty.ts';
import { anAlert, anAlertRemediation, clusterAt, findingOf, ok, useStandIn } from '../support/systems.ts';

const standIn = useStandIn(clusterAnswers);
const http = createHttpClient({ userAgent: 'healer/test' });
const source = (changes: Partial<KubernetesConfig> = {}) =>
  kubernetes({ ...clusterAt(`${standIn().url}/kubernetes`, http), ...changes });

describe('the source kubernetes', () => {
  beforeEach(() => {
    standIn().asked.length = 0;
    standIn().answers = clusterAnswers;
  });

  it('tells what the pods wait for, what they died of, the warnings and the rollouts', async () => {
    const { status, summary, body } = await findingOf(source(), anAlertRemediation());
    expect(status).toBe('found');
    expect(summary).toBe('1 pod of shop in prod, 1 not well.');
    expect(body).toContain('Pod prod/shop-6d5f7c9b8-abcde of ReplicaSet shop: Running on node node-1');
    expect(body).toContain('restarted 7 times: waits: CrashLoopBackOff: back-off 5m0s');
    expect(body).toContain('before that it ended: OOMKilled, exit code 137, at 2026-11-20T11:49:00Z');
    expect(body).toContain('Pod shop-6d5f7c9b8-abcde BackOff (12 times): Back-off restarting');
    expect(body).toContain('Deployment prod/shop: 0 of 2 ready, 1 up to date');
    expect(body).toContain('Progressing: ProgressDeadlineExceeded: has timed out progressing');
    expect(body).toMatch(/revision 4, made 2026-11-20T11:40:00Z: ghcr\.io\/acme\/shop:1\.2[\s\S]*revision 3/);
    expect(body).not.toContain('other');
  });

  it('reads, in the namespace of the alert, and nothing else', async () => {
    await findingOf(source(), anAlertRemediation());
    const paths = [...new Set(standIn().asked.map(({ path }) => path))].toSorted();
    expect(paths).toEqual([
      '/kubernetes/api/v1/namespaces/prod/events',
      '/kubernetes/api/v1/namespaces/prod/pods',
      '/kubernetes/apis/apps/v1/namespaces/prod/deployments',
      '/kubernetes/apis/apps/v1/namespaces/prod/replicasets',
    ]);
    expect(standIn().asked).toHaveLength(7);
    for (const { query } of standIn().asked) expect(query.get('limit')).toMatch(/^\d+$/);
  });

  it('looks into no namespace that is not listed', async () => {
    const finding = await findingOf(source({ namespaces: ['staging'] }), anAlertRemediation());
    expect(finding).toMatchObject({ status: 'empty', summary: expect.stringContaining('The namespace prod is not') });
    expect(standIn().asked).toEqual([]);
  });

  it('finds the pods of a release by the image of its repository', async () => {
    const release = aRemediation({ failureType: 'release', repository: 'acme/shop' });
    const finding = await findingOf(source({ namespaces: ['prod'], selectors: [] }), release);
    expect(finding).toMatchObject({ status: 'found', body: expect.stringContaining('shop-6d5f7c9b8-abcde') });
  });

  it('says what it may not read, and tells the rest', async () => {
    standIn().answers = (asked) =>
      asked.path.endsWith('/events')
        ? { status: 403, body: { message: 'events is forbidden' } }
        : clusterAnswers(asked);
    const { status, summary, body } = await findingOf(source(), anAlertRemediation());
    expect(status).toBe('found');
    expect(summary).toMatch(/Not everything could be read: .*events is forbidden/);
    expect(body).toContain('CrashLoopBackOff');
  });

  it('says that nothing there belongs to the failure', async () => {
    standIn().answers = () => ok({ items: [], metadata: {} });
    expect(await findingOf(source(), anAlertRemediation())).toMatchObject({
      status: 'empty',
      summary: 'Nothing in prod belongs to shop.',
    });
  });

  it('is not asked about a lint finding, and says that it is not configured', async () => {
    const lint = aRemediation({ failureType: 'rust_clippy', workflowName: 'ci' });
    expect((await findingOf(source(), lint)).status).toBe('not_relevant');
    expect((await findingOf(kubernetes(null), anAlertRemediation())).status).toBe('not_configured');
  });

  it('sends no selector that the grammar refuses, whatever the labels are (property)', async () => {
    const property = fc.asyncProperty(nastyText, async (app) => {
      const alert = anAlert({ labels: { app, namespace: 'prod', pod: 'shop-6d5f7c9b8-abcde' } });
      const finding = await findingOf(source(), anAlertRemediation([alert]));
      expect(finding).toMatchObject({ status: 'found', summary: expect.not.stringContaining('could be read') });
    });
    await fc.assert(property, { numRuns: 60 });
  });
});
