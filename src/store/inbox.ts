import { messageOf } from '../lib/errors.ts';
import type { Delivery } from '../model/delivery.ts';
import { gather } from './gather.ts';
import { type InboxFile, type InboxFiles, inboxFiles } from './inbox-files.ts';
import { encodeRecord, INBOX_MAGIC } from './inbox-format.ts';
import { type Damage, findIn, type Part, partOf, readingSpace, readRecords } from './inbox-part.ts';

/** The inbox holds as much as it may. */
export class InboxFullError extends Error {
  override readonly name = 'InboxFullError';
}

/** Deliveries that were taken out, in the order in which they came. */
export interface Taken {
  /** Their bodies are written over by the next `take`. */
  readonly deliveries: readonly Delivery[];
  /** They are in the store now, and may be forgotten here. Without it they are taken out again after the next start. */
  done(): Promise<void>;
}

/**
 * Deliveries that are on the disk and not in the store yet: files that are only ever written at their end, with one sync
 * for everything that arrived while the last one was under way. Until its answer a delivery costs a quarter of what it does
 * when it is decided before, so a storm is taken in at several times the pace. Whoever takes deliveries out puts them into the
 * store, which knows those it has; so one that comes out again after a crash changes nothing twice.
 *
 * For one process, which holds the folder.
 */
export interface Inbox {
  /** Resolves when the delivery is on the disk. Rejects with InboxFullError, or with what the disk said; it is not kept then. */
  put(delivery: Delivery): Promise<void>;
  /** The oldest that are not done, at most `limit`; waits until there is one. Empty when `signal` says so or it is closed. */
  take(limit: number, signal: AbortSignal): Promise<Taken>;
  /** One that is still in here, by its id, the digest of its body or the sender's id. */
  find(id: string): Promise<Delivery | null>;
  /** Bytes that are not in the store yet, and when the oldest of them came: milliseconds since the epoch, null when empty. */
  waiting(): { readonly bytes: number; readonly oldest: number | null };
  /** How many were put in since the start. */
  readonly arrived: number;
  /** Lets go of the files; what is in them stays. */
  close(): Promise<void>;
}

export interface InboxOptions {
  readonly dir: string;
  /** Bytes that may wait. */
  readonly maxBytes: number;
  /** Told of what could not be read. */
  readonly onError: (message: string, fields: Readonly<Record<string, unknown>>) => void;
  /** Bytes after which another file is begun; 32 MiB when left out. */
  readonly fileBytes?: number;
  /** The disk; another one for tests. */
  readonly files?: InboxFiles;
}

const FILE_BYTES = 32 * 1024 * 1024;
/** What goes to the disk in one write, unless a single delivery is larger. */
const WRITE_BYTES = 4 * 1024 * 1024;
/** What waits in memory for a disk that is slow, or hangs; senders who gave up are not counted by anybody else. */
const QUEUE_BYTES = 64 * 1024 * 1024;

interface Waiting {
  readonly parts: readonly Uint8Array[];
  readonly bytes: number;
  readonly receivedAt: number;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/** Opens the inbox with what the process before this one left in it. `dir` must exist. */
export async function openInbox(options: InboxOptions): Promise<Inbox> {
  const files = options.files ?? inboxFiles(options.dir);
  const found = await files.list();
  const parts: Part[] = [];
  for (const file of found) {
    const end = await file.size();
    if (end <= INBOX_MAGIC.length) await file.remove();
    else parts.push(await openPart(file, end, options.onError));
  }
  return new FileInbox(options, files, parts, (found.at(-1)?.number ?? 0) + 1);
}

/** A file without the line that names the format is read all the same, and put aside afterwards. */
async function openPart(file: InboxFile, end: number, onError: InboxOptions['onError']): Promise<Part> {
  const part = partOf(file, end);
  const line = Buffer.alloc(INBOX_MAGIC.length);
  await file.read(line, 0);
  if (line.equals(INBOX_MAGIC)) return part;
  onError('a file of the inbox does not begin as one', { file: file.number });
  part.isDamaged = true;
  return part;
}

class FileInbox implements Inbox {
  arrived = 0;
  private queue: Waiting[] = [];
  private queuedBytes = 0;
  private writing: Promise<void> | null = null;
  /** The part that is written to; null until something is put in, and after the disk failed. */
  private current: Part | null = null;
  private oldest: number | null = null;
  private isClosed = false;
  private wake = (): void => {};
  private readonly options: InboxOptions;
  private readonly files: InboxFiles;
  private readonly parts: Part[];
  /** What was taken out last stands here. */
  private readonly space = readingSpace();
  private next: number;

  constructor(options: InboxOptions, files: InboxFiles, parts: Part[], next: number) {
    this.options = options;
    this.files = files;
    this.parts = parts;
    this.next = next;
  }

  put(delivery: Delivery): Promise<void> {
    const parts = encodeRecord(delivery);
    const bytes = parts[0].byteLength + parts[1].byteLength;
    const queued = this.queuedBytes + bytes;
    const isBehind = this.queuedBytes > 0 && queued > QUEUE_BYTES;
    if (this.isClosed || isBehind || this.waiting().bytes + queued > this.options.maxBytes)
      return Promise.reject(new InboxFullError('The inbox holds as much as it may.'));
    return new Promise((resolve, reject) => {
      this.queue.push({ parts, bytes, receivedAt: delivery.receivedAt, resolve, reject });
      this.queuedBytes += bytes;
      this.writing ??= this.write();
    });
  }

  private async write(): Promise<void> {
    while (this.queue.length > 0) {
      await gather(() => this.queue.length);
      await this.writeBatch(this.nextBatch());
    }
    this.writing = null;
  }

  private nextBatch(): readonly Waiting[] {
    let [count, bytes] = [0, 0];
    for (const waiting of this.queue) {
      if (count > 0 && bytes + waiting.bytes > WRITE_BYTES) break;
      bytes += waiting.bytes;
      count += 1;
    }
    return this.queue.splice(0, count);
  }

  private async writeBatch(batch: readonly Waiting[]): Promise<void> {
    const bytes = batch.reduce((sum, waiting) => sum + waiting.bytes, 0);
    try {
      const part = await this.writable();
      const buffers = batch.flatMap(({ parts }) => parts);
      await part.file.write(buffers, part.end);
      part.end += bytes;
      this.arrived += batch.length;
      this.oldest ??= batch[0]?.receivedAt ?? null;
      for (const { resolve } of batch) resolve();
      this.wake();
    } catch (error) {
      // After a failed sync nobody knows what the disk has, so nothing more is written behind it.
      const failed = this.current;
      this.current = null;
      for (const { reject } of batch) reject(error);
      if (failed !== null && failed.done >= failed.end) await this.discard(failed);
    }
    this.queuedBytes -= bytes;
  }

  /** A disk that fails again and again is not left with a file, open, for every time. */
  private async discard(part: Part): Promise<void> {
    await this.remove(part).catch((error: unknown) =>
      this.options.onError('a file of the inbox cannot be removed', { error: messageOf(error) }),
    );
  }

  private async writable(): Promise<Part> {
    if (this.current !== null && this.current.end < (this.options.fileBytes ?? FILE_BYTES)) return this.current;
    this.current = null;
    const part = partOf(await this.files.create(this.next++), INBOX_MAGIC.length);
    this.parts.push(part);
    this.current = part;
    return part;
  }

  async take(limit: number, signal: AbortSignal): Promise<Taken> {
    while (!this.isClosed && !signal.aborted) {
      const part = this.parts.find(({ done, end }) => done < end);
      if (part === undefined) {
        await this.untilPut(signal);
        continue;
      }
      const { deliveries, end } = await readRecords(part, part.done, limit, this.space, (damage) =>
        this.tellDamaged(part, damage),
      );
      const [first, last] = [deliveries[0], deliveries.at(-1)];
      if (first !== undefined && last !== undefined) {
        this.oldest = first.receivedAt;
        return { deliveries, done: () => this.finish(part, end, last.receivedAt) };
      }
      await this.finish(part, end, null);
    }
    return { deliveries: [], done: async () => {} };
  }

  private async untilPut(signal: AbortSignal): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const onAbort = (): void => resolve();
    this.wake = resolve;
    signal.addEventListener('abort', onAbort);
    await promise;
    signal.removeEventListener('abort', onAbort);
  }

  private tellDamaged(part: Part, damage: Damage): void {
    part.isDamaged = true;
    this.options.onError('a part of the inbox cannot be read', { file: part.file.number, ...damage });
  }

  private async finish(part: Part, end: number, latest: number | null): Promise<void> {
    part.done = end;
    if (part === this.current && part.done === part.end && this.writing === null) {
      // A damaged one is not written over: people will look at it.
      if (part.isDamaged) this.current = null;
      else this.writing = this.beginAgain(part);
      await this.writing;
    }
    for (const ended of this.parts.filter((one) => one !== this.current && one.done >= one.end))
      await this.remove(ended);
    // What came behind is not older than the latest that is done.
    this.oldest = this.waiting().bytes === 0 ? null : (latest ?? this.oldest);
  }

  /** What is empty is written from its beginning, so that nothing comes out again long after it was done. */
  private async beginAgain(part: Part): Promise<void> {
    try {
      await part.file.cut(INBOX_MAGIC.length);
      part.end = INBOX_MAGIC.length;
      part.done = INBOX_MAGIC.length;
    } catch (error) {
      this.options.onError('a file of the inbox cannot be cut; another one is begun', { error: messageOf(error) });
      this.current = null;
    }
    this.writing = this.queue.length > 0 ? this.write() : null;
  }

  private async remove(part: Part): Promise<void> {
    const index = this.parts.indexOf(part);
    if (index < 0) return;
    this.parts.splice(index, 1);
    if (!part.isDamaged) return part.file.remove();
    const file = await part.file.putAside();
    this.options.onError('a file of the inbox was put aside, for parts of it cannot be read', { file });
  }

  async find(id: string): Promise<Delivery | null> {
    // A sender may choose its id to look like one of ours.
    let bySender: Delivery | null = null;
    const isWanted = (one: Delivery): boolean => {
      // Its body is copied, for reading on writes over it.
      if (one.externalId === id) bySender ??= { ...one, body: Uint8Array.from(one.body) };
      return one.id === id || one.digest === id;
    };
    for (const part of [...this.parts]) {
      const found = await findIn(part, isWanted);
      if (found !== null) return found;
    }
    return bySender;
  }

  waiting(): { readonly bytes: number; readonly oldest: number | null } {
    let bytes = 0;
    for (const { end, done } of this.parts) bytes += end - done;
    return { bytes, oldest: bytes === 0 ? null : this.oldest };
  }

  async close(): Promise<void> {
    this.isClosed = true;
    this.wake();
    while (this.writing !== null) await this.writing;
    for (const part of [...this.parts]) await (part.done < part.end ? part.file.close() : this.remove(part));
  }
}
