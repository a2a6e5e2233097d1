import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createScanner, type Literal, STRIDE } from '../../../src/decide/classify/scanner.ts';

/** Every text that stands in the bytes, found by the scanner line by line. */
function findAll(literals: readonly Literal[], text: string): string[] {
  const scanner = createScanner(literals);
  const bytes = Buffer.from(text);
  const found = new Set<number>();
  for (let at = scanner.next(bytes, 0, bytes.length); at >= 0; at = scanner.next(bytes, at + STRIDE, bytes.length)) {
    for (const id of scanner.found) found.add(id);
  }
  return [...found].map((id) => literals[id]!.text).sort();
}

const word = fc.string({ unit: fc.constantFrom('a', 'b', 'E', 'r', ' ', '-', '✖'), minLength: 4, maxLength: 9 });

describe('the scanner', () => {
  it('finds exactly the texts that are there, wherever they stand and however they overlap', () => {
    const words = fc.uniqueArray(word, { minLength: 1, maxLength: 12 });
    fc.assert(
      fc.property(
        words,
        fc.array(fc.oneof(word, fc.constantFrom('xy', 'q', 'zzz')), { maxLength: 12 }),
        (texts, parts) => {
          const text = [...parts, ...texts.slice(0, 2)].join('');
          const literals = texts.map((each) => ({ text: each, ignoreCase: false }));
          expect(findAll(literals, text)).toEqual(texts.filter((each) => text.includes(each)).sort());
        },
      ),
      { numRuns: 400 },
    );
  });

  it('ignores the case of those that ask for it only', () => {
    const literals = [
      { text: 'rate limit', ignoreCase: true },
      { text: 'FAIL', ignoreCase: false },
    ];
    expect(findAll(literals, 'API Rate LIMIT fail')).toEqual(['rate limit']);
  });

  it('finds a text at the very start and at the very end', () => {
    expect(findAll([{ text: 'FAIL', ignoreCase: false }], 'FAIL')).toEqual(['FAIL']);
    expect(findAll([{ text: 'FAIL', ignoreCase: false }], 'xFAIL')).toEqual(['FAIL']);
  });

  it('does not look beyond the end it was given', () => {
    const scanner = createScanner([{ text: 'error', ignoreCase: false }]);
    expect(scanner.next(Buffer.from('  error'), 0, 6)).toBe(-1);
  });
});
