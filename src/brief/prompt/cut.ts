/** A text that may have lost its middle. */
export interface Cut {
  readonly text: string;
  readonly cut: boolean;
}

const SHARE_OF_HEAD = 0.4;

/**
 * At most `max` characters, whole lines where that is possible: the beginning and, with the larger share, the end,
 * because causes are told near the end of most logs. A line says how much is missing.
 */
export function cutMiddle(text: string, max: number): Cut {
  if (text.length <= max) return { text, cut: false };
  const note = (lines: number): string => `[… ${lines} lines left out …]`;
  const room = max - note(text.length).length - 2;
  if (room <= 0) return { text: '', cut: true };
  const head = wholeLines(text.slice(0, Math.floor(room * SHARE_OF_HEAD)), 'head');
  const tail = wholeLines(text.slice(text.length - (room - head.length)), 'tail');
  const middle = text.slice(head.length, text.length - tail.length);
  // Between whole lines the middle begins and ends with a line feed.
  const lines = Math.max(1, middle.split('\n').length - 2);
  return {
    text: [head, note(lines), tail]
      .filter((part) => part !== '')
      .join('\n')
      .toWellFormed(),
    cut: true,
  };
}

/** Drops the line that was cut through, unless it is the only one. */
function wholeLines(part: string, which: 'head' | 'tail'): string {
  const at = which === 'head' ? part.lastIndexOf('\n') : part.indexOf('\n');
  if (at === -1) return part;
  return which === 'head' ? part.slice(0, at) : part.slice(at + 1);
}

/** The first `max` bytes of a text in UTF-8, at a character's border, with a note when something is missing. */
export function cutToBytes(text: string, max: number): Cut {
  if (Buffer.byteLength(text) <= max) return { text, cut: false };
  const note = '\n[… cut …]';
  const bytes = Buffer.from(text).subarray(0, Math.max(0, max - Buffer.byteLength(note)));
  return { text: bytes.toString('utf8').replace(/\ufffd+$/, '') + note, cut: true };
}
