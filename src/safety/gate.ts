import { cleanLine, cleanText } from './clean.ts';
import { type Redactor, redactors } from './redact.ts';

/** The one gate: text from outside, cleaned and without secrets. Everything that leaves goes through it. */
export function safeText(text: string, redactor: Redactor): string {
  return redactor.redact(cleanText(text)).text;
}

/** The same for a name inside a sentence: one line, at most `max` characters. Redacted before it is cut. */
export function safeLine(text: string, redactor: Redactor, max = 200): string {
  return cleanLine(safeText(text, redactor), max);
}

/** The gate for whatever leaves in many pieces over the life of the process: each call numbers anew and keeps nothing. */
export interface OpenGate {
  text(text: string): string;
  /** Every text within a value of plain objects and lists; what is no text stays as it is, keys as well. */
  deep<T>(value: T): T;
}

/** @param secrets values of our own settings */
export function openGate(secrets: readonly string[]): OpenGate {
  const scope = redactors({ secrets });
  return {
    text: (text) => safeText(text, scope()),
    deep: <T>(value: T): T => {
      // Nearly always there is nothing to take out, and one look at everything together is enough to see that.
      const all = textsIn(value, 0).join('\n');
      const redactor = scope();
      return safeText(all, redactor) === all ? value : (withTexts(value, redactor, 0) as T);
    },
  };
}

/** Deeper than anything that we send. */
const DEEPEST = 12;

const isPlain = (value: object): boolean => {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
};

function textsIn(value: unknown, depth: number): readonly string[] {
  if (typeof value === 'string') return [value];
  if (typeof value !== 'object' || value === null || depth > DEEPEST) return [];
  // What an error prints depends on who prints it; so it is always written anew.
  if (value instanceof Error) return ['\u0000'];
  if (Array.isArray(value) || isPlain(value)) return Object.values(value).flatMap((inner) => textsIn(inner, depth + 1));
  return [];
}

function withTexts(value: unknown, redactor: Redactor, depth: number): unknown {
  if (typeof value === 'string') return safeText(value, redactor);
  if (typeof value !== 'object' || value === null || depth > DEEPEST) return value;
  if (value instanceof Error) {
    const { name, message, stack } = value;
    return { type: name, message: safeText(message, redactor), stack: safeText(stack ?? '', redactor) };
  }
  if (Array.isArray(value)) return value.map((inner) => withTexts(inner, redactor, depth + 1));
  if (!isPlain(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, withTexts(inner, redactor, depth + 1)]));
}
