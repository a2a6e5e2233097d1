import { configuredSecrets } from '../safety/configured.ts';
import { createRedactor } from '../safety/redact.ts';
import { isForm, parseBody, parseJson } from './json.ts';
import { isObject, type JsonObject } from './sources/source.ts';

/** Every alert about a leaked secret has this key beside the value; neither JSON text nor a form changes its letters. */
const MARK = 'secret_type';
/**
 * Values that name where something happened. Decisions stand on them, and a leaked word that is also the name of a branch
 * must not change which branch is meant.
 */
const NAMES = new Set(['action', 'full_name', 'default_branch', 'login', 'ref', MARK]);
/** Words of people about the alert, who may have pasted what leaked in part. */
const COMMENT = /_comment$/;
/** Comments searched for what looks like a secret, and the longest of them; an alert has five, and they are short. */
const [MAX_COMMENTS, MAX_COMMENT] = [20, 16_384];

/**
 * Values that are looked for elsewhere in the body (an event is about one), and how much of them in other forms (a private
 * key has 3,300 characters). Looking takes time with the number of forms, so in bodies that are larger than any such event
 * of GitHub's only the values themselves are looked for.
 */
const [MAX_VALUES, MAX_FORMED, LARGE_BODY] = [5, 4_096, 131_072];

/** Shorter values are words of the language; the field itself is replaced all the same. */
const SHORTEST = 6;

type Clean = (text: string) => string;

/** As `safety/redact` writes them, so that whoever reads the store knows what stood there. */
function placeholder(type: unknown): string {
  const slug =
    typeof type === 'string'
      ? type
          .slice(0, 64)
          .toLowerCase()
          .replace(/[^a-z0-9]+/g, '-')
      : '';
  return `«redacted:${slug.replace(/^-|-$/g, '') || 'secret'}:1»`;
}

const isAlert = (value: unknown): value is JsonObject => isObject(value) && Object.hasOwn(value, MARK);

function alertsIn(value: unknown): JsonObject[] {
  if (Array.isArray(value)) return value.flatMap(alertsIn);
  if (!isObject(value)) return [];
  const inner = Object.values(value).flatMap(alertsIn);
  return isAlert(value) ? [value, ...inner] : inner;
}

/** Finds values in other forms than their own; in none when they are too much for one pattern. */
function findForms(values: readonly string[]): ReturnType<typeof configuredSecrets> {
  try {
    const find = configuredSecrets(values);
    // A pattern is compiled when it is first used, once for each width of text; its error would quote the values.
    for (const probe of ['a', '\u2026']) find(probe);
    return find;
  } catch {
    return () => [];
  }
}

/** Replaces the leaked values wherever a text holds them: as they are, URL-encoded, escaped, in base64, in hexadecimal. */
function cleanerOf(alerts: readonly JsonObject[], isLarge: boolean): Clean {
  const leaks = new Map<string, string>();
  for (const { secret, [MARK]: type } of alerts)
    if (typeof secret === 'string' && secret.trim() !== '' && leaks.size < MAX_VALUES)
      leaks.set(secret.trim(), placeholder(type));
  let room = MAX_FORMED;
  const formed = [...leaks.keys()].map((value) => {
    const part = value.slice(0, room);
    room -= part.length;
    return [part, leaks.get(value) ?? placeholder(null)] as const;
  });
  const find = isLarge ? () => [] : findForms(formed.map(([part]) => part));
  const named = new Map(formed);
  return (text) => {
    let plain = text;
    for (const [value, mark] of leaks)
      if (value.length >= SHORTEST && plain.includes(value)) plain = plain.split(value).join(mark);
    const parts: string[] = [];
    let at = 0;
    for (const { start, end, identity } of find(plain)) {
      parts.push(plain.slice(at, start), named.get(identity ?? '') ?? placeholder(null));
      at = end;
    }
    return at === 0 ? plain : parts.join('') + plain.slice(at);
  };
}

/** Takes out what looks like a secret, for the first few texts; of further ones nothing is kept. */
function commentCleaner(): Clean {
  const redactor = createRedactor();
  let count = 0;
  return (text) => {
    count += 1;
    return count <= MAX_COMMENTS ? redactor.redact(text.slice(0, MAX_COMMENT)).text : placeholder('comment');
  };
}

function withoutLeaks(value: unknown, clean: Clean, cleanComment: Clean): unknown {
  if (typeof value === 'string') return clean(value);
  if (Array.isArray(value)) return value.map((inner) => withoutLeaks(inner, clean, cleanComment));
  if (!isObject(value)) return value;
  const entries = Object.entries(value).map(([key, inner]): [string, unknown] => {
    if (isAlert(value) && key === 'secret') return [key, inner === null ? null : placeholder(value[MARK])];
    if (typeof inner !== 'string') return [clean(key), withoutLeaks(inner, clean, cleanComment)];
    if (NAMES.has(key)) return [key, inner];
    return [clean(key), COMMENT.test(key) ? cleanComment(clean(inner)) : clean(inner)];
  });
  return Object.fromEntries(entries);
}

function scrubbed(value: unknown, isLarge: boolean): unknown {
  const alerts = alertsIn(value);
  return alerts.length === 0 ? value : withoutLeaks(value, cleanerOf(alerts, isLarge), commentCleaner());
}

/** The same for a body that a carrier put into its own as text. */
function scrubbedCarrier(value: unknown, isLarge: boolean): unknown {
  const inner = isObject(value) && typeof value['body'] === 'string' ? parseJson(value['body']) : null;
  if (!isObject(value) || inner === null || !inner.ok || alertsIn(inner.value).length === 0)
    return scrubbed(value, isLarge);
  const outer = scrubbed({ ...value, body: '' }, isLarge) as JsonObject;
  return { ...outer, body: JSON.stringify(scrubbed(inner.value, isLarge)) };
}

/** Whether a body may be an alert about a leaked secret: nothing of it is kept before it was read. */
export function mayLeak(bytes: Uint8Array): boolean {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).includes(MARK);
}

/**
 * The bytes to keep and to read: what arrived, unless it is an alert about a leaked secret. That one is written anew
 * (so that no second key of the same name stays hidden in it) with a placeholder wherever the value stood. Bytes that
 * cannot be read come back as they are, for they are refused and not kept.
 */
export function scrub(bytes: Uint8Array): Uint8Array {
  if (!mayLeak(bytes)) return bytes;
  const parsed = parseBody(bytes);
  if (!parsed.ok) return bytes;
  const kept = scrubbedCarrier(parsed.value, bytes.length > LARGE_BODY);
  if (kept === parsed.value) return bytes;
  const text = JSON.stringify(kept);
  return Buffer.from(isForm(bytes) ? `payload=${encodeURIComponent(text)}` : text);
}
