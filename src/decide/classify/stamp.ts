const isDigit = (byte: number): boolean => byte >= 48 && byte <= 57;

/** Positions of the digits in `2026-11-20T06:01:02`, and of what stands between them. */
const DIGITS = [0, 1, 2, 3, 5, 6, 8, 9, 11, 12, 14, 15, 17, 18];
const LENGTH = 19;

/** What stands at a position of a line: a byte, or a UTF-16 code unit. */
type CharAt<T> = (line: T, at: number) => number;

const byteAt: CharAt<Uint8Array> = (bytes, at) => bytes[at]!;
const unitAt: CharAt<string> = (text, at) => text.charCodeAt(at);

/**
 * Where a time stamp ends that looks as GitHub Actions writes it (`2026-11-20T06:01:02.1234567Z `), with one blank behind
 * it; -1 when there is none or it looks in any way different, for a pattern to decide.
 */
export function stampEnd(bytes: Uint8Array, start: number, end: number): number {
  return find(bytes, byteAt, start, end);
}

/** The same at the beginning of a text. */
export function stampEndOf(text: string): number {
  return find(text, unitAt, 0, text.length);
}

function find<T>(line: T, charAt: CharAt<T>, start: number, end: number): number {
  if (end - start < LENGTH + 3 || charAt(line, start + 10) !== 84 || charAt(line, start + LENGTH) !== 46) return -1;
  if (charAt(line, start + 4) !== 45 || charAt(line, start + 7) !== 45) return -1;
  if (charAt(line, start + 13) !== 58 || charAt(line, start + 16) !== 58) return -1;
  for (let i = 0; i < DIGITS.length; i++) if (!isDigit(charAt(line, start + DIGITS[i]!))) return -1;
  let at = start + LENGTH + 1;
  while (at < end && isDigit(charAt(line, at))) at++;
  if (at === start + LENGTH + 1 || at >= end || charAt(line, at) !== 90) return -1;
  at++;
  if (at === end) return at;
  const next = charAt(line, at);
  // A bracket may belong to the stamp.
  if (next === 41 || next === 93) return -1;
  return next === 32 || next === 9 ? at + 1 : at;
}
