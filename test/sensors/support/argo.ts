import { RE2JS } from 're2js';
import type { DataFilter, Parameter, Sensor } from './manifests.ts';

/*
 * What Argo Events does between its EventSource and Healer, for what the manifests use of it. `npm run test:sensors` runs
 * the same requests through Argo Events' own code and holds this model against it.
 */

/** An HTTP request at an EventSource. */
export interface SourceRequest {
  readonly id: string;
  readonly eventSource: string;
  readonly eventName: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Readonly<Record<string, unknown>>;
}

type Json = Readonly<Record<string, unknown>>;

export interface Outcome {
  readonly passed: boolean;
  /** A path that does not exist: Argo Events drops the event and writes it into its log. */
  readonly filterError: string | null;
  /** What is posted to Healer; null when the event did not pass. */
  readonly payload: Json | null;
}

/** Go's name of a header: `X-GitHub-Event` becomes `X-Github-Event`. */
const canonical = (name: string) => name.toLowerCase().replace(/(^|-)[a-z]/g, (start) => start.toUpperCase());

/** What the EventSource puts on the bus. GitHub's writes event and delivery into the body, too. */
export function eventData({ eventSource, headers, body }: SourceRequest): Json {
  const canonicalHeaders = Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [canonical(name), [value]]),
  );
  if (!eventSource.endsWith('-github')) return { header: canonicalHeaders, body };
  const named = { 'X-GitHub-Event': headers['X-GitHub-Event'], 'X-GitHub-Delivery': headers['X-GitHub-Delivery'] };
  return { headers: canonicalHeaders, body: { ...body, ...named } };
}

function member(data: unknown, path: string): unknown {
  let value = data;
  for (const key of path.split('.')) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined;
    value = (value as Json)[key];
  }
  return value;
}

/** Commas that are not within brackets. */
function split(list: string): string[] {
  const parts = [''];
  let depth = 0;
  for (const char of list) {
    if ('[{'.includes(char)) depth += 1;
    if (']}'.includes(char)) depth -= 1;
    if (char === ',' && depth === 0) parts.push('');
    else parts[parts.length - 1] += char;
  }
  return parts;
}

/** gjson, for dotted paths and for arrays and objects made of several; undefined when nothing is there. */
export function gjson(data: unknown, path: string): unknown {
  if (path.startsWith('['))
    return split(path.slice(1, -1)).flatMap((part) => {
      const value = gjson(data, part);
      return value === undefined ? [] : [value];
    });
  if (path.startsWith('{'))
    return Object.fromEntries(
      split(path.slice(1, -1)).flatMap((part) => {
        const named = /^"([^"]+)":(.*)$/s.exec(part);
        const value = gjson(data, named?.[2] ?? part);
        return value === undefined ? [] : [[named?.[1] ?? part.split('.').at(-1) ?? part, value]];
      }),
    );
  return member(data, path);
}

/** As gjson tells a value as text: strings as they are, everything else as JSON. */
const asText = (value: unknown) => (typeof value === 'string' ? value : JSON.stringify(value));

function passes(data: Json, { path, type, value, comparator = '=' }: DataFilter): boolean {
  if (type !== 'string' || !['=', '!='].includes(comparator)) throw new Error(`the model has no ${type} ${comparator}`);
  const found = gjson(data, path);
  if (found === undefined) throw new TypeError(`path '${path}' does not exist`);
  // One value has to do, with `!=` too: a list of several would let everything through.
  return value.some((pattern) => RE2JS.compile(pattern).matcher(asText(found)).find() === (comparator === '='));
}

function assign(target: Record<string, unknown>, [first = '', ...rest]: readonly string[], value: unknown): void {
  if (rest.length === 0) {
    target[first] = value;
    return;
  }
  target[first] ??= {};
  assign(target[first] as Record<string, unknown>, rest, value);
}

export const EVENT_ID = '0123456789abcdef0123456789abcdef';

function construct(data: Json, parameters: readonly Parameter[]): Json {
  const payload: Record<string, unknown> = {};
  for (const { src, dest } of parameters) {
    const found = src.contextKey === 'id' ? EVENT_ID : gjson(data, src.dataKey ?? '');
    if (found === undefined) throw new Error(`${src.dataKey} does not exist`);
    assign(payload, dest.split('.'), src.useRawData ? found : asText(found));
  }
  return payload;
}

/** What a sensor does with a request; null when it does not listen to it. */
export function deliver(sensor: Sensor, request: SourceRequest): Outcome | null {
  const [dependency] = sensor.spec.dependencies;
  if (dependency.eventSourceName !== request.eventSource || dependency.eventName !== request.eventName) return null;
  const data = eventData(request);
  for (const filter of dependency.filters?.data ?? []) {
    try {
      if (!passes(data, filter)) return { passed: false, filterError: null, payload: null };
    } catch (error) {
      if (!(error instanceof TypeError)) throw error;
      return { passed: false, filterError: error.message, payload: null };
    }
  }
  const payload = construct(data, sensor.spec.triggers[0].template.http.payload);
  return { passed: true, filterError: null, payload };
}
