import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { scanWasm } from '../../../scripts/scan-wasm.ts';
import { createScanner, type FoundLine, type Literal, type Scanner } from '../../../src/decide/classify/scanner.ts';

const exact = (text: string): Literal => ({ text, ignoreCase: false });

interface Seen extends FoundLine {
  readonly texts: readonly number[];
}

/** Every line in which something was found, and how many lines end. */
function scanAll(scanner: Scanner, text: string | Buffer): { lines: Seen[]; ends: number } {
  const bytes = Buffer.from(text);
  const lines: Seen[] = [];
  const ends = scanner.scan(bytes, bytes.length, (line) => lines.push({ ...line, texts: [...scanner.found] }));
  return { lines, ends };
}

function findAll(literals: readonly Literal[], text: string): string[] {
  const { lines } = scanAll(createScanner(literals), text);
  return [...new Set(lines.flatMap(({ texts }) => texts))].map((id) => literals[id]!.text).sort();
}

/** What the scanner finds, the slow way. */
function expected(literals: readonly Literal[], text: string) {
  let [at, ends] = [0, 0];
  const lines: { start: number; end: number; ends: number; texts: number[] }[] = [];
  for (const [, line, lineBreak] of text.matchAll(/([^\r\n]*)(\r\n|\r|\n|$)/g)) {
    const texts = literals.flatMap(({ text: each }, id) => (line!.includes(each) ? [id] : []));
    const [start, end] = [at, at + Buffer.byteLength(line!)];
    if (texts.length > 0) lines.push({ start, end, ends, texts });
    at = end + lineBreak!.length;
    if (lineBreak !== '') ends++;
  }
  return { lines, ends };
}

const word = fc.string({ unit: fc.constantFrom('a', 'b', 'E', 'r', ' ', '-', '✖'), minLength: 4, maxLength: 9 });
const words = fc.uniqueArray(word, { minLength: 1, maxLength: 12 });

describe('the scanner', () => {
  it('finds exactly the texts that are there, wherever they stand and however they overlap', () => {
    fc.assert(
      fc.property(
        words,
        fc.array(fc.oneof(word, fc.constantFrom('xy', 'q', 'zzz')), { maxLength: 12 }),
        (texts, parts) => {
          const text = [...parts, ...texts.slice(0, 2)].join('');
          expect(findAll(texts.map(exact), text)).toEqual(texts.filter((each) => text.includes(each)).sort());
        },
      ),
      { numRuns: 400 },
    );
  });

  it('says in which line, between which positions, and counts the lines, whatever ends them', () => {
    const part = fc.oneof(word, fc.constantFrom('\n', '\r', '\r\n', 'x', 'a long part without anything in it'));
    fc.assert(
      fc.property(words, fc.array(part, { maxLength: 30 }), (texts, parts) => {
        const literals = texts.map(exact);
        const text = [...parts, texts[0]!].join('');
        const { lines, ends } = scanAll(createScanner(literals), text);
        const found = lines.map(({ first: _, marks: __, texts: ids, ...line }) => ({
          ...line,
          texts: [...ids].sort((a, b) => a - b),
        }));
        expect({ lines: found, ends }).toEqual(expected(literals, text));
      }),
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
    expect(findAll([exact('FAIL')], 'FAIL')).toEqual(['FAIL']);
    expect(findAll([exact('FAIL')], 'xFAIL')).toEqual(['FAIL']);
  });

  it('does not look beyond the end it was given, nor at what an earlier log left behind', () => {
    const scanner = createScanner([exact('error')]);
    scanAll(scanner, 'an error\nand an error\n');
    const visited: FoundLine[] = [];
    expect(scanner.scan(Buffer.from('  error'), 6, (line) => visited.push(line))).toBe(0);
    expect(visited).toEqual([]);
  });

  it('reads what is larger than its memory, and more finds than it can note at once', () => {
    const literals = [exact('error'), exact('fatal')];
    const text = `${'nothing here\r\n'.repeat(20_000)}${'an error, fatal\r\n'.repeat(20_000)}`;
    const { lines, ends } = scanAll(createScanner(literals), text);
    expect({ lines: lines.map(({ first: _, marks: __, ...line }) => line), ends }).toEqual(expected(literals, text));
  });

  it('looks at a line without an end in pieces', () => {
    const text = `${'x'.repeat(500_000)} error ${'y'.repeat(500_000)}\r\nerror\n`;
    const { lines, ends } = scanAll(createScanner([exact('error')]), text);
    expect(lines.map((line) => [line.ends, line.end])).toEqual([
      [0, expect.any(Number)],
      [1, text.length - 1],
    ]);
    expect(ends).toBe(2);
  });

  it('looks through a line of its own while it goes through a log', () => {
    const scanner = createScanner([exact('error'), exact('warning')]);
    const bytes = Buffer.from('error\nnothing\nerror\n');
    const inner: number[][] = [];
    const ends = scanner.scan(bytes, bytes.length, () => {
      scanner.scanLine('a warning');
      inner.push([...scanner.found]);
    });
    expect({ inner, ends }).toEqual({ inner: [[1], [1]], ends: 3 });
  });

  it('shares its memory with scanners for other texts', () => {
    const [few, many] = [[exact('error')], Array.from({ length: 3000 }, (_, i) => exact(`text number ${i}`))];
    const scanners = [createScanner(few), createScanner(many)];
    for (let round = 0; round < 2; round++) {
      expect(scanAll(scanners[0]!, 'text number 2999, error').lines[0]?.texts).toEqual([0]);
      expect(scanAll(scanners[1]!, 'text number 2999, error').lines[0]?.texts).toContain(2999);
    }
  });

  it('runs what scan.wat says: npm run generate assembles it', async () => {
    const path = resolve(import.meta.dirname, '../../../src/decide/classify/scan-wasm.ts');
    expect(readFileSync(path, 'utf8')).toBe(await scanWasm());
  });
});
