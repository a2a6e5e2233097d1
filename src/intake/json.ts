import { isUtf8 } from 'node:buffer';

/** Deepest nesting taken; GitHub's own bodies stay below 20. */
export const MAX_DEPTH = 200;

export type Parsed = { readonly ok: true; readonly value: unknown } | { readonly ok: false; readonly message: string };

/**
 * Most commas, colons and brackets taken: parsing time grows with them, not with bytes. A push of the most commits that
 * GitHub sends (2,048) has about a fifth of it, besides its lists of files.
 */
export const MAX_MARKS = 600_000;

const [QUOTE, BACKSLASH, COMMA, COLON] = [0x22, 0x5c, 0x2c, 0x3a];
const [OPEN_ARRAY, CLOSE_ARRAY, OPEN_OBJECT, CLOSE_OBJECT] = [0x5b, 0x5d, 0x7b, 0x7d];

/** What makes a text too much to parse, by what stands outside of its strings; linear, and stops at the first that does. */
function excessOf(text: string): string | null {
  let depth = 0;
  let marks = 0;
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) {
      at = endOfString(text, at);
    } else if (code === COMMA || code === COLON) {
      marks += 1;
    } else if (code === OPEN_OBJECT || code === OPEN_ARRAY) {
      marks += 1;
      depth += 1;
      if (depth > MAX_DEPTH) return `nests deeper than ${MAX_DEPTH} levels`;
    } else if (code === CLOSE_OBJECT || code === CLOSE_ARRAY) {
      depth -= 1;
    }
    if (marks > MAX_MARKS) return 'holds too many values';
  }
  return null;
}

/** Where the string that opens at `start` closes; the end of the text when it never does. */
function endOfString(text: string, start: number): number {
  let end = text.indexOf('"', start + 1);
  while (end !== -1 && isEscaped(text, end)) end = text.indexOf('"', end + 1);
  return end === -1 ? text.length : end;
}

function isEscaped(text: string, at: number): boolean {
  let slashes = 0;
  while (text.charCodeAt(at - 1 - slashes) === BACKSLASH) slashes += 1;
  return slashes % 2 === 1;
}

/** JSON text to a value; the message says what is wrong in the reader's words. */
export function parseJson(text: string): Parsed {
  if (!/\S/.test(text)) return { ok: false, message: 'is empty' };
  const excess = excessOf(text);
  if (excess !== null) return { ok: false, message: excess };
  try {
    return { ok: true, value: JSON.parse(text) };
  } catch {
    // The parser's own message quotes the body, and a body may hold secrets.
    return { ok: false, message: 'is not JSON' };
  }
}

const FORM = Buffer.from('payload=');
const UTF8 = new TextDecoder();

/** Whether the bytes are a form rather than JSON. */
export function isForm(bytes: Uint8Array): boolean {
  return FORM.equals(bytes.subarray(0, FORM.length));
}

/** The JSON inside a form with a `payload` field, as GitHub sends with content type `x-www-form-urlencoded`. */
function payloadOf(form: string): string | null {
  return new URLSearchParams(form).get('payload');
}

/**
 * Raw bytes to a value. JSON never begins with a letter `p`, so a form is told by its first field; that way a stored
 * body reads the same as it did at the door, where its content type was known.
 */
export function parseBody(bytes: Uint8Array): Parsed {
  if (!isUtf8(bytes)) return { ok: false, message: 'is not UTF-8' };
  const text = UTF8.decode(bytes);
  if (!isForm(bytes)) return parseJson(text);
  const payload = payloadOf(text);
  return payload === null ? { ok: false, message: 'is not JSON' } : parseJson(payload);
}
