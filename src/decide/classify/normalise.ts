const URL_PART = /https?:\/\/[^\s'")\]>]+/g;
const POD = /([-/])[a-z0-9]{8,10}-[a-z0-9]{5}(?![\w-])/g;
const UUID = /\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b/gi;
const HEX = /\b(?=[0-9a-f]*\d)(?=[0-9a-f]*[a-f])[0-9a-f]{7,64}\b/gi;
const PREFIXED_HEX = /\b0x[0-9a-f]+\b/gi;
const TIME = /\b\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:[.,]\d+)?)?Z?)?/g;
/** The last two parts of a path name the file; what stands before is the runner's. */
const PATH = /[\\/](?:[^\s\\/:'"`()<>,]+[\\/])*([^\s\\/:'"`()<>,]+)[\\/]([^\s\\/:'"`()<>,]+)/g;
const PATH_OR_DRIVE = new RegExp(`(?:[A-Za-z]:)?${PATH.source}`, 'g');
const VERSION = /\bv?\d+(?:\.\d+)+(?:[-+][\w.]+)?\b/g;
const NUMBER = /(?<!\w)\d+(?:,\d{3})*(?=[a-zA-Z]{0,3}\b)/g;
const UNIT = /<n>(?:st|nd|rd|th|ms|s|m|min|kB|KB|MB|GB|KiB|MiB|GiB|B)\b/g;
const NUMBERS = /<n>(?:[:,.]<n>)+/g;
/** All but newlines and single blanks. */
const SPACES = /[^\S\n]{2,}|[^\S\n ]/g;

// Cheap to look for: without them the costly pattern of the same name matches nowhere.
const IN_UUID = /-[0-9a-fA-F]{4}-/;
const IN_HEX = /\d[a-fA-F]|[a-fA-F]\d/;
const IN_TIME = /\d-\d\d-\d\d/;
const DRIVE = /[A-Za-z]:[\\/]/;

const MAX_LENGTH = 240;

/**
 * What stays the same when the same thing breaks again: the words, the symbols and the file, without times, ids,
 * versions, counts, line numbers and the runner's folders. All lines are looked through together, because that costs
 * half as much; no pattern reaches over a newline.
 */
export function normaliseLines(lines: readonly string[]): string[] {
  let text = lines.map(trimmed).join('\n');
  if (text.includes('://')) text = text.replace(URL_PART, (url) => url.replace(/[?#].*$/, ''));
  text = text.replace(POD, '$1<pod>');
  if (IN_UUID.test(text)) text = text.replace(UUID, '<id>');
  if (IN_HEX.test(text)) text = text.replace(HEX, '<hex>');
  text = text.replace(PREFIXED_HEX, '<hex>');
  if (IN_TIME.test(text)) text = text.replace(TIME, '<time>');
  text = text.replace(DRIVE.test(text) ? PATH_OR_DRIVE : PATH, '$1/$2');
  text = text.replace(VERSION, '<n>').replace(NUMBER, '<n>').replace(UNIT, '<n>').replace(NUMBERS, '<n>');
  const normalised = text.replace(SPACES, ' ').split('\n');
  return normalised.map((line) => (line.length > MAX_LENGTH ? line.slice(0, MAX_LENGTH) : line));
}

/** A newline inside a line, as annotations may have, counts as any other space. */
function trimmed(line: string): string {
  const text = line.trim();
  return text.includes('\n') ? text.replaceAll('\n', '\t') : text;
}

/** A rough and cheap stand-in for `normaliseLines`, to tell repeats apart from news. */
export function roughKey(text: string): string {
  return text.slice(0, 160).replace(/\d+/g, '#');
}
