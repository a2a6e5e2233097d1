import { PermanentError, RetryableError } from '../errors.ts';

/** The API server has forgotten the revision that a list or a watch wanted to go on from: list anew (HTTP 410). */
export class ResourceExpired extends Error {
  override readonly name = 'ResourceExpired';
}

/** What the API server says of a request that it refused (`kind: Status`). */
export interface Status {
  readonly reason?: string;
  readonly message?: string;
  readonly details?: { readonly retryAfterSeconds?: number };
}

/** The request itself is wrong: the same again would be refused again. */
const PERMANENT = new Set([400, 405, 406, 413, 415, 422]);
const LONGEST_MESSAGE = 600;

/** The error for an answer outside of 2xx; its class says whether trying again may help. */
export function refusalOf(what: string, status: number, body: Status, retryAfterMs: number | null): Error {
  const reason = body.reason === undefined ? '' : ` ${body.reason}`;
  const said = (body.message ?? '').slice(0, LONGEST_MESSAGE);
  const message = `${what} answered ${status}${reason}${said === '' ? '' : `: ${said}`}${adviceOn(status)}`;
  if (PERMANENT.has(status)) return new PermanentError(message);
  const stated = body.details?.retryAfterSeconds;
  return new RetryableError(message, { retryAfterMs: retryAfterMs ?? (stated === undefined ? null : stated * 1000) });
}

function adviceOn(status: number): string {
  if (status === 401) return ' (the token is not accepted: is it still valid, is it meant for this cluster?)';
  if (status === 403) return ' (the Role of Healer’s ServiceAccount does not allow it: see `healer doctor`)';
  return '';
}
