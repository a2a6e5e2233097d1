import type { Writable } from 'node:stream';
import { messageOf } from '../lib/errors.ts';
import { newestEvent, readEvents, type TimelineEvent } from '../store/events.ts';
import type { Store } from '../store/open.ts';
import { createTail } from './stream-tail.ts';

/** What a stream writes to: the raw answer of a request, or anything like it. */
export type StreamTarget = Pick<
  Writable,
  'write' | 'end' | 'destroy' | 'writableLength' | 'once' | 'off' | 'destroyed'
>;

export interface Subscription {
  /** Entries after this number come first, from the store; null begins with what is new. */
  readonly after: number | null;
  /** Of one remediation only. */
  readonly remediationId: string | null;
}

/** Every timeline entry as server-sent events, for any number of readers. */
export interface EventStream {
  /** Begins to write; ends when the reader goes, when it is too slow, or when the stream closes. */
  attach(target: StreamTarget, subscription: Subscription): void;
  /** Something was written to the store; look now. */
  wake(): void;
  readonly readers: number;
  readonly isFull: boolean;
  /** Ends every reader. */
  close(): void;
}

export interface EventStreamOptions {
  readonly store: Store;
  readonly onError?: (message: string, fields: Readonly<Record<string, unknown>>) => void;
  /** Between two looks at the store for what other processes wrote, milliseconds; only while somebody reads. */
  readonly pollMs?: number;
  readonly heartbeatMs?: number;
  /** Bytes that may wait for one reader; one that is further behind is dropped and may come back where it was. */
  readonly maxBuffered?: number;
  readonly maxReaders?: number;
  /** Time in which a reader that catches up has to take what it was given, milliseconds. */
  readonly drainMs?: number;
}

const POLL_MS = 1_000;
/** Proxies close what is silent for a minute or so. */
const HEARTBEAT_MS = 15_000;
const MAX_BUFFERED = 64 * 1024;
const MAX_READERS = 1_000;
const DRAIN_MS = 30_000;
/** Entries read at once for a reader that catches up. */
const PAGE = 200;
/** How soon a browser that lost the stream comes back, milliseconds. */
const RETRY_MS = 2_000;

const HEARTBEAT = Buffer.from(': still here\n\n');

interface Reader {
  readonly target: StreamTarget;
  readonly remediationId: string | null;
  position: number;
}

/** One reading of the store serves all readers; each entry is written once as bytes that all of them share. */
export function createEventStream(options: EventStreamOptions): EventStream {
  const { store, onError, maxBuffered = MAX_BUFFERED, maxReaders = MAX_READERS, drainMs = DRAIN_MS } = options;
  const all = new Set<Reader>();
  const live = new Set<Reader>();
  let heartbeat: NodeJS.Timeout | null = null;
  let isClosed = false;

  const drop = (reader: Reader): void => {
    all.delete(reader);
    live.delete(reader);
    reader.target.destroy();
    rest();
  };
  const rest = (): void => {
    if (all.size > 0) return;
    tail.stop();
    if (heartbeat !== null) clearInterval(heartbeat);
    heartbeat = null;
  };
  /** False when the reader was too slow and is gone. */
  const give = (reader: Reader, bytes: Buffer): boolean => {
    if (reader.target.destroyed) return false;
    reader.target.write(bytes);
    if (reader.target.writableLength <= maxBuffered) return true;
    drop(reader);
    return false;
  };
  const broadcast = (events: readonly TimelineEvent[]): void => {
    for (const event of events) {
      const bytes = frame(event);
      for (const reader of live) {
        if (event.id <= reader.position) continue;
        reader.position = event.id;
        if (reader.remediationId === null || reader.remediationId === event.remediationId) give(reader, bytes);
      }
    }
  };
  const tail = createTail({
    store,
    pollMs: options.pollMs ?? POLL_MS,
    onEvents: broadcast,
    onError: (error) => onError?.('timeline could not be read for the stream', { error: messageOf(error) }),
  });

  const catchUp = async (reader: Reader): Promise<void> => {
    await tail.start();
    if (reader.position > tail.position()) {
      // Ahead of us is what another process told; beyond the newest is a number of a store that was replaced.
      const newest = await newestEvent(store.db);
      if (reader.position > newest) reader.position = tail.position();
    }
    greet(reader);
    while (all.has(reader)) {
      if (reader.position >= tail.position()) {
        live.add(reader);
        return;
      }
      const upTo = tail.position();
      const { remediationId, position: after } = reader;
      const range = { after, upTo, limit: PAGE, ...(remediationId === null ? {} : { remediationId }) };
      const events = await readEvents(store.db, range);
      for (const event of events) reader.target.write(frame(event));
      reader.position = events.length < PAGE ? upTo : (events.at(-1)?.id ?? upTo);
      await drained(reader.target, drainMs);
    }
  };
  /** The place it begins at, so that a reader that is cut off before the first entry comes back to it. */
  const greet = ({ target, position }: Reader): void => {
    target.write(`retry: ${RETRY_MS}\nid: ${position}\n\n`);
  };

  return {
    attach(target, { after, remediationId }) {
      const reader: Reader = { target, remediationId, position: after ?? Number.MAX_SAFE_INTEGER };
      all.add(reader);
      heartbeat ??= setInterval(() => {
        for (const each of all) give(each, HEARTBEAT);
      }, options.heartbeatMs ?? HEARTBEAT_MS).unref();
      target.once('close', () => {
        all.delete(reader);
        live.delete(reader);
        rest();
      });
      catchUp(reader).catch((error: unknown) => {
        if (all.has(reader)) onError?.('a reader of the stream was dropped', { error: messageOf(error) });
        drop(reader);
      });
      if (isClosed) drop(reader);
    },
    wake: () => {
      if (all.size > 0) tail.wake();
    },
    get readers() {
      return all.size;
    },
    get isFull() {
      return all.size >= maxReaders;
    },
    close() {
      isClosed = true;
      for (const { target } of all) target.end();
      all.clear();
      live.clear();
      rest();
    },
  };
}

/** One entry as it stands in the stream; the number is what `Last-Event-ID` says. */
function frame(event: TimelineEvent): Buffer {
  const data = JSON.stringify({
    id: event.id,
    remediation_id: event.remediationId,
    task_id: event.taskId,
    repository: event.repository,
    at: new Date(event.at).toISOString(),
    phase: event.phase,
    event: event.event,
    message: event.message,
  });
  return Buffer.from(`id: ${event.id}\ndata: ${data}\n\n`);
}

/** Resolves when everything was taken. Rejects when that takes too long. */
function drained(target: StreamTarget, withinMs: number): Promise<void> {
  if (target.destroyed || target.writableLength === 0) return Promise.resolve();
  return new Promise((done, refuse) => {
    const settle = (error: Error | null) => () => {
      clearTimeout(timer);
      target.off('drain', taken);
      target.off('close', taken);
      if (error === null) done();
      else refuse(error);
    };
    const taken = settle(null);
    const timer = setTimeout(settle(new Error(`Nothing was taken for ${withinMs} ms.`)), withinMs);
    target.once('drain', taken);
    target.once('close', taken);
    // What is below the high-water mark drains without a word.
    if (!needsDrain(target)) taken();
  });
}

function needsDrain(target: StreamTarget): boolean {
  return (target as { writableNeedDrain?: boolean }).writableNeedDrain === true;
}
