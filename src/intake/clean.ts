/** Line ends and tabs; a name is one line. */
const BREAKS = /[\t\n\r\u0085\u2028\u2029]+/g;
/** C0, DEL and C1 without line ends, byte order marks, and the marks that turn the direction of text around. */
const INVISIBLE = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069\ufeff]/g;

/** Longest job, check, workflow and step name kept, in UTF-16 units. */
export const MAX_NAME = 512;
/** Longest commit message kept. */
export const MAX_MESSAGE = 8_192;

function cut(text: string, max: number): string {
  if (text.length <= max) return text;
  const end = text.charCodeAt(max - 2);
  const splitsPair = end >= 0xd800 && end <= 0xdbff;
  return `${text.slice(0, splitsPair ? max - 2 : max - 1)}…`;
}

/**
 * A foreign string as one line: well-formed, without control characters, at most `max` UTF-16 units (`…` ends what was
 * cut). Spaces stay, because GitHub's lists are compared with the name letter by letter.
 */
export function cleanLine(text: string, max: number = MAX_NAME): string {
  return cut(text, max).toWellFormed().replace(BREAKS, ' ').replace(INVISIBLE, '');
}

/** The same for text of several lines; line ends become `\n`. */
export function cleanText(text: string, max: number = MAX_MESSAGE): string {
  return cut(text, max).toWellFormed().replace(/\r\n?/g, '\n').replace(INVISIBLE, '');
}
