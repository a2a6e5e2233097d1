import { anchorGroup, type Present } from './anchors.ts';
import { entropy } from './assignments.ts';
import type { Span } from './span.ts';

/**
 * Where we cut a text, half a secret may be left that no pattern knows any more: its beginning in front of the cut, its
 * end behind it. The marks are those that our own cutting leaves.
 */
const LEFT_OUT = /\[(?:healer: [^\]\n]{0,80}left out(?: here)?|… \d{1,9} lines left out …)\]|\[… cut …\]/g;
const MARKS = anchorGroup('[hea […+');

/** Beginnings of tokens that their issuer's shape gives away, too short for that shape. */
const BEGUN =
  /(?:gh[pousr]_|github_pat_|gl(?:pat|dt|rt|cbt|ptt|ft|soat)-|xox[a-z]-|xapp-|sk-(?:ant-|proj-|svcacct-|admin-)|[sr]k_live_|npm_|pypi-|dckr_(?:pat|oat)_|hv[sbr]\.|glsa_|glc_|AKIA|ASIA|AIza|ya29\.|eyJ[A-Za-z0-9_-]{8,}\.)[A-Za-z0-9_.=+/-]{3,}$/;
const LONGEST_TOKEN = 4_096;
const SHORTEST_BEGUN = 7;
const ENDS_WORD: ReadonlySet<string> = new Set(' \t\n"\'`,;«»');
/** What a line begins with that was cut in front: longer than a word, with digits and letters or both cases in it. */
const TAIL = /^[A-Za-z0-9_.=+/~-]{12,}/;
/** Lines of this length were cut by those that keep at most so much of a line, without a mark. */
const CUT_LINE = 400;
/** Bits per character that random letters have, and words written together hardly. */
const RANDOM = 3.2;
const TYPE = 'cut-token';

/** Beginnings and ends of secrets on both sides of every cut, and at the end of the text and of very long lines. */
export function cutSecrets(text: string, present: Present): readonly Span[] {
  const cuts = present(MARKS) ? [...text.matchAll(LEFT_OUT)] : [];
  return [
    ...endsOfLines(text),
    ...cuts.flatMap((mark) => [...begunBefore(text, mark.index), ...leftBehind(text, mark.index + mark[0].length)]),
  ];
}

function endsOfLines(text: string): readonly Span[] {
  const spans: Span[] = [...begunBefore(text, text.length)];
  for (let at = text.indexOf('…'); at !== -1; at = text.indexOf('…', at + 1)) spans.push(...begunBefore(text, at));
  for (let start = 0; start < text.length; ) {
    const newline = text.indexOf('\n', start);
    const end = newline === -1 ? text.length : newline;
    if (end - start >= CUT_LINE && newline !== -1) spans.push(...begunBefore(text, end));
    start = end + 1;
  }
  return spans;
}

function begunBefore(text: string, end: number): readonly Span[] {
  const last = backOver(text, end);
  let from = last;
  while (from > 0 && last - from < LONGEST_TOKEN && !ENDS_WORD.has(text[from - 1] ?? ' ')) from--;
  if (last - from < SHORTEST_BEGUN) return [];
  const found = BEGUN.exec(text.slice(from, last));
  if (found === null) return [];
  const start = from + found.index;
  return [{ type: TYPE, start, end: last }];
}

function leftBehind(text: string, at: number): readonly Span[] {
  const start = text[at] === '\n' ? at + 1 : at;
  const found = TAIL.exec(text.slice(start, start + LONGEST_TOKEN))?.[0];
  if (found === undefined) return [];
  const mixed = /[A-Za-z]/.test(found) && (/\d/.test(found) || (/[a-z][A-Z]/.test(found) && entropy(found) >= RANDOM));
  return mixed ? [{ type: TYPE, start, end: start + found.length }] : [];
}

/** Shorter pieces of a setting stand in other words as well. */
const SHORTEST_PIECE = 8;
/** Longer forms are keys, whose lines are forms by themselves. */
const LONGEST_FORM = 512;

/**
 * Pieces of our own settings beside a cut, known by the forms themselves: the beginning of one in front of it, the end of
 * one behind it, and both at the two ends of the text, because most texts are ends of longer ones.
 */
export function cutSettings(forms: ReadonlyMap<string, string>): (text: string, present: Present) => readonly Span[] {
  const known = [...forms].filter(([form]) => form.length > SHORTEST_PIECE && form.length <= LONGEST_FORM);
  const longest = Math.max(0, ...known.map(([form]) => form.length));
  const heads = Map.groupBy(known, ([form]) => form.slice(0, SHORTEST_PIECE));
  const tails = Map.groupBy(known, ([form]) => form.slice(-SHORTEST_PIECE));
  // Two characters deny nearly every place; cutting a piece out of the text for each costs more than all patterns.
  const [headPairs, tailPairs] = [pairsOf(heads), pairsOf(tails)];
  const before = (text: string, end: number): readonly Span[] => {
    for (let start = Math.max(0, end - longest); start <= end - SHORTEST_PIECE; start++) {
      if (!headPairs.has(pairAt(text, start))) continue;
      const found = heads.get(text.slice(start, start + SHORTEST_PIECE));
      const owner = found?.find(([form]) => form.startsWith(text.slice(start, end)))?.[1];
      if (owner !== undefined) return [{ type: 'healer-setting', start, end, identity: owner }];
    }
    return [];
  };
  const behind = (text: string, start: number): readonly Span[] => {
    for (let end = Math.min(text.length, start + longest); end >= start + SHORTEST_PIECE; end--) {
      if (!tailPairs.has(pairAt(text, end - SHORTEST_PIECE))) continue;
      const found = tails.get(text.slice(end - SHORTEST_PIECE, end));
      const owner = found?.find(([form]) => form.endsWith(text.slice(start, end)))?.[1];
      if (owner !== undefined) return [{ type: 'healer-setting', start, end, identity: owner }];
    }
    return [];
  };
  return (text, present) => {
    if (known.length === 0) return [];
    const cuts = present(MARKS) ? [...text.matchAll(LEFT_OUT)] : [];
    const around = cuts.flatMap((mark) => {
      const end = mark.index + mark[0].length;
      return [...before(text, backOver(text, mark.index)), ...behind(text, text[end] === '\n' ? end + 1 : end)];
    });
    return [...behind(text, 0), ...around, ...before(text, backOver(text, text.length))];
  };
}

const pairAt = (text: string, at: number): number => (text.charCodeAt(at) << 16) | text.charCodeAt(at + 1);

const pairsOf = (pieces: ReadonlyMap<string, unknown>): ReadonlySet<number> =>
  new Set([...pieces.keys()].map((piece) => pairAt(piece, 0)));

const backOver = (text: string, end: number): number => (text.charCodeAt(end - 1) === 10 ? end - 1 : end);
