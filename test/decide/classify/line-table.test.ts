import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { linesWasm } from '../../../scripts/scan-wasm.ts';
import { plainLine } from '../../../src/decide/classify/line.ts';
import { LineTable } from '../../../src/decide/classify/line-table.ts';
import { linesMemory, WINDOW_BYTES } from '../../../src/decide/classify/lines-memory.ts';
import { TextStore } from '../../../src/decide/classify/text-store.ts';

interface Told {
  readonly number: number;
  /** What a person sees of it. */
  readonly text: string;
  readonly isBlank: boolean;
}

/** What is shown of a line, the slow way. Text that goes through bytes has no halves of characters. */
function shown(line: Buffer): string {
  const text = plainLine(line.toString('utf8', 0, 1024));
  return (text.length > 400 ? `${text.slice(0, 400)}…` : text).toWellFormed();
}

/** All lines of a log and where they begin, the slow way. */
function linesOf(log: Buffer): { told: Told; start: number }[] {
  let start = 0;
  return [...log.toString('latin1').matchAll(/([^\r\n]*)(\r\n|\r|\n|$)/g)]
    .filter(([all]) => all !== '')
    .map(([all, line], i) => {
      const text = shown(log.subarray(start, start + line!.length));
      start += all.length;
      return { told: { number: i + 1, text, isBlank: text === '' }, start: start - all.length };
    });
}

/** @param ends where the blocks end; what stands behind a block is left of another */
function storeOf(log: Buffer, ends: readonly number[]): TextStore {
  const store = new TextStore();
  let offset = 0;
  for (const end of [...new Set([...ends, log.length])].sort((a, b) => a - b)) {
    if (end === 0) continue;
    const bytes = Buffer.concat([log.subarray(offset, end), Buffer.from('01\x1b[0m\n')]);
    store.add({ bytes, offset, length: end - offset, priority: 0 });
    offset = end;
  }
  return store;
}

function toldBy(table: LineTable, line: number): Told | null {
  if (line === 0) return null;
  const text = linesMemory().bytes.toString('utf8', table.from(line), table.to(line));
  return { number: table.numberOf(line), text, isBlank: table.isBlank(line) };
}

/** Walks from one line to both ends, a step in each direction at a time. */
function compare(log: Buffer, ends: readonly number[], pick: number): void {
  const lines = linesOf(log);
  const middle = pick % Math.max(1, lines.length);
  const table = new LineTable(storeOf(log, ends));
  if (lines.length === 0) return;
  const first = table.at(middle + 1, lines[middle]!.start);
  expect(toldBy(table, first)).toEqual(lines[middle]!.told);
  let [up, down] = [first, first];
  for (let i = 1; up !== 0 || down !== 0; i++) {
    if (up !== 0) up = table.above(up);
    if (down !== 0) down = table.below(down);
    expect(toldBy(table, up)).toEqual(lines[middle - i]?.told ?? null);
    expect(toldBy(table, down)).toEqual(lines[middle + i]?.told ?? null);
  }
}

/** Behind which bytes a log may be cut: those of newlines. */
function cutsOf(log: Buffer, picks: readonly number[]): number[] {
  const newlines = [...log.keys()].filter((i) => log[i] === 10);
  return newlines.length === 0 ? [] : picks.map((pick) => newlines[pick % newlines.length]! + 1);
}

const STAMP = '2026-11-20T06:01:02.1234567Z';
const PIECES = [
  ...[
    '\n',
    '\n',
    '\r',
    '\r\n',
    '\n\n\n',
    ' ',
    '\t',
    '\v',
    '\f',
    '  ',
    '[',
    ']',
    'm',
    'm[',
    '\x1b',
    ';',
    '?',
    '0',
    '20',
    '|',
    ':',
  ],
  ...[
    '\x1b[31m',
    '\x1b[0K',
    '\x1b[?25l',
    '\x1b[1;',
    '\x1b(B',
    '\x1b)',
    '\x1b]0;a title\x07',
    '\x1b]8;;x\x1b\\',
    '\x07',
  ],
  ...['[m', '[0m', '[1;31m', '[1;2;3;4;5m', '[1;2;3;4;5;6m', '[1234m', '[;m', '[ERROR] ', '[06:01:02] '],
  ...[`\n${STAMP} `, `\r\n${STAMP}\t`, `\n${STAMP}`, `\n${STAMP}]`, `\n${STAMP} [`, `build\tRun tests\t${STAMP} `],
  ...[
    `\nbuild  Run tests  \ufeff${STAMP} `,
    '\n2026-11-20T06:01:02Z ',
    '\n2026-11-20 06:01:02,123 ',
    '\n2026/11/20 06:01:02 ',
  ],
  ...[
    `\n${STAMP.replace('4567', '456789012345678')} `,
    '\n2026-11-20T06:01:02.Z ',
    '\n202x-11-20T06:01:02.1Z ',
    '\n1234',
  ],
  ...['\ufeff', '\n\ufeff', '\u00a0', '\u2003\n', '\u3000\n', 'é', '✓', '…\n', '😀', 'error: boom', 'x'.repeat(97)],
].map((piece) => Buffer.from(piece));
/** Parts of characters, and one that a code stands in. */
const BROKEN = [[0x80], [0xc3], [0xa9], [0xe2, 0x80], [0xbf], [0xff], [0xc3, 27, 91, 109, 0xa9, 46]].map((bytes) =>
  Buffer.from(bytes),
);

const parts = (choices: readonly Buffer[], maxLength: number): fc.Arbitrary<Buffer> =>
  fc.array(fc.constantFrom(...choices), { maxLength }).map((pieces) => Buffer.concat(pieces));
const picks = fc.array(fc.nat(), { maxLength: 4 });

describe('the table of lines', () => {
  it('holds every line of a log as a person sees it, whatever stands in it and wherever its blocks are cut', () => {
    const log = parts([...PIECES, ...BROKEN], 60);
    fc.assert(
      fc.property(log, picks, fc.nat(), (bytes, cuts, pick) => compare(bytes, cutsOf(bytes, cuts), pick)),
      { numRuns: 3000 },
    );
  });

  it('does so for bytes of all kinds', () => {
    const byte = fc.constantFrom(...Buffer.from('\n\r\x1b[]m;0129 Kq\t-T:.Z'), 0xc3, 0xa9, 0xef, 0xbb, 0xbf);
    const log = fc.array(byte, { maxLength: 200 }).map((bytes) => Buffer.from(bytes));
    fc.assert(
      fc.property(log, picks, fc.nat(), (bytes, cuts, pick) => compare(bytes, cutsOf(bytes, cuts), pick)),
      { numRuns: 2000 },
    );
  });

  it('follows lines through more of a log than it has at hand, and past lines that are longer', () => {
    const line = fc.tuple(
      fc.constantFrom('', 'a', `${STAMP} word `, '\x1b[1m'),
      fc.constantFrom(1, 30, 399, 401, 3000, 20_000, WINDOW_BYTES / 2 - 1, WINDOW_BYTES + 5),
      fc.constantFrom('\n', '\r', '\r\n'),
    );
    const log = fc
      .array(line, { minLength: 1, maxLength: 60 })
      .map((lines) => Buffer.from(lines.map(([start, length, end]) => `${start}${'y'.repeat(length)}${end}`).join('')));
    fc.assert(
      fc.property(log, picks, fc.nat(), (bytes, cuts, pick) => compare(bytes, cutsOf(bytes, cuts), pick)),
      { numRuns: 60 },
    );
  });

  it('has more lines than it was made for', () => {
    const log = Buffer.from(Array.from({ length: 3000 }, (_, i) => `line ${i}`).join('\n'));
    compare(log, [], 1700);
  });

  it('goes where the store goes when a line without an end was cut, and loses nothing of it', () => {
    fc.assert(
      fc.property(parts(PIECES, 40), picks, fc.nat(), (log, cuts, pick) => {
        if (log.length === 0) return;
        const store = storeOf(
          log,
          cuts.map((cut) => cut % log.length),
        );
        const table = new LineTable(store);
        const middle = pick % log.length;
        for (const direction of ['above', 'below'] as const) {
          let line = store.lineAt(middle);
          let row = table.at(0, middle);
          while (line !== null) {
            expect(toldBy(table, row)?.text).toBe(shown(log.subarray(line.start, line.end)));
            line = direction === 'above' ? store.previous(line) : store.next(line);
            row = table[direction](row);
          }
          expect(row).toBe(0);
        }
      }),
      { numRuns: 1000 },
    );
    const log = Buffer.from('one line\nsecond');
    const store = storeOf(log, [6]);
    expect(store.next(store.lineAt(0)!)).toEqual({ start: 6, end: 8 });
    expect(store.previous(store.lineAt(6)!)).toEqual({ start: 0, end: 6 });
  });

  it('says where each part of what is taken begins', () => {
    const log = Buffer.from('a\nb\nc\nd\ne\nf\n');
    const table = new LineTable(storeOf(log, []));
    for (let line = table.at(4, 6); line !== 0; line = table.below(line))
      if (table.numberOf(line) !== 5) table.take(line);
    for (let line = table.at(2, 2); line !== 0; line = table.above(line)) table.take(line);
    expect(table.runs().map((line) => table.numberOf(line))).toEqual([1, 4, 6]);
  });

  it('runs what lines.wat says: npm run generate assembles it', async () => {
    const path = resolve(import.meta.dirname, '../../../src/decide/classify/lines-wasm.ts');
    expect(readFileSync(path, 'utf8')).toBe(await linesWasm());
  });
});
