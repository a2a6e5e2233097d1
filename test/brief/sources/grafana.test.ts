import { beforeEach, describe, expect, it } from 'vitest';
import type { PeerConfig } from '../../../src/brief/peer.ts';
import { grafana } from '../../../src/brief/sources/grafana/index.ts';
import { createHttpClient } from '../../../src/lib/http.ts';
import { aRemediation } from '../../support/builders.ts';
import { ALERTS, ANNOTATIONS, DASHBOARDS, grafanaAnswers } from '../support/grafana.ts';
import { published } from '../support/published.ts';
import { type Answers, anAlertRemediation, findingOf, useStandIn } from '../support/systems.ts';

const standIn = useStandIn();
const http = createHttpClient({ userAgent: 'healer/test' });
const source = (changes: Partial<PeerConfig> = {}) => grafana(http, { url: `${standIn().url}/grafana`, ...changes });
const nothing: Answers = () => ({ status: 200, body: [] });

describe('the source grafana', () => {
  beforeEach(() => {
    standIn().asked.length = 0;
    standIn().answers = grafanaAnswers;
  });

  it('tells alerts with their panels, annotations around the failure, and dashboards', async () => {
    const finding = await findingOf(source(), anAlertRemediation());
    const { url } = standIn();
    expect(finding).toMatchObject({
      status: 'found',
      summary: 'Grafana has 1 related alert, 2 annotations, 1 dashboard.',
      url: `${url}/grafana/d/abc123/shop`,
    });
    expect(finding.body?.split('\n')).toEqual([
      'Alerts in Grafana:',
      '- Slow checkout (warning), firing since 2026-11-20T11:48:00.000Z',
      '  summary: The checkout takes 4 s.',
      '  labels: service=shop',
      `  panel: ${url}/grafana/d/abc123?viewPanel=7`,
      'Annotations around the failure:',
      '- 2026-11-20T11:20:00.000Z Slow checkout: Normal → Alerting latency 4 s',
      '- 2026-11-20T11:47:00.000Z Deployed shop 1.4.0 [deployment, shop]',
      'Dashboards:',
      `- Shop: ${url}/grafana/d/abc123/shop`,
    ]);
  });

  it('asks for the annotations of two hours before and one after, under the names it is known by', async () => {
    await findingOf(source(), anAlertRemediation());
    const asked = standIn().asked.find(({ path }) => path.endsWith('/annotations'));
    const at = Date.parse('2026-11-20T11:50:00Z');
    expect(Number(asked?.query.get('from'))).toBe(at - 7_200_000);
    expect(Number(asked?.query.get('to'))).toBeGreaterThanOrEqual(at);
    expect(asked?.query.getAll('tags')).toEqual(['acme/shop', 'shop']);
  });

  it('asks only what Grafana publishes, and its stand-in answers in the published shapes', async () => {
    const api = published('grafana-2026-03-30.json');
    await findingOf(source(), anAlertRemediation());
    const [alerts, others] = [true, false].map((isAlerts) =>
      standIn().asked.filter(({ path }) => path.includes('/alertmanager/') === isAlerts),
    );
    expect(others?.flatMap((asked) => api.unknownIn(asked, '/grafana'))).toEqual([]);
    // Alertmanager's own API, which a real one answers in the tests of the source prometheus.
    expect(new Set(alerts?.flatMap((asked) => [...asked.query.keys()]))).toEqual(new Set(['filter']));
    for (const alert of ALERTS) expect(api.problem('GettableAlert', alert)).toBeNull();
    for (const annotation of ANNOTATIONS) expect(api.problem('Annotation', annotation)).toBeNull();
    for (const hit of DASHBOARDS) expect(api.problem('Hit', hit)).toBeNull();
  });

  it('uses what it may see when the rest is forbidden', async () => {
    standIn().answers = (asked) =>
      asked.path.endsWith('/alerts') ? { status: 403, body: { message: 'Access denied' } } : grafanaAnswers(asked);
    const finding = await findingOf(source(), anAlertRemediation());
    expect(finding.status).toBe('found');
    expect(finding.summary).toMatch(/Not everything could be asked: .* answered 403: Access denied\.$/);
  });

  it('gives no link to another host', async () => {
    standIn().answers = (asked) =>
      asked.path.endsWith('/search')
        ? { status: 200, body: [{ title: 'x', url: 'https://elsewhere.test/d/x' }] }
        : nothing(asked);
    const finding = await findingOf(source(), anAlertRemediation());
    expect(finding.body).not.toContain('elsewhere');
    expect(finding.url).not.toContain('elsewhere');
  });

  it('says that it knows nothing', async () => {
    standIn().answers = nothing;
    const finding = await findingOf(source(), anAlertRemediation());
    expect(finding).toMatchObject({ status: 'empty', summary: 'Grafana knows nothing of shop.' });
  });

  it('is not asked about a lint finding, and says when it is not configured', async () => {
    const lint = aRemediation({ failureType: 'rust_fmt', workflowName: 'healer-ci' });
    expect((await findingOf(source(), lint)).status).toBe('not_relevant');
    expect((await findingOf(grafana(http, null), anAlertRemediation())).status).toBe('not_configured');
    expect(standIn().asked).toEqual([]);
  });
});
