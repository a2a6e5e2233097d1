import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DELIVERY_ORIGINS, type Delivery } from '../../src/model/delivery.ts';
import { type Decoded, decodeRecord, encodeRecord, findPrefix } from '../../src/store/inbox-format.ts';
import { aKept } from './support/inbox.ts';

const recordOf = (delivery: Delivery): Buffer => Buffer.concat(encodeRecord(delivery));

const deliveries: fc.Arbitrary<Delivery> = fc.record({
  id: fc.string({ unit: 'binary', maxLength: 40 }),
  origin: fc.constantFrom(...DELIVERY_ORIGINS),
  event: fc.option(fc.string({ maxLength: 64 })),
  externalId: fc.option(fc.string({ unit: 'binary', maxLength: 128 })),
  digest: fc.string({ maxLength: 64 }),
  receivedAt: fc.nat({ max: 2 ** 45 }),
  body: fc.uint8Array({ maxLength: 2_000 }),
});

/** What every answer has to hold to, whatever the bytes are. */
function expectPossible(bytes: Buffer, at: number, decoded: Decoded): void {
  if (decoded.kind === 'short') expect(decoded.needs).toBeGreaterThan(bytes.length - at);
  else if (decoded.end !== null) {
    expect(decoded.end).toBeGreaterThan(at);
    expect(decoded.end).toBeLessThanOrEqual(bytes.length);
  }
}

describe('a record of the inbox', () => {
  it('is read as it was written, wherever it stands', () => {
    fc.assert(
      fc.property(
        deliveries,
        fc.uint8Array({ maxLength: 50 }),
        fc.uint8Array({ maxLength: 50 }),
        (one, before, behind) => {
          const record = recordOf(one);
          const decoded = decodeRecord(Buffer.concat([before, record, behind]), before.length);
          expect(decoded).toEqual({
            kind: 'record',
            delivery: { ...one, body: Buffer.from(one.body) },
            end: before.length + record.length,
          });
        },
      ),
    );
  });

  it('that is cut anywhere says how much it takes, and never more than is plausible', () => {
    const record = recordOf(aKept(1, 300));
    for (let length = 0; length < record.length; length += 1) {
      const decoded = decodeRecord(record.subarray(0, length), 0);
      expect(decoded).toEqual({ kind: 'short', needs: length < 16 ? 16 : record.length });
    }
  });

  it('with any byte changed is not one, and its lengths are believed only when they are right', () => {
    const record = recordOf(aKept(1, 100));
    fc.assert(
      fc.property(fc.nat({ max: record.length - 1 }), fc.integer({ min: 1, max: 255 }), (at, mask) => {
        const bytes = Buffer.concat([record, recordOf(aKept(2))]);
        bytes[at] = (bytes[at] ?? 0) ^ mask;
        expect(decodeRecord(bytes, 0)).toEqual({ kind: 'damaged', end: at < 12 ? null : record.length });
        expect(findPrefix(bytes, 1)).toBe(record.length);
      }),
      { numRuns: 1_000 },
    );
  });

  it('of random bytes is never one, and reading them never throws', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), fc.nat({ max: 400 }), (random, at) => {
        const bytes = Buffer.from(random);
        const decoded = decodeRecord(bytes, Math.min(at, bytes.length));
        expect(decoded.kind).not.toBe('record');
        expectPossible(bytes, Math.min(at, bytes.length), decoded);
        expect(findPrefix(bytes, 0)).toBeNull();
      }),
      { numRuns: 2_000 },
    );
  });

  it('after many changes is itself or none', () => {
    const change = fc.tuple(fc.nat({ max: 600 }), fc.nat({ max: 255 }));
    fc.assert(
      fc.property(deliveries, fc.array(change, { maxLength: 8 }), (one, changes) => {
        const record = recordOf(one);
        const bytes = Buffer.from(record);
        for (const [at, value] of changes) if (at < bytes.length) bytes[at] = value;
        const decoded = decodeRecord(bytes, 0);
        expectPossible(bytes, 0, decoded);
        expect(decoded.kind === 'record').toBe(bytes.equals(record));
      }),
      { numRuns: 1_000 },
    );
  });

  it('whose lengths were forged with their checksum is not believed beyond what a door takes', () => {
    const forged = (head: number, body: number): Buffer => {
      const bytes = Buffer.alloc(200);
      bytes.writeUInt32LE(head, 0);
      bytes.writeUInt32LE(body, 4);
      bytes.writeUInt32LE(crcOf(bytes.subarray(0, 8)), 8);
      return bytes;
    };
    for (const [head, body] of [
      [0xffff_ffff, 10],
      [100, 0xffff_ffff],
      [0, 0],
      [65_537, 0],
      [100, 64 * 1024 * 1024 + 1],
    ] as const)
      expect(decodeRecord(forged(head, body), 0)).toEqual({ kind: 'damaged', end: null });
    expect(decodeRecord(forged(100, 64 * 1024 * 1024), 0)).toMatchObject({ kind: 'short' });
  });

  it.each(['null', '[]', '{"origin":"nowhere"}', '{"id":1', '"ci-failure"', '{}'])(
    'whose head is %s, though every checksum holds, is passed over',
    (head) => {
      const bytes = Buffer.alloc(16 + head.length);
      bytes.writeUInt32LE(head.length, 0);
      bytes.writeUInt32LE(crcOf(bytes.subarray(0, 8)), 8);
      bytes.write(head, 16);
      const rest = Buffer.concat([bytes.subarray(0, 12), bytes.subarray(16)]);
      bytes.writeUInt32LE(crcOf(rest), 12);
      expect(decodeRecord(bytes, 0)).toEqual({ kind: 'damaged', end: bytes.length });
    },
  );
});

/** CRC-32 written out, so that the format does not depend on one library. */
function crcOf(bytes: Uint8Array): number {
  let crc = 0xffff_ffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit += 1) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb8_8320 : 0);
  }
  return (crc ^ 0xffff_ffff) >>> 0;
}
