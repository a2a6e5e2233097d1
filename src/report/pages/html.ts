import { escapeMarkup } from '../../safety/names.ts';

/** Markup that is safe to send; only `html` makes it. */
export class Html {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/** What may stand in a template: text is escaped, markup and lists of it are taken as they are, nothing prints nothing. */
export type Part = string | number | Html | null | undefined | false | readonly Part[];

export function escapeHtml(text: string): string {
  return escapeMarkup(text.toWellFormed());
}

/** A piece of a page. Everything interpolated is escaped, in attributes too (they are always quoted). */
export function html(strings: TemplateStringsArray, ...parts: readonly Part[]): Html {
  return new Html(strings.map((text, index) => (index < parts.length ? text + print(parts[index]) : text)).join(''));
}

function print(part: Part): string {
  if (part === null || part === undefined || part === false) return '';
  if (part instanceof Html) return part.text;
  if (typeof part === 'object') return part.map(print).join('');
  return escapeHtml(String(part));
}
