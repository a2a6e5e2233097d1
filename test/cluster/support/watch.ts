import type { IncomingMessage } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import type { WatchEvent, WatchHandle } from './cluster-types.ts';

type Query = Readonly<Record<string, string | number | boolean>>;
type Open = (query: Query, timeoutMs: number) => Promise<IncomingMessage>;

interface Listed {
  readonly metadata: { readonly resourceVersion: string };
  readonly items?: readonly Keyed[];
}

interface Keyed {
  readonly metadata: { readonly uid: string; readonly resourceVersion: string };
}

/** The API server ends a watch by itself after this long; one that is silent for longer is cut and opened again. */
const WATCH_SECONDS = 240;
const SILENCE_MS = (WATCH_SECONDS + 30) * 1_000;
const PAUSE_MS = 200;

/** List, watch, and list again when the server has forgotten where we were. Ends when stopped. */
export function watchList<T>(open: Open, onEvent: (event: WatchEvent<T>) => void): WatchHandle {
  const stopping = new AbortController();
  const known = new Map<string, Keyed>();
  const synced = Promise.withResolvers<void>();

  const pass = (type: WatchEvent<T>['type'], object: Keyed): void => {
    if (type === 'DELETED') known.delete(object.metadata.uid);
    else known.set(object.metadata.uid, object);
    onEvent({ type, object: object as T });
  };

  async function list(): Promise<string> {
    const listed = (await readJson(await open({}, 30_000))) as Listed;
    const now = new Map((listed.items ?? []).map((item) => [item.metadata.uid, item]));
    for (const [uid, object] of [...known]) if (!now.has(uid)) pass('DELETED', object);
    for (const [uid, object] of now) {
      const before = known.get(uid);
      if (before?.metadata.resourceVersion === object.metadata.resourceVersion) continue;
      pass(before === undefined ? 'ADDED' : 'MODIFIED', object);
    }
    synced.resolve();
    return listed.metadata.resourceVersion;
  }

  /** Gives where to go on, or null when a new list is needed. */
  async function follow(from: string): Promise<string | null> {
    const query = { watch: true, resourceVersion: from, allowWatchBookmarks: true, timeoutSeconds: WATCH_SECONDS };
    const answer = await open(query, SILENCE_MS);
    if (answer.statusCode !== 200) {
      answer.destroy();
      return null;
    }
    const cut = () => answer.destroy();
    stopping.signal.addEventListener('abort', cut);
    let at = from;
    try {
      for await (const line of lines(answer)) {
        const event = JSON.parse(line) as { type: string; object: Keyed };
        if (event.type === 'ERROR') return null;
        at = event.object.metadata.resourceVersion;
        if (event.type !== 'BOOKMARK') pass(event.type as WatchEvent<T>['type'], event.object);
      }
    } finally {
      stopping.signal.removeEventListener('abort', cut);
      answer.destroy();
    }
    return at;
  }

  async function run(): Promise<void> {
    let at: string | null = null;
    while (!stopping.signal.aborted) {
      try {
        at ??= await list();
        at = await follow(at);
      } catch {
        // The server is away, or the connection was cut: both are what these tests are about.
        at = null;
        await delay(PAUSE_MS);
      }
    }
  }

  void run();
  return {
    synced: synced.promise,
    stop: () => {
      stopping.abort();
      synced.resolve();
    },
  };
}

async function readJson(answer: IncomingMessage): Promise<unknown> {
  const pieces: Buffer[] = [];
  for await (const piece of answer) pieces.push(piece as Buffer);
  const text = Buffer.concat(pieces).toString('utf8');
  if (answer.statusCode !== 200) throw new Error(`list: ${answer.statusCode}: ${text.slice(0, 500)}`);
  return JSON.parse(text);
}

async function* lines(answer: IncomingMessage): AsyncGenerator<string> {
  let rest = '';
  answer.setEncoding('utf8');
  for await (const piece of answer) {
    const parts = (rest + (piece as string)).split('\n');
    rest = parts.pop() ?? '';
    yield* parts.filter((part) => part !== '');
  }
}
