import type { Delivery, DeliveryOrigin } from '../model/delivery.ts';
import { reason } from '../model/reason.ts';
import { DOORS, type Door, doorOf } from './doors.ts';
import { parseBody } from './json.ts';
import { scrub } from './scrub.ts';
import { ENVELOPES, SOURCES } from './sources/index.ts';
import {
  type EventSource,
  type FieldError,
  ignored,
  isObject,
  NOBODY,
  type NormaliseResult,
  type Self,
  type Unwrapped,
  wrong,
} from './sources/source.ts';

/** Raw bytes at a door, with what the sender's headers say of them. */
export interface Arrival {
  readonly door: Door;
  readonly bytes: Uint8Array;
  /** `X-GitHub-Event`; null when absent. */
  readonly event: string | null;
  /** `X-GitHub-Delivery`; null when absent. */
  readonly externalId: string | null;
}

/**
 * What an arrival says. With `fault` set the body cannot be used at all, and there are neither signals nor a reason;
 * without it there is exactly one of the two.
 */
export interface Interpretation extends Pick<NormaliseResult, 'signals' | 'ignored'> {
  readonly event: string | null;
  readonly externalId: string | null;
  readonly fault: Fault | null;
}

export interface Fault {
  readonly code: 'not-json' | 'wrong-shape';
  readonly errors: readonly FieldError[];
}

/** The first thing that is wrong with a body, as a sentence. */
export function faultText({ errors: [first] }: Fault): string {
  return first ? `${first.path || 'The body'} ${first.message}.` : 'The body cannot be used.';
}

function open(body: unknown): Unwrapped {
  const bare = { body, event: null, externalId: null, errors: [] };
  if (!isObject(body)) return bare;
  for (const envelope of ENVELOPES) {
    const unwrapped = envelope.unwrap(body);
    if (unwrapped !== null) return unwrapped;
  }
  return bare;
}

/** A body that nobody named and whose shape tells nothing. */
function unnamed(source: EventSource, body: unknown): NormaliseResult {
  if (!isObject(body)) return wrong([{ path: '', message: 'must be a JSON object' }]);
  if (source.recognises(body)) return ignored(reason('unknown_event', 'The body is none of the events Healer uses.'));
  const events = source.events.join(', ');
  return wrong([{ path: '', message: `is none of ${events}, and no X-GitHub-Event header names its type` }]);
}

function read(door: Door, event: string | null, body: unknown, self: Self): NormaliseResult {
  const source: EventSource = SOURCES[door.source];
  return event === null ? unnamed(source, body) : source.normalise(event, body, self);
}

/**
 * Raw bytes to signals: JSON, then the envelope, then the event's own shape. The type is the door's where it has one; else
 * it comes from the request's header, the wrapped headers, or the body's shape. Pure, and never throws.
 */
export function interpret(arrival: Arrival, self: Self = NOBODY): Interpretation {
  const nothing = { event: arrival.event, externalId: arrival.externalId, signals: [], ignored: null };
  const parsed = parseBody(arrival.bytes);
  if (!parsed.ok) return { ...nothing, fault: { code: 'not-json', errors: [{ path: '', message: parsed.message }] } };
  const inner = open(parsed.value);
  const source: EventSource = SOURCES[arrival.door.source];
  const named = arrival.door.event ?? arrival.event ?? inner.event;
  const event = named ?? (isObject(inner.body) ? source.detect(inner.body) : null);
  const names = { event, externalId: arrival.externalId ?? inner.externalId };
  if (inner.errors.length > 0) return { ...nothing, ...names, fault: { code: 'wrong-shape', errors: inner.errors } };
  const { signals, ignored: why, errors } = read(arrival.door, event, inner.body, self);
  const fault: Fault | null = errors.length > 0 ? { code: 'wrong-shape', errors } : null;
  return { ...names, signals, ignored: why, fault };
}

/**
 * The same for a delivery that was stored, or that a file holds: the same bytes say the same, however often they
 * are read. An origin without a door is ignored with a reason.
 */
export function interpretDelivery(
  delivery: Pick<Delivery, 'origin' | 'event' | 'externalId' | 'body'>,
  self: Self = NOBODY,
): Interpretation {
  const { origin, event, externalId, body } = delivery;
  const door = doorOf(origin);
  if (door) return interpret({ door, bytes: scrub(body), event, externalId }, self);
  const why = reason('unknown_event', `Deliveries of origin ${origin} are not read.`);
  return { event, externalId, signals: [], ignored: why, fault: null };
}

/**
 * The door that a body of unknown origin belongs to, told by its shape: for files that people hand in. GitHub's when it
 * is nobody else's.
 */
export function originOf(bytes: Uint8Array): DeliveryOrigin {
  const parsed = parseBody(bytes);
  const { body } = open(parsed.ok ? parsed.value : null);
  if (!isObject(body)) return 'github';
  const events = Object.values(SOURCES).map((source: EventSource) => source.detect(body));
  return DOORS.find((door) => door.event !== null && events.includes(door.event))?.origin ?? 'github';
}
