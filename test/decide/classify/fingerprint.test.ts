import { describe, expect, it } from 'vitest';
import { normaliseLines } from '../../../src/decide/classify/normalise.ts';
import { actionsLog, classifyText } from '../fixtures.ts';

const failing = (test: string, extra = ''): string =>
  actionsLog({
    run: 'cargo test',
    output: `${extra}test ${test} ... FAILED\ntest result: FAILED. 1 passed; 1 failed; 0 ignored`,
    exit: 101,
  });
const print = (log: string): string => classifyText(log).fingerprint;

describe('the fingerprint', () => {
  it('is the same at another time, after more output', () => {
    const log = failing('book::adds');
    expect(print(log.replaceAll('2026-01-15T10', '2026-03-02T23'))).toBe(print(log));
    expect(print(failing('book::adds', 'Compiling a\nCompiling b\n'))).toBe(print(log));
  });

  it('differs for another test', () => {
    expect(print(failing('book::adds'))).not.toBe(print(failing('book::subtracts')));
  });

  it('differs for another file and another error', () => {
    const error = (file: string, code: string) => `${file}(3,7): error ${code}: no`;
    const prints = [error('src/a.ts', 'TS2322'), error('src/b.ts', 'TS2322'), error('src/a.ts', 'TS2307')].map(print);
    expect(new Set(prints).size).toBe(3);
  });

  it('does not depend on line numbers, order or repeats', () => {
    const [one, two] = ['src/a.ts(3,7): error TS2322: no', 'src/b.ts(9,1): error TS2307: none'];
    const same = [
      `${one}\n${two}`,
      `${two}\n${one}`,
      `${one}\n${one}\n${two}`,
      `${one.replace('3,7', '40,2')}\n${two}`,
    ].map(print);
    expect(new Set(same).size).toBe(1);
  });

  it.each([
    ['times', 'failed at 2026-01-15T10:00:00Z after 3.2s', 'failed at 2025-11-02T03:14:15.123Z after 44s'],
    ['ids', 'run 3f2a1bc9 of 8400-x', 'run 99ab34ff of 8400-x'],
    ['uuids', 'job 6ba7b810-9dad-11d1-80b4-00c04fd430c8 lost', 'job 7ba7b810-9dad-11d1-80b4-00c04fd430c9 lost'],
    ['versions', 'cart v1.2.3 is broken', 'cart v1.10.0-rc.1 is broken'],
    ['the runner’s folders', 'error in /home/runner/work/shop/shop/src/a.c', 'error in /builds/acme/shop/src/a.c'],
    ['pods', 'pod shop-7c9d8f6b5d-x2x4z crashed', 'pod shop-5b6f7d8c9d-abcde crashed'],
    ['counts', 'Tests: 3 failed, 10 passed', 'Tests: 12 failed, 1 passed'],
    ['resource versions', 'patch failed "resourceVersion":"812734"', 'patch failed "resourceVersion":"99"'],
  ])('sees through %s', (_, a, b) => {
    expect(normaliseLines([a])).toEqual(normaliseLines([b]));
  });

  it.each([
    ['error codes', 'error TS2322: no', 'error TS2307: no'],
    ['files', 'error in /w/shop/src/a.c', 'error in /w/shop/src/b.c'],
    ['test names', 'test adds_two ... FAILED', 'test adds_three ... FAILED'],
    ['lint rules', 'x.js  no-unused-vars', 'x.js  eqeqeq'],
  ])('keeps %s apart', (_, a, b) => {
    expect(normaliseLines([a])).not.toEqual(normaliseLines([b]));
  });

  it('tells two breakages apart that have no evidence', () => {
    expect(print('the cart is on fire\nbye')).not.toBe(print('the till is on fire\nbye'));
  });
});
