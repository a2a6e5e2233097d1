import type { World } from './world.ts';

/** A request as a route sees it. */
export interface Call {
  readonly world: World;
  readonly method: string;
  /** Decoded parts of the path by name. */
  readonly params: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  /** Address without the query, as it was sent; for `Link`. */
  readonly path: string;
  /** Parsed JSON body; an empty object when there was none. */
  readonly body: Readonly<Record<string, unknown>>;
  /** Login behind the token; null for App tokens (JWT) and for addresses that need no credentials. */
  readonly login: string | null;
}

export interface Answer {
  readonly status: number;
  /** Sent as JSON unless it is bytes. */
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** `storage` wants no credentials, and refuses requests that carry some, as blob storage does. */
export type Access = 'token' | 'app' | 'none' | 'storage';

export interface Route {
  readonly method: string;
  readonly template: string;
  readonly pattern: RegExp;
  readonly names: readonly string[];
  readonly access: Access;
  readonly handle: (call: Call) => Answer | Promise<Answer>;
}

/** A refusal in GitHub's own words. */
export class Refusal extends Error {
  readonly status: number;
  readonly details: Readonly<Record<string, unknown>>;

  constructor(status: number, message: string, details: Readonly<Record<string, unknown>> = {}) {
    super(message);
    this.status = status;
    this.details = details;
  }
}

export const notFound = (): Refusal => new Refusal(404, 'Not Found');

/** 422 with the field that is wrong, as GitHub's validation errors are. */
export function invalid(
  resource: string,
  field: string,
  code: 'missing_field' | 'invalid' | 'custom',
  message?: string,
): Refusal {
  const error = { resource, field, code, ...(message === undefined ? {} : { message }) };
  return new Refusal(422, 'Validation Failed', { errors: [error] });
}

/**
 * @param template `/repos/{owner}/{repo}/commits/{ref+}`: `{x}` is one part of the path, `{x+}` one or more
 */
export function route(method: string, template: string, handle: Route['handle'], access: Access = 'token'): Route {
  const names = [...template.matchAll(/\{(\w+)\+?\}/g)].map((match) => match[1] ?? '');
  const source = template
    .replaceAll(/[.]/g, '\\.')
    .replaceAll(/\{\w+\+\}/g, '(.+)')
    .replaceAll(/\{\w+\}/g, '([^/]+)');
  return { method, template, pattern: new RegExp(`^${source}$`), names, access, handle };
}

/** The first route that matches; routes are asked in order, so special ones stand before general ones. */
export function findRoute(
  routes: readonly Route[],
  method: string,
  path: string,
): { route: Route; params: Record<string, string> } | null {
  for (const candidate of routes) {
    if (candidate.method !== method) continue;
    const match = candidate.pattern.exec(path);
    if (!match) continue;
    const params = candidate.names.map((name, index) => [name, decodeURIComponent(match[index + 1] ?? '')]);
    return { route: candidate, params: Object.fromEntries(params) as Record<string, string> };
  }
  return null;
}

export const ok = (body: unknown, headers?: Readonly<Record<string, string>>): Answer =>
  headers ? { status: 200, body, headers } : { status: 200, body };
export const created = (body: unknown): Answer => ({ status: 201, body });

/** A whole positive number from the path, or 404 as GitHub answers anything else. */
export function numberParam(call: Call, name: string): number {
  const value = call.params[name] ?? '';
  if (!/^\d{1,16}$/.test(value)) throw notFound();
  return Number(value);
}

/** A text field of the body; 422 when it is missing or something else. */
export function textField(call: Call, resource: string, field: string): string {
  const value = call.body[field];
  if (value === undefined || value === null) throw invalid(resource, field, 'missing_field');
  if (typeof value !== 'string') throw invalid(resource, field, 'invalid');
  return value;
}

export interface Page<T> {
  readonly items: readonly T[];
  readonly total: number;
  readonly headers: Readonly<Record<string, string>>;
}

/** One page of a list (30 unless `per_page` says otherwise, at most 100) and the `Link` header to the others. */
export function paginate<T>(call: Call, all: readonly T[]): Page<T> {
  const asked = (name: string, otherwise: number) => Math.max(1, Math.trunc(Number(call.query.get(name))) || otherwise);
  const size = Math.min(asked('per_page', 30), 100);
  const page = asked('page', 1);
  const last = Math.max(1, Math.ceil(all.length / size));
  const link = (number: number, rel: string) => {
    const query = new URLSearchParams(call.query);
    query.set('page', String(number));
    return `<${call.world.baseUrl}${call.path}?${query.toString()}>; rel="${rel}"`;
  };
  const links = [
    ...(page > 1 ? [link(page - 1, 'prev')] : []),
    ...(page < last ? [link(page + 1, 'next'), link(last, 'last')] : []),
    ...(page > 1 ? [link(1, 'first')] : []),
  ];
  return {
    items: all.slice((page - 1) * size, page * size),
    total: all.length,
    headers: links.length > 0 ? { link: links.join(', ') } : {},
  };
}
