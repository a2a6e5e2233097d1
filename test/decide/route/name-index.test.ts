import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { NameIndex } from '../../../src/decide/route/name-index.ts';
import { compilePattern } from '../../../src/decide/route/pattern.ts';

const NAMES = [
  'clippy',
  '\\bfmt\\b',
  'cargo (?:test|bench)|rustc',
  '\\b(?:npm|pnpm|yarn)\\b|^yarn$',
  '\\btf[-_]|tofu',
  '[ks]8s',
  '\\d+ shops',
  'q|z',
  'é\\w',
  'über-?lint',
  // Too costly for V8's own matcher.
  '(?:\\w+ )+(?:\\w+ )+sk(?:\\w+ )+end',
].map((source) => compilePattern(`(?i)${source}`, ['word']));

const index = new NameIndex();
for (const [rule, pattern] of NAMES.entries()) index.add(pattern, rule, 1);
const found = (text: string): number[] =>
  index
    .namesIn(text)
    .map(({ rule }) => rule)
    .sort((a, b) => a - b);
const tried = (text: string): number[] => [...NAMES.keys()].filter((rule) => NAMES[rule]!.test(text));

describe('the index of names', () => {
  it('finds names in either case, each once', () => {
    expect(found('Run CARGO Test and cargo bench, then cargo clippy')).toEqual([0, 2]);
  });

  it('finds the names that match, as trying each of them does', () => {
    const piece = fc.constantFrom(
      ...['clippy', 'Clip', 'py', 'fmt', 'FMT', '_', ' ', '-', 'cargo ', 'TEST', 'rustc', 'npm', 'p', 'yarn', 'tf'],
      ...['tofu', 'k', 'K', '8s', '\u212a8S', '\u017f8s', '12 ', 'shops', 'q', 'Z', 'É', 'éa', 'ÜBER', 'lint', '\n'],
      ...['İ', 'a b ', 'skc ', '\u017fkc ', 'end', ''],
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 8 }), (pieces) => {
        const text = pieces.join('');
        expect(found(text)).toEqual(tried(text));
      }),
      { numRuns: 2000 },
    );
  });

  it('has a name for each of those cases', () => {
    expect(NAMES.map(({ engine }) => engine)).toContain('re2');
    for (const text of ['fmt', 'yarn', 'tf_', 'S8S', '9 shops', 'Z', 'Éa', 'ÜBERLINT', 'a b \u017fkc end']) {
      expect(tried(text), text).not.toEqual([]);
    }
  });
});
