import { type Answers, ok } from './systems.ts';

export const ALERTS = [
  {
    fingerprint: 'f1',
    labels: { alertname: 'Slow checkout', severity: 'warning', service: 'shop' },
    annotations: { summary: 'The checkout takes 4 s.', __dashboardUid__: 'abc123', __panelId__: '7' },
    startsAt: '2026-11-20T11:48:00.000Z',
    endsAt: '2026-11-20T12:08:00.000Z',
    updatedAt: '2026-11-20T12:04:00.000Z',
    generatorURL: 'http://grafana.test/alerting/grafana/u1/view',
    receivers: [{ name: 'platform' }],
    status: { state: 'active', silencedBy: [], inhibitedBy: [] },
  },
];

export const ANNOTATIONS = [
  { id: 2, time: Date.parse('2026-11-20T11:47:00Z'), text: 'Deployed shop 1.4.0', tags: ['deployment', 'shop'] },
  {
    id: 1,
    time: Date.parse('2026-11-20T11:20:00Z'),
    text: 'latency 4 s',
    tags: [],
    alertName: 'Slow checkout',
    prevState: 'Normal',
    newState: 'Alerting',
  },
];

export const DASHBOARDS = [
  {
    id: 9,
    uid: 'abc123',
    title: 'Shop',
    type: 'dash-db',
    url: '/grafana/d/abc123/shop',
    uri: 'db/shop',
    tags: ['shop'],
  },
];

/** The stand-in for Grafana below `/grafana`. */
export const grafanaAnswers: Answers = ({ path }) => {
  if (path === '/grafana/api/alertmanager/grafana/api/v2/alerts') return ok(ALERTS);
  if (path === '/grafana/api/annotations') return ok(ANNOTATIONS);
  return path === '/grafana/api/search' ? ok(DASHBOARDS) : undefined;
};
