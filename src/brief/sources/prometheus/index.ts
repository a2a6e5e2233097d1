import { messageOf } from '../../../lib/errors.ts';
import type { HttpClient } from '../../../lib/http.ts';
import { alertInWords, labelsInWords, relatedAlerts } from '../../alertmanager.ts';
import { addressOf, connectPeer, type Peer, type PeerConfig } from '../../peer.ts';
import { fillTemplate, type Placeholder, type QueryValues } from '../../query-language.ts';
import { concernsPlatform } from '../../relevance.ts';
import { answer, type ContextSource, type SourceAnswer, type SourceContext } from '../../source.ts';
import { whereabouts } from '../../whereabouts.ts';
import { instant, type Sample } from './api.ts';
import { type Change, compare } from './compare.ts';
import { FIGURES, type Figure, type FigureName, figureInWords } from './figures.ts';

export interface PrometheusConfig extends PeerConfig {
  readonly queries: Readonly<Record<FigureName | 'alerts', string>>;
  /** Knows what is silenced, and alerts of other origin; null without one. */
  readonly alertmanager: PeerConfig | null;
}

const HOUR_MS = 3_600_000;
const MAX_ALERTS = 20;

/** Whether errors and saturation rose, by numbers at three times, and which alerts fire. */
export function prometheus(http: HttpClient, config: PrometheusConfig | null): ContextSource {
  return {
    name: 'prometheus',
    budget: { timeMs: 5_000, bytes: 64 * 1024 },
    relevant: concernsPlatform,
    async ask(context) {
      if (config === null) return answer.notConfigured('PROMETHEUS_URL is not set.');
      const peer = connectPeer(http, config);
      const values = whereabouts(context.remediation);
      const [figures, firing, known] = await Promise.all([
        Promise.all(FIGURES.map((figure) => readFigure(peer, context, figure, config.queries[figure.name], values))),
        readAlerts(peer, context, config.queries.alerts, values),
        askAlertmanager(http, context, config.alertmanager, values),
      ]);
      return report(config.url, values, [...figures, firing, known]);
    },
  };
}

/** What one question led to. A question that fails spoils none of the others. */
interface Part {
  readonly lines: readonly string[];
  readonly spikes: number;
  readonly alerts: number;
  /** Whether there was anything to know. */
  readonly found: boolean;
  readonly truncated: boolean;
  readonly error: string | null;
  /** For the page where a person can look it up. */
  readonly query: string | null;
}

const NOTHING: Part = { lines: [], spikes: 0, alerts: 0, found: false, truncated: false, error: null, query: null };

async function attempt(title: string, work: () => Promise<Part>): Promise<Part> {
  try {
    return await work();
  } catch (error) {
    return { ...NOTHING, lines: [`${title}: could not be asked: ${messageOf(error)}`], error: messageOf(error) };
  }
}

const lacks = (title: string, missing: Placeholder): Part => ({
  ...NOTHING,
  lines: [`${title}: not asked, no ${missing} is known.`],
});

function readFigure(
  peer: Peer,
  context: SourceContext,
  figure: Figure,
  template: string,
  values: QueryValues,
): Promise<Part> {
  return attempt(figure.title, async () => {
    const { query, missing } = fillTemplate(template, values);
    if (query === null) return lacks(figure.title, missing);
    const at = (before: number): Promise<number | null> =>
      instant(peer, context, query, context.now - before).then(highest);
    const [now, hourBefore, dayBefore] = await Promise.all([at(0), at(HOUR_MS), at(24 * HOUR_MS)]);
    const reading = { now, hourBefore, dayBefore };
    const change: Change = compare(reading, figure.floor);
    const found = now !== null || hourBefore !== null || dayBefore !== null;
    if (!found) return NOTHING;
    return {
      ...NOTHING,
      lines: [figureInWords(figure, reading, change)],
      spikes: change === 'spike' ? 1 : 0,
      found,
      query,
    };
  });
}

/** A query of one's own may give several series; the worst one counts. */
function highest(samples: readonly Sample[]): number | null {
  return samples.length === 0 ? null : Math.max(...samples.map(({ value }) => value));
}

function readAlerts(peer: Peer, context: SourceContext, template: string, values: QueryValues): Promise<Part> {
  return attempt('Firing alerts', async () => {
    const { query, missing } = fillTemplate(template, values);
    if (query === null) return lacks('Firing alerts', missing);
    const samples = await instant(peer, context, query, context.now);
    if (samples.length === 0) return NOTHING;
    const lines = samples.slice(0, MAX_ALERTS).map(({ labels, value }) => {
      const severity = labels['severity'] === undefined ? '' : ` (${labels['severity']})`;
      return `- ${labels['alertname'] ?? 'an alert'}${severity}${since(value)}: ${labelsInWords(labels)}`;
    });
    const truncated = samples.length > MAX_ALERTS;
    return { ...NOTHING, lines: ['Firing alerts:', ...lines], alerts: samples.length, found: true, truncated };
  });
}

/** Prometheus's own start-up is long after 2001, which is a thousand million seconds. */
function since(value: number): string {
  return value > 1e9 ? `, since ${new Date(value * 1000).toISOString()}` : '';
}

function askAlertmanager(
  http: HttpClient,
  context: SourceContext,
  config: PeerConfig | null,
  values: QueryValues,
): Promise<Part> {
  if (config === null) return Promise.resolve(NOTHING);
  return attempt('Alertmanager', async () => {
    const { alerts, truncated } = await relatedAlerts(
      connectPeer(http, config),
      ['api', 'v2', 'alerts'],
      context,
      values,
    );
    if (alerts.length === 0) return NOTHING;
    const lines = ['Alertmanager knows:', ...alerts.map((alert) => alertInWords(alert))];
    return { ...NOTHING, lines, alerts: alerts.length, found: true, truncated };
  });
}

function report(url: string, values: QueryValues, parts: readonly Part[]): SourceAnswer {
  const errors = parts.flatMap(({ error }) => error ?? []);
  const body = parts.flatMap(({ lines }) => lines).join('\n');
  const failures = [...new Set(errors)].join('; ');
  if (!parts.some(({ found }) => found)) {
    if (errors.length > 0) return answer.failed(`${failures}.`);
    return answer.empty(
      `Prometheus has no figures of ${values.service ?? values.repository}, and no related alert fires.`,
    );
  }
  const spikes = parts.reduce((sum, part) => sum + part.spikes, 0);
  const alerts = Math.max(...parts.map((part) => part.alerts));
  const spoken = spikes === 0 ? 'No figure spiked' : `${spikes} of ${FIGURES.length} figures spiked`;
  const firing = `${alerts === 1 ? '1 related alert fires' : `${alerts} related alerts fire`}`;
  const partly = errors.length === 0 ? '' : ` Not everything could be asked: ${failures}.`;
  const query =
    parts.find((part) => part.spikes > 0)?.query ?? parts.find((part) => part.query !== null)?.query ?? 'ALERTS';
  return answer.found(`${spoken} against an hour and a day before; ${firing}.${partly}`, body, {
    url: addressOf(
      url,
      ['graph'],
      [
        ['g0.expr', query],
        ['g0.tab', '0'],
      ],
    ),
    truncated: parts.some((part) => part.truncated),
  });
}
