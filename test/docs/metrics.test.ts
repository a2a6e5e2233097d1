import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { expect, it } from 'vitest';
import { healerMetrics, metricsPage } from '../../scripts/metrics-doc.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const read = (path: string) => readFileSync(resolve(ROOT, path), 'utf8');

it('docs/metrics.md is what the code registers: npm run generate writes it', () => {
  expect(read('docs/metrics.md')).toBe(metricsPage());
});

it('every metric that a page, a rule or the dashboard names is registered', () => {
  const known = new Set(healerMetrics().map(({ name }) => name));
  const texts = ['README.md', 'docs/metrics.md', 'docs/sources.md', 'docs/notifications.md'];
  const files = [...texts, 'charts/healer/rules/healer.yaml', 'charts/healer/dashboards/healer.json'];
  const named = files.flatMap((file) => read(file).match(/\bhealer_[a-z_]+/g) ?? []);
  const unknown = named.map((name) => name.replace(/_(?:bucket|sum|count)$/, '')).filter((name) => !known.has(name));
  expect(named.length).toBeGreaterThan(40);
  expect([...new Set(unknown)]).toEqual([]);
});
