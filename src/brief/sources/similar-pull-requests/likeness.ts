/** Words that say nothing about what a change is about. */
const EMPTY = new Set(
  'a an and ci fix fixes for from in into is it main master merge of on or pull request test tests the to update with'.split(
    ' ',
  ),
);
const SHORTEST = 3;

/** The telling words of names and titles, in lower case, each once. */
export function wordsOf(texts: readonly string[]): ReadonlySet<string> {
  const words =
    texts
      .join(' ')
      .toLowerCase()
      .match(/[\p{L}\p{N}]+/gu) ?? [];
  return new Set(words.filter((word) => word.length >= SHORTEST && !EMPTY.has(word) && !/^\d+$/.test(word)));
}

/** How many words two texts have in common. */
export function likeness(one: ReadonlySet<string>, other: ReadonlySet<string>): number {
  return [...one].filter((word) => other.has(word)).length;
}
