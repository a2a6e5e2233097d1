import { describe, expect, it } from 'vitest';
import { preferredWait } from '../../src/intake/prefer.ts';
import { cpuMs } from './support/cpu.ts';

describe('Prefer', () => {
  it.each([
    ['wait=20', 20],
    ['wait=0', 0],
    ['wait="20"', 20],
    ['Wait = 20', 20],
    ['wait=20; foo=bar', 20],
    ['respond-async, wait=10', 10],
    ['note="a, wait=3", wait=4', 4],
    ['wait=5, wait=20', 5],
    ['wait=31', 30],
    ['wait=99999999', 30],
  ])('%s waits %i seconds', (header, seconds) => {
    expect(preferredWait(header)).toBe(seconds);
  });

  it.each([
    [undefined],
    [''],
    ['respond-async'],
    ['wait'],
    ['wait='],
    ['wait=soon'],
    ['wait=-1'],
    ['wait=1.5'],
    ['waits=5'],
    [',,,'],
    ['"'],
  ])('%j does not ask to wait', (header) => {
    expect(preferredWait(header)).toBeNull();
  });

  it('may be sent in several headers', () => {
    expect(preferredWait(['respond-async', 'wait=7'])).toBe(7);
  });

  it('is read in linear time whatever it holds', () => {
    for (const part of ['"\\', '",', 'a=', ';', ' ', 'wait="'])
      expect(cpuMs(() => preferredWait(part.repeat(20_000)), 50)).toBeLessThan(50);
  });
});
