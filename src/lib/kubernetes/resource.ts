import { PermanentError, RetryableError } from '../errors.ts';
import type { KubernetesClient, KubernetesRequest } from './client.ts';
import { ResourceExpired } from './errors.ts';
import { linesOf } from './lines.ts';
import type { KubernetesObject, ListHead, NewObject } from './objects.ts';
import type { OnItem, WatchEvent, WatchSource } from './watch.ts';

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
  /** Calls back with every object that matches. `metadataOnly` leaves everything but names, labels and the like away. */
  list(onItem: OnItem, selector?: Selector): Promise<void>;
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
/** About what a page should have, so that it comes soon whatever the objects are. */
const PAGE_BYTES = 4 * 1024 * 1024;
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
    async list(onItem, selector = {}) {
      await listAll(client, path, selector, onItem);
    },
    source: (selector = {}) => ({
      list: (onItem, signal) => listAll(client, path, selector, onItem, signal),
      watch: (resourceVersion, signal) => follow(client, path, selector, resourceVersion, signal),
    }),
  };
}

/** Calls `onItem` with every object, page by page; gives the revision that the list is of. */
async function listAll(
  client: KubernetesClient,
  path: string,
  selector: Selector,
  onItem: OnItem,
  signal?: AbortSignal,
): Promise<string> {
  let query: Query = { ...queryOf(selector), limit: String(FIRST_PAGE) };
  for (;;) {
    const page = await listPage(client, path, selector, query, onItem, signal);
    if (page.token === null) return page.revision;
    const fitting = Math.floor((PAGE_BYTES * Math.max(1, page.count)) / Math.max(1, page.bytes));
    const limit = Math.max(1, Math.min(MAX_PAGE, fitting));
    query = { ...queryOf(selector), limit: String(limit), continue: page.token };
  }
}

type Query = Readonly<Record<string, string>>;

interface Page {
  readonly count: number;
  readonly bytes: number;
  readonly revision: string;
  /** Where the list goes on; null at its end. */
  readonly token: string | null;
}

async function listPage(
  client: KubernetesClient,
  path: string,
  selector: Selector,
  query: Query,
  onItem: OnItem,
  signal?: AbortSignal,
): Promise<Page> {
  let count = 0;
  const request: KubernetesRequest = {
    path,
    query,
    expect: [404, 410],
    timeoutMs: LIST_TIMEOUT_MS,
    ...(selector.metadataOnly === true ? { accept: METADATA_LIST } : {}),
    ...(signal === undefined ? {} : { signal }),
  };
  const { status, body, bytes } = await client.list(request, (item) => {
    count += 1;
    onItem(item as KubernetesObject);
  });
  if (status === 410) throw new ResourceExpired(`${path}: the list took too long to read.`);
  if (status === 404) {
    throw new RetryableError(`${path} does not exist: is the CustomResourceDefinition installed? (\`healer crd\`)`);
  }
  const { metadata } = body as ListHead;
  return { count, bytes, revision: metadata.resourceVersion, token: metadata.continue || null };
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
