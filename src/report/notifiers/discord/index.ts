import { sha256 } from '../../../lib/digest.ts';
import { PermanentError } from '../../../lib/errors.ts';
import type { Notice } from '../../../model/notice.ts';
import type { Notifier, NotifierParts, Told } from '../notifier.ts';
import { ask, bodyOf, expectSuccess } from '../outbound.ts';
import { renderDiscord } from './render.ts';

export interface DiscordConfig {
  /** `https://discord.com/api/webhooks/<id>/<token>`; `?thread_id=` is kept. The address is the credential. */
  readonly webhookUrl: string;
}

const HINT = 'Look at the webhook of the channel (DISCORD_WEBHOOK_URL).';
/** Discord's codes for a message that somebody deleted, and for one that another webhook wrote. */
const GONE: readonly unknown[] = [10_008, 50_005];

/** One message in a Discord channel for each notice, edited as it goes on. */
export function discordNotifier(config: DiscordConfig, parts: NotifierParts): Notifier<Notice> {
  const send = async (method: 'POST' | 'PATCH', path: string, wait: boolean, body: string, signal: AbortSignal) => {
    const url = new URL(config.webhookUrl);
    url.pathname = `${url.pathname.replace(/\/+$/, '')}${path}`;
    if (wait) url.searchParams.set('wait', 'true');
    const headers = { 'content-type': 'application/json' };
    return ask(parts, 'discord', url.href, { method, headers, body, signal });
  };
  return {
    name: 'discord',
    edits: true,
    async tell(notice, before, signal): Promise<Told> {
      const body = JSON.stringify(renderDiscord(notice));
      const digest = sha256(body);
      const known = before?.['message'];
      if (known !== undefined && before !== null) {
        if (before['digest'] === digest) return { reference: before, action: 'unchanged' };
        const answer = await send('PATCH', `/messages/${encodeURIComponent(known)}`, false, body, signal);
        const isGone = answer.status === 404 && GONE.includes(bodyOf(answer)['code']);
        if (!isGone) {
          expectSuccess(answer, 'discord', HINT, parts.clock());
          return { reference: { message: known, digest }, action: 'edited' };
        }
      }
      // Without `wait` Discord does not say which message it wrote.
      const answer = expectSuccess(await send('POST', '', true, body, signal), 'discord', HINT, parts.clock());
      const { id } = bodyOf(answer);
      if (typeof id !== 'string') throw new PermanentError(`discord: the answer names no message. ${HINT}`);
      return { reference: { message: id, digest }, action: 'sent' };
    },
  };
}
