import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compilePattern, holdsInOrder, requiredLiterals, textsInOrder } from '../../../src/decide/route/pattern.ts';
import { parsePattern } from '../../../src/decide/route/pattern-syntax.ts';
import { processorTime } from '../../support/processor-time.ts';
import { classifyText, rules } from '../fixtures.ts';

const engineOf = (source: string): string => compilePattern(source).engine;

describe('what has to stand in a matching line', () => {
  it.each([
    ['^error: could not compile', ['error: could not compile']],
    ['error TS\\d+:', ['error TS']],
    ['(?:npm|yarn) failed hard', [' failed hard']],
    ['^(?:FAILED|ERROR) \\S+', ['FAILED', 'ERROR']],
    ['a+bcdef?g*', ['bcde']],
  ])('%s', (source, literals) => {
    expect(requiredLiterals(parsePattern(source).syntax)).toEqual(literals);
  });
});

describe('the texts of a match, in their order', () => {
  it.each([
    ['Could not (?:resolve|find) \\S+:\\S+', [['Could not '], ['resolve', 'find'], [' '], [':']]],
    ['(?:ab)?c(?:de|f+)*[gh]i{2}j', [['c'], ['i'], ['j']]],
    ['x(?:y|.)z', [['x'], ['z']]],
    ['(?:a(?:b|c)d)+ e', [['a'], ['b', 'c'], ['d'], [' e']]],
  ])('%s', (source, texts) => {
    expect(textsInOrder(parsePattern(source).syntax)).toEqual(texts);
  });

  it('stand in every line that matches', () => {
    const sources = [
      '(?:npm|yarn) (?:ci|i|install)\\b',
      'a.{0,3}(?:bc|b)c+',
      '(?:a|ab)(?:bc|c)(?:d|$)',
      '(?:ab|b)+(?:a|aa)b',
      'x?(?:ay|a)+(?:y|x)',
    ].map((source) => ({ regex: new RegExp(source), texts: textsInOrder(parsePattern(source).syntax) }));
    const line = fc.string({
      unit: fc.constantFrom('a', 'b', 'c', 'd', 'x', 'y', 'npm ', 'i', 'yarn ', 'ci'),
      maxLength: 12,
    });
    fc.assert(
      fc.property(line, (text) => {
        for (const { regex, texts } of sources) if (regex.test(text)) expect(holdsInOrder(text, texts)).toBe(true);
      }),
      { numRuns: 2000 },
    );
    expect(holdsInOrder('npm run', sources[0]!.texts)).toBe(false);
  });
});

describe('which engine runs a pattern', () => {
  it('V8 where the cost is proven small', () => {
    expect(engineOf('^error\\[E\\d{4}\\]: .*mismatch')).toBe('v8');
    expect(engineOf('^\\s*(?:FAIL|ERROR) +\\S{1,200}\\.py')).toBe('v8');
  });

  it('the automaton where it is not', () => {
    for (const source of [
      '(a+)+error',
      '(?:a|aa)*error$',
      '.*.*.*error',
      '\\d+\\d+\\d+error',
      'x*x*x*x*error',
      '(\\w+\\s?)+ failed$',
    ]) {
      expect(engineOf(source)).toBe('re2');
    }
  });

  it('both say the same', () => {
    const lines = ['aaaaerror', 'error', 'xxerror failed', 'a b c failed', '12 error', ''];
    for (const source of ['(a+)+error', '(\\w+\\s?)+ failed$', '\\d+\\d+ error']) {
      const { test } = compilePattern(source);
      const regex = new RegExp(source);
      expect(lines.map(test)).toEqual(lines.map((line) => regex.test(line)));
    }
  });
});

describe('time', () => {
  const hostile = [
    'a'.repeat(2048),
    'error '.repeat(340),
    `${'a '.repeat(1000)}failed`,
    `${'1.'.repeat(1000)}`,
    '/'.repeat(2048),
    `${'-'.repeat(1000)} error: ${'('.repeat(1000)}`,
    rules.patterns
      .flatMap(({ literals }) => literals)
      .join(' ')
      .slice(0, 2048),
  ];
  /** Far more than it takes, far less than what grows with more than the length. */
  const STALL_MS = 150;

  it.each(hostile.map((line, i) => [i, line] as const))(
    'hostile line %i of 2 KB cannot stall the process',
    (_, line) => {
      expect(processorTime(() => classifyText(line))).toBeLessThan(STALL_MS);
    },
  );

  it('a hostile rule cannot stall the process', () => {
    for (const source of ['(a+)+$error', '(a|a)*error', '([a-z]+)*error', '(.*a){20}error']) {
      const { test } = compilePattern(source);
      expect(processorTime(() => test(`${'a'.repeat(2000)}!error`))).toBeLessThan(STALL_MS);
    }
  });
});

describe('what is refused', () => {
  it.each([
    '(?:a{1,60}){1,60}error',
    '(a',
    'a)',
    '[a',
    'a**',
    '{2}',
    '(?<=a)bcde',
    '(?<n>a)bcde',
    '\\1bcde',
    '\\pLerror',
    'a{3,1}error',
    '[z-a]error',
  ])('%s', (source) => {
    expect(() => compilePattern(source)).toThrow(/character|fixed piece|refused/);
  });
});
