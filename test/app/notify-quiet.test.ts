import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { quietUntil } from '../../src/app/notify-quiet.ts';

const night = { from: '22:00', to: '07:00', timeZone: 'Europe/Berlin', passes: 'critical' } as const;
const at = (text: string): number => Date.parse(text);

describe('quiet hours', () => {
  it.each([
    ['the evening before', '2026-01-15T21:30:00+01:00', null],
    ['their first minute', '2026-01-15T22:00:00+01:00', '2026-01-16T07:00:00+01:00'],
    ['midnight', '2026-01-16T00:10:30+01:00', '2026-01-16T07:00:00+01:00'],
    ['their end', '2026-01-16T07:00:00+01:00', null],
    ['the night in which clocks go forward', '2026-03-28T23:00:00+01:00', '2026-03-29T07:00:00+02:00'],
    ['the night in which clocks go back', '2026-10-24T23:00:00+02:00', '2026-10-25T07:00:00+01:00'],
  ])('at %s', (_when, now, until) => {
    expect(quietUntil(night, 'warning', at(now))).toBe(until === null ? null : at(until));
  });

  it('may lie within a day', () => {
    const lunch = { ...night, from: '12:00', to: '13:00' };
    expect(quietUntil(lunch, 'info', at('2026-01-15T12:59:00+01:00'))).toBe(at('2026-01-15T13:00:00+01:00'));
    expect(quietUntil(lunch, 'info', at('2026-01-15T13:00:00+01:00'))).toBeNull();
  });

  it('let pass what is urgent, and are none when they are not set', () => {
    const now = at('2026-01-16T00:10:00+01:00');
    expect(quietUntil(night, 'critical', now)).toBeNull();
    expect(quietUntil({ ...night, passes: 'warning' }, 'warning', now)).toBeNull();
    expect(quietUntil({ timeZone: 'UTC', passes: 'critical' }, 'info', now)).toBeNull();
    expect(quietUntil({ ...night, from: '07:00' }, 'info', now)).toBeNull();
  });

  it('always end, at a time that is quiet no more', () => {
    const times = fc.constantFrom('00:00', '02:30', '06:15', '12:00', '22:00', '23:59');
    const zones = fc.constantFrom('UTC', 'America/New_York', 'Asia/Kathmandu', 'Australia/Lord_Howe');
    const start = at('2026-01-01T00:00:00Z');
    fc.assert(
      fc.property(times, times, zones, fc.nat(366 * 24 * 60), (from, to, timeZone, minute) => {
        const now = start + minute * 60_000;
        const quiet = { from, to, timeZone, passes: 'critical' } as const;
        // Nearly always one look says it; where an hour comes twice it may take some more.
        let time = now;
        for (let looks = 0; looks < 8; looks += 1) {
          const until = quietUntil(quiet, 'info', time);
          if (until === null) return;
          expect(until).toBeGreaterThan(time);
          time = until;
          expect(time - now).toBeLessThanOrEqual(26 * 3_600_000);
        }
        expect.unreachable('it is quiet for ever');
      }),
      { numRuns: 500 },
    );
    // The night in New York whose 02:30 does not exist.
    const gone = { from: '23:00', to: '02:30', timeZone: 'America/New_York', passes: 'critical' } as const;
    expect(quietUntil(gone, 'info', at('2026-03-08T06:30:00Z'))).toBeGreaterThan(at('2026-03-08T06:30:00Z'));
    expect(quietUntil(gone, 'info', at('2026-03-08T06:30:00Z'))).toBeLessThan(at('2026-03-08T08:00:00Z'));
  });
});
