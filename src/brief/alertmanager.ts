import { z } from 'zod';
import type { Peer } from './peer.ts';
import { alertMatcher, type QueryValues } from './query-language.ts';
import type { SourceContext } from './source.ts';

/** `GET /api/v2/alerts` of Alertmanager; Grafana answers in the same shape. */
const alertsSchema = z.array(
  z.object({
    fingerprint: z.string(),
    labels: z.record(z.string(), z.string()),
    annotations: z.record(z.string(), z.string()),
    startsAt: z.string(),
    generatorURL: z.string().optional(),
    status: z.object({
      state: z.string(),
      silencedBy: z.array(z.string()),
      inhibitedBy: z.array(z.string()),
    }),
  }),
);

export type KnownAlert = z.output<typeof alertsSchema>[number];

const ANSWER_BYTES = 1024 * 1024;
const MAX_ALERTS = 20;

/** Alerts that name this repository or this service, each once, in the order in which they began to fire. */
export async function relatedAlerts(
  peer: Peer,
  path: readonly string[],
  { signal, now }: SourceContext,
  { repository, service }: QueryValues,
): Promise<{ readonly alerts: readonly KnownAlert[]; readonly truncated: boolean }> {
  const matchers = [
    alertMatcher('repository', repository),
    ...(service === null ? [] : [alertMatcher('service', service)]),
  ];
  const asked = matchers.map((matcher) =>
    peer.get({ path, query: [['filter', matcher]], schema: alertsSchema, maxBytes: ANSWER_BYTES, signal, now }),
  );
  const byFingerprint = new Map((await Promise.all(asked)).flat().map((alert) => [alert.fingerprint, alert]));
  const alerts = [...byFingerprint.values()].toSorted((a, b) => a.startsAt.localeCompare(b.startsAt));
  return { alerts: alerts.slice(0, MAX_ALERTS), truncated: alerts.length > MAX_ALERTS };
}

/** One alert in lines; `links` are already in words. */
export function alertInWords(alert: KnownAlert, links: readonly string[] = []): string {
  const { labels, annotations, status, startsAt } = alert;
  const held = [
    ...(status.silencedBy.length > 0 ? ['silenced'] : []),
    ...(status.inhibitedBy.length > 0 ? ['inhibited by another alert'] : []),
  ];
  const state = [labels['severity'] ?? null, ...held].filter((word) => word !== null).join(', ');
  return [
    `- ${labels['alertname'] ?? 'an alert'}${state === '' ? '' : ` (${state})`}, firing since ${startsAt}`,
    ...['summary', 'description', 'message'].flatMap((key) =>
      annotations[key] === undefined ? [] : [`  ${key}: ${annotations[key]}`],
    ),
    `  labels: ${labelsInWords(labels)}`,
    ...links.map((link) => `  ${link}`),
  ].join('\n');
}

/** `a=b, c=d`, without the labels that were said already. */
export function labelsInWords(labels: Readonly<Record<string, string>>): string {
  return Object.entries(labels)
    .filter(([name]) => !['alertname', 'severity', 'alertstate', '__name__'].includes(name))
    .map(([name, value]) => `${name}=${value}`)
    .join(', ');
}
