import type { Clock } from '../lib/clock.ts';
import { createHttpClient } from '../lib/http.ts';
import { isAtLeast, type Notice, type NoticeKind, type Severity } from '../model/notice.ts';
import { NOTIFIERS, type Notifier } from '../report/notifiers/index.ts';
import { VERSION } from './paths.ts';
import type { Settings } from './settings.ts';

/** Which notices are for somebody. */
export interface Filter {
  readonly events: readonly NoticeKind[];
  readonly minimumSeverity: Severity;
  /** `owner/name` or `owner/*`; empty for every one. */
  readonly repositories: readonly string[];
}

/** A notifier that is configured, with what is for it. */
export interface Target {
  readonly notifier: Notifier<Notice>;
  readonly filter: Filter;
}

/** The notifiers that the settings give an address. */
export function notifyTargets({ notifications }: Settings, clock: Clock): readonly Target[] {
  const { discord, slack, email, webhook } = notifications;
  const parts = { http: createHttpClient({ userAgent: `healer/${VERSION}` }), clock };
  const targets: Target[] = [];
  const add = (notifier: Notifier<Notice>, filter: Filter): void => {
    targets.push({ notifier, filter });
  };
  if (discord.webhookUrl !== undefined) add(NOTIFIERS.discord({ webhookUrl: discord.webhookUrl }, parts), discord);
  if (slack.botToken !== undefined && slack.channel !== undefined) {
    const { botToken: token, channel, apiUrl } = slack;
    add(NOTIFIERS.slack({ kind: 'bot', token, channel, apiUrl }, parts), slack);
  } else if (slack.webhookUrl !== undefined) {
    add(NOTIFIERS.slack({ kind: 'webhook', webhookUrl: slack.webhookUrl }, parts), slack);
  }
  if (email.url !== undefined) add(NOTIFIERS.email({ url: email.url, from: email.from, to: email.to }), email);
  if (webhook.url !== undefined) add(NOTIFIERS.webhook({ url: webhook.url, secrets: webhook.secret }, parts), webhook);
  return targets;
}

/** Whether a notice is for somebody; what belongs to no repository is for everybody. */
export function isFor(
  { events, minimumSeverity, repositories }: Filter,
  { kind, severity, repository }: Pick<Notice, 'kind' | 'severity' | 'repository'>,
): boolean {
  if (!events.includes(kind) || !isAtLeast(severity, minimumSeverity)) return false;
  return repository === null || repositories.length === 0 || repositories.some((listed) => covers(listed, repository));
}

function covers(listed: string, repository: string): boolean {
  const [pattern, name] = [listed.toLowerCase(), repository.toLowerCase()];
  return pattern.endsWith('/*') ? name.startsWith(pattern.slice(0, -1)) : pattern === name;
}
