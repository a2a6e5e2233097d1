import { anchorGroup, type Present } from './anchors.ts';
import type { Span } from './span.ts';

/** `scheme://user:password@host`; not `image:tag@sha256:…`. */
const URL_PASSWORD = /\b[a-z][a-z0-9+.-]{1,30}:\/\/[^\s/@:'"<>«»]{0,256}:([^\s/'"<>«»]{1,512})@(?!sha\d)[\w.[-]/gi;
/** `scheme://token@host`, when the user is too long to be a name. */
const URL_USER = /\b[a-z][a-z0-9+.-]{1,30}:\/\/([A-Za-z0-9_~.+%=-]{20,512})@[\w.[-]/gi;
const AUTHORIZATION =
  /\b(?:proxy-)?authorization\\?["']?\s{0,3}[:=]\s{0,3}\\?["']?(?:(?:bearer|basic|token|digest|negotiate|apikey)\s+)?([^\s"'\\,;«»]{6,2048})/gi;
const BEARER = /\bbearer\s+([A-Za-z0-9._~+/=-]{16,2048})/gi;
const COOKIE = /\b(?:set-)?cookie\\?["']?\s{0,3}:\s{0,3}\\?["']?([^\n"'«»]{8,4096})/gi;
const CURL_USER = /(?:^|\s)(?:-u|--user)[ =]["']?[^\s:"']{1,128}:([^\s"'«»]{4,512})/g;

const NAME =
  'pass(?:word|wd|phrase)?|pwd|secret|token|api[_-]?key|access[_-]?key|account[_-]?key|private[_-]?key|signing[_-]?key|encryption[_-]?key|auth[_-]?key|credentials?';
const VALUE = `\\\\?"([^"\\\\\\n«»]{1,512})\\\\?"|\\\\?'([^'\\\\\\n«»]{1,512})\\\\?'|([^\\s"'\`,;«»]{1,512})`;
/** name, rest of the name, how it is joined to the value, the value in double quotes, single quotes, or bare. */
const ASSIGNMENT = new RegExp(
  `(${NAME})([A-Za-z0-9_-]{0,40})\\\\?["'\`]?([ \\t]{0,3}(?:=>|:=|==|=|:)[ \\t]{0,3})(?:${VALUE})`,
  'gi',
);
const FLAG = new RegExp(`(--?[a-z0-9-]{0,30}(${NAME})([a-z0-9-]{0,30}))([ ])(?:${VALUE})`, 'gi');

/** A name that speaks about a secret without holding one. */
const ABOUT =
  /(?:name|names|ref|type|types|path|file|files|dir|url|uri|id|ids|count|limit|length|len|size|ttl|age|expir\w*|policy|version|enabled|required|kind|index|manager|store|provider|scanning|field|input|prompt|hash|reset|s)$/i;
/** `.netrc`, and what git's credential helpers print. */
const NETRC = /\b(?:login|user|username)\s+\S{1,128}\s+password[ \t]+([^\s«»]{4,512})/gi;
/** `"auth"` in a Docker configuration: base64 of user and password. */
const DOCKER_AUTH =
  /\\?"(?:identity)?(?:auth|registrytoken)\\?"\s{0,3}:\s{0,3}\\?"([A-Za-z0-9+/_.-]{12,4096}={0,2})\\?"/gi;

/** `tokenizer`, `passwordless`: another word that begins with the name. */
const OTHER_WORD = /^(?!key|value)[a-z]/;
/** A value that stands for something else: a reference, a mask, a type, a word of the language. */
const STANDS_FOR =
  /^(?:\$|\{\{|<|%|\*+$|x{3,}$|\.{3}|true$|false$|null$|none$|nil$|undefined$|required$|optional$|inherit$|missing$|invalid$|expired$|empty$|string$|str$|number$|bool(?:ean)?$|any$|unknown$|void$|int$|bytes$|write$|read$|redacted$|\[redacted\]|&|env\.|process\.|os\.|secrets\.|vault:|ref:|op:\/\/|bearer$|basic$|digest$|negotiate$)/i;
const TYPE_LIKE = /^&?[A-Z][A-Za-z]*(?:<.*)?$/;
const MODULE_LIKE = /^&?[A-Za-z_]+(?:(?:::|\.)[A-Za-z_]+)+(?:<.*)?$/;
const CALL_LIKE = /^[A-Za-z_][\w.:]*[([{]|^[[({|]/;
const PATH_LIKE = /^[.~]{0,2}\/(?:[\w.@-]+\/)*[\w.@-]*$/;

/** A pattern whose first group is the secret, and what stands in all that it matches. */
interface Place {
  readonly pattern: RegExp;
  readonly type: string;
  readonly anchors: number;
}

const place = (pattern: RegExp, type: string, anchors: string): Place => ({
  pattern,
  type,
  anchors: anchorGroup(anchors),
});
const IN_ADDRESSES = [place(URL_PASSWORD, 'url-password', '://'), place(URL_USER, 'url-token', '://')];
const PLACES = [
  place(AUTHORIZATION, 'authorization', 'horization'),
  place(BEARER, 'authorization', 'bear'),
  place(COOKIE, 'cookie', 'cookie'),
  place(CURL_USER, 'password', '-u+ -u= --us'),
  place(NETRC, 'password', 'assw'),
  place(DOCKER_AUTH, 'authorization', 'uth" uth\\ ken" ken\\'),
];
const NAMES = anchorGroup(
  'pass pwd secr token ikey i_ke i-ke sske ss_k ss-k tkey t_ke t-ke ekey e_ke e-ke gkey g_ke g-ke nkey n_ke n-ke hkey h_ke h-ke cred',
);

/** Every pattern with its group of anchors. */
export const ANCHORED_PLACES: readonly { readonly pattern: RegExp; readonly anchors: number }[] = [
  ...IN_ADDRESSES,
  ...PLACES,
  { pattern: ASSIGNMENT, anchors: NAMES },
  { pattern: FLAG, anchors: NAMES },
];

/** Secrets that are known by where they stand: in an address, a header, or behind a name that says what they are. */
export function assignedSecrets(text: string, present: Present): readonly Span[] {
  const inAddresses = IN_ADDRESSES.some(({ anchors }) => present(anchors)) && namesUser(text) ? IN_ADDRESSES : [];
  const places = [...inAddresses, ...PLACES.filter(({ anchors }) => present(anchors))];
  return [
    ...places.flatMap(({ pattern, type }) => groupSpans(text, pattern, type)),
    ...(present(NAMES) ? [...named(text, ASSIGNMENT, 1), ...named(text, FLAG, 2)] : []),
  ];
}

/** The longest user and password that the patterns for addresses know, with room. */
const LONGEST_USER = 800;

/** An `@` follows the `://` of some address before its path, or anything else that ends the part in front of the host. */
function namesUser(text: string): boolean {
  for (let start = text.indexOf('://'); start >= 0; start = text.indexOf('://', start + 3)) {
    const end = Math.min(text.length, start + LONGEST_USER);
    for (let at = start + 3; at < end; at++) {
      const unit = text.charCodeAt(at);
      if (unit === 64) return true;
      if (unit <= 32 || unit === 47) break;
    }
  }
  return false;
}

function groupSpans(text: string, pattern: RegExp, type: string): readonly Span[] {
  const spans: Span[] = [];
  for (const match of text.matchAll(pattern)) {
    const value = match[1] ?? '';
    if (STANDS_FOR.test(value)) continue;
    const start = match.index + match[0].lastIndexOf(value);
    spans.push({ type, start, end: start + value.length });
  }
  return spans;
}

function named(text: string, pattern: RegExp, nameGroup: number): readonly Span[] {
  const spans: Span[] = [];
  for (const match of text.matchAll(pattern)) {
    const [name = '', rest = '', join = ''] = match.slice(nameGroup, nameGroup + 3);
    const quoted = match.at(-3) ?? match.at(-2);
    const bare = trimBare(match.at(-1) ?? '', text, match.index);
    const value = quoted ?? bare;
    const embedded = /[a-z]/.test(text[match.index - 1] ?? '') && /^[A-Z]/.test(name);
    if (!holdsSecret({ name, rest, embedded, tight: join === '=', quoted: quoted !== undefined, value })) continue;
    const start = match.index + match[0].lastIndexOf(match.at(-1) ?? value);
    const from = quoted === undefined ? start : match.index + match[0].lastIndexOf(value);
    spans.push({ type: typeOf(name), start: from, end: from + value.length });
  }
  return spans;
}

/** A bare value in a query ends at `&`; elsewhere that may be part of it. Closing brackets and full stops are prose. */
function trimBare(value: string, text: string, nameAt: number): string {
  const inQuery = /[?&][\w.-]{0,64}$/.test(text.slice(Math.max(0, nameAt - 66), nameAt));
  return (inQuery ? (value.split('&')[0] ?? '') : value).replace(/[)\]}>.]+$/, '');
}

interface Candidate {
  readonly name: string;
  readonly rest: string;
  /** The end of a longer word (`accessPassword`), as names in code and of things have it. */
  readonly embedded: boolean;
  /** Joined by `=` alone, as programs print and people type it. */
  readonly tight: boolean;
  readonly quoted: boolean;
  readonly value: string;
}

function holdsSecret({ name, rest, embedded, tight, quoted, value }: Candidate): boolean {
  if (value.length < 4 || STANDS_FOR.test(value) || value.toLowerCase() === name.toLowerCase()) return false;
  if (rest !== '' && (ABOUT.test(rest) || OTHER_WORD.test(rest))) return false;
  if (PATH_LIKE.test(value) && entropy(value) < 4.3) return false;
  const isPassword = /^(?:pass|pwd)/i.test(name);
  // `pass: 1024` counts tests; `password: 1024` is a bad one.
  if (/^[\d.]+$/.test(value)) return isPassword && !/^pass$/i.test(name) && !value.includes('.');
  if (quoted) return isPassword || value.length >= 8;
  if (isCode(value)) return false;
  if (tight) return isPassword || value.length >= 8;
  // `RemoveNewPasswordColumn: migrating` names a thing that has to do with passwords.
  if (!isPassword || /^[A-Z][a-z]/.test(rest)) return looksRandom(value, 12);
  if (embedded) return looksRandom(value, 6);
  return looksRandom(value, 6) || (!/^pass$/i.test(name) && !TYPE_LIKE.test(value) && /^[^\s:.()]{6,}$/.test(value));
}

/** Calls, paths of modules and attributes: what a stack trace prints behind a name. */
function isCode(value: string): boolean {
  return CALL_LIKE.test(value) || MODULE_LIKE.test(value);
}

/** Letters and digits mixed, or enough different characters for its length: not a word of a sentence. */
function looksRandom(value: string, atLeast: number): boolean {
  if (value.length < atLeast || /\s/.test(value)) return false;
  const mixed = /\d/.test(value) && /[A-Za-z]/.test(value);
  return mixed || (value.length >= 16 && entropy(value) >= 3.5 && !/^[a-z]+(?:[-_.:/][a-z]+)*$/i.test(value));
}

/** Bits per character (Shannon). */
export function entropy(text: string): number {
  const counts = new Map<string, number>();
  for (const char of text) counts.set(char, (counts.get(char) ?? 0) + 1);
  let bits = 0;
  for (const count of counts.values()) bits -= (count / text.length) * Math.log2(count / text.length);
  return bits;
}

function typeOf(name: string): string {
  if (/^(?:pass|pwd)/i.test(name)) return 'password';
  if (/token/i.test(name)) return 'token';
  return /key/i.test(name) ? 'api-key' : 'secret';
}
