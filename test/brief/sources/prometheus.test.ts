import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { gather } from '../../../src/brief/gather.ts';
import { alertMatcher, fillTemplate, type QueryValues } from '../../../src/brief/query-language.ts';
import { DEFAULT_QUERIES } from '../../../src/brief/sources/prometheus/figures.ts';
import { type PrometheusConfig, prometheus } from '../../../src/brief/sources/prometheus/index.ts';
import { createHttpClient } from '../../../src/lib/http.ts';
import type { ContextFinding } from '../../../src/model/evidence.ts';
import type { Remediation } from '../../../src/model/remediation.ts';
import { createRedactor } from '../../../src/safety/index.ts';
import { aRemediation } from '../../support/builders.ts';
import { describeOnPrometheus, type Monitoring, startMonitoring, until } from '../support/monitoring.ts';
import { NASTY, nastyText } from '../support/nasty.ts';

const http = createHttpClient({ userAgent: 'healer/test' });
const DAY_S = 86_400;
const HOUR_S = 3_600;

/** Requests of one service as counters: `errors` of every 1,000 fail. */
function requests(service: string, labels: string, total: number, errors: number): readonly string[] {
  const failed = Math.round((total * errors) / 1_000);
  return [
    `http_requests_total{service="${service}",code="200"${labels}} ${total - failed}`,
    `http_requests_total{service="${service}",code="503"${labels}} ${failed}`,
  ];
}

/** The same services an hour and a day ago: `spiky` had few errors, `steady` as many as now. */
function history(): string {
  const now = Math.floor(Date.now() / 1000);
  const times = [DAY_S, HOUR_S].flatMap((before) =>
    Array.from({ length: 40 }, (_, index) => now - before - 400 + index * 15),
  );
  const scrapes = times.map((at) => {
    const total = (at - now + DAY_S + 1_000) * 100;
    const lines = [
      ...requests('spiky', ',instance="old"', total, 4),
      ...requests('steady', ',instance="old"', total, 300),
    ];
    return lines.map((line) => `${line} ${at}`);
  });
  // One series after the other, each in the order of time.
  const series = (scrapes[0] ?? []).map((_, index) => scrapes.map((lines) => lines[index] ?? ''));
  return ['# TYPE http_requests counter', ...series.flat(), '# EOF', ''].join('\n');
}

const escaped = (value: string): string => value.replace(/["\\]/g, '\\$&').replaceAll('\n', '\\n');
/** Values that can be a label: UTF-8 without half characters. */
const LABELS = NASTY.filter((value) => value.isWellFormed());

function exporter(scrape: number): string {
  const total = scrape * 1_000;
  return [
    ...requests('spiky', '', total, 372),
    ...requests('steady', '', total, 300),
    ...requests('fresh', '', total, 300),
    'container_memory_working_set_bytes{namespace="prod",pod="spiky-6d5f7c9b8-abcde",container="app"} 900',
    'kube_pod_container_resource_limits{namespace="prod",pod="spiky-6d5f7c9b8-abcde",container="app",resource="memory"} 1000',
    ...LABELS.map((value, index) => `nasty{at="${index}",value="${escaped(value)}"} 1`),
    '',
  ].join('\n');
}

const RULES = `
groups:
  - name: shop
    rules:
      - alert: SpikyErrors
        expr: vector(1)
        labels: { severity: critical, service: spiky }
        annotations: { summary: "Every third request fails." }
      - alert: RepositoryAlert
        expr: vector(1)
        labels: { severity: warning, repository: acme/spiky }
      - alert: SomebodyElse
        expr: vector(1)
        labels: { service: other }
`;

describeOnPrometheus('the source prometheus, asked of a real one', () => {
  let monitoring: Monitoring;
  beforeAll(async () => {
    monitoring = await startMonitoring({ exporter, history: history(), rules: RULES });
    const ready = 'count(count_over_time(http_requests_total{service="spiky"}[1m]) >= 4) and count(ALERTS) >= 3';
    await until(
      () => instant(ready),
      (found) => found.length > 0,
    );
    // As Prometheus tells it; it waits some seconds before it does.
    await tellAlertmanager([
      {
        labels: { alertname: 'SpikyErrors', severity: 'critical', service: 'spiky' },
        annotations: { summary: 'Every third request fails.' },
      },
      { labels: { alertname: 'RepositoryAlert', severity: 'warning', repository: 'acme/spiky' } },
      { labels: { alertname: 'SomebodyElse', service: 'other' } },
    ]);
  });
  afterAll(() => monitoring?.stop());

  const instant = async (query: string): Promise<readonly { value: [number, string] }[]> => {
    const url = new URL('/api/v1/query', monitoring.prometheusUrl);
    url.searchParams.set('query', query);
    const body = (await (await fetch(url)).json()) as { status: string; error?: string; data: { result: never } };
    if (body.status !== 'success') throw new Error(`${body.error}: ${query}`);
    return body.data.result;
  };
  const tellAlertmanager = async (alerts: readonly object[]): Promise<void> => {
    const headers = { 'content-type': 'application/json' };
    const url = `${monitoring.alertmanagerUrl}/api/v2/alerts`;
    const told = await fetch(url, { method: 'POST', headers, body: JSON.stringify(alerts) });
    expect(told.status).toBe(200);
  };
  const ask = async (remediation: Remediation, changes: Partial<PrometheusConfig> = {}): Promise<ContextFinding> => {
    const alertmanager = { url: monitoring.alertmanagerUrl };
    const config = { url: monitoring.prometheusUrl, queries: DEFAULT_QUERIES, alertmanager, ...changes };
    const evidence = await gather([prometheus(http, config)], remediation, {
      clock: Date.now,
      redactor: createRedactor(),
    });
    const [finding] = evidence.findings;
    if (finding === undefined) throw new Error('a source that was asked has a finding');
    return finding;
  };
  const ofService = (name: string): Remediation =>
    aRemediation({ repository: `acme/${name}`, workflowName: 'deploy', failureType: 'release' });

  it('computes a spike from what the service did an hour and a day before', async () => {
    const finding = await ask(ofService('spiky'));
    expect(finding).toMatchObject({ status: 'found', truncated: false });
    expect(finding.summary).toBe('1 of 4 figures spiked against an hour and a day before; 2 related alerts fire.');
    const [line = ''] = finding.body?.split('\n') ?? [];
    const [, now = '', hour = '', day = ''] =
      /: ([\d.]+) % now, ([\d.]+) % an hour before, ([\d.]+) % a day/.exec(line) ?? [];
    expect(Number(now)).toBeCloseTo(37.2, 0);
    expect(Number(hour)).toBeCloseTo(0.4, 1);
    expect(Number(day)).toBeCloseTo(0.4, 1);
    expect(line).toMatch(/ – a spike\.$/);
    expect(finding.body).toContain(
      'Memory used of its limit: 90 % now, no data an hour before, no data a day before – nothing to compare with.',
    );
    expect(finding.url).toContain('/graph?g0.expr=sum%28rate%28http_requests_total');
  });

  it('calls it no spike when the service was as bad before', async () => {
    const finding = await ask(ofService('steady'), { alertmanager: null });
    expect(finding.body).toMatch(
      /^Error rate of requests: 30 % now, 30 % an hour before, 30 % a day before – no spike\.$/,
    );
    expect(finding.summary).toMatch(/^No figure spiked .*; 0 related alerts fire\.$/);
  });

  it('does not guess when there is nothing to compare with', async () => {
    const finding = await ask(ofService('fresh'), { alertmanager: null });
    expect(finding.body).toContain('30 % now, no data an hour before, no data a day before – nothing to compare with.');
    expect(finding.summary).toContain('No figure spiked');
  });

  it('tells the firing alerts of the repository and of the service, and of nobody else', async () => {
    const { body } = await ask(ofService('spiky'));
    expect(body).toMatch(/- SpikyErrors \(critical\), since 20\d\d-\S+Z: service=spiky/);
    expect(body).toMatch(/- RepositoryAlert \(warning\), since 20\d\d-\S+Z: repository=acme\/spiky/);
    expect(body).not.toContain('SomebodyElse');
    const [, fromAlertmanager = ''] = body?.split('Alertmanager knows:') ?? [];
    expect(fromAlertmanager).toContain('summary: Every third request fails.');
    expect(fromAlertmanager).not.toContain('SomebodyElse');
  });

  it('says which alerts are silenced', async () => {
    const at = (minutes: number): string => new Date(Date.now() + minutes * 60_000).toISOString();
    const matchers = [{ name: 'alertname', value: 'RepositoryAlert', isRegex: false, isEqual: true }];
    const silence = { matchers, startsAt: at(0), endsAt: at(10), createdBy: 'ada', comment: 'known' };
    const headers = { 'content-type': 'application/json' };
    const url = `${monitoring.alertmanagerUrl}/api/v2/silences`;
    const made = await fetch(url, { method: 'POST', headers, body: JSON.stringify(silence) });
    expect(made.status).toBe(200);
    const { silenceID } = (await made.json()) as { silenceID: string };
    const { body } = await ask(ofService('spiky'));
    expect(body).toContain('- RepositoryAlert (warning, silenced), firing since');
    await fetch(`${monitoring.alertmanagerUrl}/api/v2/silence/${silenceID}`, { method: 'DELETE' });
  });

  it('finds nothing of what is not there', async () => {
    const finding = await ask(ofService('nowhere'));
    expect(finding).toMatchObject({
      status: 'empty',
      summary: 'Prometheus has no figures of nowhere, and no related alert fires.',
    });
  });

  it('says what Prometheus says of a query that it does not understand, and what else is known', async () => {
    const queries = { ...DEFAULT_QUERIES, cpu: 'sum(rate({service="{service}"}' };
    const finding = await ask(ofService('spiky'), { queries });
    expect(finding.status).toBe('found');
    expect(finding.summary).toMatch(/Not everything could be asked: .* answered 400: .*parse error/);
    expect(finding.body).toContain('CPU used of its limit: could not be asked');
    expect(finding.body).toContain('a spike');
  });

  it('has every query that Healer sends parsed and answered, whatever the values (property)', async () => {
    const values = fc.record({ repository: nastyText, service: nastyText });
    const property = fc.asyncProperty(values, async ({ repository, service }) => {
      const known: QueryValues = { repository, service, owner: 'a', name: 'b', namespace: 'c', branch: 'd' };
      for (const template of Object.values(DEFAULT_QUERIES)) {
        expect(await instant(fillTemplate(template, known).query ?? '')).toEqual([]);
      }
    });
    await fc.assert(property, { numRuns: 40 });
  });

  it('reads back from Prometheus the very value that was put into a string (property)', async () => {
    const property = fc.asyncProperty(nastyText, async (service) => {
      for (const template of ['"{service}"', "'{service}'"]) {
        const known = { repository: '', owner: '', name: '', namespace: null, branch: null, service };
        const read = (await instant(fillTemplate(template, known).query ?? '')) as unknown as [number, string];
        expect(read[1]).toBe(service);
      }
    });
    await fc.assert(property, { numRuns: 100 });
  });

  it.each(LABELS)('matches a series by its own label and no other: %j', async (service) => {
    const values = { repository: '', owner: '', name: '', namespace: null, branch: null, service };
    for (const template of ['count(nasty{value="{service}"})', 'count(nasty{value=~"{service}"})']) {
      const [sample] = await instant(fillTemplate(template, values).query ?? '');
      expect(sample?.value[1], template).toBe('1');
    }
  });

  it.each(LABELS)('matches an alert of Alertmanager by its own label and no other: %j', async (value) => {
    const url = new URL('/api/v2/alerts', monitoring.alertmanagerUrl);
    await tellAlertmanager([value, `${value}x`].map((team) => ({ labels: { alertname: 'Nasty', team } })));
    url.searchParams.set('filter', alertMatcher('team', value));
    const found = await until(
      async () => (await (await fetch(url)).json()) as { labels: { team: string } }[],
      (alerts) => alerts.length > 0,
    );
    expect(found.map((alert) => alert.labels.team)).toEqual([value]);
  });
});
