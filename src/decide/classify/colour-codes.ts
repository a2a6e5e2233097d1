/**
 * Colour and cursor codes, and what terminals take for a title or a link. Some logs lose the escape character and keep the
 * rest of a colour.
 */
export const CODES =
  /\x1b\[[0-9;?]*[A-Za-z]|\x1b[()][A-Z0-9]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\[(?:\d{1,3}(?:;\d{1,3}){0,4})?m/g;

const ESCAPE = 27;
const OPEN = 91;
const LETTER_M = 109;
const SEMICOLON = 59;
const isDigit = (byte: number | undefined): boolean => byte !== undefined && byte >= 48 && byte <= 57;
const isUpper = (byte: number | undefined): boolean => byte !== undefined && byte >= 65 && byte <= 90;
const isLetter = (byte: number | undefined): boolean => byte !== undefined && isUpper(byte & ~32);

/** A line without its codes. One without any bracket is taken to have none. */
export const withoutCodes = (text: string): string => (text.includes('[') ? text.replace(CODES, '') : text);

/**
 * Copies bytes like `withoutCodes`, which costs less than replacing codes in a string.
 * @param out has room for all of them from `to` on
 * @returns how many were copied
 */
export function copyWithoutCodes(bytes: Uint8Array, start: number, end: number, out: Uint8Array, to: number): number {
  let copied = to;
  let hasBracket = false;
  for (let at = start; at < end; ) {
    const byte = bytes[at]!;
    const behind = byte === ESCAPE || byte === OPEN ? codeEnd(bytes, at, end) : -1;
    if (behind >= 0) {
      hasBracket ||= byte === OPEN || bytes[at + 1] === OPEN;
      at = behind;
    } else {
      out[copied++] = byte;
      at++;
    }
  }
  if (hasBracket || copied - to === end - start) return copied - to;
  const line = bytes.subarray(start, end);
  if (line.includes(OPEN)) return copied - to;
  out.set(line, to);
  return line.length;
}

/** Behind the code that begins at a position; -1 when none does. */
function codeEnd(bytes: Uint8Array, start: number, end: number): number {
  if (bytes[start] === OPEN) return bareEnd(bytes, start, end);
  const kind = start + 1 < end ? bytes[start + 1] : 0;
  let at = start + 2;
  if (kind === OPEN) {
    while (at < end && (isDigit(bytes[at]) || bytes[at] === SEMICOLON || bytes[at] === 63)) at++;
    return at < end && isLetter(bytes[at]) ? at + 1 : -1;
  }
  if (kind === 40 || kind === 41) return at < end && (isUpper(bytes[at]) || isDigit(bytes[at])) ? at + 1 : -1;
  if (kind !== 93) return -1;
  while (at < end && bytes[at] !== 7 && bytes[at] !== ESCAPE) at++;
  if (at < end && bytes[at] === 7) return at + 1;
  return at + 1 < end && bytes[at + 1] === 92 ? at + 2 : -1;
}

/** A colour without its escape: up to five numbers of up to three digits between a bracket and an m. */
function bareEnd(bytes: Uint8Array, start: number, end: number): number {
  let at = start + 1;
  if (at < end && bytes[at] === LETTER_M) return at + 1;
  for (let numbers = 0; numbers < 5; numbers++) {
    const first = at;
    while (at < end && at < first + 3 && isDigit(bytes[at])) at++;
    if (at === first || at >= end) return -1;
    if (bytes[at] === LETTER_M) return at + 1;
    if (bytes[at] !== SEMICOLON) return -1;
    at++;
  }
  return -1;
}
