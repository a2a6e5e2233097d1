import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { classify } from '../../../src/decide/classify/index.ts';
import { actionsLog, classifyText, fixtures, readFixture, rules } from '../fixtures.ts';

const noise = (count: number, word = 'compiling'): string =>
  Array.from({ length: count }, (_, i) => `   ${word} unit ${i} of many`).join('\n');
const held = (ranges: readonly (readonly [number, number])[], line: number): boolean =>
  ranges.some(([from, to]) => line >= from && line <= to);
const lineOf = (log: string, text: string): number => log.split('\n').findIndex((line) => line.includes(text)) + 1;

describe('the excerpt', () => {
  const failure = 'error[E0308]: mismatched types\n  --> src/book.rs:10:5\n   |\n10 |     "three"\n   |     ^^^^^^^';
  const log = actionsLog({ run: 'cargo build', output: `${noise(3000)}\n${failure}\n${noise(2000)}`, exit: 101 });

  it('holds the cause and the end, and says what was cut', () => {
    const { excerpt } = classifyText(log);
    expect(held(excerpt.ranges, lineOf(log, 'E0308'))).toBe(true);
    expect(held(excerpt.ranges, lineOf(log, '##[error]'))).toBe(true);
    expect(excerpt.text).toMatch(/… \d+ lines cut …/);
    expect(excerpt.totalLines).toBe(log.split('\n').length);
  });

  it('shows several failures, the first of them for certain', () => {
    const many = Array.from(
      { length: 40 },
      (_, i) => `test case_${'abcdefghij'[i % 10]}_${i} ... FAILED\n${noise(200)}`,
    ).join('\n');
    const { excerpt } = classifyText(actionsLog({ run: 'cargo test', output: many, exit: 101 }));
    expect(excerpt.text).toContain('case_a_0');
    expect(excerpt.text.match(/FAILED/g)!.length).toBeGreaterThan(5);
  });

  it('shows the same message once', () => {
    const same = Array.from({ length: 300 }, (_, i) => `error: cart ${i} is empty\n${noise(20)}`).join('\n');
    const { excerpt } = classifyText(actionsLog({ run: './shop', output: `${same}\n${failure}`, exit: 1 }));
    expect(excerpt.text.match(/cart \d+ is empty/g)!.length).toBeLessThan(12);
  });

  it('keeps within the budget for any log and any budget', () => {
    const line = fc.constantFrom(
      '',
      'error: boom',
      'FAIL src/a.test.js',
      'ok',
      '\x1b[0K',
      'test a ... FAILED',
      '##[error]x',
      'x\ry',
    );
    fc.assert(
      fc.property(fc.array(line, { maxLength: 400 }), fc.integer({ min: 5, max: 60 }), (lines, maxLines) => {
        const { excerpt } = classify({ log: lines.join('\n') }, rules, { maxLines });
        expect(excerpt.lines).toBeLessThanOrEqual(maxLines);
        expect(excerpt.lines).toBe(excerpt.text === '' ? 0 : excerpt.text.split('\n').length);
        let last = 0;
        for (const [from, to] of excerpt.ranges) {
          expect(from).toBeGreaterThan(last);
          expect(to).toBeGreaterThanOrEqual(from);
          last = to;
        }
        expect(last).toBeLessThanOrEqual(excerpt.totalLines);
      }),
      { numRuns: 150 },
    );
  });

  it('is the lines of its ranges, with the number of those that were cut in between', () => {
    const line = fc.constantFrom(
      'compiling',
      'é ✓ 😀',
      'error: boom',
      'error[E0308]: mismatched types',
      'a'.repeat(380),
    );
    const place = fc.record({ line, copies: fc.constantFrom(1, 2, 50, 900) });
    fc.assert(
      fc.property(fc.array(place, { maxLength: 12 }), fc.constantFrom(5, 40, 300, 10_000), (places, maxLines) => {
        const lines = places.flatMap(({ line, copies }) =>
          Array.from({ length: copies }, (_, i) => `${line} of unit ${i}`),
        );
        const { excerpt } = classify({ log: `2026-11-20T06:01:02.1Z ${lines.join('\n')}` }, rules, { maxLines });
        const expected: string[] = [];
        let above = 0;
        for (const [from, to] of [...excerpt.ranges, [lines.length + 1, lines.length] as const]) {
          if (from > above + 1) expected.push(`… ${from - above - 1} lines cut …`);
          expected.push(...lines.slice(from - 1, to));
          above = to;
        }
        expect(excerpt.text).toBe(lines.length === 0 ? '' : expected.join('\n'));
      }),
      { numRuns: 100 },
    );
  });

  it.each(fixtures)('of $log holds its strongest evidence in ten lines', ({ log: name }) => {
    const { evidence, excerpt } = classify({ log: readFixture(name) }, rules, { maxLines: 10 });
    expect(held(excerpt.ranges, evidence[0]!.line)).toBe(true);
  });

  it('weighs less what the last green run printed as well', () => {
    const flaky = 'FAIL: known_to_be_red';
    const red = actionsLog({ run: 'make check', output: `${flaky}\n${noise(300)}\nmain.c:9:3: error: boom`, exit: 2 });
    const without = classify({ log: red }, rules);
    const withGreen = classify({ log: red, lastGreenLog: actionsLog({ run: 'make check', output: flaky }) }, rules);
    const weightOf = (result: typeof without): number =>
      result.evidence.find(({ text }) => text === flaky)?.weight ?? 0;
    expect(weightOf(without)).toBeGreaterThan(weightOf(withGreen));
  });

  it('cuts a line that is a whole file', () => {
    const { excerpt } = classifyText(`${'x'.repeat(500_000)}\nerror[E0308]: mismatched types\n`);
    expect(excerpt.text.length).toBeLessThan(2000);
    expect(excerpt.text).toContain('E0308');
  });
});
