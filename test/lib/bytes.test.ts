import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isPrivateAddress } from '../../src/lib/addresses.ts';
import { collectHeadAndTail } from '../../src/lib/bounded-bytes.ts';

describe('head and tail of a stream', () => {
  it('are the beginning and the end, whatever the chunks', () => {
    fc.assert(
      fc.property(
        fc.array(fc.string({ unit: 'grapheme-ascii', maxLength: 40 }), { maxLength: 20 }),
        fc.nat(50),
        fc.nat(50),
        (chunks, headBytes, tailBytes) => {
          const collector = collectHeadAndTail(headBytes, tailBytes);
          for (const chunk of chunks) collector.push(Buffer.from(chunk));
          const { bytes, cutBytes } = collector.finish();
          const whole = chunks.join('');
          const text = Buffer.from(bytes).toString();
          expect(cutBytes).toBe(Math.max(0, whole.length - headBytes - tailBytes));
          if (cutBytes === 0) expect(text).toBe(whole);
          else {
            expect(text.startsWith(whole.slice(0, headBytes))).toBe(true);
            expect(text.endsWith(tailBytes === 0 ? '' : whole.slice(-tailBytes))).toBe(true);
            expect(text).toContain(`${cutBytes} bytes`);
          }
        },
      ),
    );
  });
});

describe('addresses', () => {
  it.each([
    ['127.0.0.1', true],
    ['10.255.0.1', true],
    ['172.16.0.1', true],
    ['172.32.0.1', false],
    ['192.168.1.1', true],
    ['169.254.169.254', true],
    ['100.64.0.1', true],
    ['0.0.0.0', true],
    ['8.8.8.8', false],
    ['::1', true],
    ['::', true],
    ['::ffff:127.0.0.1', true],
    ['::ffff:8.8.8.8', false],
    ['fe80::1%eth0', true],
    ['fd00::1', true],
    ['2606:4700::1111', false],
    ['[::1]', true],
    ['not an address', true],
  ])('%s is inside: %s', (address, inside) => {
    expect(isPrivateAddress(address)).toBe(inside);
  });
});
