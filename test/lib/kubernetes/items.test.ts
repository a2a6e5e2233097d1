import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { takeItems } from '../../../src/lib/kubernetes/items.ts';

/** Bytes cut after every so many of `lengths`, in turn. */
async function* cut(text: string, lengths: readonly number[]): AsyncGenerator<Uint8Array> {
  const bytes = Buffer.from(text);
  for (let at = 0, turn = 0; at < bytes.length; turn += 1) {
    const length = lengths[turn % lengths.length] ?? 1;
    yield bytes.subarray(at, at + length);
    at += length;
  }
}

async function read(text: string, lengths: readonly number[] = [1_000_000]) {
  const items: unknown[] = [];
  const { rest, bytes } = await takeItems(cut(text, lengths), (item) => items.push(JSON.parse(item)));
  return { items, rest: JSON.parse(rest) as unknown, bytes };
}

describe('a list that is taken apart on its way', () => {
  it('gives every object, whatever is in it and however the bytes are cut', () =>
    fc.assert(
      fc.asyncProperty(
        fc.array(fc.dictionary(fc.string(), fc.jsonValue()), { maxLength: 6 }),
        fc.string({ unit: 'binary' }),
        fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1 }),
        fc.boolean(),
        async (items, token, lengths, isLast) => {
          const metadata = { resourceVersion: '7', continue: token };
          // Custom resources come with their fields in the order of the alphabet, the others as they are declared.
          const list = isLast ? { kind: 'List', metadata, items } : { items, kind: 'List', metadata };
          for (const text of [JSON.stringify(list), `${JSON.stringify(list, null, 2)}\n`]) {
            const found = await read(text, lengths);
            const plain = JSON.parse(JSON.stringify(list)) as typeof list;
            expect(found).toEqual({
              items: plain.items,
              rest: { ...plain, items: [] },
              bytes: Buffer.byteLength(text),
            });
          }
        },
      ),
    ));

  it('takes nothing for an object that stands in a text, or outside of the list', async () => {
    const text = '{"metadata":{"a":{"b":{}}},"items":[{"x":"}],{\\\\\\"{["},{"y":[{"z":{}}]}],"kind":"JobList"}';
    const found = await read(text, [1]);
    expect(found.items).toEqual([{ x: '}],{\\"{[' }, { y: [{ z: {} }] }]);
    expect(found.rest).toEqual({ metadata: { a: { b: {} } }, items: [], kind: 'JobList' });
  });

  it.each(['{"items":[],"metadata":{}}', '{"items":null,"metadata":{}}', '{"metadata":{}}'])(
    'finds nothing in %s',
    async (text) => {
      expect((await read(text)).items).toEqual([]);
    },
  );
});
