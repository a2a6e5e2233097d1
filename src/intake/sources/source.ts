import type { Reason } from '../../model/reason.ts';
import type { Signal } from '../../model/signal.ts';

/** One field that is not as it has to be; `path` in dots from the top of the body, empty for the body itself. */
export interface FieldError {
  readonly path: string;
  readonly message: string;
}

/**
 * What an event says. Exactly one of the three holds something: signals, the reason why there are none, or the errors
 * that keep the body from being the event it claims to be.
 */
export interface NormaliseResult {
  readonly signals: readonly Signal[];
  readonly ignored: Reason | null;
  readonly errors: readonly FieldError[];
}

/** What Healer knows of itself, so that it does not repair its own reports. */
export interface Self {
  /** The id of the GitHub App that Healer works as; null when it uses a token. */
  readonly appId: number | null;
}

export const NOBODY: Self = { appId: null };

export type JsonObject = Readonly<Record<string, unknown>>;

/** A kind of sender: turns its events into signals. Pure; never throws, whatever the body. */
export interface EventSource {
  /** The folder's name. */
  readonly name: string;
  /** The event types it has a use for. */
  readonly events: readonly string[];
  /** The type of a body that came without a name; null when its shape is none of `events`. */
  readonly detect: (body: JsonObject) => string | null;
  /** Whether a body without a known shape still comes from this kind of sender. */
  readonly recognises: (body: JsonObject) => boolean;
  readonly normalise: (event: string, body: unknown, self: Self) => NormaliseResult;
}

/** What was inside an envelope; `event` and `externalId` are null when the envelope does not name them. */
export interface Unwrapped {
  readonly body: unknown;
  readonly event: string | null;
  readonly externalId: string | null;
  readonly errors: readonly FieldError[];
}

/** A carrier that puts another sender's body into one of its own. Pure; never throws. */
export interface Envelope {
  /** The folder's name. */
  readonly name: string;
  /** Null when the body is not in this envelope. */
  readonly unwrap: (body: JsonObject) => Unwrapped | null;
}

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export const said = (...signals: readonly Signal[]): NormaliseResult => ({ signals, ignored: null, errors: [] });
export const ignored = (why: Reason): NormaliseResult => ({ signals: [], ignored: why, errors: [] });
export const wrong = (errors: readonly FieldError[]): NormaliseResult => ({ signals: [], ignored: null, errors });
