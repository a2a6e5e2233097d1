import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compare } from '../../../src/brief/sources/prometheus/compare.ts';

const reading = (now: number | null, hourBefore: number | null, dayBefore: number | null) => ({
  now,
  hourBefore,
  dayBefore,
});

describe('a figure against an hour and a day before', () => {
  it.each([
    ['twice as much as at both times', reading(0.4, 0.02, 0.2), 'spike'],
    ['from nothing', reading(0.4, 0, 0), 'spike'],
    ['twice as much as at the only time that is known', reading(0.4, null, 0.1), 'spike'],
    ['as much as yesterday at this time', reading(0.4, 0.02, 0.4), 'rise'],
    ['a little more', reading(0.4, 0.3, 0.3), 'steady'],
    ['the same', reading(0.4, 0.4, 0.4), 'steady'],
    ['much more, but hardly anything', reading(0.009, 0.0001, 0), 'steady'],
    ['half as much', reading(0.1, 0.4, 0.2), 'drop'],
    ['nothing known before', reading(0.9, null, null), 'unknown'],
    ['nothing known now', reading(null, 0.1, 0.1), 'no_data'],
  ])('judges %s', (_, given, change) => {
    expect(compare(given, 0.01)).toBe(change);
  });

  const number = fc.double({ min: 0, max: 1e6, noNaN: true });
  const before = fc.option(number);

  it('is a spike only if it is at least twice every number that is known (property)', () => {
    fc.assert(
      fc.property(number, before, before, number, (now, hour, day, floor) => {
        const known = [hour, day].filter((value) => value !== null);
        const isSpike = known.length > 0 && now >= floor && known.every((value) => now >= 2 * value);
        expect(compare(reading(now, hour, day), floor) === 'spike').toBe(isSpike);
      }),
    );
  });

  it('never stops being a spike when it grows (property)', () => {
    fc.assert(
      fc.property(number, number, before, before, number, (now, more, hour, day, floor) => {
        fc.pre(compare(reading(now, hour, day), floor) === 'spike');
        expect(compare(reading(now + more, hour, day), floor)).toBe('spike');
      }),
    );
  });
});
