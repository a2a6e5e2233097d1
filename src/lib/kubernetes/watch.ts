import type { Clock } from '../clock.ts';
import { messageOf, RetryableError } from '../errors.ts';
import { ResourceExpired } from './errors.ts';
import { isNewer, type KubernetesObject } from './objects.ts';

/*
 * A picture of all objects of one kind, kept up to date:
 *
 *   list ──▶ watch from the list's revision ──▶ events, bookmarks ──▶ the server ends it ──▶ watch from the last revision
 *     ▲          │ 410, twice silent, time to resync                    │ error: the same after a growing pause
 *     └──────────┴──────────────────────────────────────────────────────┘
 *
 * A watch that says nothing for too long is taken for dead, whatever its connection says: the server sends a bookmark
 * every minute or so. Time, pauses and chance come from outside.
 */

export interface WatchEvent {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK';
  readonly object: KubernetesObject;
}

export type OnItem = (object: KubernetesObject) => void;

/** Where objects come from. Throws ResourceExpired when a revision or a page is no longer to be had. */
export interface WatchSource {
  /** Calls back with every object as it comes; gives the revision that the list is of. */
  list(onItem: OnItem, signal: AbortSignal): Promise<string>;
  watch(resourceVersion: string, signal: AbortSignal): AsyncIterable<WatchEvent>;
}

export type Schedule = (ms: number, run: () => void) => () => void;

export interface ReflectorOptions<T> {
  readonly source: WatchSource;
  /** What is kept of an object. Must not throw: a malformed object is a value, too. */
  readonly keep: (object: KubernetesObject) => T;
  /** Called after the picture changed; null for what is not there (any more). */
  readonly onChange: (name: string, now: T | null, before: T | null) => void;
  /** Listing or watching failed; it is tried again by itself. */
  readonly onProblem: (message: string) => void;
  readonly clock: Clock;
  readonly schedule: Schedule;
  /** 0 ≤ x < 1. */
  readonly random: () => number;
  /** A watch is dead after so long without a word. */
  readonly idleMs?: number;
  /** How often everything is listed anew, whatever the watch says. */
  readonly resyncMs?: number;
}

export interface Reflector<T> {
  start(): void;
  stop(): Promise<void>;
  /** Resolves when everything was listed for the first time since the start. */
  synced(): Promise<void>;
  readonly isSynced: boolean;
  get(name: string): T | undefined;
  values(): IterableIterator<T>;
  readonly size: number;
  /** Something that was read or written just now, and may be ahead of the watch. */
  offer(object: KubernetesObject): void;
  /** When the server last said anything, bookmarks included, in milliseconds since the epoch; null before the first. */
  readonly lastEventAt: number | null;
}

const IDLE_MS = 150_000;
const RESYNC_MS = 900_000;
const MIN_BACKOFF_MS = 250;
const MAX_BACKOFF_MS = 30_000;
/** A watch that ends sooner, and with nothing said, counts as a failure. */
const SHORT_MS = 1_000;
/** After so many silent watches in a row the revision itself is doubted. */
const MAX_SILENT = 2;

export function createReflector<T>(options: ReflectorOptions<T>): Reflector<T> {
  return new ListAndWatch(options);
}

interface Kept<T> {
  readonly value: T;
  readonly resourceVersion: string;
}

class ListAndWatch<T> implements Reflector<T> {
  readonly #options: ReflectorOptions<T>;
  readonly #kept = new Map<string, Kept<T>>();
  /** The revision that the picture is known to be complete up to; null when it must be listed. */
  #revision: string | null = null;
  #firstSync = Promise.withResolvers<void>();
  #isSynced = false;
  #stopping: AbortController | null = null;
  #running: Promise<void> = Promise.resolve();
  #failures = 0;
  #silent = 0;
  lastEventAt: number | null = null;

  constructor(options: ReflectorOptions<T>) {
    this.#options = options;
  }

  get isSynced(): boolean {
    return this.#isSynced;
  }

  get size(): number {
    return this.#kept.size;
  }

  start(): void {
    if (this.#stopping !== null) return;
    this.#stopping = new AbortController();
    this.#running = this.#run(this.#stopping.signal);
  }

  async stop(): Promise<void> {
    this.#stopping?.abort();
    await this.#running;
    this.#stopping = null;
    this.#revision = null;
    this.#isSynced = false;
    this.#firstSync.resolve();
    this.#firstSync = Promise.withResolvers<void>();
    this.#kept.clear();
  }

  synced(): Promise<void> {
    return this.#firstSync.promise;
  }

  get(name: string): T | undefined {
    return this.#kept.get(name)?.value;
  }

  *values(): IterableIterator<T> {
    for (const { value } of this.#kept.values()) yield value;
  }

  offer(object: KubernetesObject): void {
    const { name, resourceVersion } = object.metadata;
    if (!this.#isSynced) return;
    // What the watch has passed already and is not here was removed since.
    const isPast = this.#revision !== null && !isNewer(resourceVersion, this.#revision);
    if (isPast && !this.#kept.has(name)) return;
    this.#putNewer(object);
  }

  async #run(stop: AbortSignal): Promise<void> {
    while (!stop.aborted) {
      try {
        if (this.#revision === null) await this.#list(stop);
        await this.#follow(stop);
      } catch (error) {
        if (stop.aborted) return;
        if (error instanceof ResourceExpired) this.#revision = null;
        this.#options.onProblem(messageOf(error));
        await this.#pause(error, stop);
      }
    }
  }

  async #list(stop: AbortSignal): Promise<void> {
    const found = new Map<string, Kept<T>>();
    // One by one, so that what is not kept of large objects never is in memory all at once.
    const revision = await this.#options.source.list((object) => {
      found.set(object.metadata.name, this.#knownOrKept(object));
    }, stop);
    if (stop.aborted) return;
    this.#heard();
    this.#replace(found, revision);
    this.#revision = revision;
    this.#isSynced = true;
    this.#firstSync.resolve();
  }

  #replace(found: ReadonlyMap<string, Kept<T>>, revision: string): void {
    for (const [name, { resourceVersion }] of [...this.#kept]) {
      if (!found.has(name) && !isNewer(resourceVersion, revision)) this.#drop(name);
    }
    for (const [name, kept] of found) this.#put(name, kept);
  }

  /** Listed anew, most objects are what they were: they are neither read nor held twice. */
  #knownOrKept(object: KubernetesObject): Kept<T> {
    const { name, resourceVersion } = object.metadata;
    const known = this.#kept.get(name);
    if (known?.resourceVersion === resourceVersion) return known;
    return { value: this.#options.keep(object), resourceVersion };
  }

  /** One watch, to its end. */
  async #follow(stop: AbortSignal): Promise<void> {
    const { source, schedule, clock, random, idleMs = IDLE_MS, resyncMs = RESYNC_MS } = this.#options;
    const cut = new AbortController();
    let why: 'silent' | 'resync' | null = null;
    const end = (cause: 'silent' | 'resync') => () => {
      why = cause;
      cut.abort();
    };
    let cancelIdle = schedule(idleMs, end('silent'));
    const cancelResync = schedule(resyncMs * (0.8 + 0.4 * random()), end('resync'));
    const since = clock();
    let heard = 0;
    try {
      for await (const event of source.watch(this.#revision ?? '', AbortSignal.any([stop, cut.signal]))) {
        cancelIdle();
        cancelIdle = schedule(idleMs, end('silent'));
        if (cut.signal.aborted || stop.aborted) break;
        heard += 1;
        this.#take(event);
      }
    } catch (error) {
      if (why === null) throw error;
    } finally {
      cancelIdle();
      cancelResync();
    }
    if (why === 'resync') this.#revision = null;
    if (why === 'silent') this.#fallenSilent(idleMs);
    else this.#silent = 0;
    if (why === null && heard === 0 && clock() - since < SHORT_MS && !stop.aborted) {
      throw new RetryableError('The watch was ended at once.');
    }
    this.#failures = 0;
  }

  #fallenSilent(idleMs: number): void {
    this.#silent += 1;
    this.#options.onProblem(`The watch said nothing for ${Math.round(idleMs / 1000)} s and is opened anew.`);
    if (this.#silent < MAX_SILENT) return;
    this.#silent = 0;
    this.#revision = null;
  }

  #take({ type, object }: WatchEvent): void {
    this.#heard();
    this.#failures = 0;
    const { name, resourceVersion } = object.metadata;
    if (type === 'DELETED') {
      const kept = this.#kept.get(name);
      if (kept !== undefined && !isNewer(kept.resourceVersion, resourceVersion)) this.#drop(name);
    } else if (type !== 'BOOKMARK') this.#putNewer(object);
    this.#revision = resourceVersion;
  }

  /** Most of what a watch tells of was written here and is known from the answer: it is not read again. */
  #putNewer(object: KubernetesObject): void {
    const { name, resourceVersion } = object.metadata;
    const before = this.#kept.get(name);
    if (before !== undefined && !isNewer(resourceVersion, before.resourceVersion)) return;
    this.#put(name, { value: this.#options.keep(object), resourceVersion });
  }

  #put(name: string, kept: Kept<T>): void {
    const before = this.#kept.get(name);
    if (before !== undefined && !isNewer(kept.resourceVersion, before.resourceVersion)) return;
    this.#kept.set(name, kept);
    this.#options.onChange(name, kept.value, before?.value ?? null);
  }

  #drop(name: string): void {
    const before = this.#kept.get(name);
    this.#kept.delete(name);
    this.#options.onChange(name, null, before?.value ?? null);
  }

  #heard(): void {
    this.lastEventAt = this.#options.clock();
  }

  #pause(error: unknown, stop: AbortSignal): Promise<void> {
    const { random, schedule } = this.#options;
    const grown = Math.min(MAX_BACKOFF_MS, MIN_BACKOFF_MS * 2 ** Math.min(this.#failures, 10));
    this.#failures += 1;
    const stated = error instanceof RetryableError ? error.retryAfterMs : null;
    const ms = stated ?? grown / 2 + (grown / 2) * random();
    return new Promise((resolve) => {
      const done = () => {
        cancel();
        stop.removeEventListener('abort', done);
        resolve();
      };
      const cancel = schedule(ms, done);
      stop.addEventListener('abort', done);
    });
  }
}
