import { describe, expect, it } from 'vitest';
import { preferred } from '../../src/intake/prefer.ts';
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
    expect(preferred(header).wait).toBe(seconds);
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
    expect(preferred(header).wait).toBeNull();
  });

  it.each([
    ['respond-async', true],
    ['Respond-Async; foo=bar', true],
    ['return=minimal, respond-async', true],
    ['respond-asynchronously', false],
    ['note="respond-async"', false],
    ['wait=5', false],
    [undefined, false],
  ])('%j asks for an answer before the decision: %s', (header, respondAsync) => {
    expect(preferred(header).respondAsync).toBe(respondAsync);
  });

  it('may be sent in several headers', () => {
    expect(preferred(['respond-async', 'wait=7'])).toEqual({ wait: 7, respondAsync: true });
  });

  it('is read in linear time whatever it holds', () => {
    for (const part of ['"\\', '",', 'a=', ';', ' ', 'wait="'])
      expect(cpuMs(() => preferred(part.repeat(20_000)), 50)).toBeLessThan(50);
  });
});
