import * as z from 'zod';
import { reason } from '../../../model/reason.ts';
import type { PlatformAlert, PlatformAlertSignal } from '../../../model/signal.ts';
import { cleanName, cleanText } from '../../clean.ts';
import { boundedKey, maybe, maybeLine, maybeUrl, repositoryName } from '../fields.ts';
import { type EventHandler, eventHandler } from '../handler.ts';
import { ignored, said } from '../source.ts';

/** Alerts of a group that are listed; the first say what is wrong. */
const MAX_ALERTS = 50;
const MAX_LABELS = 32;
const MAX_ANNOTATION = 2_048;
/** Labels under which teams name the repository that an alert is about, the first that reads as one. */
const REPOSITORY_LABELS = ['repository', 'repo'];
/** Annotations that say what is wrong in a line, the first that is there. */
const SUMMARIES = ['summary', 'title', 'message', 'description'];

type Texts = Readonly<Record<string, string>>;

/** Labels and annotations: names to texts; what is no text is left out. */
const texts = z.custom<object>((value) => typeof value === 'object' && value !== null && !Array.isArray(value), {
  error: 'must be an object of texts',
});

function textsOf(value: object, clean: (text: string) => string): Texts {
  const entries = Object.entries(value as Record<string, unknown>).slice(0, MAX_LABELS);
  return Object.fromEntries(
    entries.flatMap(([key, text]) => (typeof text === 'string' ? [[cleanName(key, 128), clean(text)]] : [])),
  );
}

const status = z.enum(['firing', 'resolved']);

const alert = z.object({
  status: status.nullish(),
  labels: texts.transform((value) => textsOf(value, (text) => cleanName(text))),
  annotations: maybe(texts.transform((value) => textsOf(value, (text) => cleanText(text, MAX_ANNOTATION)))),
  startsAt: maybe(z.string()),
  fingerprint: maybeLine,
  generatorURL: maybeUrl,
});

const schema = z.object({
  status,
  groupKey: z.string().min(1, 'must not be empty'),
  truncatedAlerts: maybe(z.int().nonnegative()),
  externalURL: maybeUrl,
  alerts: z.array(z.unknown()).transform((list) => ({ first: list.slice(0, MAX_ALERTS), count: list.length })),
});
/** The alerts that are listed; their faults are reported under their place in the body. */
const listed = z.object({ alerts: z.array(alert) });

/** A time; Alertmanager's zero time (year 1) stands for none. */
function timeOf(text: string | null): number | null {
  const at = text === null ? Number.NaN : Date.parse(text);
  return at > 0 ? at : null;
}

function repositoryOf(labels: Texts): string | null {
  const candidates = REPOSITORY_LABELS.map((label) => (Object.hasOwn(labels, label) ? labels[label] : undefined));
  return candidates.find((text): text is string => repositoryName.safeParse(text).success) ?? null;
}

const textOf = (from: Texts, key: string) => (Object.hasOwn(from, key) ? from[key] || null : null);

function alertOf(body: z.infer<typeof alert>, groupStatus: PlatformAlert['status']): PlatformAlert {
  return {
    status: body.status ?? groupStatus,
    name: textOf(body.labels, 'alertname') ?? 'unnamed alert',
    severity: textOf(body.labels, 'severity'),
    labels: body.labels,
    annotations: body.annotations ?? {},
    startsAt: timeOf(body.startsAt),
    fingerprint: body.fingerprint,
    generatorUrl: body.generatorURL,
  };
}

/** What the alerts of one repository say in a line: their names, and what the first says of itself. */
function titleOf(alerts: readonly PlatformAlert[]): string {
  const names = [...new Set(alerts.map(({ name }) => name))].join(', ');
  const { annotations = {} } = alerts[0] ?? {};
  const summary = SUMMARIES.map((key) => textOf(annotations, key)).find((text) => text !== null);
  return cleanName(summary ? `${names}: ${summary}` : names, 200);
}

/** Alertmanager's key, and the repository where there is one: what is healed in one is not healed in another. */
function keyOf(group: string, repository: string | null): string {
  const key = cleanName(group, group.length);
  return repository === null ? key : `${repository}:${key}`;
}

/** One signal for each repository that alerts of the group name, because each is healed by itself. */
function signalsOf(
  group: z.infer<typeof schema>,
  alerts: readonly PlatformAlert[],
  channel: PlatformAlertSignal['channel'],
): readonly PlatformAlertSignal[] {
  const byRepository = Map.groupBy(alerts, ({ labels }) => repositoryOf(labels));
  return [...byRepository].map(([repository, own]) => ({
    kind: 'platform_alert',
    channel,
    status: own.some((one) => one.status === 'firing') ? 'firing' : 'resolved',
    groupKey: boundedKey(keyOf(group.groupKey, repository)),
    repository,
    title: titleOf(own),
    alerts: own,
    omittedAlerts: (group.truncatedAlerts ?? 0) + group.alerts.count - group.alerts.first.length,
    url: group.externalURL,
  }));
}

/** A group of alerts at one of the two doors (docs: Alertmanager, `webhook_config`). */
export function alertGroup(channel: PlatformAlertSignal['channel']): EventHandler {
  return eventHandler(schema, (group, self) => {
    const inner = eventHandler(listed, ({ alerts: bodies }) => {
      const alerts = bodies.map((body) => alertOf(body, group.status));
      if (alerts.length === 0) return ignored(reason('not_a_failure', 'The group holds no alerts.'));
      return said(...signalsOf(group, alerts, channel));
    });
    return inner({ alerts: group.alerts.first }, self);
  });
}
