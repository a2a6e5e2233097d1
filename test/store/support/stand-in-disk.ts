import type { InboxFile, InboxFiles } from '../../../src/store/inbox-files.ts';
import { INBOX_MAGIC } from '../../../src/store/inbox-format.ts';
import { turn } from './inbox.ts';

/** What the disk does with the next writes: nothing of it, a part of it, or all of it and the sync fails. */
export type Failure = 'write' | 'short write' | 'sync';

interface OnDisk {
  /** What a process sees. */
  bytes: Buffer;
  /** What is there after a loss of power. */
  synced: Buffer;
}

/**
 * A folder of the inbox in memory, with the faults that disks have. Files stay over `reopen` as they do over the death of a
 * process; a `powerFailure` takes what was not synced, wholly or to a part.
 */
export class StandInDisk {
  readonly files = new Map<number, OnDisk>();
  readonly aside: Buffer[] = [];
  /** Files that are open, so that a leak is seen. */
  open = 0;
  /** Every write fails like this until it is set back. */
  failure: Failure | null = null;
  /** Every reading fails until it is set back. */
  cannotRead = false;
  cannotCut = false;
  cannotCreate = false;
  /** Resolves before a write goes on, so that a test can hold one up. */
  gate: Promise<void> = Promise.resolve();
  writes = 0;
  /** Files that were opened by a process that is gone do nothing any more. */
  private epoch = 0;

  /** The folder for a process that begins now; the one before it, and all that it still had in mind, is gone. */
  attach(): InboxFiles {
    const epoch = ++this.epoch;
    this.open = 0;
    return {
      list: async () => [...this.files.keys()].sort((a, b) => a - b).map((number) => this.handle(number, epoch)),
      create: async (number) => {
        if (epoch !== this.epoch) throw new Error('the process is gone');
        if (this.cannotCreate) throw new Error('no file can be made');
        if (this.files.has(number)) throw new Error(`file ${number} is there already`);
        this.files.set(number, { bytes: Buffer.from(INBOX_MAGIC), synced: Buffer.from(INBOX_MAGIC) });
        return this.handle(number, epoch);
      },
    };
  }

  /** Of what was written and not synced, the first `share` (0 to 1) survives; `zeros` where the length did and the rest not. */
  powerFailure(share: number, zeros = false): void {
    for (const file of this.files.values()) {
      const from = file.synced.length;
      const lost = Buffer.from(file.bytes.subarray(from));
      const survives = Math.floor(lost.length * share);
      file.bytes = Buffer.concat([file.synced, zeros ? lost.fill(0, survives) : lost.subarray(0, survives)]);
      file.synced = file.bytes;
    }
  }

  /** Changes one byte of a file, where people cannot know it. */
  flip(number: number, at: number): void {
    const bytes = this.bytes(number);
    bytes[at] = (bytes[at] ?? 0) ^ 0x41;
  }

  bytes(number: number): Buffer {
    const file = this.files.get(number);
    if (file === undefined) throw new Error(`there is no file ${number}`);
    return file.bytes;
  }

  put(number: number, bytes: Buffer): void {
    this.files.set(number, { bytes: Buffer.from(bytes), synced: Buffer.from(bytes) });
  }

  private handle(number: number, epoch: number): InboxFile {
    this.open += 1;
    const file = (): OnDisk => {
      if (epoch !== this.epoch) throw new Error('the process is gone');
      if (isClosed) throw new Error(`file ${number} is closed`);
      const found = this.files.get(number);
      if (found === undefined) throw new Error(`file ${number} is gone`);
      return found;
    };
    let isClosed = false;
    const close = (): void => {
      if (epoch !== this.epoch) throw new Error('the process is gone');
      if (isClosed) throw new Error(`file ${number} is closed already`);
      isClosed = true;
      this.open -= 1;
    };
    return {
      number,
      read: async (into, at) => {
        await turn();
        if (this.cannotRead) throw new Error('cannot read');
        return file().bytes.copy(into, 0, at);
      },
      write: async (parts, at) => {
        this.writes += 1;
        await this.gate;
        await turn();
        const how = this.failure;
        if (how === 'write') throw new Error('cannot write');
        const data = Buffer.concat(parts as Uint8Array[]);
        const taken = how === 'short write' ? data.subarray(0, data.length >> 1) : data;
        const { bytes } = file();
        const grown = Buffer.alloc(Math.max(bytes.length, at + taken.length));
        bytes.copy(grown);
        taken.copy(grown, at);
        file().bytes = grown;
        await turn();
        if (how !== null) throw new Error(`failed: ${how}`);
        file().synced = Buffer.from(file().bytes);
      },
      size: async () => file().bytes.length,
      cut: async (length) => {
        await turn();
        if (this.cannotCut) throw new Error('cannot cut');
        // As a journal has it: what is written later does not come to the disk before this.
        file().bytes = file().bytes.subarray(0, length);
      },
      close: async () => close(),
      remove: async () => {
        close();
        this.files.delete(number);
      },
      putAside: async () => {
        this.aside.push(file().bytes);
        close();
        this.files.delete(number);
        return `${number}.damaged`;
      },
    };
  }
}
