import { describe, expect, it } from 'vitest';
import { ageWeight, HALF_LIFE_MS, HORIZON_MS } from '../../src/learn/decay.ts';
import { lessonsOf, outcomeOf } from '../../src/learn/lessons.ts';
import { agentRates } from '../../src/learn/rates.ts';
import type { Outcome } from '../../src/model/outcome.ts';
import { anAttempt, aRemediation, aReport } from '../support/builders.ts';
import { NOON } from '../support/clock.ts';

const judgement = { agent: 'rex', rule: 'rust-clippy', fingerprint: 'f1' };

describe('the weight of an outcome', () => {
  it('halves with each half-life and never exceeds one', () => {
    expect(ageWeight(NOON, NOON)).toBe(1);
    expect(ageWeight(NOON - HALF_LIFE_MS, NOON)).toBe(0.5);
    expect(ageWeight(NOON - HORIZON_MS, NOON)).toBeCloseTo(1 / 64);
    expect(ageWeight(NOON + HALF_LIFE_MS, NOON)).toBe(1);
  });
});

describe('success rates', () => {
  const sample = (agent: string, outcome: Outcome, changed = true, age = 0) => ({
    agent,
    outcome,
    changed,
    endedAt: NOON - age,
  });

  it('count attempts by agent, older ones less', () => {
    const rates = agentRates(
      [
        sample('rex', 'success'),
        sample('rex', 'success', true, HALF_LIFE_MS),
        sample('rex', 'timeout', false, 2 * HALF_LIFE_MS),
        sample('atlas', 'ci_still_failing'),
        sample('atlas', 'agent_failed'),
        sample('atlas', 'no_change', false),
      ],
      NOON,
    );
    expect(rates).toEqual([
      { agent: 'rex', successes: 1.5, failures: 0.25 },
      { agent: 'atlas', successes: 0, failures: 3 },
    ]);
  });

  it('take no notice of what says nothing about an agent', () => {
    const nothing = [sample('rex', 'infrastructure'), sample('rex', 'cancelled'), sample('rex', 'success', false)];
    expect(agentRates(nothing, NOON)).toEqual([]);
  });
});

describe('an attempt that ended', () => {
  const attempt = anAttempt({
    number: 2,
    ordinal: 3,
    agent: 'atlas',
    startedAt: NOON,
    endedAt: NOON + 60_000,
    outcome: 'ci_still_failing',
    detail: 'Still red on bbbbbbbb: clippy.',
    stillRed: ['clippy'],
    report: aReport({ usage: { inputTokens: 1, outputTokens: 1, costUsd: 0.4 } }),
  });

  it('is remembered with what its agent did, what it took and whom the rules had named', () => {
    expect(outcomeOf(aRemediation(), attempt, judgement)).toEqual({
      remediationId: '01JD0000000000000000000001',
      taskId: 'ci-41',
      ordinal: 3,
      number: 2,
      repository: 'acme/shop',
      failureType: 'rust_clippy',
      fingerprint: 'f1',
      rule: 'rust-clippy',
      routedAgent: 'rex',
      agent: 'atlas',
      outcome: 'ci_still_failing',
      changed: true,
      approach: 'Removed the needless borrow.',
      detail: 'Still red on bbbbbbbb: clippy.',
      stillRed: ['clippy'],
      durationMs: 60_000,
      costUsd: 0.4,
      startedAt: NOON,
      endedAt: NOON + 60_000,
    });
  });

  it('is remembered without a brief and without a report as well, and under way not at all', () => {
    const bare = { ...attempt, report: null, detail: null };
    expect(outcomeOf(aRemediation(), bare, null)).toMatchObject({
      routedAgent: 'atlas',
      fingerprint: '',
      changed: false,
      approach: '',
      costUsd: null,
    });
    expect(outcomeOf(aRemediation(), anAttempt(), judgement)).toBeNull();
  });
});

describe('a remediation that ended', () => {
  const kinds = (...args: Parameters<typeof lessonsOf>) => lessonsOf(...args).map(({ kind }) => kind);
  const ended = (phase: 'succeeded' | 'escalated' | 'cancelled', ...ends: readonly (readonly [string, Outcome])[]) =>
    aRemediation({
      phase,
      endedAt: NOON,
      attempts: ends.map(([agent, outcome], at) =>
        anAttempt({ number: at + 1, ordinal: at + 1, agent, outcome, report: aReport() }),
      ),
    });

  it('teaches a success at the first attempt, or later', () => {
    expect(kinds(ended('succeeded', ['rex', 'success']), judgement)).toEqual(['first_attempt_success']);
    const later = ended('succeeded', ['rex', 'timeout'], ['rex', 'success']);
    expect(kinds(later, judgement)).toEqual(['retry_success']);
  });

  it('teaches that the rules named the wrong agent', () => {
    const other = ended('succeeded', ['rex', 'timeout'], ['rex', 'timeout'], ['atlas', 'success']);
    expect(lessonsOf(other, judgement)).toMatchObject([
      { kind: 'retry_success', routedAgent: 'rex', agent: 'atlas' },
      { kind: 'routing_mismatch', routedAgent: 'rex', agent: 'atlas', rule: 'rust-clippy', at: NOON },
    ]);
  });

  it('teaches no mismatch when whoever had been sent would have been right', () => {
    const attempts = [anAttempt({ agent: 'atlas', outcome: 'success', report: aReport({ commitSha: null }) })];
    const unchanged = aRemediation({ phase: 'succeeded', endedAt: NOON, attempts });
    expect(kinds(unchanged, judgement)).toEqual(['first_attempt_success']);
  });

  it('teaches an escalation, and nothing when it was withdrawn or became green without an agent', () => {
    expect(kinds(ended('escalated', ['rex', 'timeout']), judgement)).toEqual(['escalation']);
    expect(kinds(ended('cancelled', ['rex', 'cancelled']), judgement)).toEqual([]);
    expect(kinds(ended('succeeded'), null)).toEqual([]);
  });
});
