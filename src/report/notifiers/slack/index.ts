import { sha256 } from '../../../lib/digest.ts';
import { PermanentError, RetryableError } from '../../../lib/errors.ts';
import type { Notice } from '../../../model/notice.ts';
import type { Notifier, NotifierParts, Reference, Told } from '../notifier.ts';
import { ask, bodyOf, expectSuccess } from '../outbound.ts';
import { renderSlack, type SlackMessage } from './render.ts';

export type SlackConfig =
  /** Cannot change what it wrote: says it once more when something important changed. */
  | { readonly kind: 'webhook'; readonly webhookUrl: string }
  /** `chat:write` in the channel; edits its messages. `apiUrl` is `https://slack.com/api`. */
  | { readonly kind: 'bot'; readonly token: string; readonly channel: string; readonly apiUrl: string };

const HEADERS = { 'content-type': 'application/json; charset=utf-8' };

/** One message in a Slack channel for each notice. */
export function slackNotifier(config: SlackConfig, parts: NotifierParts): Notifier<Notice> {
  return config.kind === 'bot' ? botNotifier(config, parts) : webhookNotifier(config.webhookUrl, parts);
}

function webhookNotifier(webhookUrl: string, parts: NotifierParts): Notifier<Notice> {
  return {
    name: 'slack',
    edits: false,
    async tell(notice, before, signal): Promise<Told> {
      const body = JSON.stringify(renderSlack(notice));
      const digest = sha256(body);
      if (before?.['digest'] === digest) return { reference: before, action: 'unchanged' };
      const answer = await ask(parts, 'slack', webhookUrl, { method: 'POST', headers: HEADERS, body, signal });
      expectSuccess(answer, 'slack', 'Look at the incoming webhook (SLACK_WEBHOOK_URL).', parts.clock());
      return { reference: { digest }, action: 'sent' };
    },
  };
}

/** Slack's words for a message that cannot be changed any more: a new one is written. */
const GONE: readonly unknown[] = ['message_not_found', 'cant_update_message', 'edit_window_closed'];
/** Slack's words for troubles of its own. */
const PASSING: readonly unknown[] = [
  'fatal_error',
  'internal_error',
  'ratelimited',
  'rate_limited',
  'request_timeout',
  'service_unavailable',
  'team_added_to_org',
  'message_limit_exceeded',
];

type BotConfig = Extract<SlackConfig, { kind: 'bot' }>;

function botNotifier(config: BotConfig, parts: NotifierParts): Notifier<Notice> {
  const call = async (method: string, body: object, signal: AbortSignal) => {
    const url = `${config.apiUrl.replace(/\/+$/, '')}/${method}`;
    const text = JSON.stringify(body);
    const request = { method: 'POST', headers: HEADERS, token: config.token, body: text, signal } as const;
    const answer = await ask(parts, 'slack', url, request);
    return bodyOf(expectSuccess(answer, 'slack', 'Look at SLACK_BOT_TOKEN and the address of the API.', parts.clock()));
  };
  const post = async (message: SlackMessage, digest: string, signal: AbortSignal): Promise<Told> => {
    const sent = { channel: config.channel, parse: 'none', link_names: false, ...message };
    const { ok, error, ts, channel } = await call('chat.postMessage', sent, signal);
    if (ok !== true) throw refused('chat.postMessage', error);
    if (typeof ts !== 'string' || typeof channel !== 'string')
      throw new PermanentError('slack: the answer to chat.postMessage names no message.');
    return { reference: { channel, ts, digest }, action: 'sent' };
  };
  return {
    name: 'slack',
    edits: true,
    async tell(notice, before, signal): Promise<Told> {
      const message = renderSlack(notice);
      const digest = sha256(JSON.stringify(message));
      const place = placeOf(before);
      if (before === null || place === null) return post(message, digest, signal);
      if (before['digest'] === digest) return { reference: before, action: 'unchanged' };
      const edited = { ...place, parse: 'none', link_names: false, text: message.text, blocks: message.blocks };
      const { ok, error } = await call('chat.update', edited, signal);
      if (ok === true) return { reference: { ...place, digest }, action: 'edited' };
      if (GONE.includes(error)) return post(message, digest, signal);
      throw refused('chat.update', error);
    },
  };
}

function placeOf(before: Reference | null): { readonly channel: string; readonly ts: string } | null {
  const { channel, ts } = before ?? {};
  return typeof channel === 'string' && typeof ts === 'string' ? { channel, ts } : null;
}

function refused(method: string, error: unknown): PermanentError | RetryableError {
  const why = typeof error === 'string' && /^[a-z_]{1,60}$/.test(error) ? error : 'an answer that is not understood';
  const message = `slack: ${method} was refused: ${why}`;
  return PASSING.includes(error)
    ? new RetryableError(message)
    : new PermanentError(`${message}. Look at the bot’s rights and SLACK_CHANNEL.`);
}
