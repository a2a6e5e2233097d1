import type { Span } from './span.ts';

const BEGIN = /-----BEGIN [A-Z0-9 ]{0,40}?PRIVATE KEY(?: BLOCK)?-----/g;
const END = /-----END [A-Z0-9 ]{0,40}?PRIVATE KEY(?: BLOCK)?-----/g;
const TYPE = 'private-key';
/** A 16,384 bit RSA key in PEM is 12,700 characters; time stamps in front of the lines double that. */
const LONGEST = 40_000;

/**
 * Private key blocks, whole or cut: an excerpt may hold only the beginning or only the end of one, and each line of a
 * log may carry a time stamp in front.
 */
export function privateKeys(text: string): readonly Span[] {
  if (!text.includes('PRIVATE KEY')) return [];
  const ends = [...text.matchAll(END)].map((match) => ({ start: match.index, end: match.index + match[0].length }));
  const spans: Span[] = [];
  let from = 0;
  for (const match of text.matchAll(BEGIN)) {
    if (match.index < from) continue;
    const bodyStart = match.index + match[0].length;
    const closing = ends.find((end) => end.start >= bodyStart && end.start - bodyStart <= LONGEST);
    from = closing?.end ?? keyLinesAfter(text, bodyStart);
    spans.push({ type: TYPE, start: match.index, end: from });
  }
  for (const { start, end } of ends) {
    if (spans.some((span) => span.start <= start && end <= span.end)) continue;
    spans.push({ type: TYPE, start: keyLinesBefore(text, start), end });
  }
  return spans;
}

function looksLikeKey(line: string): boolean {
  const bare = line.replace(/^[^ ]{0,40}Z /, '').trim();
  return bare === '' || /[A-Za-z0-9+/=\\]{24,}/.test(bare) || /^[A-Za-z0-9+/]{1,64}={0,2}$/.test(bare);
}

/** Where the lines that look like base64 end, counted from the end of a BEGIN line. */
function keyLinesAfter(text: string, start: number): number {
  let end = start;
  while (end < text.length && end - start < LONGEST) {
    const newline = text.indexOf('\n', end + 1);
    const lineEnd = newline === -1 ? text.length : newline;
    if (!looksLikeKey(text.slice(end, lineEnd))) break;
    end = lineEnd;
  }
  return end;
}

/** Where the lines that look like base64 begin, counted back from an END line. */
function keyLinesBefore(text: string, end: number): number {
  let start = text.lastIndexOf('\n', end) + 1;
  while (start > 0 && end - start < LONGEST) {
    const lineStart = text.lastIndexOf('\n', start - 2) + 1;
    const line = text.slice(lineStart, start - 1);
    if (line.trim() === '' || !looksLikeKey(line)) break;
    start = lineStart;
  }
  return start;
}
