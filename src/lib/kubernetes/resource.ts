import { PermanentError, RetryableError } from '../errors.ts';
import type { KubernetesClient } from './client.ts';
import { ResourceExpired } from './errors.ts';
import { linesOf } from './lines.ts';
import type { KubernetesObject, NewObject, ObjectList } from './objects.ts';
import type { Page, WatchEvent, WatchSource } from './watch.ts';

export interface ResourceKind {
  /** `v1`, `batch/v1`, … */
  readonly apiVersion: string;
  readonly plural: string;
}

export interface Precondition {
  readonly uid?: string;
  readonly resourceVersion?: string;
}

/** One kind of object in one namespace. */
export interface Resource {
  readonly path: string;
  get(name: string): Promise<KubernetesObject | null>;
  /**
   * The object as the API server keeps it; `existed` when the name was taken: then it is the one that was there. With
   * `metadataOnly` the answer does not send back everything else that was sent.
   */
  create(
    object: NewObject,
    answer?: Pick<Selector, 'metadataOnly'>,
  ): Promise<{ readonly object: KubernetesObject; readonly existed: boolean }>;
  /**
   * A JSON merge patch; with `metadata.resourceVersion` in it only over that version. `gone` when there is no such
   * object, `conflict` when it is at another version by now.
   */
  patch(name: string, patch: object, subresource?: 'status'): Promise<KubernetesObject | 'gone' | 'conflict'>;
  /** False when it is gone already, or not the one that the precondition names any more. */
  remove(name: string, precondition?: Precondition): Promise<boolean>;
  /** Every object that matches, page by page. `metadataOnly` leaves everything but names, labels and the like away. */
  list(selector?: Selector): AsyncGenerator<KubernetesObject>;
  source(selector?: Selector): WatchSource;
}

export interface Selector {
  readonly labels?: string;
  readonly fields?: string;
  readonly metadataOnly?: boolean;
}

/** Objects of a list's first page; the later ones are as long as what has come so far lets them be. */
const FIRST_PAGE = 100;
const MAX_PAGE = 1000;
/** What a page should have at most: it is in memory as bytes, as text and as objects at once. */
const PAGE_BYTES = 2 * 1024 * 1024;
const LIST_TIMEOUT_MS = 60_000;
/** The API server ends a watch by itself after so many seconds; between this and twice as long. */
const WATCH_SECONDS = 300;
const METADATA = 'application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1';
const METADATA_LIST = 'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1';

export function resource(client: KubernetesClient, kind: ResourceKind, namespace: string): Resource {
  const root = kind.apiVersion.includes('/') ? '/apis' : '/api';
  const path = `${root}/${kind.apiVersion}/namespaces/${namespace}/${kind.plural}`;
  const one = (name: string): string => `${path}/${encodeURIComponent(name)}`;
  const get = async (name: string): Promise<KubernetesObject | null> => {
    const { status, body } = await client.request({ path: one(name), expect: [404] });
    return status === 404 ? null : (body as KubernetesObject);
  };
  return {
    path,
    get,
    async create(object, answer = {}) {
      const { status, body } = await client.request({
        method: 'POST',
        path,
        body: object,
        expect: [409],
        ...(answer.metadataOnly === true ? { accept: METADATA } : {}),
      });
      if (status !== 409) return { object: body as KubernetesObject, existed: false };
      const existing = await get(object.metadata.name);
      if (existing !== null) return { object: existing, existed: true };
      throw new RetryableError(`${kind.plural}/${object.metadata.name} was removed while it was created.`);
    },
    async patch(name, patch, subresource) {
      const target = subresource === undefined ? one(name) : `${one(name)}/${subresource}`;
      const { status, body } = await client.request({
        method: 'PATCH',
        path: target,
        body: patch,
        expect: [404, 409],
      });
      return status === 404 ? 'gone' : status === 409 ? 'conflict' : (body as KubernetesObject);
    },
    async remove(name, precondition) {
      const preconditions = precondition === undefined ? {} : { preconditions: precondition };
      const body = { apiVersion: 'v1', kind: 'DeleteOptions', propagationPolicy: 'Background', ...preconditions };
      const { status } = await client.request({ method: 'DELETE', path: one(name), body, expect: [404, 409] });
      return status !== 404 && status !== 409;
    },
    async *list(selector = {}) {
      for await (const { items } of listPages(client, path, selector)) yield* items;
    },
    source: (selector = {}) => ({
      list: (signal) => listPages(client, path, selector, signal),
      watch: (resourceVersion, signal) => follow(client, path, selector, resourceVersion, signal),
    }),
  };
}

/** The pages of a list, each about as large as the others whatever the objects are. */
async function* listPages(
  client: KubernetesClient,
  path: string,
  selector: Selector,
  signal?: AbortSignal,
): AsyncGenerator<Page> {
  let query: Query = { ...queryOf(selector), limit: String(FIRST_PAGE) };
  for (;;) {
    const { page, token, bytes } = await listPage(client, path, selector, query, signal);
    yield page;
    if (token === null) return;
    const fitting = Math.floor((PAGE_BYTES * Math.max(1, page.items.length)) / Math.max(1, bytes));
    const limit = Math.max(1, Math.min(MAX_PAGE, fitting));
    query = { ...queryOf(selector), limit: String(limit), continue: token };
  }
}

type Query = Readonly<Record<string, string>>;

interface ReadPage {
  readonly page: Page;
  /** Where the list goes on; null at its end. */
  readonly token: string | null;
  readonly bytes: number;
}

async function listPage(
  client: KubernetesClient,
  path: string,
  selector: Selector,
  query: Query,
  signal?: AbortSignal,
): Promise<ReadPage> {
  const { status, body, bytes } = await client.request({
    path,
    query,
    expect: [404, 410],
    timeoutMs: LIST_TIMEOUT_MS,
    ...(selector.metadataOnly === true ? { accept: METADATA_LIST } : {}),
    ...(signal === undefined ? {} : { signal }),
  });
  if (status === 410) throw new ResourceExpired(`${path}: the list took too long to read.`);
  if (status === 404) {
    throw new RetryableError(`${path} does not exist: is the CustomResourceDefinition installed? (\`healer crd\`)`);
  }
  const { metadata, items } = body as ObjectList;
  const page = { items: items ?? [], resourceVersion: metadata.resourceVersion };
  return { page, token: metadata.continue || null, bytes };
}

async function* follow(
  client: KubernetesClient,
  path: string,
  selector: Selector,
  resourceVersion: string,
  signal: AbortSignal,
): AsyncGenerator<WatchEvent> {
  const answer = await client.stream({
    path,
    query: {
      ...queryOf(selector),
      watch: 'true',
      allowWatchBookmarks: 'true',
      resourceVersion,
      timeoutSeconds: String(Math.round(WATCH_SECONDS * (1 + Math.random()))),
    },
    signal,
    ...(selector.metadataOnly === true ? { accept: METADATA } : {}),
  });
  try {
    for await (const line of linesOf(answer)) yield eventOf(line, path);
  } finally {
    answer.destroy();
  }
}

function eventOf(line: string, path: string): WatchEvent {
  const { type, object } = JSON.parse(line) as { type: string; object: KubernetesObject & { code?: number } };
  if (type !== 'ERROR') return { type: type as WatchEvent['type'], object };
  const said = String(object['message'] ?? 'no reason given');
  if (object.code === 410) throw new ResourceExpired(`${path}: ${said}`);
  const Kind = object.code === 400 ? PermanentError : RetryableError;
  throw new Kind(`Watching ${path} failed: ${said}`);
}

function queryOf({ labels, fields }: Selector): Query {
  return {
    ...(labels === undefined ? {} : { labelSelector: labels }),
    ...(fields === undefined ? {} : { fieldSelector: fields }),
  };
}
