import type { Answers } from './systems.ts';

const meta = (name: string, more: object = {}) => ({
  name,
  namespace: 'prod',
  creationTimestamp: '2026-11-20T11:40:00Z',
  ...more,
});
const owner = (kind: string, name: string) => ({ ownerReferences: [{ kind, name, controller: true }] });

/** A deployment whose last rollout cannot pull its image, beside a pod of somebody else's. */
export const PODS = [
  {
    metadata: meta('shop-6d5f7c9b8-abcde', { labels: { app: 'shop' }, ...owner('ReplicaSet', 'shop-6d5f7c9b8') }),
    spec: { containers: [{ name: 'app', image: 'ghcr.io/acme/shop:1.2' }], nodeName: 'node-1' },
    status: {
      phase: 'Running',
      containerStatuses: [
        {
          name: 'app',
          image: 'ghcr.io/acme/shop:1.2',
          ready: false,
          restartCount: 7,
          state: { waiting: { reason: 'CrashLoopBackOff', message: 'back-off 5m0s restarting failed container' } },
          lastState: { terminated: { reason: 'OOMKilled', exitCode: 137, finishedAt: '2026-11-20T11:49:00Z' } },
        },
      ],
    },
  },
  {
    metadata: meta('other-5b6c7d8e9-fghij', { labels: { app: 'other' }, ...owner('ReplicaSet', 'other-5b6c7d8e9') }),
    spec: { containers: [{ name: 'app', image: 'ghcr.io/acme/other:1' }] },
    status: { phase: 'Running', containerStatuses: [] },
  },
];

const EVENTS = [
  {
    metadata: meta('shop.1'),
    involvedObject: { kind: 'Pod', name: 'shop-6d5f7c9b8-abcde' },
    type: 'Warning',
    reason: 'BackOff',
    message: 'Back-off restarting failed container app',
    count: 12,
    lastTimestamp: '2026-11-20T11:49:30Z',
  },
  {
    metadata: meta('other.1'),
    involvedObject: { kind: 'Pod', name: 'other-5b6c7d8e9-fghij' },
    type: 'Warning',
    reason: 'Unhealthy',
    message: 'Readiness probe failed',
    lastTimestamp: '2026-11-20T11:49:31Z',
  },
];

const set = (name: string, revision: string, at: string, image: string) => ({
  metadata: {
    ...meta(name, owner('Deployment', 'shop')),
    creationTimestamp: at,
    annotations: { 'deployment.kubernetes.io/revision': revision },
  },
  spec: { replicas: 1, template: { spec: { containers: [{ image }] } } },
  status: { replicas: 1, readyReplicas: 0 },
});

const LISTS: Readonly<Record<string, readonly object[]>> = {
  pods: PODS,
  events: EVENTS,
  replicasets: [
    set('shop-5c4b3a291', '3', '2026-11-19T09:00:00Z', 'ghcr.io/acme/shop:1.1'),
    set('shop-6d5f7c9b8', '4', '2026-11-20T11:40:00Z', 'ghcr.io/acme/shop:1.2'),
  ],
  deployments: [
    {
      metadata: meta('shop'),
      spec: { replicas: 2 },
      status: {
        readyReplicas: 0,
        updatedReplicas: 1,
        conditions: [
          {
            type: 'Progressing',
            status: 'False',
            reason: 'ProgressDeadlineExceeded',
            message: 'has timed out progressing',
          },
        ],
      },
    },
  ],
};

/** An API server below `/kubernetes`; selectors that the grammar refuses are a 400, as there. */
export const clusterAnswers: Answers = ({ path, query }) => {
  const kind = /^\/kubernetes\/(?:api\/v1|apis\/apps\/v1)(?:\/namespaces\/[^/]+)?\/(\w+)$/.exec(path)?.[1];
  if (kind === undefined) return undefined;
  const selector = query.get('labelSelector');
  const [label, value] = selector?.split('=') ?? [];
  if (selector !== null && !/^[A-Za-z0-9./_-]+=(?:[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)?$/.test(selector)) {
    return { status: 400, body: { kind: 'Status', message: 'unable to parse requirement' } };
  }
  const matches = (item: object): boolean => {
    const { labels } = (item as { metadata: { labels?: Record<string, string> } }).metadata;
    return label === undefined || labels?.[label] === value;
  };
  return { status: 200, body: { kind: 'List', items: (LISTS[kind] ?? []).filter(matches), metadata: {} } };
};
