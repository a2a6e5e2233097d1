import { crc32 } from 'node:zlib';
import { DELIVERY_ORIGINS, type Delivery } from '../model/delivery.ts';

/**
 * How deliveries stand in a file of the inbox. After a line that names the format, record follows record, each of
 *
 *     4 bytes   length of the head        little-endian, as all numbers here
 *     4 bytes   length of the body
 *     4 bytes   CRC-32 of the two lengths
 *     4 bytes   CRC-32 of everything before and behind it
 *     head      JSON: the delivery without its body
 *     body      as it arrived
 *
 * The lengths have a checksum of their own: where they hold, a record that the file has no room for is one that was being
 * written when the process ended; where they do not, something was damaged that people were told is kept.
 */
export const INBOX_MAGIC = Buffer.from('healer inbox 1\n');
const PREFIX = 16;
/** Names, ids and a digest: a few hundred bytes. */
const MAX_HEAD = 64 * 1024;
/** Larger than any body that a door takes (`MAX_BODY_BYTES`). */
const MAX_BODY = 64 * 1024 * 1024;

type Head = Omit<Delivery, 'body'>;

/** A record in two parts, so that the body is not copied. */
export function encodeRecord({ body, ...head }: Delivery): readonly [Uint8Array, Uint8Array] {
  const text = JSON.stringify(head);
  const front = Buffer.allocUnsafe(PREFIX + Buffer.byteLength(text));
  front.writeUInt32LE(front.length - PREFIX, 0);
  front.writeUInt32LE(body.byteLength, 4);
  front.writeUInt32LE(crc32(front.subarray(0, 8)), 8);
  front.write(text, PREFIX);
  front.writeUInt32LE(checksum(front, body), 12);
  return [front, body];
}

/** What stands at a place of a file. */
export type Decoded =
  | { readonly kind: 'record'; readonly delivery: Delivery; readonly end: number }
  /** The bytes end before the record does; it takes so many from its beginning on. */
  | { readonly kind: 'short'; readonly needs: number }
  /** Not what was written. `end` is where the next record begins, null when that cannot be told. */
  | { readonly kind: 'damaged'; readonly end: number | null };

export function decodeRecord(bytes: Buffer, at: number): Decoded {
  if (bytes.length - at < PREFIX) return { kind: 'short', needs: PREFIX };
  if (!isPrefix(bytes, at)) return { kind: 'damaged', end: null };
  const [headLength, bodyLength] = [bytes.readUInt32LE(at), bytes.readUInt32LE(at + 4)];
  const needs = PREFIX + headLength + bodyLength;
  if (bytes.length - at < needs) return { kind: 'short', needs };
  const front = bytes.subarray(at, at + PREFIX + headLength);
  const body = bytes.subarray(at + front.length, at + needs);
  if (front.readUInt32LE(12) !== checksum(front, body)) return { kind: 'damaged', end: at + needs };
  const head = headOf(front.toString('utf8', PREFIX));
  return head === null
    ? { kind: 'damaged', end: at + needs }
    : { kind: 'record', delivery: { ...head, body }, end: at + needs };
}

/** The first place from `at` on where a record may begin; null when there is none, as far as the bytes go. */
export function findPrefix(bytes: Buffer, at: number): number | null {
  for (let place = at; place + PREFIX <= bytes.length; place++) if (isPrefix(bytes, place)) return place;
  return null;
}

/** How much of what was searched in vain has to be looked at again together with what is behind it. */
export const PREFIX_OVERLAP = PREFIX - 1;

function isPrefix(bytes: Buffer, at: number): boolean {
  const headLength = bytes.readUInt32LE(at);
  if (headLength < 2 || headLength > MAX_HEAD || bytes.readUInt32LE(at + 4) > MAX_BODY) return false;
  return bytes.readUInt32LE(at + 8) === crc32(bytes.subarray(at, at + 8));
}

/** Lengths, head and body: everything but the checksum itself. */
function checksum(front: Buffer, body: Uint8Array): number {
  return crc32(body, crc32(front.subarray(PREFIX), crc32(front.subarray(0, 12))));
}

function headOf(text: string): Head | null {
  try {
    const head = JSON.parse(text) as Head;
    return DELIVERY_ORIGINS.includes(head.origin) ? head : null;
  } catch {
    return null;
  }
}
