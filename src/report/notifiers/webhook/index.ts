import { createHmac } from 'node:crypto';
import { sha256 } from '../../../lib/digest.ts';
import type { Notice } from '../../../model/notice.ts';
import type { Notifier, NotifierParts, Told } from '../notifier.ts';
import { ask, expectSuccess } from '../outbound.ts';
import { renderWebhook } from './render.ts';

export interface WebhookConfig {
  readonly url: string;
  /** Several for rotation: the receiver has to know one of them. `whsec_…` is base64, anything else is taken as it is. */
  readonly secrets: readonly string[];
}

/**
 * The signature of Standard Webhooks (https://www.standardwebhooks.com): HMAC-SHA256 over `<id>.<timestamp>.<body>`,
 * base64, with the version in front; one for each secret, separated by spaces.
 */
export function signWebhook(secrets: readonly string[], id: string, timestamp: number, body: string): string {
  return secrets
    .map((secret) => {
      const key = secret.startsWith('whsec_') ? Buffer.from(secret.slice(6), 'base64') : secret;
      return `v1,${createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64')}`;
    })
    .join(' ');
}

/** An event for each state of a notice, signed. The same event sent twice has the same `webhook-id`. */
export function webhookNotifier(config: WebhookConfig, parts: NotifierParts): Notifier<Notice> {
  return {
    name: 'webhook',
    edits: true,
    async tell(notice, before, signal): Promise<Told> {
      const body = JSON.stringify(renderWebhook(notice));
      const digest = sha256(body);
      if (before?.['digest'] === digest) return { reference: before, action: 'unchanged' };
      const id = `${notice.id}.${notice.sequence}`;
      const timestamp = Math.floor(parts.clock() / 1_000);
      const headers = {
        'content-type': 'application/json',
        'webhook-id': id,
        'webhook-timestamp': String(timestamp),
        ...(config.secrets.length === 0
          ? {}
          : { 'webhook-signature': signWebhook(config.secrets, id, timestamp, body) }),
      };
      const answer = await ask(parts, 'webhook', config.url, { method: 'POST', headers, body, signal });
      expectSuccess(answer, 'webhook', 'Look at the receiver (notifications.webhook.url).', parts.clock());
      return { reference: { digest }, action: before === null ? 'sent' : 'edited' };
    },
  };
}
