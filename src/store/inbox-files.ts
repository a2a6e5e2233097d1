import { constants } from 'node:fs';
import { type FileHandle, open, readdir, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { INBOX_MAGIC } from './inbox-format.ts';

/** A file of the inbox as the disk has it. */
export interface InboxFile {
  readonly number: number;
  /** Fills `into` with the bytes at a place. Gives how many there are: fewer where the file ends. */
  read(into: Buffer, at: number): Promise<number>;
  /** Writes at a place and returns when it is on the disk. Throws when the disk did not take everything. */
  write(parts: readonly Uint8Array[], at: number): Promise<void>;
  size(): Promise<number>;
  /** Cuts it to a length. */
  cut(length: number): Promise<void>;
  close(): Promise<void>;
  /** Closes and removes it. */
  remove(): Promise<void>;
  /** Closes it and puts it aside for people to look at. Gives its new path. */
  putAside(): Promise<string>;
}

/** The folder of the inbox. */
export interface InboxFiles {
  /** What is there, the oldest first. */
  list(): Promise<readonly InboxFile[]>;
  /** A new file that survives a loss of power, with the line that names the format. */
  create(number: number): Promise<InboxFile>;
}

const NEW = constants.O_RDWR | constants.O_CREAT | constants.O_EXCL;
/**
 * Linux writes and syncs in one call, which spares every batch a turn of the loop. Elsewhere the flag is missing or means
 * less than a sync, so that it is asked for.
 */
const SYNCED = process.platform === 'linux' ? constants.O_DSYNC : 0;

const NAME = /^(\d{10})\.inbox$/;

/** `dir` is made when it is needed. */
export function inboxFiles(dir: string): InboxFiles {
  const pathOf = (number: number): string => join(dir, `${String(number).padStart(10, '0')}.inbox`);
  return {
    list: async () => {
      const names = await readdir(dir).catch((error: NodeJS.ErrnoException) => {
        if (error.code === 'ENOENT') return [];
        throw error;
      });
      const numbers = names.flatMap((name) => NAME.exec(name)?.[1] ?? []).map(Number);
      const files: InboxFile[] = [];
      for (const number of numbers.sort((a, b) => a - b)) {
        files.push(handled(await open(pathOf(number), constants.O_RDWR), number, pathOf(number)));
      }
      return files;
    },
    create: async (number) => {
      const handle = await open(pathOf(number), NEW | SYNCED, 0o600);
      const file = handled(handle, number, pathOf(number));
      try {
        await file.write([INBOX_MAGIC], 0);
        await syncFolder(dir);
        return file;
      } catch (error) {
        await file.remove();
        throw error;
      }
    },
  };
}

/** A new name is on the disk only when its folder is. Windows has no such call, and sees to it itself. */
export async function syncFolder(dir: string): Promise<void> {
  if (process.platform === 'win32') return;
  const folder = await open(dir, constants.O_RDONLY);
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

/** Numbers begin anew when nothing is left, so that another one of the same number may have been put aside before. */
async function freeName(path: string): Promise<string> {
  const taken = new Set(await readdir(dirname(path)));
  for (let count = 1; ; count++) {
    const aside = count === 1 ? `${path}.damaged` : `${path}.${count}.damaged`;
    if (!taken.has(basename(aside))) return aside;
  }
}

function handled(handle: FileHandle, number: number, path: string): InboxFile {
  return {
    number,
    read: async (into, at) => (await handle.read(into, 0, into.length, at)).bytesRead,
    write: async (parts, at) => {
      const wanted = parts.reduce((sum, part) => sum + part.byteLength, 0);
      const { bytesWritten } = await handle.writev(parts as Uint8Array[], at);
      if (bytesWritten !== wanted) throw new Error(`The disk took ${bytesWritten} of ${wanted} bytes.`);
      if (SYNCED === 0) await handle.datasync();
    },
    size: async () => (await handle.stat()).size,
    cut: (length) => handle.truncate(length),
    close: () => handle.close(),
    remove: async () => {
      await handle.close();
      await rm(path, { force: true });
    },
    putAside: async () => {
      await handle.close();
      const aside = await freeName(path);
      await rename(path, aside);
      return aside;
    },
  };
}
