import { githubError } from './errors.ts';

/** One attempt of GitHub to deliver an event to an App's webhook. */
export interface HookDelivery {
  /** Of the attempt. A 64-bit number, kept as text: it may be larger than JavaScript's numbers are exact. */
  readonly id: string;
  /** Of the event, the same for every attempt; the receiver sees it as `X-GitHub-Delivery`. */
  readonly guid: string;
  /** Milliseconds since the epoch. */
  readonly deliveredAt: number;
  /** What the receiver answered; GitHub's own 5xx when it could not be reached or took longer than ten seconds. */
  readonly statusCode: number;
  readonly event: string;
}

/** An endpoint of the App itself, for example `GET /app/hook/deliveries`; answers with the body's text. */
export type AskAsApp = (
  route: string,
  parameters: Readonly<Record<string, string | number>>,
) => Promise<{ readonly text: string; readonly link: string }>;

export interface AppDeliveries {
  /**
   * Attempts that failed since `since`, newest first, at most 2,000. Older servers do not know the filter and list
   * successful ones as well. Throws RetryableError or PermanentError.
   */
  failedSince(since: number): Promise<readonly HookDelivery[]>;
  /** Asks GitHub to deliver the event of that attempt once more. Throws RetryableError or PermanentError. */
  redeliver(id: string): Promise<void>;
}

const PER_PAGE = 100;
const MAX_PAGES = 20;

/** The two endpoints of an App's webhook deliveries. GitHub keeps them for three days and repeats none by itself. */
export function appDeliveries(ask: AskAsApp, clock: () => number): AppDeliveries {
  const failed = (what: string) => (error: unknown) => {
    throw githubError(error, what, clock());
  };
  return {
    failedSince: async (since) => {
      const found: HookDelivery[] = [];
      let cursor: string | null = null;
      for (let page = 1; page <= MAX_PAGES; page += 1) {
        const { text, link } = await ask('GET /app/hook/deliveries', {
          per_page: PER_PAGE,
          status: 'failure',
          ...(cursor === null ? {} : { cursor }),
        }).catch(failed('list the deliveries of the App'));
        const entries = parseDeliveries(text);
        found.push(...entries.filter(({ deliveredAt }) => deliveredAt >= since));
        cursor = nextCursor(link);
        if (cursor === null || entries.some(({ deliveredAt }) => deliveredAt < since)) break;
      }
      return found;
    },
    redeliver: async (id) => {
      // The id goes into the path as it came: as a number it might be another one.
      await ask(`POST /app/hook/deliveries/${encodeURIComponent(id)}/attempts`, {}).catch(failed('deliver once more'));
    },
  };
}

interface Entry {
  readonly id: string;
  readonly guid: string;
  readonly delivered_at: string;
  readonly status_code: number;
  readonly event: string;
}

/** Numbers called `id` keep their digits. */
function parseDeliveries(text: string): readonly HookDelivery[] {
  type WithSource = (this: unknown, key: string, value: unknown, context: { readonly source?: string }) => unknown;
  const keepDigits: WithSource = (key, value, { source }) => (key === 'id' && source !== undefined ? source : value);
  const entries = JSON.parse(text, keepDigits as Parameters<typeof JSON.parse>[1]) as readonly Entry[];
  return entries.map((entry) => ({
    id: entry.id,
    guid: entry.guid,
    deliveredAt: Date.parse(entry.delivered_at),
    statusCode: entry.status_code,
    event: entry.event,
  }));
}

/** Of the page that `Link: <…?cursor=…>; rel="next"` names. */
function nextCursor(link: string): string | null {
  const next = /<([^>]+)>;\s*rel="next"/.exec(link)?.[1];
  return next === undefined ? null : new URL(next, 'https://github.invalid').searchParams.get('cursor');
}
