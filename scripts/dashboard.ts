/**
 * The Grafana dashboard of the chart; `npm run generate` writes it.
 * A panel is a title, a sentence, its queries and a unit; where it stands follows from the order.
 */

type Kind = 'stat' | 'timeseries' | 'bargauge' | 'table';

interface Query {
  readonly expr: string;
  readonly legend?: string;
}

interface Panel {
  readonly title: string;
  readonly description: string;
  readonly kind: Kind;
  readonly unit: string;
  readonly queries: readonly Query[];
  /** Of 24 columns. */
  readonly width: number;
  /** Values from which the colour changes: good, then warning, then bad; reversed when more is better. */
  readonly thresholds?: readonly { readonly color: string; readonly value: number | null }[];
  readonly stacked?: boolean;
}

interface Row {
  readonly title: string;
  readonly panels: readonly Panel[];
}

const low = (warning: number, bad: number) => [
  { color: 'green', value: null },
  { color: 'orange', value: warning },
  { color: 'red', value: bad },
];
const high = (warning: number, good: number) => [
  { color: 'red', value: null },
  { color: 'orange', value: warning },
  { color: 'green', value: good },
];

const stat = (title: string, description: string, unit: string, expr: string, more: Partial<Panel> = {}): Panel => ({
  title,
  description,
  kind: 'stat',
  unit,
  queries: [{ expr }],
  width: 4,
  ...more,
});
const lines = (
  title: string,
  description: string,
  unit: string,
  queries: readonly Query[],
  more: Partial<Panel> = {},
): Panel => ({ title, description, kind: 'timeseries', unit, queries, width: 8, ...more });
const bars = (title: string, description: string, unit: string, query: Query, more: Partial<Panel> = {}): Panel => ({
  title,
  description,
  kind: 'bargauge',
  unit,
  queries: [query],
  width: 8,
  ...more,
});

const ENDED = 'result=~"succeeded|escalated"';
const COUNTED = 'outcome!~"infrastructure|cancelled"';
const AGENT = 'agent=~"$agent"';

const ROWS: readonly Row[] = [
  {
    title: 'Overview',
    panels: [
      stat('Under way', 'Remediations that have not ended.', 'short', 'sum(max by (phase) (healer_remediations_live))'),
      stat(
        'Fixed',
        'Share of the ended repairs that CI confirmed. Goal: more than 80 % within three attempts.',
        'percentunit',
        `(sum(increase(healer_remediations_total{result="succeeded",${AGENT}}[$__range])) or vector(0)) / sum(increase(healer_remediations_total{${ENDED},${AGENT}}[$__range]))`,
        { thresholds: high(0.6, 0.8) },
      ),
      stat(
        'Fixed at first attempt',
        'Share of the fixed repairs that needed one attempt. Goal: more than half.',
        'percentunit',
        `(sum(increase(healer_fixed_at_attempt_total{attempt="1",${AGENT}}[$__range])) or vector(0)) / sum(increase(healer_fixed_at_attempt_total{${AGENT}}[$__range]))`,
        { thresholds: high(0.35, 0.5) },
      ),
      stat(
        'Time to fix (median)',
        'From the failure to a green confirmed by CI. Goal: below 15 minutes.',
        's',
        `histogram_quantile(0.5, sum by (le) (increase(healer_time_to_fix_seconds_bucket{${AGENT}}[$__range])))`,
        { thresholds: low(900, 1800) },
      ),
      stat(
        'Handed to people',
        'Share of the ended repairs. Goal: less than 10 %.',
        'percentunit',
        `(sum(increase(healer_remediations_total{result="escalated",${AGENT}}[$__range])) or vector(0)) / sum(increase(healer_remediations_total{${ENDED},${AGENT}}[$__range]))`,
        { thresholds: low(0.1, 0.25) },
      ),
      stat(
        'Oldest undecided delivery',
        'Anything but 0 for long means that something is not looked at.',
        's',
        'max(healer_delivery_oldest_unprocessed_seconds)',
        { thresholds: low(60, 300) },
      ),
      lines(
        'Under way, by phase',
        'What remediations are waiting for.',
        'short',
        [{ expr: 'max by (phase) (healer_remediations_live)', legend: '{{phase}}' }],
        { width: 12, stacked: true },
      ),
      lines(
        'Ended, by result',
        'Ends of remediations in the time between two points.',
        'short',
        [
          {
            expr: `sum by (result) (increase(healer_remediations_total{${AGENT}}[$__rate_interval]))`,
            legend: '{{result}}',
          },
        ],
        { width: 12, stacked: true },
      ),
    ],
  },
  {
    title: 'Intake',
    panels: [
      lines('Deliveries a minute', 'By what became of them.', 'short', [
        {
          expr: 'sum by (disposition) (rate(healer_deliveries_total[$__rate_interval])) * 60',
          legend: '{{disposition}}',
        },
      ]),
      lines('Deliveries a minute, by source', 'The door they came through.', 'short', [
        { expr: 'sum by (source) (rate(healer_deliveries_total[$__rate_interval])) * 60', legend: '{{source}}' },
      ]),
      lines('Refused a minute', 'Not taken, by reason; the sender was told.', 'short', [
        { expr: 'sum by (reason) (rate(healer_delivery_rejected_total[$__rate_interval])) * 60', legend: '{{reason}}' },
      ]),
      lines('Undecided deliveries', 'Age of the oldest one.', 's', [
        { expr: 'max(healer_delivery_oldest_unprocessed_seconds)', legend: 'oldest' },
      ]),
      bars('Events', 'Most frequent events of the range.', 'short', {
        expr: 'topk(10, sum by (event) (increase(healer_deliveries_total[$__range])))',
        legend: '{{event}}',
      }),
      bars(
        'Why nothing more happened',
        'Reasons of the final words; each has a sentence in docs/reasons.md.',
        'short',
        {
          expr: 'topk(10, sum by (reason) (increase(healer_dispositions_total[$__range])))',
          legend: '{{reason}}',
        },
      ),
    ],
  },
  {
    title: 'Triage',
    panels: [
      lines('Deduplication', 'New breakages, those joined to a live one, and those left alone.', 'short', [
        { expr: 'sum by (status) (increase(healer_dedup_total[$__rate_interval]))', legend: '{{status}}' },
      ]),
      bars('Ended, by type of failure', 'What broke.', 'short', {
        expr: `topk(12, sum by (failure_type) (increase(healer_remediations_total{${AGENT}}[$__range])))`,
        legend: '{{failure_type}}',
      }),
      lines('Reading one log', 'Time to classify: median and 99th percentile.', 's', [
        {
          expr: 'histogram_quantile(0.5, sum by (le) (rate(healer_classify_duration_seconds_bucket[$__rate_interval])))',
          legend: 'median',
        },
        {
          expr: 'histogram_quantile(0.99, sum by (le) (rate(healer_classify_duration_seconds_bucket[$__rate_interval])))',
          legend: 'p99',
        },
      ]),
      lines(
        'Asking the sources of context',
        'Slowest twentieth of the answers.',
        's',
        [
          {
            expr: 'histogram_quantile(0.95, sum by (le, source) (rate(healer_context_duration_seconds_bucket{status!~"not_configured|not_relevant"}[$__rate_interval])))',
            legend: '{{source}}',
          },
        ],
        { width: 12 },
      ),
      bars(
        'Answers of the sources',
        'What they said in the range.',
        'short',
        {
          expr: 'sum by (source, status) (increase(healer_context_duration_seconds_count{status!~"not_configured|not_relevant"}[$__range]))',
          legend: '{{source}}: {{status}}',
        },
        { width: 12 },
      ),
    ],
  },
  {
    title: 'Runs',
    panels: [
      lines(
        'CodeRuns',
        'Kept ones, by phase.',
        'short',
        [{ expr: 'max by (phase) (healer_coderuns)', legend: '{{phase}}' }],
        { stacked: true },
      ),
      lines('Attempts ended', 'By outcome.', 'short', [
        {
          expr: `sum by (outcome) (increase(healer_attempts_total{${AGENT}}[$__rate_interval]))`,
          legend: '{{outcome}}',
        },
      ]),
      lines('Time to fix', 'Median and 90th percentile.', 's', [
        {
          expr: `histogram_quantile(0.5, sum by (le) (increase(healer_time_to_fix_seconds_bucket{${AGENT}}[1h])))`,
          legend: 'median',
        },
        {
          expr: `histogram_quantile(0.9, sum by (le) (increase(healer_time_to_fix_seconds_bucket{${AGENT}}[1h])))`,
          legend: 'p90',
        },
      ]),
      bars('Handed to people, by reason', 'Why Healer gave up.', 'short', {
        expr: 'sum by (reason) (increase(healer_escalations_total[$__range]))',
        legend: '{{reason}}',
      }),
      lines(
        'One look at a CodeRun',
        'Time of a reconcile, 95th percentile.',
        's',
        [
          {
            expr: 'histogram_quantile(0.95, sum by (le, result) (rate(healer_reconcile_duration_seconds_bucket[$__rate_interval])))',
            legend: '{{result}}',
          },
        ],
        { width: 16 },
      ),
    ],
  },
  {
    title: 'Cost',
    panels: [
      stat(
        'Spent',
        'US dollars of the range, as agents reported.',
        'currencyUSD',
        `sum(increase(healer_cost_usd_total{${AGENT}}[$__range]))`,
      ),
      stat(
        'Per fixed repair',
        'All that was spent, divided by what was fixed.',
        'currencyUSD',
        `sum(increase(healer_cost_usd_total{${AGENT}}[$__range])) / sum(increase(healer_remediations_total{result="succeeded",${AGENT}}[$__range]))`,
      ),
      lines('Spent an hour, by agent', 'US dollars.', 'currencyUSD', [
        { expr: `sum by (agent) (increase(healer_cost_usd_total{${AGENT}}[1h]))`, legend: '{{agent}}' },
      ]),
      bars('Spent, by repository', 'US dollars of the range.', 'currencyUSD', {
        expr: `topk(10, sum by (repository) (increase(healer_cost_usd_total{${AGENT}}[$__range])))`,
        legend: '{{repository}}',
      }),
    ],
  },
  {
    title: 'Learning',
    panels: [
      bars('Attempts that held, by agent', 'Share of the attempts that counted.', 'percentunit', {
        expr: `(sum by (agent) (increase(healer_attempts_total{outcome="success",${AGENT}}[$__range])) or 0 * sum by (agent) (increase(healer_attempts_total{${AGENT}}[$__range]))) / sum by (agent) (increase(healer_attempts_total{${COUNTED},${AGENT}}[$__range]))`,
        legend: '{{agent}}',
      }),
      bars('Which attempt held', 'Successes by the number of the attempt; none: green without a change.', 'short', {
        expr: `sum by (attempt) (increase(healer_fixed_at_attempt_total{${AGENT}}[$__range]))`,
        legend: 'attempt {{attempt}}',
      }),
      bars(
        'Another agent had to do it',
        'First asked → the one whose change held. A reason to correct a routing rule.',
        'short',
        {
          expr: 'sum by (from, to) (increase(healer_routing_mismatch_total[$__range]))',
          legend: '{{from}} → {{to}}',
        },
      ),
    ],
  },
  {
    title: 'Health',
    panels: [
      stat('Replicas', 'Processes that are scraped.', 'short', 'count(healer_build_info)', { width: 3 }),
      stat(
        'Paused',
        '1 while a person has stopped spending everywhere.',
        'short',
        'max(healer_paused{scope="everywhere"})',
        {
          width: 3,
          thresholds: low(1, 2),
        },
      ),
      stat(
        'Breaker open',
        '1 while too many escalations hold spending back.',
        'short',
        'max(healer_breaker{state="open"})',
        {
          width: 3,
          thresholds: low(1, 2),
        },
      ),
      stat(
        'GitHub requests left',
        'Of the rate limit, as its last answer said.',
        'short',
        'min(healer_github_rate_limit_remaining)',
        {
          width: 3,
          thresholds: high(500, 1500),
        },
      ),
      stat('Leaders', 'Has to be 1 with the Kubernetes engine.', 'short', 'sum(healer_leader)', {
        width: 3,
        thresholds: [
          { color: 'red', value: null },
          { color: 'green', value: 1 },
          { color: 'red', value: 2 },
        ],
      }),
      stat('Silence of the watch', 'Since the Kubernetes API was heard.', 's', 'max(healer_watch_last_event_seconds)', {
        width: 3,
        thresholds: low(300, 600),
      }),
      lines(
        'Memory',
        'Resident, by process.',
        'bytes',
        [{ expr: 'process_resident_memory_bytes', legend: '{{instance}}' }],
        {
          width: 6,
        },
      ),
      lines('Processor', 'Cores in use, by process.', 'short', [
        { expr: 'rate(process_cpu_seconds_total[$__rate_interval])', legend: '{{instance}}' },
      ]),
      lines('Event loop lag', '99th percentile, by process.', 's', [
        { expr: 'nodejs_eventloop_lag_p99_seconds', legend: '{{instance}}' },
      ]),
      lines('Messages to people', 'By notifier and result.', 'short', [
        {
          expr: 'sum by (notifier, result) (increase(healer_notifications_total[$__rate_interval]))',
          legend: '{{notifier}}: {{result}}',
        },
      ]),
    ],
  },
];

const DATASOURCE = { type: 'prometheus', uid: '${datasource}' };
const COLUMNS = 24;
const HEIGHTS: Record<Kind, number> = { stat: 4, timeseries: 8, bargauge: 8, table: 8 };

/** The whole dashboard; rows and panels in order, from left to right. */
export function dashboard(): object {
  const panels: object[] = [];
  let y = 0;
  for (const row of ROWS) {
    panels.push({
      type: 'row',
      title: row.title,
      collapsed: false,
      id: panels.length + 1,
      gridPos: { x: 0, y, w: 24, h: 1 },
      panels: [],
    });
    y += 1;
    let x = 0;
    let lineHeight = 0;
    for (const panel of row.panels) {
      if (x + panel.width > COLUMNS) {
        y += lineHeight;
        x = 0;
        lineHeight = 0;
      }
      const h = HEIGHTS[panel.kind];
      panels.push(panelJson(panel, panels.length + 1, { x, y, w: panel.width, h }));
      x += panel.width;
      lineHeight = Math.max(lineHeight, h);
    }
    y += lineHeight;
  }
  return {
    uid: 'healer',
    title: 'Healer',
    description: 'What breaks, what Healer does about it, whether it holds, and what it costs.',
    tags: ['healer', 'ci'],
    timezone: 'browser',
    schemaVersion: 39,
    version: 1,
    editable: true,
    graphTooltip: 1,
    refresh: '1m',
    time: { from: 'now-24h', to: 'now' },
    templating: { list: [datasourceVariable(), agentVariable()] },
    annotations: { list: [] },
    links: [],
    panels,
  };
}

function datasourceVariable(): object {
  return { name: 'datasource', label: 'Data source', type: 'datasource', query: 'prometheus', refresh: 1, current: {} };
}

function agentVariable(): object {
  const query = 'label_values(healer_attempts_total, agent)';
  return {
    name: 'agent',
    label: 'Agent',
    type: 'query',
    datasource: DATASOURCE,
    query: { query, refId: 'agent' },
    definition: query,
    refresh: 2,
    includeAll: true,
    allValue: '.*',
    multi: true,
    current: { text: 'All', value: '$__all' },
  };
}

function panelJson(panel: Panel, id: number, gridPos: object): object {
  const isSingle = panel.kind === 'stat';
  return {
    id,
    type: panel.kind,
    title: panel.title,
    description: panel.description,
    datasource: DATASOURCE,
    gridPos,
    targets: panel.queries.map(({ expr, legend }, index) => ({
      refId: String.fromCharCode('A'.charCodeAt(0) + index),
      datasource: DATASOURCE,
      expr,
      legendFormat: legend ?? '',
      instant: isSingle || panel.kind === 'bargauge',
      range: panel.kind === 'timeseries',
    })),
    fieldConfig: {
      defaults: {
        unit: panel.unit,
        min: 0,
        noValue: '–',
        ...(panel.thresholds === undefined ? {} : { thresholds: { mode: 'absolute', steps: panel.thresholds } }),
        ...(panel.kind === 'timeseries' ? { custom: style(panel) } : {}),
      },
      overrides: [],
    },
    options: optionsOf(panel),
  };
}

function style(panel: Panel): object {
  return {
    drawStyle: 'line',
    lineWidth: 1,
    fillOpacity: panel.stacked ? 30 : 8,
    showPoints: 'never',
    spanNulls: false,
    stacking: { mode: panel.stacked ? 'normal' : 'none', group: 'A' },
  };
}

function optionsOf({ kind }: Panel): object {
  if (kind === 'stat') return { colorMode: 'value', graphMode: 'none', reduceOptions: { calcs: ['lastNotNull'] } };
  if (kind === 'bargauge') {
    return { displayMode: 'basic', orientation: 'horizontal', reduceOptions: { calcs: ['lastNotNull'] } };
  }
  return { legend: { displayMode: 'list', placement: 'bottom' }, tooltip: { mode: 'multi', sort: 'desc' } };
}
