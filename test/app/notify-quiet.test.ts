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
        const until = quietUntil(quiet, 'info', now);
        if (until === null) return;
        expect(until).toBeGreaterThan(now);
        expect(until - now).toBeLessThanOrEqual(26 * 3_600_000);
        // In a night whose hour does not exist it may take one more look.
        const next = quietUntil(quiet, 'info', until);
        if (next !== null) expect(quietUntil(quiet, 'info', next)).toBeNull();
      }),
      { numRuns: 300 },
    );
  });
});
