import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { digestOf } from '../../src/lib/digest.ts';

describe('the digest of labelled parts', () => {
  it('stays what it is: identities that are stored rest on it', () => {
    expect(digestOf({ shop: 'till', lines: 3 })).toBe(
      createHash('sha256').update('shop:4:till;').update('lines:1:3;').digest('hex'),
    );
  });

  it('is that of the parts one after the other, whatever is in them', () => {
    const text = fc.string({ unit: 'binary', maxLength: 12 });
    fc.assert(
      fc.property(text, text, (a, b) => {
        const hash = createHash('sha256');
        for (const [label, value] of Object.entries({ a, b })) {
          hash
            .update(`${label}:${Buffer.byteLength(value)}:`)
            .update(value)
            .update(';');
        }
        expect(digestOf({ a, b })).toBe(hash.digest('hex'));
      }),
    );
  });

  it('tells parts apart that read the same when they stand together', () => {
    expect(digestOf({ a: '1', b: '2' })).not.toBe(digestOf({ a: '1;b:1:2' }));
  });
});
