import type { Delivery } from '../model/delivery.ts';
import type { InboxFile } from './inbox-files.ts';
import { decodeRecord, findPrefix, INBOX_MAGIC, PREFIX_OVERLAP } from './inbox-format.ts';

/** One file of the inbox, and how far it is done with. */
export interface Part {
  readonly file: InboxFile;
  /** Up to here everything is on the disk. */
  end: number;
  /** Up to here everything is in the store. */
  done: number;
  /** Something in it could not be read. */
  isDamaged: boolean;
}

export function partOf(file: InboxFile, end: number): Part {
  return { file, end, done: INBOX_MAGIC.length, isDamaged: false };
}

/** Where something stands that cannot be read. */
export interface Damage {
  readonly at: number;
  readonly bytes: number;
}

export interface Records {
  readonly deliveries: readonly Delivery[];
  /** Where those behind them begin. */
  readonly end: number;
}

/** What is read at once; a larger record takes memory of its own. */
const READ_BYTES = 256 * 1024;
export const readingSpace = (): Buffer => Buffer.allocUnsafeSlow(READ_BYTES);

/**
 * At most `limit` records from a place on, and no more than fits into `space`, or one that does not; none at the end of the
 * part. Bodies stay in `space`. The end of a file that was being written when its process ended is passed over: nobody was
 * told that it is kept.
 */
export async function readRecords(
  part: Part,
  from: number,
  limit: number,
  space: Buffer,
  onDamage: (damage: Damage) => void = () => {},
): Promise<Records> {
  const deliveries: Delivery[] = [];
  let [at, offset] = [from, 0];
  let bytes = await readInto(space, part, at);
  while (deliveries.length < limit && at < part.end) {
    const decoded = decodeRecord(bytes, offset);
    if (decoded.kind === 'short' && at + decoded.needs <= part.end) {
      // It goes on behind what was read.
      if (deliveries.length > 0) break;
      bytes = await readInto(decoded.needs > space.length ? Buffer.allocUnsafeSlow(decoded.needs) : space, part, at);
      offset = 0;
      if (bytes.length >= decoded.needs) continue;
      onDamage({ at, bytes: part.end - at });
      return { deliveries, end: part.end };
    }
    if (decoded.kind === 'record') deliveries.push(decoded.delivery);
    // Its end did not reach the disk.
    if (decoded.kind === 'short') return { deliveries, end: part.end };
    if (decoded.end === null) {
      // What was found so far stands in `space`, which the search writes over.
      if (deliveries.length > 0) break;
      const { end, isBlank } = await nextPrefix(part, at, space);
      if (!isBlank) onDamage({ at, bytes: end - at });
      return { deliveries, end };
    }
    const end = at - offset + decoded.end;
    if (decoded.kind === 'damaged') onDamage({ at, bytes: end - at });
    offset = decoded.end;
    at = end;
  }
  return { deliveries, end: at };
}

/**
 * Where the next record begins behind something that cannot be read; the end of the part when there is none. `isBlank`: only
 * zeros are left, for the file had its length already, and not its content, when the power went.
 */
async function nextPrefix(
  part: Part,
  from: number,
  space: Buffer,
): Promise<{ readonly end: number; readonly isBlank: boolean }> {
  let isBlank = true;
  for (let at = from; at < part.end; ) {
    const bytes = await readInto(space, part, at);
    const found = findPrefix(bytes, at === from ? 1 : 0);
    if (found !== null) return { end: at + found, isBlank: false };
    isBlank &&= bytes.every((byte) => byte === 0);
    if (bytes.length <= PREFIX_OVERLAP) break;
    at += bytes.length - PREFIX_OVERLAP;
  }
  return { end: part.end, isBlank };
}

async function readInto(space: Buffer, part: Part, at: number): Promise<Buffer> {
  const into = space.subarray(0, Math.min(space.length, part.end - at));
  return into.subarray(0, await part.file.read(into, at));
}

/** Looks through what is not done; null also when the file went away meanwhile, because all of it is done. */
export async function findIn(part: Part, isWanted: (delivery: Delivery) => boolean): Promise<Delivery | null> {
  const space = readingSpace();
  try {
    for (let at = part.done; at < part.end; ) {
      const { deliveries, end } = await readRecords(part, at, Number.POSITIVE_INFINITY, space);
      const found = deliveries.find(isWanted);
      if (found !== undefined) return found;
      if (end <= at) return null;
      at = end;
    }
    return null;
  } catch {
    return null;
  }
}
