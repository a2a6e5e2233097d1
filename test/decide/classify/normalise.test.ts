import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { normaliseLines } from '../../../src/decide/classify/normalise.ts';

/** The definition: one pattern after the other, line by line. Stored fingerprints rest on it. */
function normalised(text: string): string {
  return text
    .replace(/https?:\/\/[^\s'")\]>]+/g, (url) => url.replace(/[?#].*$/, ''))
    .replace(/(?<=[-/])[a-z0-9]{8,10}-[a-z0-9]{5}(?![\w-])/g, '<pod>')
    .replace(/\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b/gi, '<id>')
    .replace(/\b(?=[0-9a-f]*\d)(?=[0-9a-f]*[a-f])[0-9a-f]{7,64}\b/gi, '<hex>')
    .replace(/\b0x[0-9a-f]+\b/gi, '<hex>')
    .replace(/\b\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:[.,]\d+)?)?Z?)?/g, '<time>')
    .replace(/(?:[A-Za-z]:)?[\\/](?:[^\s\\/:'"`()<>,]+[\\/])+([^\s\\/:'"`()<>,]+)/g, (path) =>
      path.split(/[\\/]/).slice(-2).join('/'),
    )
    .replace(/\bv?\d+(?:\.\d+)+(?:[-+][\w.]+)?\b/g, '<n>')
    .replace(/(?<!\w)\d+(?:,\d{3})*(?=[a-zA-Z]{0,3}\b)/g, '<n>')
    .replace(/<n>(?:st|nd|rd|th|ms|s|m|min|kB|KB|MB|GB|KiB|MiB|GiB|B)\b/g, '<n>')
    .replace(/<n>(?:[:,.]<n>)+/g, '<n>')
    .replace(/\s+/g, ' ')
    .trim()
    .slice(0, 240);
}

const PIECES = [
  ...['a', 'fe', 'x', 'zz', '0', '7', '12', '345', '_', '-', '-', '/', '/', '\\', ':', '.', ',', '+', '#', '?', ' '],
  ...['  ', '\t', '\n', '\r\n', '\u00a0', '\u2028', '\ufeff', 'é', '✖', '(', ')', '<', '>', '<n>', '"', "'", 'C:\\'],
  ...['0x', '0XfF', 'v1.2', '1.2.3-rc.1', ',123', 'ms', 'KiB', 'st', 'T10:00', ':59.5Z', '2026-11-20', 'de4dbeef'],
  ...['abcdefgh-1bcde', '6ba7b810-9dad-11d1-80b4-00C04fd430c8', 'home/', 'src/a.ts:12:5', 'http://'],
  'https://shop.example/x?y=1#z',
];
const line = fc.array(fc.constantFrom(...PIECES), { maxLength: 14 }).map((pieces) => pieces.join(''));

describe('normalising lines', () => {
  it('gives what the patterns give one after the other on each line', () => {
    fc.assert(
      fc.property(fc.array(line, { minLength: 1, maxLength: 6 }), (lines) => {
        expect(normaliseLines(lines)).toEqual(lines.map(normalised));
      }),
      { numRuns: 3000 },
    );
  });

  it('cuts what is long', () => {
    const long = 'word '.repeat(100);
    expect(normaliseLines([long, 'short'])).toEqual([normalised(long), 'short']);
  });
});
