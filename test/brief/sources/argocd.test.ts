import { beforeEach, describe, expect, it } from 'vitest';
import type { PeerConfig } from '../../../src/brief/peer.ts';
import { argocd } from '../../../src/brief/sources/argocd/index.ts';
import { repositoryOf } from '../../../src/brief/sources/argocd/relate.ts';
import { createHttpClient } from '../../../src/lib/http.ts';
import { aRemediation } from '../../support/builders.ts';
import { applications, argocdAnswers, EVENTS, TREE } from '../support/argocd.ts';
import { published } from '../support/published.ts';
import { anAlert, anAlertRemediation, findingOf, useStandIn } from '../support/systems.ts';

const standIn = useStandIn();
const http = createHttpClient({ userAgent: 'healer/test' });
const source = (changes: Partial<PeerConfig> = {}) => argocd(http, { url: `${standIn().url}/argocd`, ...changes });
const release = aRemediation({ failureType: 'argocd_sync' });

describe('the source argocd', () => {
  beforeEach(() => {
    standIn().asked.length = 0;
    standIn().answers = argocdAnswers;
  });

  it('tells how the applications of the repository stand, the unwell one first', async () => {
    const finding = await findingOf(source(), release);
    expect(finding).toMatchObject({
      status: 'found',
      summary: '2 applications of acme/shop in Argo CD: 1 not synced and healthy.',
      url: `${standIn().url}/argocd/applications/argocd/shop`,
    });
    expect(finding.body?.split('\n')).toEqual([
      'Application shop: sync OutOfSync at 0123456789ab, health Degraded: Deployment has timed out progressing',
      '  source git@github.test:Acme/Shop.git, deploy/shop at main',
      '  condition SyncError: one or more synchronization tasks are not valid',
      '  last operation Failed (2026-11-20T11:41:00Z), tried again 2 times: one or more objects failed to apply',
      '    Job prod/migrate SyncFailed: field is immutable',
      '  Pod prod/shop-6d5f7c9b8-abcde Degraded: Back-off pulling image "ghcr.io/acme/shop:1.4.0"',
      '  ConfigMap prod/shop-config OutOfSync',
      '  event 2026-11-20T11:41:00Z OperationCompleted (3 times): Sync operation failed: field is immutable',
      '',
      'Application worker: sync Synced, health Healthy',
      '  source https://charts.test, worker at 1.0.0',
      '  source https://github.test/acme/shop, deploy/worker at HEAD',
    ]);
  });

  it('asks only what Argo CD publishes, and its stand-in answers in the published shapes', async () => {
    const api = published('argocd-3.2.6.json');
    await findingOf(source(), release);
    expect(standIn().asked.length).toBe(7);
    // Argo CD reads `fields` before its gateway does; see its server's forwarder of applications.
    expect(standIn().asked.flatMap((asked) => api.unknownIn(asked, '/argocd', ['fields']))).toEqual([]);
    expect(api.problem('v1alpha1ApplicationList', { metadata: {}, items: applications })).toBeNull();
    expect(api.problem('v1alpha1ApplicationTree', TREE)).toBeNull();
    expect(api.problem('v1EventList', EVENTS)).toBeNull();
    expect(api.problem('v1EventList', { items: [{ made: 'up' }] })).not.toBeNull();
  });

  it('finds the application that an alert names, whatever repository it is deployed from', async () => {
    const labels = { alertname: 'ArgoCDSyncAlert', name: 'other', namespace: 'argocd' };
    const finding = await findingOf(source(), anAlertRemediation([anAlert({ name: 'ArgoCDSyncAlert', labels })]));
    expect(finding.body).toMatch(/^Application other: /);
  });

  it('finds the application that runs the image of the repository', async () => {
    const image = { ...release, repository: 'acme/shop' };
    const elsewhere = {
      metadata: { name: 'bundle' },
      spec: { source: { repoURL: 'https://github.test/acme/gitops', path: 'x' } },
      status: { summary: { images: ['registry.test:5000/acme/shop@sha256:0'] } },
    };
    const stranger = {
      ...elsewhere,
      metadata: { name: 'stranger' },
      status: { summary: { images: ['ghcr.io/acme/shop-front:1'] } },
    };
    standIn().answers = ({ path }) => ({
      status: 200,
      body: path.endsWith('/applications') ? { items: [stranger, elsewhere] } : elsewhere,
    });
    const finding = await findingOf(source(), image);
    expect(finding.summary).toBe('1 application of acme/shop in Argo CD: 1 not synced and healthy.');
    expect(finding.body).toContain('Application bundle');
  });

  it('shows five applications and says that there are more', async () => {
    const many = Array.from({ length: 7 }, (_, index) => ({
      metadata: { name: `app-${index}` },
      spec: { source: { repoURL: 'https://github.test/acme/shop' } },
    }));
    standIn().answers = ({ path }) => ({
      status: 200,
      body: path.endsWith('/applications') ? { items: many } : many[0],
    });
    expect(await findingOf(source(), release)).toMatchObject({
      truncated: true,
      summary: expect.stringContaining('7 applications'),
    });
    expect(standIn().asked.length).toBe(1 + 5 * 3);
  });

  it('says that nothing is deployed from the repository', async () => {
    const finding = await findingOf(source(), { ...release, repository: 'acme/library' });
    expect(finding).toMatchObject({ status: 'empty', summary: 'Argo CD deploys nothing from acme/library.' });
  });

  it('uses what is known of an application when its tree and events are refused', async () => {
    standIn().answers = (asked) =>
      /resource-tree|events/.test(asked.path)
        ? { status: 403, body: { message: 'permission denied' } }
        : argocdAnswers(asked);
    const finding = await findingOf(source(), release);
    expect(finding.status).toBe('found');
    expect(finding.body).toContain('condition SyncError');
  });

  it('says what Argo CD says when it refuses', async () => {
    standIn().answers = () => ({ status: 401, body: { error: 'no session information', code: 16 } });
    expect(await findingOf(source(), release)).toMatchObject({
      status: 'failed',
      summary: expect.stringContaining('answered 401: no session information'),
    });
  });

  it('cannot be led to another path by the name of an application', async () => {
    const evil = {
      metadata: { name: '../../../session' },
      spec: { source: { repoURL: 'https://github.test/acme/shop' } },
    };
    standIn().answers = () => ({ status: 200, body: { items: [evil] } });
    await findingOf(source(), release);
    const paths = standIn().asked.map((asked) => asked.path);
    expect(paths.slice(1).every((path) => path.startsWith('/argocd/api/v1/applications/..%2F'))).toBe(true);
  });

  it('sends its token to its own host only', async () => {
    await findingOf(source({ token: 't0ken' }), release);
    expect(new Set(standIn().asked.map((asked) => asked.headers.authorization))).toEqual(new Set(['Bearer t0ken']));
  });

  it('is not asked about a lint finding, and says when it is not configured', async () => {
    const lint = aRemediation({ failureType: 'frontend_lint', workflowName: 'frontend-ci' });
    expect((await findingOf(source(), lint)).status).toBe('not_relevant');
    expect((await findingOf(argocd(http, null), release)).status).toBe('not_configured');
    expect(standIn().asked).toEqual([]);
  });
});

describe('a repository in the settings of an application', () => {
  it.each([
    'https://github.com/acme/shop',
    'https://github.com/Acme/Shop.git',
    'https://oauth2:t0ken@github.com/acme/shop.git/',
    'git@github.com:acme/shop.git',
    'ssh://git@github.com:22/acme/shop.git',
    'ssh://git@github.com/acme/shop',
    'https://git.acme.example/mirror/acme/shop',
  ])('is the same in every spelling: %s', (url) => {
    expect(repositoryOf(url)).toBe('acme/shop');
  });
});
