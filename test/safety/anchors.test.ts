import { creator as preset } from '@secretlint/secretlint-rule-preset-recommend';
import { describe, expect, it } from 'vitest';
import { anchorGroup, anchorsIn } from '../../src/safety/anchors.ts';
import { ANCHORED_PLACES } from '../../src/safety/assignments.ts';
import { libraryAnchors } from '../../src/safety/library-rules.ts';
import { TOKEN_PATTERNS } from '../../src/safety/patterns.ts';
import { sampleOf } from './sample.ts';

/** A linear congruential generator: the same texts in every run (Numerical Recipes, 7.1). */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

const SAMPLES = 150;

/** Texts in which the pattern finds something, in another case as well where the pattern does not care. */
function matching(pattern: RegExp): string[] {
  const random = randomFrom(pattern.source.length);
  const once = new RegExp(pattern.source, pattern.flags.replace('g', ''));
  return Array.from({ length: SAMPLES }, () => `line: ${sampleOf(pattern.source, random)} end`)
    .flatMap((text) => [text, text.toUpperCase(), text.toLowerCase(), text.slice(6)])
    .filter((text) => once.test(text));
}

/** Asserts that where the pattern matches its anchors stand, and that it was tried at all. */
function expectCovered(pattern: RegExp, anchors: number): void {
  const texts = matching(pattern);
  expect(texts.length, `${pattern.source} was sampled`).toBeGreaterThan(SAMPLES / 10);
  expect(texts.filter((text) => !anchorsIn(text)(anchors))).toEqual([]);
}

/** The patterns that a rule of the library runs over a text. */
function patternsOf(run: () => void): RegExp[] {
  const seen: RegExp[] = [];
  const original = RegExp.prototype[Symbol.matchAll];
  RegExp.prototype[Symbol.matchAll] = function (this: RegExp, text: string) {
    seen.push(this);
    return original.call(this, text);
  };
  try {
    run();
  } finally {
    RegExp.prototype[Symbol.matchAll] = original;
  }
  return seen;
}

interface Rule {
  readonly meta: { readonly id: string };
  create(context: object, options: object): { file?(source: object): unknown };
}

function libraryPatterns(): [name: string, pattern: RegExp][] {
  const rules: Rule[] = [];
  preset.create(
    { registerRule: (rule: unknown) => rules.push(rule as Rule) } as unknown as Parameters<typeof preset.create>[0],
    {} as Parameters<typeof preset.create>[1],
  );
  const context = { sharedOptions: {}, createTranslator: () => () => ({}), ignore: () => {}, report: () => {} };
  const source = { content: 'nothing', filePath: 'text.txt', ext: '.txt', contentType: 'text' };
  return rules.flatMap((rule) => {
    const name = rule.meta.id.replace(/^.*secretlint-rule-/, '');
    return patternsOf(() => rule.create(context, {}).file?.(source)).map((pattern): [string, RegExp] => [
      name,
      pattern,
    ]);
  });
}

describe('anchors', () => {
  it.each(TOKEN_PATTERNS.filter(([, , anchors]) => anchors !== null))('stand in every %s', (_, pattern, anchors) => {
    expectCovered(pattern, anchors!);
  });

  it.each(ANCHORED_PLACES)('stand wherever $pattern finds something', ({ pattern, anchors }) => {
    expectCovered(pattern, anchors);
  });

  it.each(libraryPatterns().filter(([name]) => libraryAnchors(name) !== null))(
    'stand in all that the rule %s of the library finds',
    (name, pattern) => {
      expectCovered(pattern, libraryAnchors(name)!);
    },
  );

  it('know most patterns of the library', () => {
    expect(libraryPatterns().filter(([name]) => libraryAnchors(name) !== null).length).toBeGreaterThanOrEqual(25);
  });

  it('are denied where they do not stand', () => {
    const group = anchorGroup('qqzz #qz');
    expect(anchorsIn('nothing qq zz')(group)).toBe(false);
    expect(anchorsIn('QQZZ')(group)).toBe(true);
    expect(anchorsIn('7qz!')(group)).toBe(true);
    expect(anchorsIn('aqz!')(group)).toBe(false);
  });

  it('are refused when they are too short to tell anything', () => {
    expect(() => anchorGroup('ab')).toThrow('too short');
  });
});
