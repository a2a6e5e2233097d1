/** Random texts that a regular expression matches; knows the syntax that the patterns of this project use. */
export function sampleOf(source: string, random: () => number): string {
  let at = 0;
  const pick = <T>(items: readonly T[]): T => items[Math.floor(random() * items.length)]!;
  const alternatives = (): string => {
    const all = [sequence()];
    while (source[at] === '|') {
      at++;
      all.push(sequence());
    }
    return pick(all);
  };
  const sequence = (): string => {
    let text = '';
    while (at < source.length && source[at] !== '|' && source[at] !== ')') text += quantified();
    return text;
  };
  const quantified = (): string => {
    const begin = at;
    let text = atom();
    const found = /^(?:\{(\d+)(,?)(\d*)\}|([?*+]))\??/.exec(source.slice(at));
    if (!found) return text;
    const end = at + found[0].length;
    const least = found[4] ? (found[4] === '+' ? 1 : 0) : Number(found[1]);
    const most = found[4]
      ? found[4] === '?'
        ? 1
        : 3
      : found[2]
        ? Math.min(Number(found[3] || least + 3), least + 9)
        : least;
    const turns = least + Math.floor(random() * (most - least + 1));
    text = '';
    for (let turn = 0; turn < turns; turn++) {
      at = begin;
      text += atom();
    }
    at = end;
    return text;
  };
  const atom = (): string => {
    const char = source[at++]!;
    if (char === '(') return group();
    if (char === '[') return pick(members());
    if (char === '\\') return escaped(source[at++]!);
    if (char === '^' || char === '$') return '';
    return char === '.' ? pick([...'ab9-']) : char;
  };
  const group = (): string => {
    const look = /^\?(?:<?[=!])/.exec(source.slice(at));
    at += /^\?(?:<?[=!:]|<\w+>|:)/.exec(source.slice(at))?.[0].length ?? 0;
    const text = alternatives();
    at++;
    // What must stand in front is written; what must not, or must follow, is left to the rest of the pattern.
    return look && look[0] !== '?<=' ? '' : text;
  };
  const members = (): string[] => {
    const isNegated = source[at] === '^';
    if (isNegated) at++;
    const found: string[] = [];
    for (; source[at] !== ']'; at++) {
      if (source[at] === '\\') {
        at++;
        found.push(...setOf(source[at]!));
      } else if (source[at + 1] === '-' && source[at + 2] !== ']') {
        for (let code = source.charCodeAt(at); code <= source.charCodeAt(at + 2); code++)
          found.push(String.fromCharCode(code));
        at += 2;
      } else found.push(source[at]!);
    }
    at++;
    return isNegated ? [...'abcXYZ019-_.'].filter((char) => !found.includes(char)) : found;
  };
  const escaped = (char: string): string => {
    if (char === 'p' || char === 'P') at += 3;
    return char === 'b' || char === 'B' ? '' : pick(setOf(char));
  };
  return alternatives();
}

const WORD = [...'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_'];

function setOf(char: string): string[] {
  if (char === 'd') return [...'0123456789'];
  if (char === 'w') return WORD;
  if (char === 's') return [' ', '\t'];
  if (char === 'S') return WORD;
  return char === 'n' ? ['\n'] : [char];
}
