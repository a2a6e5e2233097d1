import { messageOf, PermanentError, RetryableError } from '../errors.ts';

/** The HTTP status that an Octokit error carries; null when the peer gave none (network, time-out, our own error). */
export function statusOf(error: unknown): number | null {
  const { status, response } = error as { status?: unknown; response?: unknown };
  return typeof status === 'number' && response !== undefined ? status : null;
}

export function isNotFound(error: unknown): boolean {
  return statusOf(error) === 404;
}

/**
 * An error of GitHub's in our own classes. `what` finishes "GitHub could not …". 5xx, 408, 429, rate limits and
 * unanswered requests are worth another try; everything else is not.
 */
export function githubError(error: unknown, what: string, now: number): RetryableError | PermanentError {
  if (error instanceof RetryableError || error instanceof PermanentError) return error;
  const status = statusOf(error);
  const message = `GitHub could not ${what}: ${status === null ? '' : `${status}, `}${messageOf(error)}`;
  const headers = (error as { response?: { headers?: Record<string, string | undefined> } }).response?.headers ?? {};
  const limited =
    status === 429 || (status === 403 && (headers['x-ratelimit-remaining'] === '0' || 'retry-after' in headers));
  if (status === null || status >= 500 || status === 408 || limited) {
    return new RetryableError(message, { cause: error, retryAfterMs: limited ? waitFor(headers, now) : null });
  }
  return new PermanentError(message, { cause: error });
}

function waitFor(headers: Record<string, string | undefined>, now: number): number | null {
  const after = headers['retry-after'];
  if (after !== undefined && /^\d+$/.test(after)) return Number(after) * 1000;
  const reset = Number(headers['x-ratelimit-reset']);
  return Number.isFinite(reset) && reset > 0 ? Math.max(0, reset * 1000 - now) : null;
}

/** `owner/name` in the two parts that REST paths want. Throws `PermanentError` for anything else. */
export function splitRepository(repository: string): { owner: string; repo: string } {
  const match = /^([A-Za-z0-9][A-Za-z0-9-_.]*)\/([A-Za-z0-9-_.]+)$/.exec(repository);
  if (match?.[1] === undefined || match[2] === undefined || /^\.{1,2}$/.test(match[2])) {
    throw new PermanentError(`"${repository}" is not a repository of the form owner/name.`);
  }
  return { owner: match[1], repo: match[2] };
}
