import { messageOf, PermanentError, RetryableError } from '../../lib/errors.ts';
import { type HttpAnswer, type HttpRequest, retryAfterMs } from '../../lib/http.ts';
import type { NotifierParts } from './notifier.ts';

const TIMEOUT_MS = 10_000;
const MAX_ANSWER_BYTES = 256 * 1024;

/**
 * One request of a notifier. Its address may itself be the secret, so that nothing that is thrown holds more of it than
 * the host.
 */
export async function ask(
  { http }: Pick<NotifierParts, 'http'>,
  name: string,
  url: string,
  request: HttpRequest,
): Promise<HttpAnswer> {
  try {
    return await http(url, { timeoutMs: TIMEOUT_MS, maxBytes: MAX_ANSWER_BYTES, ...request });
  } catch (error) {
    const { host, pathname } = new URL(url);
    const why = messageOf(error).replaceAll(`${host}${pathname}`, host);
    if (error instanceof PermanentError) throw new PermanentError(`${name}: ${why}`);
    const after = error instanceof RetryableError ? error.retryAfterMs : null;
    throw new RetryableError(`${name}: ${why}`, { retryAfterMs: after });
  }
}

/** Throws when the answer is none of success; the class says whether trying again may help. */
export function expectSuccess(answer: HttpAnswer, name: string, hint: string, now: number): HttpAnswer {
  if (answer.status >= 200 && answer.status < 300) return answer;
  const { host } = new URL(answer.url);
  const message = `${name}: ${host} answered ${answer.status}`;
  if (answer.status === 408 || answer.status === 429 || answer.status >= 500) {
    throw new RetryableError(message, { retryAfterMs: retryAfterMs(answer.headers, now) });
  }
  throw new PermanentError(`${message}. ${hint}`);
}

/** The body as an object; an empty one when it is something else. */
export function bodyOf(answer: HttpAnswer): Readonly<Record<string, unknown>> {
  try {
    const body: unknown = JSON.parse(new TextDecoder().decode(answer.bytes));
    return typeof body === 'object' && body !== null ? (body as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}
