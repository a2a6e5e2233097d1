import { cutMiddle } from './cut.ts';

/** A part of the prompt that may be shortened. */
export interface Section {
  readonly key: string;
  /** What the reader is told was shortened. */
  readonly name: string;
  readonly text: string;
  /** Characters that are kept as long as any other section can give way. */
  readonly floor: number;
}

export interface Fitted {
  readonly texts: ReadonlyMap<string, string>;
  /** One sentence for each section that lost something, in the order in which they were cut. */
  readonly cuts: readonly string[];
}

/**
 * Shortens sections, in the given order, until all of them together have at most `budgetChars`: first each down to its
 * floor, then, if that was not enough, each to nothing. The first in the list is the first to lose.
 */
export function fitToBudget(sections: readonly Section[], budgetChars: number): Fitted {
  const texts = new Map(sections.map((section) => [section.key, section.text]));
  const total = (): number => [...texts.values()].reduce((sum, text) => sum + text.length, 0);
  for (const floorOf of [(section: Section) => section.floor, () => 0]) {
    for (const section of sections) {
      const excess = total() - budgetChars;
      if (excess <= 0) break;
      const now = texts.get(section.key) ?? '';
      const target = Math.max(floorOf(section), now.length - excess);
      if (target < now.length) texts.set(section.key, cutMiddle(section.text, target).text);
    }
  }
  const cuts = sections.flatMap(({ key, name, text }) => {
    const left = texts.get(key) ?? '';
    if (left === text) return [];
    return [left === '' ? `${name}: left out` : `${name}: shortened from ${text.length} to ${left.length} characters`];
  });
  return { texts, cuts };
}
