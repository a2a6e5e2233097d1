import { describe, expect, it } from 'vitest';
import { MAX_DEPTH, parseBody, parseJson } from '../../src/intake/json.ts';
import { cpuMs } from './support/cpu.ts';

const bytes = (text: string) => Buffer.from(text);

describe('a body', () => {
  it('is read as JSON, with or without a byte order mark', () => {
    expect(parseBody(bytes('{"a":"ä"}'))).toEqual({ ok: true, value: { a: 'ä' } });
    expect(parseBody(bytes('\ufeff{"a":1}'))).toEqual({ ok: true, value: { a: 1 } });
  });

  it.each([
    ['', 'is empty'],
    [' \n', 'is empty'],
    ['{', 'is not JSON'],
    ['{"a":1}{', 'is not JSON'],
    ['undefined', 'is not JSON'],
    ["{'a':1}", 'is not JSON'],
    ['payload=', 'is empty'],
    ['payload=%7B', 'is not JSON'],
  ])('%j %s', (text, message) => {
    expect(parseBody(bytes(text))).toEqual({ ok: false, message });
  });

  it('that is not UTF-8 is refused, surrogates encoded as bytes too', () => {
    expect(parseBody(Buffer.from([0x22, 0xff, 0x22]))).toEqual({ ok: false, message: 'is not UTF-8' });
    expect(parseBody(Buffer.from([0x22, 0xed, 0xa0, 0x80, 0x22]))).toEqual({ ok: false, message: 'is not UTF-8' });
  });

  it('may be a form with the JSON in a field called payload', () => {
    const form = `payload=${encodeURIComponent('{"a":"x y+z&"}')}&other=1`;
    expect(parseBody(bytes(form))).toEqual({ ok: true, value: { a: 'x y+z&' } });
    expect(parseBody(bytes('payload=%7B%22a%22%3A+1%7D'))).toEqual({ ok: true, value: { a: 1 } });
  });
});

describe('the number of values', () => {
  const MEGABYTES = 25 * 1024 * 1024;
  const repeated = (part: string) => `[${part.repeat(Math.floor(MEGABYTES / part.length) - 1)}0]`;
  const distinct = () => {
    const keys = Array.from({ length: 2_000_000 }, (_, index) => `"k${index.toString(36)}":1`);
    return `{${keys.join(',')}}`;
  };

  it.each([
    ['a flat list', () => repeated('1,')],
    ['a flat list of texts', () => repeated('"a",')],
    ['a list of empty objects', () => repeated('{},')],
    ['one object of distinct keys', distinct],
  ])('is bounded: %s of 25 MiB is refused before it holds up anybody', (_, write) => {
    const text = write();
    const refuse = () => expect(parseJson(text)).toEqual({ ok: false, message: 'holds too many values' });
    expect(cpuMs(refuse, 100)).toBeLessThan(100);
  });

  it('is counted outside of strings only, and is enough for a push of the most commits', () => {
    const commit = {
      id: 'x',
      message: '[a, b, c]: {d}'.repeat(40),
      added: Array(100).fill('src/a,b.ts'),
      by: { a: 1 },
    };
    expect(parseJson(JSON.stringify({ commits: Array(2_048).fill(commit) })).ok).toBe(true);
  });
});

describe('nesting', () => {
  const nested = (depth: number) => '['.repeat(depth) + ']'.repeat(depth);

  it(`is taken to ${MAX_DEPTH} levels and no further`, () => {
    expect(parseJson(nested(MAX_DEPTH)).ok).toBe(true);
    expect(parseJson(nested(MAX_DEPTH + 1))).toEqual({ ok: false, message: 'nests deeper than 200 levels' });
  });

  it('is not counted inside of strings', () => {
    for (const text of ['['.repeat(500), `\\"${'{'.repeat(500)}`, `\\\\\\"${'['.repeat(500)}`])
      expect(parseJson(`{"a":"${text}"}`).ok).toBe(true);
  });

  it('is counted after a string that ends with escaped backslashes', () => {
    expect(parseJson(`["\\\\",${nested(MAX_DEPTH)}]`)).toMatchObject({ ok: false });
  });

  it('of millions of brackets is refused at once', () => {
    const text = '{"a":'.repeat(4_000_000);
    const spent = cpuMs(() => expect(parseJson(text)).toMatchObject({ ok: false }), 200);
    expect(spent).toBeLessThan(200);
  });

  it('is measured in linear time in a string of backslashes', () => {
    const texts = [`"${'\\'.repeat(2_000_000)}"`, `"${'\\"'.repeat(1_000_000)}"`];
    for (const text of texts) expect(cpuMs(() => parseJson(text), 1_000)).toBeLessThan(1_000);
  });
});
