/** docs/metrics.md, from the metrics as they are registered; `npm run generate` writes it. */
import type { MetricObject } from 'prom-client';
import { createMetrics } from '../src/report/metrics.ts';
import type { Store } from '../src/store/open.ts';

const HEAD = `# Metrics, logs and traces

\`\`\`yaml
scrape_configs:
  - job_name: healer
    static_configs: [{ targets: ["healer.acme.example:8080"] }]
\`\`\`

\`/metrics\` is Prometheus' text format and asks for no token: it holds numbers, codes, and names of agents, events, sources and
repositories. The rules in [charts/healer/rules/healer.yaml](../charts/healer/rules/healer.yaml) alert on it, each with a
runbook in the [README](../README.md#when-an-alert-fires); [the dashboard](../charts/healer/dashboards/healer.json) is for
Grafana's import. In a cluster the chart brings all of it ([kubernetes.md](kubernetes.md#monitoring)).

## Metrics

This table is written from the code by \`npm run generate\`; a test compares the two. No label holds a commit, a run or the number of
a pull request. Besides these there are those of the process (\`process_*\`, \`nodejs_*\`).

`;

const TAIL = `
With several replicas, counters belong to the replica that did it: add them up. Gauges that are read from the store
(\`healer_remediations_live\`, \`healer_paused\`, \`healer_breaker\`, \`healer_delivery_oldest_unprocessed_seconds\`) say the same on all of them:
take the maximum.

Some questions, asked:

| question | query |
|---|---|
| Is anything waiting that nobody decides about? | \`max(healer_delivery_oldest_unprocessed_seconds)\` |
| How many repairs of a day held? | \`sum by (result) (increase(healer_remediations_total[1d]))\` |
| How long does half of them take? | \`histogram_quantile(0.5, sum by (le) (rate(healer_time_to_fix_seconds_bucket[1d])))\` |
| What did they cost, by repository? | \`sum by (repository) (increase(healer_cost_usd_total[1d]))\` |
| Which source of context is slow or down? | \`sum by (source, status) (rate(healer_context_duration_seconds_count[1h]))\` |

\`healer insights\` answers the same from the store, with the size of each sample ([agents.md](agents.md#what-the-figures-say)).

## Logs

One JSON object a line on standard output. \`msg\` is constant for one kind of event, so that it can be counted; what varies stands in fields
beside it. \`logLevel\` (\`LOG_LEVEL\`) says how much; secrets are taken out before a line is written. A reader that does not read
holds nobody up: beyond 8 MiB, lines are dropped.

## Traces

With \`OTEL_EXPORTER_OTLP_ENDPOINT\` each repair is one trace, sent by OTLP over HTTP: delivery, gathering with every source that was
asked, each run, verification, and the repair itself around them. Each step is sent when it is over and with its own times, so
that a restart loses none. \`OTEL_EXPORTER_OTLP_HEADERS\` takes what the collector wants to see. Nothing is made without the endpoint.
`;

export function metricsPage(): string {
  const rows = healerMetrics().map(({ name, type, labels, help }) => {
    const by = labels.length === 0 ? '–' : labels.map((label) => `\`${label}\``).join(', ');
    return `| \`${name}\` | ${type} | ${by} | ${help} |`;
  });
  return `${HEAD}${['| metric | type | labels | what it says |', '|---|---|---|---|', ...rows].join('\n')}\n${TAIL}`;
}

interface MetricRow {
  readonly name: string;
  readonly type: string;
  readonly labels: readonly string[];
  readonly help: string;
}

/** In the order of their names. Nothing is read from the store: that happens when somebody scrapes. */
export function healerMetrics(): readonly MetricRow[] {
  const metrics = createMetrics({ version: '', store: {} as Store, clock: () => 0, breaker: async () => 'closed' });
  // These are there from their first value on.
  metrics.leader(false);
  metrics.githubRateLimitRemaining(0);
  metrics.watchSilence(() => null);
  // The library keeps the labels, and does not say so in its types.
  const all = metrics.registry.getMetricsAsArray() as (MetricObject & { readonly labelNames?: readonly string[] })[];
  return all
    .filter(({ name }) => name.startsWith('healer_'))
    .map(({ name, type, help, labelNames = [] }) => ({ name, type: String(type), labels: labelNames, help }))
    .toSorted((a, b) => a.name.localeCompare(b.name));
}
