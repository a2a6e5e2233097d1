/** An error whose message is for the person who runs Healer: what happened, to what, what to do. */
export class UserError extends Error {
  override readonly name: string = 'UserError';
}

/** Trying the same again may help; `retryAfterMs` when the other side said when. */
export class RetryableError extends Error {
  override readonly name = 'RetryableError';
  readonly retryAfterMs: number | null;

  constructor(message: string, options: { cause?: unknown; retryAfterMs?: number | null } = {}) {
    super(message, { cause: options.cause });
    this.retryAfterMs = options.retryAfterMs ?? null;
  }
}

/** Trying the same again cannot help. */
export class PermanentError extends Error {
  override readonly name = 'PermanentError';
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
