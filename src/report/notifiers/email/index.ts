import type { Transporter } from 'nodemailer';
import { sha256 } from '../../../lib/digest.ts';
import { messageOf, PermanentError, RetryableError } from '../../../lib/errors.ts';
import type { Notice } from '../../../model/notice.ts';
import type { Notifier, Told } from '../notifier.ts';
import { renderEmail } from './render.ts';

export interface EmailConfig {
  /** `smtp://user:password@host:587` (STARTTLS) or `smtps://…:465`. */
  readonly url: string;
  readonly from: string;
  readonly to: readonly string[];
}

const CONNECT_MS = 10_000;
const SOCKET_MS = 20_000;
const LOOPBACK = /^(?:127\.\d+\.\d+\.\d+|\[?::1\]?|localhost)$/i;

/**
 * E-mails of one notice are one conversation: the first has a `Message-ID` made from the notice, the others refer to it.
 * The same mail sent twice, after a crash, has the same `Message-ID` both times, by which servers and programs know it.
 */
export function emailNotifier(config: EmailConfig): Notifier<Notice> {
  let opened: Promise<Transporter> | null = null;
  const domain = /@([a-z0-9.-]+)>?\s*$/i.exec(config.from)?.[1] ?? 'healer.invalid';
  const idOf = (notice: string, sequence: number): string => `<${notice}.${sequence}@${domain}>`;
  return {
    name: 'email',
    edits: false,
    async tell(notice, before, signal): Promise<Told> {
      signal.throwIfAborted();
      const mail = renderEmail(notice);
      const digest = sha256(JSON.stringify(mail));
      if (before?.['digest'] === digest) return { reference: before, action: 'unchanged' };
      const first = before?.['thread'];
      const messageId = idOf(notice.id, notice.sequence);
      const thread = typeof first === 'string' ? { inReplyTo: first, references: [first] } : {};
      try {
        opened ??= openTransport(config.url);
        const transport = await opened;
        await transport.sendMail({
          from: config.from,
          to: [...config.to],
          ...mail,
          // The conversation keeps the subject of its beginning.
          subject: typeof before?.['subject'] === 'string' ? `Re: ${before['subject']}` : mail.subject,
          messageId,
          ...thread,
          headers: { 'Auto-Submitted': 'auto-generated', 'X-Healer-Notice': `${notice.id}:${notice.sequence}` },
        });
      } catch (error) {
        throw classified(error);
      }
      const subject = typeof before?.['subject'] === 'string' ? before['subject'] : mail.subject;
      return { reference: { thread: typeof first === 'string' ? first : messageId, subject, digest }, action: 'sent' };
    },
  };
}

/** Loaded when the first mail is sent: most services send none. */
async function openTransport(address: string): Promise<Transporter> {
  const { createTransport } = await import('nodemailer');
  const url = new URL(address);
  return createTransport({
    url: address,
    connectionTimeout: CONNECT_MS,
    greetingTimeout: CONNECT_MS,
    socketTimeout: SOCKET_MS,
    disableFileAccess: true,
    disableUrlAccess: true,
    // A password travels encrypted, or not beyond this machine.
    requireTLS: url.protocol === 'smtp:' && url.username !== '' && !LOOPBACK.test(url.hostname),
  });
}

/** SMTP's own classes (RFC 5321, 4.2.1): 4xx passes, 5xx stays. What has no code never reached an answer. */
function classified(error: unknown): PermanentError | RetryableError {
  const { responseCode: code, command } = error as { responseCode?: unknown; command?: unknown };
  const step = typeof command === 'string' ? ` at ${command.slice(0, 40)}` : '';
  if (typeof code === 'number' && code >= 500) {
    return new PermanentError(
      `email: the server refused it with ${code}${step}. Look at SMTP_URL, sender and recipients.`,
    );
  }
  const why = typeof code === 'number' ? `answered ${code}${step}` : `could not be used: ${messageOf(error)}`;
  return new RetryableError(`email: the server ${why}`);
}
