import type { Change, Reading } from './compare.ts';

/** The figures that are asked for, by the name of their setting. */
export type FigureName = 'errorRate' | 'cpu' | 'memory' | 'restarts';

export interface Figure {
  readonly name: FigureName;
  readonly title: string;
  readonly unit: 'ratio' | 'count';
  /** Below this it is nobody's concern. */
  readonly floor: number;
}

export const FIGURES: readonly Figure[] = [
  { name: 'errorRate', title: 'Error rate of requests', unit: 'ratio', floor: 0.01 },
  { name: 'cpu', title: 'CPU used of its limit', unit: 'ratio', floor: 0.5 },
  { name: 'memory', title: 'Memory used of its limit', unit: 'ratio', floor: 0.5 },
  { name: 'restarts', title: 'Restarts in 15 minutes', unit: 'count', floor: 1 },
];

/**
 * Queries as the exporters that most clusters run name their metrics (a service's own HTTP metrics, cAdvisor,
 * kube-state-metrics). Each gives one number; a deployment whose metrics differ writes its own in the settings.
 */
export const DEFAULT_QUERIES: Readonly<Record<FigureName | 'alerts', string>> = {
  errorRate:
    'sum(rate(http_requests_total{service="{service}",code=~"5.."}[5m])) / sum(rate(http_requests_total{service="{service}"}[5m]))',
  cpu: 'max(sum by (namespace, pod) (rate(container_cpu_usage_seconds_total{pod=~"{service}-.+",container!=""}[5m])) / sum by (namespace, pod) (kube_pod_container_resource_limits{pod=~"{service}-.+",resource="cpu"}))',
  memory:
    'max(sum by (namespace, pod) (container_memory_working_set_bytes{pod=~"{service}-.+",container!=""}) / sum by (namespace, pod) (kube_pod_container_resource_limits{pod=~"{service}-.+",resource="memory"}))',
  restarts: 'sum(increase(kube_pod_container_status_restarts_total{pod=~"{service}-.+"}[15m]))',
  // The value is the time since when, in seconds since the epoch.
  alerts:
    'ALERTS_FOR_STATE * ignoring (alertstate) (ALERTS{alertstate="firing",repository="{repository}"} or ALERTS{alertstate="firing",service="{service}"})',
};

/** A figure in words, with the numbers that the judgement stands on. */
export function figureInWords(figure: Figure, reading: Reading, change: Change): string {
  const value = (number: number | null): string => (number === null ? 'no data' : format(number, figure.unit));
  const numbers = `${value(reading.now)} now, ${value(reading.hourBefore)} an hour before, ${value(reading.dayBefore)} a day before`;
  return `${figure.title}: ${numbers}${VERDICTS[change]}`;
}

const VERDICTS: Readonly<Record<Change, string>> = {
  spike: ' – a spike.',
  rise: ' – higher than at one of these times only.',
  steady: ' – no spike.',
  drop: ' – lower than before.',
  unknown: ' – nothing to compare with.',
  no_data: '.',
};

function format(value: number, unit: Figure['unit']): string {
  if (unit === 'count') return String(Math.round(value * 10) / 10);
  return `${Math.round(value * 10_000) / 100} %`;
}
