import { assignedSecrets } from './assignments.ts';
import { configuredSecrets } from './configured.ts';
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

/** What a placeholder looks like. */
export const PLACEHOLDER = /«redacted:([a-z0-9-]+):(\d+)»/g;

/**
 * Replaces secrets by `«redacted:<type>:<n>»`. Synchronous, linear in the text. Expects text that went through
 * `cleanText`: an escape code in the middle of a token hides it. Applying it twice changes nothing.
 */
export function createRedactor(options: RedactorOptions = {}): Redactor {
  const numbers = new Map<string, string>();
  const perType = new Map<string, number>();
  const configured = configuredSecrets(options.secrets ?? []);

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

  const finders: readonly ((text: string) => readonly Span[])[] = [
    configured,
    privateKeys,
    tokens,
    libraryFindings,
    assignedSecrets,
  ];

  return {
    redact(text) {
      const counts = new Map<string, number>();
      let current = text;
      for (const find of finders) {
        current = replaceSpans(current, find(current), (span, value) => {
          counts.set(span.type, (counts.get(span.type) ?? 0) + 1);
          return placeholder(span.type, span.identity ?? value);
        });
      }
      return { text: current, found: [...counts].map(([type, count]) => ({ type, count })) };
    },
  };
}

function tokens(text: string): readonly Span[] {
  const spans: Span[] = [];
  for (const [type, pattern] of TOKEN_PATTERNS) {
    for (const match of text.matchAll(pattern)) {
      spans.push({ type, start: match.index, end: match.index + match[0].length });
    }
  }
  return spans;
}

/** Replaces from left to right; a span that overlaps an earlier one or a placeholder is part of what is gone already. */
function replaceSpans(
  text: string,
  spans: readonly Span[],
  replacement: (span: Span, value: string) => string,
): string {
  if (spans.length === 0) return text;
  const taken = [...text.matchAll(PLACEHOLDER)].map((match) => ({
    start: match.index,
    end: match.index + match[0].length,
  }));
  const ordered = [...spans].sort((a, b) => a.start - b.start || b.end - a.end);
  const pieces: string[] = [];
  let at = 0;
  let nextTaken = 0;
  for (const span of ordered) {
    if (span.start < at || span.end <= span.start) continue;
    while ((taken[nextTaken]?.end ?? Number.POSITIVE_INFINITY) <= span.start) nextTaken++;
    if ((taken[nextTaken]?.start ?? Number.POSITIVE_INFINITY) < span.end) continue;
    pieces.push(text.slice(at, span.start), replacement(span, text.slice(span.start, span.end)));
    at = span.end;
  }
  return pieces.join('') + text.slice(at);
}
