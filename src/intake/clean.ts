import { cleanText as clean } from '../safety/clean.ts';

/** Line ends and tabs; a name is one line. */
const BREAKS = /[\t\n\r\u0085\u2028\u2029]+/g;
/** C0, DEL and C1, byte order marks, and the marks that turn the direction of text around. */
const CONTROLS = /[\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069\ufeff]/g;

/** Longest job, check, workflow and step name kept, in UTF-16 units; GitHub's own stay below. */
export const MAX_NAME = 512;
/** Longest commit message kept. */
export const MAX_MESSAGE = 8_192;

function cut(text: string, max: number): string {
  return text.length <= max ? text : `${text.slice(0, max - 1).replace(/[\ud800-\udbff]$/, '')}…`;
}

/**
 * A foreign name: one line, well-formed, without control characters, at most `max` UTF-16 units (`…` ends what was cut).
 * Spaces and emoji stay as they are, because GitHub's lists are compared with it letter by letter; the stricter
 * `safety/clean` is for text on its way out.
 */
export function cleanName(text: string, max: number = MAX_NAME): string {
  return cut(text, max).toWellFormed().replace(BREAKS, ' ').replace(CONTROLS, '');
}

/** Foreign text of several lines, which nothing is compared with: cut, then cleaned as for the way out. */
export function cleanText(text: string, max: number = MAX_MESSAGE): string {
  return clean(cut(text, max));
}
