/** The few pieces of DER (ITU-T X.690) that a certificate is written with. */

export type Der = Buffer;

export const sequence = (...parts: readonly Der[]): Der => tlv(0x30, Buffer.concat(parts));
export const set = (...parts: readonly Der[]): Der => tlv(0x31, Buffer.concat(parts));
export const octets = (content: Uint8Array): Der => tlv(0x04, content);
export const utf8 = (text: string): Der => tlv(0x0c, Buffer.from(text));
export const boolean = (value: boolean): Der => tlv(0x01, Buffer.from([value ? 0xff : 0x00]));
/** A field whose place in the structure is its number; constructed, or a plain value. */
export const tagged = (number: number, content: Der): Der => tlv(0xa0 | number, content);
export const implicit = (number: number, content: Uint8Array): Der => tlv(0x80 | number, content);

/** Not negative. */
export function integer(bytes: Uint8Array): Der {
  return tlv(0x02, (bytes[0] ?? 0) < 0x80 ? bytes : Buffer.concat([Buffer.from([0]), bytes]));
}

export function bits(content: Uint8Array, unused = 0): Der {
  return tlv(0x03, Buffer.concat([Buffer.from([unused]), content]));
}

/** `dotted` as in "2.5.29.17". */
export function identifier(dotted: string): Der {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number);
  return tlv(0x06, Buffer.from([first * 40 + second, ...rest.flatMap(base128)]));
}

/** UTCTime: years 1950 to 2049. */
export function time(milliseconds: number): Der {
  const text = new Date(milliseconds).toISOString().replaceAll(/[-:T]|\.\d+/g, '');
  return tlv(0x17, Buffer.from(text.slice(2)));
}

function base128(value: number): number[] {
  const digits = [value & 0x7f];
  for (let rest = value >> 7; rest > 0; rest >>= 7) digits.unshift((rest & 0x7f) | 0x80);
  return digits;
}

function tlv(tag: number, content: Uint8Array): Der {
  return Buffer.concat([Buffer.from([tag]), length(content.length), content]);
}

function length(size: number): Buffer {
  if (size < 0x80) return Buffer.from([size]);
  const bytes: number[] = [];
  for (let rest = size; rest > 0; rest >>= 8) bytes.unshift(rest & 0xff);
  return Buffer.from([0x80 | bytes.length, ...bytes]);
}
