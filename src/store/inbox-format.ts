import { crc32 } from 'node:zlib';
import { DELIVERY_ORIGINS, type Delivery } from '../model/delivery.ts';

/**
 * How deliveries stand in a file of the inbox. After a line that names the format, record follows record, each of
 *
 *     4 bytes   length of the head        little-endian, as all numbers here
 *     4 bytes   length of the body
 *     4 bytes   CRC-32 of everything else in the record
 *     head      JSON: the delivery without its body
 *     body      as it arrived
 */
export const INBOX_MAGIC = Buffer.from('healer inbox 1\n');
const PREFIX = 12;
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
  front.write(text, PREFIX);
  front.writeUInt32LE(checksum(front, body), 8);
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
  const [headLength, bodyLength] = [bytes.readUInt32LE(at), bytes.readUInt32LE(at + 4)];
  if (headLength < 2 || headLength > MAX_HEAD || bodyLength > MAX_BODY) return { kind: 'damaged', end: null };
  const needs = PREFIX + headLength + bodyLength;
  if (bytes.length - at < needs) return { kind: 'short', needs };
  const front = bytes.subarray(at, at + PREFIX + headLength);
  const body = bytes.subarray(at + front.length, at + needs);
  if (front.readUInt32LE(8) !== checksum(front, body)) return { kind: 'damaged', end: at + needs };
  const head = headOf(front.toString('utf8', PREFIX));
  return head === null
    ? { kind: 'damaged', end: at + needs }
    : { kind: 'record', delivery: { ...head, body }, end: at + needs };
}

/** Lengths, head and body: everything but the checksum itself. */
function checksum(front: Buffer, body: Uint8Array): number {
  return crc32(body, crc32(front.subarray(PREFIX), crc32(front.subarray(0, 8))));
}

function headOf(text: string): Head | null {
  try {
    const head = JSON.parse(text) as Head;
    return DELIVERY_ORIGINS.includes(head.origin) ? head : null;
  } catch {
    return null;
  }
}
