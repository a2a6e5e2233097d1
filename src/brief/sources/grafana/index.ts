import { z } from 'zod';
import { messageOf } from '../../../lib/errors.ts';
import type { HttpClient } from '../../../lib/http.ts';
import { alertInWords, type KnownAlert, relatedAlerts } from '../../alertmanager.ts';
import { addressOf, connectPeer, type Peer, type PeerConfig } from '../../peer.ts';
import { concernsPlatform } from '../../relevance.ts';
import { answer, type ContextSource, type SourceContext } from '../../source.ts';
import { brokeAt, whereabouts } from '../../whereabouts.ts';

const HOUR_MS = 3_600_000;
const MAX_ANNOTATIONS = 20;
const MAX_DASHBOARDS = 5;
const ANSWER_BYTES = 1024 * 1024;
const ALERTS = ['api', 'alertmanager', 'grafana', 'api', 'v2', 'alerts'];

/** Alerts that Grafana itself watches, what was written on its graphs around the failure, and where to look. */
export function grafana(http: HttpClient, config: PeerConfig | null): ContextSource {
  return {
    name: 'grafana',
    budget: { timeMs: 5_000, bytes: 24 * 1024 },
    relevant: concernsPlatform,
    async ask(context) {
      if (config === null) return answer.notConfigured('GRAFANA_URL is not set.');
      const peer = connectPeer(http, config);
      const values = whereabouts(context.remediation);
      const [alerts, annotations, dashboards] = await Promise.allSettled([
        relatedAlerts(peer, ALERTS, context, values),
        annotationsOf(peer, context),
        dashboardsOf(peer, context),
      ]);
      const errors = [alerts, annotations, dashboards].flatMap((one) =>
        one.status === 'rejected' ? messageOf(one.reason) : [],
      );
      const firing = alerts.status === 'fulfilled' ? alerts.value.alerts : [];
      const written = annotations.status === 'fulfilled' ? annotations.value : [];
      const boards = dashboards.status === 'fulfilled' ? dashboards.value : [];
      const failures = [...new Set(errors)].join('; ');
      if (firing.length + written.length + boards.length === 0) {
        if (errors.length > 0) return answer.failed(`${failures}.`);
        return answer.empty(`Grafana knows nothing of ${values.service ?? values.repository}.`);
      }
      const body = [
        ...section(
          'Alerts in Grafana:',
          firing.map((alert) => alertInWords(alert, panelOf(config.url, alert))),
        ),
        ...section('Annotations around the failure:', written.map(annotationInWords)),
        ...section(
          'Dashboards:',
          boards.map((board) => `- ${board.title ?? board.url}: ${linkTo(config.url, board.url)}`),
        ),
      ].join('\n');
      const partly = errors.length === 0 ? '' : ` Not everything could be asked: ${failures}.`;
      const counted = [
        count(firing.length, 'related alert'),
        count(written.length, 'annotation'),
        count(boards.length, 'dashboard'),
      ];
      const summary = `Grafana has ${counted.join(', ')}.`;
      const [board] = boards;
      return answer.found(summary + partly, body, {
        url: board === undefined ? config.url : linkTo(config.url, board.url),
        truncated: (alerts.status === 'fulfilled' && alerts.value.truncated) || written.length >= MAX_ANNOTATIONS,
      });
    },
  };
}

const count = (number: number, what: string): string => `${number} ${what}${number === 1 ? '' : 's'}`;
const section = (title: string, lines: readonly string[]): readonly string[] =>
  lines.length === 0 ? [] : [title, ...lines];

/** The panel that an alert was made on. */
function panelOf(url: string, { annotations }: KnownAlert): readonly string[] {
  const uid = annotations['__dashboardUid__'];
  if (uid === undefined || uid === '') return [];
  const panel = annotations['__panelId__'];
  return [`panel: ${addressOf(url, ['d', uid], panel === undefined ? [] : [['viewPanel', panel]])}`];
}

const annotationsSchema = z.array(
  z.object({
    time: z.number().optional(),
    timeEnd: z.number().optional(),
    text: z.string().optional(),
    tags: z.array(z.string()).nullish(),
    alertName: z.string().optional(),
    prevState: z.string().optional(),
    newState: z.string().optional(),
  }),
);
type Annotation = z.output<typeof annotationsSchema>[number];

/** Written by people and by deployments, under the name of the service or of the repository. */
async function annotationsOf(peer: Peer, context: SourceContext): Promise<readonly Annotation[]> {
  const { remediation, signal, now } = context;
  const { repository, name, service } = whereabouts(remediation);
  const at = brokeAt(remediation);
  const tags = [...new Set([repository, name, ...(service === null ? [] : [service])])].filter((tag) => tag !== '');
  const found = await peer.get({
    path: ['api', 'annotations'],
    query: [
      ['from', String(at - 2 * HOUR_MS)],
      ['to', String(Math.max(at, Math.min(now, at + HOUR_MS)))],
      ['limit', String(MAX_ANNOTATIONS)],
      ['matchAny', 'true'],
      ...tags.map((tag) => ['tags', tag] as const),
    ],
    schema: annotationsSchema,
    maxBytes: ANSWER_BYTES,
    signal,
    now,
  });
  return found.toSorted((a, b) => (a.time ?? 0) - (b.time ?? 0));
}

function annotationInWords({ time, text, tags, alertName, prevState, newState }: Annotation): string {
  const when = time === undefined ? '' : `${new Date(time).toISOString()} `;
  const change = alertName === undefined || alertName === '' ? '' : `${alertName}: ${prevState} → ${newState} `;
  const labels = tags == null || tags.length === 0 ? '' : ` [${tags.join(', ')}]`;
  return `- ${when}${change}${text ?? ''}${labels}`;
}

const dashboardsSchema = z.array(z.object({ title: z.string().optional(), url: z.string() }));

async function dashboardsOf(peer: Peer, { remediation, signal, now }: SourceContext) {
  const { service, name } = whereabouts(remediation);
  return peer.get({
    path: ['api', 'search'],
    query: [
      ['type', 'dash-db'],
      ['query', service ?? name],
      ['limit', String(MAX_DASHBOARDS)],
    ],
    schema: dashboardsSchema,
    maxBytes: ANSWER_BYTES,
    signal,
    now,
  });
}

/** Grafana names its pages by path, with the path it is served under in front; they stay on its own host. */
function linkTo(url: string, path: string): string {
  const base = new URL(url);
  const link = new URL(path, base);
  return link.origin === base.origin ? link.href : base.href;
}
