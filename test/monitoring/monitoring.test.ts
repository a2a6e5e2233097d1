import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { parse } from 'yaml';
import { dashboard } from '../../scripts/dashboard.ts';
import { describeOnPrometheus, type Monitoring, startMonitoring } from '../brief/support/monitoring.ts';
import { DAY_MINUTES, MINUTE } from './day.ts';
import { EXPECTED, playDay } from './script.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const RULES = 'charts/healer/rules/healer.yaml';
const run = promisify(execFile);
const read = (path: string): string => readFileSync(resolve(ROOT, path), 'utf8');

interface Rule {
  readonly alert: string;
  readonly expr: string;
  readonly for?: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}
const { groups } = parse(read(RULES)) as { groups: readonly { readonly rules: readonly Rule[] }[] };
const rules = groups.flatMap((group) => group.rules);

interface PanelJson {
  readonly title: string;
  readonly type: string;
  readonly targets?: readonly { readonly expr: string; readonly instant: boolean }[];
}
const { panels } = dashboard() as { panels: readonly PanelJson[] };
const queries = panels.flatMap(({ title, targets = [] }) => targets.map((target) => ({ title, ...target })));

it('the dashboard of the chart is the one that its script writes', () => {
  expect(JSON.parse(read('charts/healer/dashboards/healer.json'))).toEqual(dashboard());
});

it('every alert says how bad it is, and has a paragraph in the README', () => {
  const readme = read('README.md');
  for (const { alert, labels, annotations } of rules) {
    expect(['critical', 'warning', 'info']).toContain(labels['severity']);
    expect(Object.keys(annotations).sort()).toEqual(['description', 'runbook', 'summary']);
    expect(annotations['runbook']).toBe(`README.md#${alert.toLowerCase()}`);
    expect(readme, alert).toMatch(new RegExp(`^#+ ${alert}\\n\\n\\S`, 'm'));
  }
});

describeOnPrometheus('dashboard and alerts over a day', () => {
  /** Long enough ago that nothing of it is scraped now, and on a whole minute. */
  const start = Math.floor(Date.now() / (2 * 60 * MINUTE)) * 2 * 60 * MINUTE - 26 * 60 * MINUTE;
  const end = start + (DAY_MINUTES - 1) * MINUTE;
  let monitoring: Monitoring;
  beforeAll(async () => {
    const { history, last } = await playDay(start);
    monitoring = await startMonitoring({ history, exporter: () => last, rules: read(RULES) });
  });
  afterAll(() => monitoring.stop());

  async function ask(path: string, parameters: Record<string, string>): Promise<readonly Series[]> {
    const answer = await fetch(`${monitoring.prometheusUrl}/api/v1/${path}?${new URLSearchParams(parameters)}`);
    const body = (await answer.json()) as Answer;
    if (body.status !== 'success') throw new Error(`${parameters['query']}: ${body.error}`);
    return body.data.result;
  }
  const over = (query: string) =>
    ask('query_range', { query, start: String(start / 1000), end: String(end / 1000), step: '60' });

  it.each(queries.map((query) => [query.title, query.expr, query]))(
    '“%s” has data: %s',
    async (_title, expr, query) => {
      const filled = expr.replaceAll('$__rate_interval', '5m').replaceAll('$__range', '24h').replaceAll('$agent', '.*');
      const result = query.instant
        ? await ask('query', { query: filled, time: String(end / 1000) })
        : await over(filled);
      const values = result.flatMap(({ value, values: many = [] }) => [
        ...many,
        ...(value === undefined ? [] : [value]),
      ]);
      expect(values.filter(([, number]) => Number.isFinite(Number(number))).length).toBeGreaterThan(0);
    },
  );

  it.each(rules.map((rule) => [rule.alert, rule]))('%s fires when it should, and only then', async (alert, rule) => {
    const window = EXPECTED[alert];
    if (window === undefined) throw new Error(`The scripted day says nothing of ${alert}.`);
    const firing = await over(rule.expr);
    const minutes = firing.flatMap((series) => firedMinutes(series, start, rule.for));
    expect(minutes.length, 'minutes in which it fires').toBeGreaterThan(0);
    const span = [Math.min(...minutes), Math.max(...minutes)];
    const isWithin = (span[0] ?? 0) >= window[0] && (span[1] ?? 0) <= window[1];
    expect(isWithin, `fires from ${span.join(' to ')}, has to within ${window.join(' to ')}`).toBe(true);
  });

  it('a Prometheus that scrapes Healer has every rule loaded and sound', async () => {
    const answer = await fetch(`${monitoring.prometheusUrl}/api/v1/rules`);
    const { data } = (await answer.json()) as {
      data: { groups: { rules: { name: string; health: string; lastError?: string }[] }[] };
    };
    const loaded = data.groups.flatMap((group) => group.rules);
    expect(loaded.map(({ name }) => name).sort()).toEqual(rules.map(({ alert }) => alert).sort());
    expect(loaded.filter(({ health }) => health === 'err')).toEqual([]);
  });

  it('each alert passes its unit tests', async () => {
    const path = resolve(ROOT, 'test/monitoring/alerts.yaml');
    const { stdout } = await run('promtool', ['test', 'rules', path]);
    expect(stdout).toContain('SUCCESS');
    const tested = readFileSync(path, 'utf8');
    for (const { alert } of rules) expect(tested, alert).toContain(alert);
  });
});

interface Series {
  readonly metric: Readonly<Record<string, string>>;
  readonly value?: readonly [number, string];
  readonly values?: readonly (readonly [number, string])[];
}
interface Answer {
  readonly status: string;
  readonly error?: string;
  readonly data: { readonly result: readonly Series[] };
}

/** The minutes in which an alert fires: its expression has been true for as long as it asks. */
function firedMinutes({ values = [] }: Series, start: number, waits = '0m'): readonly number[] {
  const wait = Number.parseInt(waits, 10) * (waits.endsWith('h') ? 60 : 1);
  const isTrue = new Set(values.map(([at]) => Math.round((at * 1000 - start) / MINUTE)));
  return [...isTrue].filter((minute) => {
    for (let before = minute - wait; before < minute; before += 1) if (!isTrue.has(before)) return false;
    return true;
  });
}
