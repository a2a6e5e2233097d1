/** The mark of what was cut. */
const ELLIPSIS = '…';

/** At most `max` UTF-16 code units, which is how all chat systems count at least as strictly; a cut is marked. */
export function cut(text: string, max: number): string {
  return text.length <= max
    ? text
    : `${text
        .slice(0, Math.max(0, max - 1))
        .toWellFormed()
        .replace(/\ufffd$/, '')}${ELLIPSIS}`;
}

/**
 * As much of the text as fits into `max` once every character was escaped by itself, so that no escape is torn apart; a
 * cut is marked.
 */
export function fitEscaped(text: string, max: number, escaped: (character: string) => string): string {
  let made = '';
  let shortened = '';
  for (const character of text) {
    const next = escaped(character);
    if (made.length + next.length > max) return shortened + ELLIPSIS;
    made += next;
    if (made.length <= max - ELLIPSIS.length) shortened = made;
  }
  return made;
}

/** The first lines that fit into `max` together, with a last line that says how many are missing. */
export function fitLines(lines: readonly string[], max: number, missing: (count: number) => string): string {
  const all = lines.join('\n');
  if (all.length <= max) return all;
  const room = max - missing(lines.length).length - 1;
  const kept: string[] = [];
  let length = 0;
  for (const line of lines) {
    if (length + line.length + 1 > room) break;
    kept.push(line);
    length += line.length + 1;
  }
  return [...kept, missing(lines.length - kept.length)].join('\n');
}
