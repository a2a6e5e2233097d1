import type { Wire } from '../wire.ts';

/** What GitHub says of our budget in the headers of every answer. */
export interface RateLimit {
  readonly remaining: number;
  readonly limit: number;
  /** Milliseconds since the epoch. */
  readonly resetAt: number;
  /** GitHub's word for the budget: core, search, graphql, … */
  readonly resource: string;
}

interface Rules {
  readonly baseUrl: string;
  readonly wire: Wire;
  readonly timeoutMs: number;
  readonly onRateLimit: (limit: RateLimit) => void;
}

const REDIRECTS = new Set([301, 302, 303, 307, 308]);
const MAX_REDIRECTS = 3;

/**
 * The fetch that Octokit gets: a time-out for every request, no request to another origin than the API's (a link in an
 * answer cannot carry our token away), redirects only within that origin (renamed repositories). `redirect: 'manual'`
 * hands a redirect back to the caller; any other redirect that is not followed becomes a 421.
 */
export function guardedFetch(rules: Rules): typeof fetch {
  const origin = new URL(rules.baseUrl).origin;
  return async (input, init = {}) => {
    const started = performance.now();
    const { method, signal } = init;
    // Octokit hands in headers as an object and the body as a string.
    const sent = { method, signal, headers: init.headers as Record<string, string>, body: init.body as string | null };
    let url = new URL(String(input));
    for (let hop = 0; ; hop++) {
      if (url.origin !== origin) return refusal(`${url.host} is not the API's host`);
      const timeoutMs = Math.max(1, rules.timeoutMs - (performance.now() - started));
      const response = await rules.wire(url.href, { ...sent, timeoutMs });
      reportRateLimit(response.headers, rules.onRateLimit);
      const location = response.headers.get('location');
      if (!REDIRECTS.has(response.status) || location === null || init.redirect === 'manual')
        return response as unknown as Response;
      await response.discard();
      const isRead = init.method === undefined || init.method === 'GET' || init.method === 'HEAD';
      if (!isRead || hop >= MAX_REDIRECTS || !URL.canParse(location, url.href)) {
        return refusal(`${init.method ?? 'GET'} ${url.pathname} is answered by a redirect that is not followed`);
      }
      url = new URL(location, url.href);
    }
  };
}

function refusal(message: string): Response {
  return new Response(JSON.stringify({ message: `Healer: ${message}` }), {
    status: 421,
    headers: { 'content-type': 'application/json' },
  });
}

function reportRateLimit(headers: Headers, report: (limit: RateLimit) => void): void {
  const remaining = headers.get('x-ratelimit-remaining');
  const limit = headers.get('x-ratelimit-limit');
  const reset = headers.get('x-ratelimit-reset');
  if (remaining === null || limit === null || reset === null) return;
  report({
    remaining: Number(remaining),
    limit: Number(limit),
    resetAt: Number(reset) * 1000,
    resource: headers.get('x-ratelimit-resource') ?? 'core',
  });
}
