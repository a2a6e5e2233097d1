import { hash } from 'node:crypto';

/** SHA-256 of raw bytes, hex. */
export function sha256(bytes: Uint8Array | string): string {
  return hash('sha256', bytes, 'hex');
}

/**
 * SHA-256 over labelled parts, hex. Labels and lengths go in, so that no two different records share an input
 * (`a=1,b=` against `a=1,b` and so on).
 */
export function digestOf(parts: Readonly<Record<string, string | number>>): string {
  let record = '';
  for (const [label, value] of Object.entries(parts)) {
    const text = String(value);
    record += `${label}:${Buffer.byteLength(text)}:${text};`;
  }
  return sha256(record);
}
