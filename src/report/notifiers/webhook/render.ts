import { isOver, type Notice } from '../../../model/notice.ts';
import { cut } from '../cut.ts';
import { headline } from '../words.ts';

/** Ours: what a receiver has to be ready for. docs/notifications.md names them. */
export const WEBHOOK_LIMITS = { items: 50, text: 2_000, details: 40, body: 1024 * 1024 } as const;

/** The body of an event; names as in the API, times as RFC 3339. */
export interface WebhookEvent {
  readonly type: string;
  readonly id: string;
  readonly sequence: number;
  readonly severity: string;
  readonly state: 'open' | 'closed';
  readonly repository: string | null;
  readonly headline: string;
  readonly opened_at: string;
  readonly updated_at: string;
  readonly items: readonly WebhookItem[];
  /** Items that are not listed. */
  readonly omitted_items: number;
}

export interface WebhookItem {
  readonly key: string;
  readonly state: 'open' | 'closed';
  readonly tone: string;
  readonly title: string;
  readonly status: string;
  readonly task_id: string | null;
  readonly facts: Readonly<Record<string, string>>;
  readonly details: readonly string[];
  readonly links: readonly { readonly label: string; readonly url: string }[];
}

/** A notice as data: nothing is escaped, because what the receiver makes of it is not known. */
export function renderWebhook(notice: Notice): WebhookEvent {
  const shown = notice.items.slice(0, WEBHOOK_LIMITS.items);
  // Of a few everything is told, of many what they are and how they stand.
  const [facts, details, links, long] =
    shown.length > 10 ? [8, 0, 3, 500] : [20, WEBHOOK_LIMITS.details, 10, WEBHOOK_LIMITS.text];
  return {
    type: notice.kind,
    id: notice.id,
    sequence: notice.sequence,
    severity: notice.severity,
    state: isOver(notice) ? 'closed' : 'open',
    repository: notice.repository,
    headline: cut(headline(notice), WEBHOOK_LIMITS.text),
    opened_at: new Date(notice.openedAt).toISOString(),
    updated_at: new Date(notice.updatedAt).toISOString(),
    items: shown.map((item) => ({
      key: cut(item.key, 500),
      state: item.isOpen ? 'open' : 'closed',
      tone: item.tone,
      title: cut(item.title, 500),
      status: cut(item.status, long),
      task_id: item.taskId,
      facts: Object.fromEntries(item.facts.slice(0, facts).map(({ label, text }) => [cut(label, 60), cut(text, 300)])),
      details: item.details.slice(0, details).map((line) => cut(line, 1_000)),
      links: item.links.slice(0, links).map(({ label, url }) => ({ label: cut(label, 60), url: cut(url, 2_000) })),
    })),
    omitted_items: notice.items.length - shown.length,
  };
}
