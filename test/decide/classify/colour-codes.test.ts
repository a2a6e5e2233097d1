import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { copyWithoutCodes, withoutCodes } from '../../../src/decide/classify/colour-codes.ts';

function copied(text: string): string {
  const bytes = Buffer.from(`<${text}>`);
  const out = Buffer.alloc(bytes.length);
  const length = copyWithoutCodes(bytes, 1, bytes.length - 1, out, 0);
  return out.toString('utf8', 0, length);
}

describe('a copy without colour codes', () => {
  it.each([
    ['\x1b[31;1merror\x1b[0m', 'error'],
    ['[0mplain[1;2;3;4;5m[m', 'plain'],
    ['[1;2;3;4;5;6m [1234m [;m [31', '[1;2;3;4;5;6m [1234m [;m [31'],
    ['\x1b]8;;http://a\x1b\\link\x1b]8;;\x07 [', 'link ['],
    ['no bracket \x1b(B', 'no bracket \x1b(B'],
    ['\x1b(B\x1b[?25l\x1b[', '\x1b['],
    ['\x1b[\x1b[0m31m', '\x1b[31m'],
    ['é\x1b[2K', 'é'],
  ])('%j', (text, expected) => {
    expect(copied(text)).toBe(expected);
  });

  it('is the same as the pattern leaves', () => {
    const part = fc.constantFrom(
      '\x1b',
      '[',
      ']',
      '(',
      ')',
      '\\',
      '\x07',
      'm',
      'K',
      'x',
      'B',
      '0',
      '31',
      '1234',
      ';',
      '?',
      ' ',
    );
    fc.assert(
      fc.property(fc.array(part, { maxLength: 25 }), (parts) => {
        const text = parts.join('');
        expect(copied(text)).toBe(withoutCodes(text));
      }),
      { numRuns: 3000 },
    );
  });
});
