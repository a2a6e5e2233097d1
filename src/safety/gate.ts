import { cleanLine, cleanText } from './clean.ts';
import type { Redactor } from './redact.ts';

/** The one gate: text from outside, cleaned and without secrets. Everything that leaves goes through it. */
export function safeText(text: string, redactor: Redactor): string {
  return redactor.redact(cleanText(text)).text;
}

/** The same for a name inside a sentence: one line, at most `max` characters. Redacted before it is cut. */
export function safeLine(text: string, redactor: Redactor, max = 200): string {
  return cleanLine(safeText(text, redactor), max);
}
