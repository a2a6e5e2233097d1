/** An event type: GitHub's are lower-case words; other characters cannot be one. */
const EVENT = /^[a-z][a-z0-9_]{0,63}$/;
/** A sender's delivery id: GitHub sends a GUID. */
const EXTERNAL_ID = /^[A-Za-z0-9._:-]{1,128}$/;

/** A name of an event type as a sender gave it; null when it cannot be one. */
export function eventName(value: unknown): string | null {
  return typeof value === 'string' && EVENT.test(value) ? value : null;
}

/** The sender's own delivery id; null when it cannot be one. */
export function externalId(value: unknown): string | null {
  return typeof value === 'string' && EXTERNAL_ID.test(value) ? value : null;
}
