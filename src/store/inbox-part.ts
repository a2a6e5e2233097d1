import type { Delivery } from '../model/delivery.ts';
import type { InboxFile } from './inbox-files.ts';
import { type Decoded, decodeRecord, INBOX_MAGIC } from './inbox-format.ts';

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

/** What is read at once; a larger record takes another reading. */
const READ_BYTES = 512 * 1024;

/**
 * At most `limit` records from a place on, and no more than one reading gives; none at the end of the part. The end of a
 * file that was being written when its process ended is passed over: nobody was told that it is kept.
 */
export async function readRecords(
  part: Part,
  from: number,
  limit: number,
  onDamage: (damage: Damage) => void = () => {},
): Promise<Records> {
  const deliveries: Delivery[] = [];
  let [at, offset] = [from, 0];
  let bytes = await part.file.read(at, Math.min(READ_BYTES, part.end - at));
  while (deliveries.length < limit && at < part.end) {
    const decoded = decodeRecord(bytes, offset);
    if (decoded.kind === 'short' && at + decoded.needs <= part.end) {
      // It goes on behind what was read.
      if (deliveries.length > 0) break;
      bytes = await part.file.read(at, Math.max(decoded.needs, Math.min(READ_BYTES, part.end - at)));
      offset = 0;
      if (bytes.length >= decoded.needs) continue;
      onDamage({ at, bytes: part.end - at });
      return { deliveries, end: part.end };
    }
    const end = endOf(decoded, at - offset) ?? part.end;
    if (decoded.kind === 'record') deliveries.push(decoded.delivery);
    else if (decoded.kind === 'damaged' && !isBlank(bytes, offset)) onDamage({ at, bytes: end - at });
    offset += end - at;
    at = end;
  }
  return { deliveries, end: at };
}

/** Where the record ends in its file, where that can be told. */
function endOf(decoded: Decoded, start: number): number | null {
  return decoded.kind === 'short' || decoded.end === null ? null : start + decoded.end;
}

/** Zeros from a place on: the file had its length already, and not its content, when the power went. */
function isBlank(bytes: Buffer, from: number): boolean {
  for (let at = from; at < bytes.length; at++) if (bytes[at] !== 0) return false;
  return true;
}

/** Looks through what is not done; null also when the file went away meanwhile, because all of it is done. */
export async function findIn(part: Part, isWanted: (delivery: Delivery) => boolean): Promise<Delivery | null> {
  try {
    for (let at = part.done; at < part.end; ) {
      const { deliveries, end } = await readRecords(part, at, Number.POSITIVE_INFINITY);
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
