import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { rulesFile } from '../../src/decide/route/schema.ts';
import { routingCorrections } from '../../src/learn/corrections.ts';
import { insightsOf, type Known } from '../../src/learn/insights.ts';
import type { LifeRow } from '../../src/store/insights.ts';
import type { Lesson, LessonKind } from '../../src/store/lessons.ts';
import type { RememberedOutcome } from '../../src/store/outcomes.ts';
import { anOutcome } from '../support/outcomes.ts';

const MINUTE = 60_000;
const nothing: Known = {
  outcomes: [],
  lessons: [],
  lives: [],
  deliveries: { received: 0, joined: 0, lost: 0 },
  merges: 0,
};
const insights = (known: Partial<Known>) => insightsOf({ ...nothing, ...known }, 0, 1_000);

const lesson = (remediationId: string, kind: LessonKind, changes: Partial<Lesson> = {}): Lesson => ({
  remediationId,
  kind,
  at: 100,
  repository: 'acme/shop',
  failureType: 'rust_build',
  fingerprint: 'f1',
  rule: 'rust-build',
  routedAgent: 'rex',
  agent: 'rex',
  ...changes,
});
const life = (id: string, minutes: number, changes: Partial<LifeRow> = {}): LifeRow => ({
  id,
  subjectKey: id,
  phase: 'succeeded',
  reasonCode: 'fixed',
  createdAt: 0,
  endedAt: minutes * MINUTE,
  ...changes,
});
/** So many attempts of an agent, so many of them green. */
const attempts = (agent: string, won: number, made: number, changes: Partial<RememberedOutcome> = {}) =>
  Array.from({ length: made }, (_, n) =>
    anOutcome({ remediationId: `${agent}-${n}`, agent, outcome: n < won ? 'success' : 'ci_still_failing', ...changes }),
  );

describe('insights', () => {
  it('of nothing are empty, with their targets', () => {
    const { targets, costPerFix, costPerMergedFix, timeToFixP90, ...lists } = insights({});
    const empty = { value: null, sample: 0 };
    expect(targets).toEqual({
      correctRouting: { ...empty, target: 0.9, better: 'above' },
      duplicatesPrevented: { ...empty, target: 1, better: 'above' },
      timeToFixP50: { ...empty, target: 15 * MINUTE, better: 'below' },
      fixedAtFirstAttempt: { ...empty, target: 0.5, better: 'above' },
      fixedWithinThree: { ...empty, target: 0.8, better: 'above' },
      escalated: { ...empty, target: 0.1, better: 'below' },
      deliveriesLost: { value: 0, sample: 0, target: 0, better: 'below' },
    });
    expect([costPerFix, timeToFixP90]).toEqual([{ ...empty, total: 0, attemptsWithoutCost: 0 }, empty]);
    expect(costPerMergedFix).toEqual(empty);
    expect(Object.values(lists).filter(Array.isArray).flat()).toEqual([]);
  });

  it('count what was fixed at first, within three, later, and what ended with people', () => {
    const outcomes = [
      anOutcome({ remediationId: 'a' }),
      anOutcome({ remediationId: 'b', ordinal: 1, outcome: 'timeout', changed: false }),
      anOutcome({ remediationId: 'b', ordinal: 3, number: 3, agent: 'atlas' }),
      anOutcome({ remediationId: 'c', ordinal: 4, number: 4 }),
    ];
    const lessons = [
      lesson('a', 'first_attempt_success'),
      lesson('b', 'retry_success'),
      lesson('b', 'routing_mismatch', { agent: 'atlas' }),
      lesson('c', 'retry_success', { failureType: 'go' }),
      lesson('d', 'escalation', { agent: null }),
    ];
    const { targets, byFailureType, byAgent, byAgentAndFailureType } = insights({ outcomes, lessons });
    expect(targets.fixedAtFirstAttempt).toMatchObject({ value: 0.25, sample: 4 });
    expect(targets.fixedWithinThree).toMatchObject({ value: 0.5, sample: 4 });
    expect(targets.escalated).toMatchObject({ value: 0.25, sample: 4 });
    expect(targets.correctRouting).toMatchObject({ value: 2 / 3, sample: 3 });
    expect(byFailureType.map(({ failureType, escalated }) => [failureType, escalated])).toEqual([
      ['go', { value: 0, sample: 1 }],
      ['rust_build', { value: 1 / 3, sample: 3 }],
    ]);
    expect(byAgent).toEqual([
      { agent: 'atlas', success: { value: 1, sample: 1 }, firstAttempt: { value: null, sample: 0 }, cost: 0.25 },
      { agent: 'rex', success: { value: 2 / 3, sample: 3 }, firstAttempt: { value: 0.5, sample: 2 }, cost: 0.75 },
    ]);
    expect(byAgentAndFailureType.map(({ agent, failureType }) => `${agent} ${failureType}`)).toEqual([
      'atlas rust_build',
      'rex rust_build',
    ]);
  });

  it('do not count attempts whose agent never really ran', () => {
    const outcomes = [anOutcome({ outcome: 'infrastructure' }), anOutcome({ ordinal: 2, outcome: 'cancelled' })];
    expect(insights({ outcomes }).byAgent).toEqual([]);
  });

  it('measure the time from opening to verified green', () => {
    const lives = [
      ...Array.from({ length: 10 }, (_, n) => life(`r${n}`, n + 1)),
      life('unseen', 500, { reasonCode: 'already_green' }),
      life('people', 600, { phase: 'escalated', reasonCode: 'attempts_spent' }),
      life('alive', 0, { phase: 'working', reasonCode: null, endedAt: null }),
    ];
    const { targets, timeToFixP90, escalations } = insights({ lives });
    expect(targets.timeToFixP50).toMatchObject({ value: 5 * MINUTE, sample: 10 });
    expect(timeToFixP90).toEqual({ value: 9 * MINUTE, sample: 10 });
    expect(escalations).toEqual([{ reason: 'attempts_spent', count: 1 }]);
  });

  it('count what was joined, and what was opened beside something that was live already', () => {
    const lives = [
      life('a', 10, { subjectKey: 's' }),
      life('b', 20, { subjectKey: 's', createdAt: 10 * MINUTE }),
      life('c', 30, { subjectKey: 's', createdAt: 15 * MINUTE }),
      life('d', 30, { subjectKey: 't', createdAt: 16 * MINUTE }),
    ];
    const { targets } = insights({ lives, deliveries: { received: 40, joined: 9, lost: 2 } });
    expect(targets.duplicatesPrevented).toMatchObject({ value: 0.9, sample: 10 });
    expect(targets.deliveriesLost).toMatchObject({ value: 2, sample: 40 });
  });

  it('spread what all attempts cost over what was fixed', () => {
    const outcomes = [
      anOutcome({ costUsd: 1 }),
      anOutcome({ ordinal: 2, costUsd: 0.5, outcome: 'infrastructure' }),
      anOutcome({ ordinal: 3, costUsd: null, outcome: 'timeout' }),
    ];
    const lessons = [lesson('a', 'first_attempt_success'), lesson('b', 'retry_success')];
    const { costPerFix } = insights({ outcomes, lessons });
    expect(costPerFix).toEqual({ value: 0.75, sample: 2, total: 1.5, attemptsWithoutCost: 1 });
    expect(insights({ outcomes, lessons, merges: 1 }).costPerMergedFix).toEqual({ value: 1.5, sample: 1 });
    expect(insights({ outcomes }).costPerFix).toMatchObject({ value: null, sample: 0, total: 1.5 });
  });
});

describe('a correction of a rule', () => {
  it('is proposed when another agent clearly outdoes the one whom it names', () => {
    const [correction, ...more] = routingCorrections([...attempts('rex', 1, 18), ...attempts('bolt', 14, 16)]);
    expect(more).toEqual([]);
    expect(correction).toMatchObject({
      rule: 'rust-build',
      failureType: 'rust_build',
      from: 'rex',
      to: 'bolt',
      evidence: { from: { value: 1 / 18, sample: 18 }, to: { value: 14 / 16, sample: 16 } },
    });
    expect(correction?.yaml).toBe(
      [
        '# rust-build: agent rex → bolt; bolt repaired 14 of 16, rex repaired 1 of 18.',
        'rules:',
        '  - id: rust-build',
        '    agent: bolt',
        '    failure_type: rust_build',
        '',
      ].join('\n'),
    );
  });

  it('is what a file of rules understands, once its lines and examples stand with it', () => {
    for (const rule of ['rust-build', 'row-1-rust']) {
      const proposed = routingCorrections([...attempts('rex', 0, 9, { rule }), ...attempts('bolt', 9, 9, { rule })])[0]
        ?.yaml;
      const { rules = [], routes = [] } = parse(proposed ?? '') as Record<string, object[] | undefined>;
      const rest = { lines: ['error'], examples: [{ log: 'error' }] };
      const row = { row: 1, examples: [{ workflow: 'x' }] };
      expect(() =>
        rulesFile.parse({
          rules: rules.map((head) => ({ ...head, ...rest })),
          routes: routes.map((head) => ({ ...head, ...row })),
        }),
      ).not.toThrow();
      expect(rules.length + routes.length).toBe(1);
    }
  });

  it.each([
    ['too few attempts of the other', [...attempts('rex', 0, 20), ...attempts('bolt', 4, 4)]],
    ['too few attempts of the one named', [...attempts('rex', 0, 4), ...attempts('bolt', 20, 20)]],
    ['no clear lead', [...attempts('rex', 5, 10), ...attempts('bolt', 7, 10)]],
    ['greens that needed no change', [...attempts('rex', 0, 9), ...attempts('bolt', 9, 9, { changed: false })]],
    [
      'a rule of security',
      [...attempts('rex', 0, 9), ...attempts('bolt', 9, 9)].map((one) => ({
        ...one,
        failureType: 'security_audit' as const,
      })),
    ],
    [
      'no rule of a file',
      [...attempts('rex', 0, 9, { rule: 'default' }), ...attempts('bolt', 9, 9, { rule: 'default' })],
    ],
  ])('is not proposed with %s', (_, outcomes) => {
    expect(routingCorrections(outcomes)).toEqual([]);
  });
});
