import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { classify, createClassifier } from '../../../src/decide/classify/index.ts';
import { fixtures, readFixture, rules } from '../fixtures.ts';

function streamed(log: Buffer, sizes: readonly number[]) {
  const classifier = createClassifier(rules);
  const chunk = Buffer.alloc(Math.max(...sizes));
  for (let at = 0, i = 0; at < log.length; i++) {
    const size = sizes[i % sizes.length]!;
    const length = log.copy(chunk, 0, at, at + size);
    classifier.push(chunk.subarray(0, length));
    at += length;
  }
  return classifier.finish({});
}

describe('a log in pieces', () => {
  it('is judged like the whole, however it is cut', () => {
    const all = fixtures.map(({ log }) => readFixture(log));
    fc.assert(
      fc.property(
        fc.constantFrom(...all),
        fc.array(fc.integer({ min: 1, max: 5000 }), { minLength: 1, maxLength: 5 }),
        (text, sizes) => {
          const log = Buffer.from(text);
          expect(streamed(log, sizes)).toEqual(classify({ log }, rules));
        },
      ),
      { numRuns: 80 },
    );
  });

  it('of several megabytes is judged like the whole', () => {
    const filler = Buffer.from(`${'   compiling unit of many, nothing to see\r\n'.repeat(30_000)}`);
    const log = Buffer.concat([filler, Buffer.from(readFixture('cargo-build.log')), filler]);
    const [a, b] = [streamed(log, [70_001]), classify({ log }, rules)];
    expect(a).toEqual(b);
    expect(b.excerpt.totalLines).toBe(log.toString('latin1').split(/\r\n|\n/).length - 1);
  });

  it('keeps what was found early, far beyond the memory it may use', () => {
    const filler = Buffer.from('   compiling unit of many, nothing to see here at all\n'.repeat(2000));
    const classifier = createClassifier(rules);
    classifier.push(Buffer.from('error[E0308]: mismatched types\n  --> src/first.rs:1:1\n'));
    for (let i = 0; i < 400; i++) classifier.push(filler);
    const { agent, excerpt } = classifier.finish({});
    expect(agent).toBe('rex');
    expect(excerpt.text).toContain('src/first.rs');
  });

  it('without any newline ends all the same', () => {
    const log = Buffer.alloc(1_000_000, 'error ');
    expect(streamed(log, [65_536]).excerpt.totalLines).toBe(1);
  });
});
