import { describe, expect, it } from 'vitest';
import { reason } from '../../src/model/reason.ts';
import type { Phase } from '../../src/model/remediation.ts';
import { breakerOf } from '../../src/remediate/breaker.ts';
import { isWave, leadOf, type Seen, standing, waveKeys } from '../../src/remediate/incident.ts';
import { type Allowance, DEFAULT_POLICY, type Policy } from '../../src/remediate/policy.ts';
import { aRemediation, checksRead, evidence } from '../support/builders.ts';
import { NOON } from '../support/clock.ts';
import { anIncident } from './facts.ts';
import { inPhase } from './phases.ts';
import { step } from './rules.ts';

const LATER = NOON + 1_000;
const MINUTE = 60_000;
const inLoad = (load: Partial<Policy['load']>): Policy => ({
  ...DEFAULT_POLICY,
  load: { ...DEFAULT_POLICY.load, ...load },
});
const transient = evidence({ transient: true, failureType: 'transient_network' });

describe('one of a wave', () => {
  it('waits before it is re-run and before an agent is sent, and says for whom', () => {
    for (const fact of [transient, evidence()]) {
      const { remediation } = step(inPhase('gathering'), fact, inLoad({ incident: anIncident() }), LATER);
      expect(remediation).toMatchObject({
        phase: 'deferred',
        reason: { code: 'incident' },
        rerunAt: null,
        attempts: [],
      });
      expect(remediation.reason?.detail).toContain('ci-1 goes ahead');
    }
  });

  it('goes ahead when it is the lead', () => {
    const policy = inLoad({ incident: anIncident({ isLead: true }) });
    expect(step(inPhase('gathering'), transient, policy, LATER).remediation.phase).toBe('rerunning');
  });

  it('goes on when the incident is over, or its time is', () => {
    const held = inPhase('deferred', { reason: reason('incident') });
    const ring = (policy: Policy) => step(held, { kind: 'timer_rang' }, policy, held.wakeAt ?? 0).remediation.phase;
    expect(ring(inLoad({ incident: anIncident() }))).toBe('deferred');
    expect(ring(inLoad({ incident: anIncident({ until: NOON }) }))).toBe('gathering');
    expect(ring(inLoad({}))).toBe('gathering');
  });

  it('is still stopped by what stops it anyway', () => {
    const fact = evidence({ verdict: { kind: 'stop', phase: 'succeeded', reason: reason('already_green') } });
    const { remediation } = step(inPhase('gathering'), fact, inLoad({ incident: anIncident() }), LATER);
    expect(remediation.phase).toBe('succeeded');
  });

  it('does not ask people again whom another one has asked', () => {
    const spent = inPhase('verifying', { attemptsBefore: 2 });
    const ending = (incident: Policy['load']['incident']) =>
      step(spent, checksRead('red'), inLoad({ incident }), LATER).remediation;
    expect(ending(anIncident())).toMatchObject({ phase: 'escalated', reason: { code: 'attempts_spent' } });
    const quiet = ending(anIncident({ escalatedAs: 'ci-7' }));
    expect(quiet).toMatchObject({ phase: 'cancelled', reason: { code: 'incident' } });
    expect(quiet.reason?.detail).toMatch(/^People were asked in ci-7 about the same cause\. 3 attempts did not/);
    expect(quiet.attempts.at(-1)?.outcome).toBe('ci_still_failing');
  });
});

describe('what makes a wave', () => {
  it.each([
    ['a transient failure', transient, {}, [{ kind: 'transient', key: 'transient_network' }]],
    ['one that was re-run already', transient, { rerunAt: NOON }, []],
    ['a lasting breakage', evidence(), {}, [{ kind: 'fingerprint', key: 'f1' }]],
    ['a guess', evidence({ confidence: 0.4 }), {}, []],
    ['no fingerprint', evidence({ fingerprint: '' }), {}, []],
    ['one that an agent was at', evidence(), { attempts: inPhase('retrying').attempts }, []],
    [
      'one that is stopped',
      evidence({ verdict: { kind: 'stop', phase: 'cancelled', reason: reason('fork') } }),
      {},
      [],
    ],
  ] as const)('%s', (_, fact, changes, keys) => {
    expect(waveKeys(aRemediation(changes), fact)).toEqual(keys);
  });

  const seen = (count: number, repositories = 1): Seen[] =>
    Array.from({ length: count }, (_, n) => ({
      remediationId: `r${n}`,
      repository: `acme/${n % repositories}`,
      phase: 'rerunning' as const,
    }));
  const rule = { remediations: 3, windowMs: MINUTE };

  it('counts remediations of a transient cause, and repositories of a lasting one', () => {
    const network = { kind: 'transient', key: 'transient_network' } as const;
    const same = { kind: 'fingerprint', key: 'f1' } as const;
    expect([isWave(network, seen(3), rule), isWave(network, seen(4), rule)]).toEqual([false, true]);
    expect([isWave(same, seen(9), rule), isWave(same, seen(9, 3), rule), isWave(same, seen(9, 4), rule)]).toEqual([
      false,
      false,
      true,
    ]);
  });

  it('is led by the first that is at it, else by the one that made it a wave', () => {
    const phases = (...all: Phase[]): Seen[] =>
      all.map((phase, n) => ({ remediationId: `r${n}`, repository: 'acme/shop', phase }));
    expect(leadOf(phases('succeeded', 'deferred', 'rerunning', 'working'), 'self')).toBe('r2');
    expect(leadOf(phases('succeeded', 'deferred', 'escalated'), 'self')).toBe('self');
  });

  const incident = { leadId: 'lead', escalatedBy: null, until: NOON + MINUTE };
  it.each([
    ['the lead leads', incident, { phase: 'rerunning' }, 'lead', 'leads'],
    ['the others wait for it', incident, { phase: 'rerunning' }, 'self', 'waits'],
    ['the next takes the place of one that was cancelled', incident, { phase: 'cancelled' }, 'self', 'takes_lead'],
    ['the next takes the place of one that is gone', incident, null, 'self', 'takes_lead'],
    [
      'nobody takes the place of one that people were asked about',
      { ...incident, escalatedBy: 'lead' },
      { phase: 'escalated' },
      'self',
      'waits',
    ],
    ['nobody waits for longer than the window', { ...incident, until: NOON }, { phase: 'rerunning' }, 'self', 'over'],
  ] as const)('%s', (_, of, lead, self, expected) => {
    expect(standing(of, lead, self, NOON)).toBe(expected);
  });
});

describe('other limits', () => {
  const allowance = (code: Allowance['code'], used: number): Allowance => ({ code, used, limit: 4, what: 'things' });
  it.each(['repository_at_capacity', 'daily_attempts', 'daily_cost'] as const)('%s holds back when used up', (code) => {
    const gathered = (used: number) =>
      step(inPhase('gathering'), evidence(), inLoad({ allowances: [allowance(code, used)] }), LATER).remediation;
    expect(gathered(3).phase).toBe('working');
    expect(gathered(4)).toMatchObject({ phase: 'deferred', reason: { code, detail: '4 of 4 things.' } });
  });

  const WINDOW = 30 * MINUTE;
  it.each([
    ['fewer failures than it takes', { nth: null, last: NOON, success: null }, NOON, 'closed'],
    ['failures close together', { nth: NOON, last: NOON + MINUTE, success: null }, NOON + 2 * MINUTE, 'open'],
    ['the end of the window', { nth: NOON, last: NOON + MINUTE, success: null }, NOON + WINDOW, 'half_open'],
    ['a success since', { nth: NOON, last: NOON + MINUTE, success: NOON + WINDOW }, NOON + WINDOW + 1, 'closed'],
    ['another window without anything', { nth: NOON, last: NOON + MINUTE, success: null }, NOON + 2 * WINDOW, 'closed'],
    [
      'failures that were never close together',
      { nth: NOON, last: NOON + WINDOW, success: null },
      NOON + WINDOW,
      'closed',
    ],
  ] as const)('the breaker, %s', (_, { nth, last, success }, now, state) => {
    const seen = { nthLastEscalation: nth, lastEscalation: last, lastSuccess: success };
    expect(breakerOf(seen, WINDOW, now).state).toBe(state);
  });
});
