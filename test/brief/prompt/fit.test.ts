import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cutMiddle, cutToBytes } from '../../../src/brief/prompt/cut.ts';
import { fitToBudget, type Section } from '../../../src/brief/prompt/fit.ts';

const section = (key: string, length: number, floor = 0): Section => ({
  key,
  name: key,
  text: `${key} `.repeat(length).slice(0, length),
  floor,
});

describe('fitting sections', () => {
  it('cuts nothing that fits', () => {
    const sections = [section('a', 50), section('b', 50)];
    expect(fitToBudget(sections, 100).cuts).toEqual([]);
  });

  it('takes from the first in the list down to its floor before the next', () => {
    const { texts, cuts } = fitToBudget([section('a', 1_000, 600), section('b', 1_000, 600)], 1_500);
    expect(texts.get('a')?.length).toBeLessThanOrEqual(600);
    expect(texts.get('b')?.length).toBeLessThanOrEqual(900);
    expect(texts.get('b')?.length).toBeGreaterThan(800);
    expect(cuts).toHaveLength(2);
  });

  it('gives up floors, in the same order, only when all of them together are too much', () => {
    const { texts } = fitToBudget([section('a', 1_000, 600), section('b', 1_000, 600)], 700);
    expect(texts.get('a')?.length).toBeLessThan(101);
    expect(texts.get('b')?.length).toBeGreaterThan(500);
  });

  it('never has more than was asked for, and says each cut', () => {
    const any = fc.array(fc.record({ length: fc.nat(3_000), floor: fc.nat(800) }), { maxLength: 6 });
    fc.assert(
      fc.property(any, fc.nat(4_000), (inputs, budget) => {
        const sections = inputs.map(({ length, floor }, i) => section(`s${i}`, length, floor));
        const { texts, cuts } = fitToBudget(sections, budget);
        const total = [...texts.values()].reduce((sum, text) => sum + text.length, 0);
        expect(total).toBeLessThanOrEqual(budget);
        const changed = sections.filter((one) => texts.get(one.key) !== one.text);
        expect(cuts).toHaveLength(changed.length);
      }),
    );
  });
});

describe('cutting a text', () => {
  it('keeps whole lines of beginning and end and counts what is between', () => {
    const text = Array.from({ length: 100 }, (_, i) => `line ${i}`).join('\n');
    const { text: cut } = cutMiddle(text, 200);
    const lines = cut.split('\n');
    expect(lines[0]).toBe('line 0');
    expect(lines.at(-1)).toBe('line 99');
    const kept = lines.filter((line) => line.startsWith('line'));
    expect(cut).toContain(`[… ${100 - kept.length} lines left out …]`);
    expect(kept.every((line) => text.split('\n').includes(line))).toBe(true);
  });

  it('stays within its bounds for any text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 150 }), fc.nat(120), (text, max) => {
        const chars = cutMiddle(text.toWellFormed(), max).text;
        expect(chars.length).toBeLessThanOrEqual(Math.max(max, 0));
        expect(chars.isWellFormed()).toBe(true);
        const bytes = cutToBytes(text.toWellFormed(), max + 20).text;
        expect(Buffer.byteLength(bytes)).toBeLessThanOrEqual(max + 20);
      }),
    );
  });
});
