import { eventName, externalId } from '../../identifiers.ts';
import { parseJson } from '../../json.ts';
import { type Envelope, isObject, type JsonObject, type Unwrapped } from '../source.ts';

/**
 * Header values by lower-case name. Argo Events hands Go's header map through: canonical names, lists of values; a sensor
 * that picks single values sends strings.
 */
function readHeaders(value: unknown): ReadonlyMap<string, string> {
  const headers = new Map<string, string>();
  if (!isObject(value)) return headers;
  for (const [name, raw] of Object.entries(value)) {
    const first: unknown = Array.isArray(raw) ? raw[0] : raw;
    if (typeof first === 'string') headers.set(name.toLowerCase(), first.trim());
  }
  return headers;
}

function unwrap(outer: JsonObject): Unwrapped | null {
  const isWrapped =
    Object.hasOwn(outer, 'body') && (Object.hasOwn(outer, 'headers') || Object.keys(outer).length === 1);
  if (!isWrapped) return null;
  const headers = readHeaders(outer['headers']);
  const names = {
    event: eventName(headers.get('x-github-event')),
    externalId: externalId(headers.get('x-github-delivery')),
  };
  const inner = outer['body'];
  if (isObject(inner)) return { ...names, body: inner, errors: [] };
  if (typeof inner !== 'string')
    return { ...names, body: null, errors: [{ path: 'body', message: 'must be an object or its JSON text' }] };
  const parsed = parseJson(inner);
  return parsed.ok
    ? { ...names, body: parsed.value, errors: [] }
    : { ...names, body: null, errors: [{ path: 'body', message: parsed.message }] };
}

/** What an Argo Events sensor sends: `{ "body": {…}, "headers": {…} }`. */
export const argoEvents: Envelope = { name: 'argo-events', unwrap };
