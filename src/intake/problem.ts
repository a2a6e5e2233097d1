import type { Reason } from '../model/reason.ts';
import type { FieldError } from './sources/source.ts';

/** Every way a request can be refused: status and title per kind (RFC 9457; `type` is `urn:healer:problem:<kind>`). */
export const PROBLEMS = {
  'not-json': { status: 400, title: 'The body is not JSON' },
  'wrong-shape': { status: 400, title: 'The body does not have the shape of its event' },
  'bad-request': { status: 400, title: 'The request cannot be read' },
  'signature-missing': { status: 401, title: 'The signature is missing' },
  'signature-outdated': { status: 401, title: 'The signature is of a kind that is no longer safe' },
  'signature-malformed': { status: 401, title: 'The signature cannot be read' },
  'signature-mismatch': { status: 401, title: 'The signature does not fit the body' },
  'signature-not-configured': { status: 401, title: 'No webhook secret is configured' },
  'token-missing': { status: 401, title: 'The bearer token is missing' },
  'token-malformed': { status: 401, title: 'The authorization cannot be read' },
  'token-unknown': { status: 401, title: 'The bearer token is not known' },
  'token-read-only': { status: 401, title: 'The bearer token may only read' },
  'token-not-configured': { status: 401, title: 'No API token is configured' },
  'browser-request': { status: 403, title: 'Requests from web pages need credentials' },
  'repository-not-allowed': { status: 403, title: 'The repository is not allowed' },
  forbidden: { status: 403, title: 'Not allowed' },
  'not-found': { status: 404, title: 'Nothing is here' },
  'method-not-allowed': { status: 405, title: 'The method is not allowed here' },
  'request-timeout': { status: 408, title: 'The request took too long' },
  conflict: { status: 409, title: 'The request conflicts with what is there' },
  'too-large': { status: 413, title: 'The body is too large' },
  'media-type': { status: 415, title: 'The content type is not taken' },
  'content-encoding': { status: 415, title: 'The content encoding is not taken' },
  'too-many-requests': { status: 429, title: 'Too many requests' },
  'headers-too-large': { status: 431, title: 'The headers are too large' },
  'internal-error': { status: 500, title: 'Something went wrong in Healer' },
  overloaded: { status: 503, title: 'Healer has as much work as it can hold' },
  'store-unavailable': { status: 503, title: 'The store cannot be reached' },
} as const satisfies Record<string, { status: number; title: string }>;

export type ProblemKind = keyof typeof PROBLEMS;

/** The media type of every error body. */
export const PROBLEM_TYPE = 'application/problem+json; charset=utf-8';

/** An RFC 9457 document as it is sent. */
export interface ProblemDocument {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly errors?: readonly FieldError[];
  readonly reason?: Reason;
  readonly delivery_id?: string;
}

export type ProblemExtras = Pick<ProblemDocument, 'errors' | 'reason' | 'delivery_id'>;

export function problemDocument(kind: ProblemKind, detail: string, extras: ProblemExtras = {}): ProblemDocument {
  const { title, status } = PROBLEMS[kind];
  return { type: `urn:healer:problem:${kind}`, title, status, detail, ...extras };
}

/** Ends a request with a problem document; `headers` go with it. */
export class Problem extends Error {
  override readonly name: string = 'Problem';
  readonly kind: ProblemKind;
  readonly extras: ProblemExtras;
  readonly headers: Readonly<Record<string, string>>;

  constructor(
    kind: ProblemKind,
    detail: string,
    options: { extras?: ProblemExtras; headers?: Readonly<Record<string, string>>; cause?: unknown } = {},
  ) {
    super(detail, { cause: options.cause });
    this.kind = kind;
    this.extras = options.extras ?? {};
    this.headers = options.headers ?? {};
  }

  document(): ProblemDocument {
    return problemDocument(this.kind, this.message, this.extras);
  }
}

const retryAfter = (seconds: number) => ({ 'retry-after': String(Math.max(1, Math.ceil(seconds))) });

/** More deliveries are being worked on than the service holds; the sender keeps this one and sends it again. */
export class Overloaded extends Problem {
  override readonly name = 'Overloaded';
  constructor(retryAfterSeconds = 5, detail = 'Keep the delivery and send it again after the time in Retry-After.') {
    super('overloaded', detail, { headers: retryAfter(retryAfterSeconds) });
  }
}

/** The store did not take the delivery; nothing of it is kept, and the sender sends it again. */
export class StoreUnavailable extends Problem {
  override readonly name = 'StoreUnavailable';
  constructor(options: { retryAfterSeconds?: number; cause?: unknown } = {}) {
    super('store-unavailable', 'Nothing of this request was kept. Send it again after the time in Retry-After.', {
      headers: retryAfter(options.retryAfterSeconds ?? 10),
      cause: options.cause,
    });
  }
}

/** The repository is not among those Healer serves; the delivery is kept with that reason. */
export function repositoryNotAllowed(why: Reason, deliveryId: string): Problem {
  return new Problem('repository-not-allowed', why.detail, { extras: { reason: why, delivery_id: deliveryId } });
}
