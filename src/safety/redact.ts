import { anchorsIn, type Present } from './anchors.ts';
import { assignedSecrets } from './assignments.ts';
import { cutSecrets, cutSettings } from './borders.ts';
import { configuredSecrets, settingForms } from './configured.ts';
import { encodedSecrets, keyLines } from './encoded.ts';
import { libraryFindings } from './library-rules.ts';
import { TOKEN_PATTERNS } from './patterns.ts';
import { privateKeys } from './private-keys.ts';
import type { Span } from './span.ts';

export interface Redaction {
  readonly text: string;
  /** Finds in this text by type, with how many places each was found in. */
  readonly found: readonly { readonly type: string; readonly count: number }[];
}

/**
 * One scope of numbering: the same secret gets the same placeholder wherever it turns up, so that a reader can still
 * tell that two lines speak of the same thing.
 */
export interface Redactor {
  redact(text: string): Redaction;
}

export interface RedactorOptions {
  /** Values of our own settings; found as they are, in base64, URL-encoded, escaped and line by line. */
  readonly secrets?: readonly string[];
}

const MAX_ROUNDS = 5;

/** What a placeholder looks like. */
export const PLACEHOLDER = /«redacted:([a-z0-9-]+):(\d+)»/g;

/**
 * Replaces secrets by `«redacted:<type>:<n>»`. Synchronous, linear in the text. Expects text that went through
 * `cleanText`: an escape code in the middle of a token hides it. Applying it twice changes nothing.
 */
export function createRedactor(options: RedactorOptions = {}): Redactor {
  return redactors(options)();
}

type Finder = (text: string, present: Present) => readonly Span[];

/** Makes redactors that know the same settings, each a scope of its own; what is costly is done once. */
export function redactors({ secrets = [] }: RedactorOptions = {}): () => Redactor {
  const plain: readonly Finder[] = [configuredSecrets(secrets), privateKeys, tokens, libraryFindings, assignedSecrets];
  const look = (decoded: string): readonly Span[] => {
    const present = anchorsIn(decoded);
    return plain.flatMap((find) => find(decoded, present));
  };
  // Twice over: JSON within JSON, base64 within a URL.
  const lookWithin = (decoded: string): readonly Span[] => [...look(decoded), ...encodedSecrets(decoded, look)];
  const encoded: Finder = (text) => encodedSecrets(text, lookWithin);
  // Encoded ones first: what a plain pattern takes of them would leave the rest undecodable.
  const finders = [encoded, ...plain, keyLines, cutSecrets, cutSettings(settingForms(secrets))];
  return () => inScope(finders);
}

function inScope(finders: readonly Finder[]): Redactor {
  const numbers = new Map<string, string>();
  const perType = new Map<string, number>();

  const placeholder = (type: string, identity: string): string => {
    const key = `${type} ${identity}`;
    const known = numbers.get(key);
    if (known !== undefined) return known;
    const number = (perType.get(type) ?? 0) + 1;
    perType.set(type, number);
    const made = `«redacted:${type}:${number}»`;
    numbers.set(key, made);
    return made;
  };

  return {
    redact(text) {
      const counts = new Map<string, number>();
      let current = text;
      let [looked, present] = [text, anchorsIn(text)];
      // What was taken out may have stood in front of something else; nearly always the second round finds nothing.
      for (let round = 0; round < MAX_ROUNDS; round++) {
        const before = current;
        for (const find of finders) {
          if (looked !== current) [looked, present] = [current, anchorsIn(current)];
          current = replaceSpans(current, find(current, present), (span, value) => {
            counts.set(span.type, (counts.get(span.type) ?? 0) + 1);
            return placeholder(span.type, span.identity ?? value);
          });
        }
        if (current === before) break;
      }
      return { text: current, found: [...counts].map(([type, count]) => ({ type, count })) };
    },
  };
}

function tokens(text: string, present: Present): readonly Span[] {
  const spans: Span[] = [];
  for (const [type, pattern, anchors] of TOKEN_PATTERNS) {
    if (anchors !== null && !present(anchors)) continue;
    for (const match of text.matchAll(pattern)) {
      spans.push({ type, start: match.index, end: match.index + match[0].length });
    }
  }
  return spans;
}

/** Replaces from left to right; a span that overlaps an earlier one is part of what is gone already. */
function replaceSpans(
  text: string,
  spans: readonly Span[],
  replacement: (span: Span, value: string) => string,
): string {
  if (spans.length === 0) return text;
  const placeholders = [...text.matchAll(PLACEHOLDER)].map(({ index, 0: { length } }) => ({
    start: index,
    end: index + length,
  }));
  const ordered = [...spans].sort((a, b) => a.start - b.start || b.end - a.end);
  const pieces: string[] = [];
  let at = 0;
  for (const whole of ordered) {
    if (whole.end <= at) continue;
    for (const span of around(placeholders, { ...whole, start: Math.max(at, whole.start) })) {
      const value = text.slice(span.start, span.end);
      if (value.trim().length < SHORTEST_REST && span !== whole) continue;
      pieces.push(text.slice(at, span.start), replacement(span, value));
      at = span.end;
    }
  }
  return pieces.join('') + text.slice(at);
}

/** What is left of a secret around a placeholder and is longer than this is still a secret. */
const SHORTEST_REST = 4;

/**
 * The parts of a span that are no placeholders. Taking the span as done because of a placeholder in it would let
 * anybody keep a key in the text by writing one into its middle.
 */
function around(placeholders: readonly { start: number; end: number }[], span: Span): readonly Span[] {
  const inside = placeholders.filter(({ start, end }) => start < span.end && end > span.start);
  if (inside.length === 0) return [span];
  const parts: Span[] = [];
  let from = span.start;
  for (const { start, end } of inside) {
    if (start > from) parts.push({ type: span.type, start: from, end: start });
    from = Math.max(from, end);
  }
  if (from < span.end) parts.push({ type: span.type, start: from, end: span.end });
  return parts;
}
