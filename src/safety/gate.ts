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
  const within = (value: unknown, redactor: Redactor, depth: number): unknown => {
    if (typeof value === 'string') return safeText(value, redactor);
    if (typeof value !== 'object' || value === null || depth > DEEPEST) return value;
    if (Array.isArray(value)) return value.map((inner) => within(inner, redactor, depth + 1));
    if (value instanceof Error) return { type: value.name, message: safeText(value.message, redactor) };
    if (Object.getPrototypeOf(value) !== Object.prototype && Object.getPrototypeOf(value) !== null) return value;
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, within(inner, redactor, depth + 1)]));
  };
  return {
    text: (text) => safeText(text, scope()),
    deep: <T>(value: T) => within(value, scope(), 0) as T,
  };
}

/** Deeper than anything that we send. */
const DEEPEST = 12;
