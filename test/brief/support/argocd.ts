import { type Answers, type Asked, ok } from './systems.ts';

/** An application that did not sync: a migration job failed and its pods do not start. */
export const SHOP = {
  metadata: { name: 'shop', namespace: 'argocd' },
  spec: {
    project: 'default',
    source: { repoURL: 'git@github.test:Acme/Shop.git', path: 'deploy/shop', targetRevision: 'main' },
    destination: { server: 'https://kubernetes.default.svc', namespace: 'prod' },
  },
  status: {
    sync: { status: 'OutOfSync', revision: '0123456789abcdef0123456789abcdef01234567' },
    health: { status: 'Degraded', message: 'Deployment has timed out progressing' },
    summary: { images: ['ghcr.io/acme/shop:1.4.0'] },
    conditions: [{ type: 'SyncError', message: 'one or more synchronization tasks are not valid' }],
    resources: [
      { kind: 'Deployment', group: 'apps', namespace: 'prod', name: 'shop', status: 'Synced' },
      { kind: 'ConfigMap', namespace: 'prod', name: 'shop-config', status: 'OutOfSync' },
    ],
    operationState: {
      phase: 'Failed',
      message: 'one or more objects failed to apply',
      startedAt: '2026-11-20T11:40:00Z',
      finishedAt: '2026-11-20T11:41:00Z',
      retryCount: 2,
      operation: {},
      syncResult: {
        revision: '0123456789abcdef0123456789abcdef01234567',
        resources: [
          {
            kind: 'Deployment',
            group: 'apps',
            namespace: 'prod',
            name: 'shop',
            status: 'Synced',
            message: 'configured',
          },
          {
            kind: 'Job',
            group: 'batch',
            namespace: 'prod',
            name: 'migrate',
            status: 'SyncFailed',
            message: 'field is immutable',
          },
        ],
      },
    },
  },
};

export const TREE = {
  nodes: [
    { kind: 'Deployment', group: 'apps', namespace: 'prod', name: 'shop', health: { status: 'Healthy' } },
    {
      kind: 'Pod',
      namespace: 'prod',
      name: 'shop-6d5f7c9b8-abcde',
      health: { status: 'Degraded', message: 'Back-off pulling image "ghcr.io/acme/shop:1.4.0"' },
    },
  ],
};

export const EVENTS = {
  metadata: {},
  items: [
    {
      type: 'Normal',
      reason: 'ResourceUpdated',
      message: 'Updated sync status: Synced -> OutOfSync',
      metadata: {},
      involvedObject: { kind: 'Application', name: 'shop' },
      lastTimestamp: '2026-11-20T11:39:00Z',
    },
    {
      type: 'Warning',
      reason: 'OperationCompleted',
      message: 'Sync operation failed: field is immutable',
      count: 3,
      metadata: {},
      involvedObject: { kind: 'Application', name: 'shop' },
      lastTimestamp: '2026-11-20T11:41:00Z',
    },
  ],
};

/** An application of the same repository that is well. */
export const WORKER = {
  metadata: { name: 'worker', namespace: 'argocd' },
  spec: {
    project: 'default',
    destination: {},
    sources: [
      { repoURL: 'https://charts.test', chart: 'worker', targetRevision: '1.0.0' },
      { repoURL: 'https://github.test/acme/shop', path: 'deploy/worker' },
    ],
  },
  status: { sync: { status: 'Synced' }, health: { status: 'Healthy' } },
};

/** Somebody else's. */
export const OTHER = {
  metadata: { name: 'other', namespace: 'argocd' },
  spec: {
    project: 'default',
    destination: {},
    source: { repoURL: 'https://github.test/acme/shop-front.git', path: '.' },
  },
  status: { sync: { status: 'Unknown' }, health: { status: 'Missing' } },
};

export const applications = [OTHER, WORKER, SHOP];

/** The stand-in for Argo CD below `/argocd`. */
export const argocdAnswers: Answers = ({ path }: Asked) => {
  const [, , , , name, what] = path.replace('/argocd', '').split('/');
  if (!path.startsWith('/argocd/api/v1/applications')) return undefined;
  if (name === undefined) return ok({ metadata: {}, items: applications });
  const application = applications.find(({ metadata }) => metadata.name === name);
  if (application === undefined)
    return { status: 403, body: { error: 'permission denied', message: 'permission denied' } };
  if (what === 'resource-tree') return ok(name === 'shop' ? TREE : { nodes: [] });
  if (what === 'events') return ok(name === 'shop' ? EVENTS : { metadata: {}, items: [] });
  return ok(application);
};
