import { createHash } from 'node:crypto';

const LONGEST_LABEL = 63;
const HASH_CHARS = 8;

function shortHash(text: string): string {
  return createHash('sha256').update(text.toWellFormed()).digest('hex').slice(0, HASH_CHARS);
}

function cut(text: string, original: string, max: number, ends: RegExp): string {
  if (text.length <= max) return text;
  return `${text.slice(0, max - HASH_CHARS - 1).replace(ends, '')}-${shortHash(original)}`;
}

/**
 * A valid Kubernetes label value (at most 63 of `[A-Za-z0-9._-]`, both ends alphanumeric). Different long texts stay
 * different by a hash; the exact text belongs in an annotation. Empty stays empty.
 */
export function labelValue(text: string): string {
  if (text === '') return '';
  const ends = /^[^A-Za-z0-9]+|[^A-Za-z0-9]+$/g;
  const safe = text.replace(/[^A-Za-z0-9._-]+/g, '-').replace(ends, '');
  return safe === '' ? shortHash(text) : cut(safe, text, LONGEST_LABEL, ends);
}

/**
 * A valid DNS label (RFC 1123: at most 63 of `[a-z0-9-]`, both ends alphanumeric) from parts joined by `-`. A hash is
 * added whenever something had to be changed, so that different parts never share a name.
 */
export function dnsName(...parts: readonly string[]): string {
  const exact = parts.join('-');
  const ends = /^-+|-+$/g;
  const safe = exact
    .toLowerCase()
    .replace(/[^a-z0-9-]+/g, '-')
    .replace(ends, '');
  if (safe === exact && safe !== '' && safe.length <= LONGEST_LABEL) return safe;
  const head = safe.slice(0, LONGEST_LABEL - HASH_CHARS - 1).replace(ends, '');
  return [head, shortHash(JSON.stringify(parts))].filter((part) => part !== '').join('-');
}

/** One component of a git branch name (git-check-ref-format), at most 60 characters; never empty. */
export function branchSegment(text: string): string {
  const ends = /^[^A-Za-z0-9]+|[^A-Za-z0-9]+$/g;
  const safe = text
    .replace(/[^A-Za-z0-9._-]+/g, '-')
    .replace(/\.{2,}/g, '.')
    .replace(ends, '')
    .replace(/\.lock$/i, '-lock');
  return safe === '' ? shortHash(text) : cut(safe, text, 60, ends);
}

/** One word of a POSIX shell. NUL cannot be part of a word and is dropped. */
export function shellQuote(text: string): string {
  const word = text.replaceAll('\0', '');
  return /^[A-Za-z0-9_./:=@%+,-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}

/**
 * Text as it is, in GitHub's Markdown, on one line: nothing is formatted, linked or mentioned. A zero-width space keeps
 * `@name` from notifying people and `#1` from linking; a backslash alone would not.
 */
export function markdownText(text: string): string {
  return text
    .replace(/\s+/g, ' ')
    .replace(/&/g, '&amp;')
    .replace(/</g, '&lt;')
    .replace(/>/g, '&gt;')
    .replace(/[\\`*_{}[\]()~|!+-]/g, '\\$&')
    .replace(/@/g, '@&#8203;')
    .replace(/#(?!8203;)/g, '\\#&#8203;')
    .replace(/\b(GH)(?=\\-\d)/gi, '$1&#8203;')
    .replace(/\b(https?|ftp|mailto|www)(?=[:.])/gi, '$1&#8203;')
    .replace(/^(\d+)\./, '$1\\.');
}

/** Text as a Markdown code span that it cannot break out of, on one line. */
export function codeSpan(text: string): string {
  const line = text.replace(/\s+/g, ' ');
  const runs = line.match(/`+/g) ?? [];
  const ticks = '`'.repeat(1 + Math.max(0, ...runs.map((run) => run.length)));
  const pad = line.startsWith('`') || line.endsWith('`') || line.trim() === '' ? ' ' : '';
  return `${ticks}${pad}${line}${pad}${ticks}`;
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Text as it stands in XML and HTML. */
export function escapeMarkup(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ENTITIES[character] ?? character);
}
