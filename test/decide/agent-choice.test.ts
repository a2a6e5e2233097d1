import { describe, expect, it } from 'vitest';
import { type AgentChoice, type AgentRate, chooseAgent } from '../../src/decide/agent-choice.ts';
import type { Outcome } from '../../src/model/outcome.ts';
import { anAttempt } from '../support/builders.ts';

const AGENTS = ['atlas', 'blaze', 'bolt', 'cipher', 'rex'];
const rate = (agent: string, successes: number, failures: number): AgentRate => ({ agent, successes, failures });
const tried = (...ends: readonly (readonly [agent: string, outcome: Outcome])[]) =>
  ends.map(([agent, outcome], at) => anAttempt({ ordinal: at + 1, agent, outcome }));
const choose = (changes: Partial<AgentChoice> = {}) => {
  const choice = { classified: 'rex', pinned: null, attempts: [], agents: AGENTS, ...changes };
  const { agent, why } = chooseAgent({ failureType: 'rust_build', ...choice });
  return { agent, why };
};
/** Rex repairs one of twelve, Bolt nine of ten. */
const BOLT_IS_BETTER = [rate('rex', 1, 11), rate('bolt', 9, 1)];

describe('the agent of the next attempt', () => {
  it('is the one whom the evidence names', () => {
    expect(choose()).toEqual({ agent: 'rex', why: 'the evidence names rex' });
    expect(choose({ rates: [] }).agent).toBe('rex');
  });

  it('is the one whom a person asked for, whatever experience says', () => {
    const choice = choose({ pinned: 'blaze', rates: BOLT_IS_BETTER });
    expect(choice).toEqual({ agent: 'blaze', why: 'blaze was asked for by a person' });
    expect(choose({ pinned: 'nobody' }).agent).toBe('rex');
  });

  it('is another one after two failures, the default agent first', () => {
    const twice = tried(['rex', 'ci_still_failing'], ['rex', 'no_change']);
    expect(choose({ attempts: twice.slice(0, 1) }).agent).toBe('rex');
    expect(choose({ attempts: twice })).toEqual({ agent: 'atlas', why: 'rex failed 2 times here' });
    expect(choose({ attempts: twice, rates: [] }).agent).toBe('atlas');
  });

  it('stays when the infrastructure failed, or a person stopped it', () => {
    const attempts = tried(['rex', 'infrastructure'], ['rex', 'infrastructure'], ['rex', 'cancelled']);
    expect(choose({ attempts }).agent).toBe('rex');
  });

  it('is the first of them again when everybody has failed twice', () => {
    const attempts = AGENTS.flatMap((agent) => tried([agent, 'timeout'], [agent, 'timeout']));
    expect(choose({ attempts }).agent).toBe('rex');
  });
});

describe('experience', () => {
  it('speaks for another agent when that one is clearly better, and says so', () => {
    const choice = choose({ rates: BOLT_IS_BETTER });
    expect(choice).toEqual({ agent: 'bolt', why: 'experience speaks for bolt: 9 of 10, rex 1 of 12' });
  });

  it.each([
    ['too little of it', [rate('rex', 0, 20), rate('bolt', 4, 0)]],
    ['only that the other is a little better', [rate('rex', 6, 4), rate('bolt', 8, 2)]],
    ['that nobody is good at it', [rate('rex', 0, 30), rate('bolt', 3, 17)]],
    ['nothing of the agent whom the rules name', [rate('bolt', 6, 0)]],
    ['of an agent that may not be sent', [rate('rex', 1, 11), rate('nobody', 30, 0)]],
  ])('does not when there is %s', (_, rates) => {
    expect(choose({ rates }).agent).toBe('rex');
  });

  it('is never set against a rule of security', () => {
    for (const failureType of [
      'security_secret',
      'security_audit',
      'security_dependabot',
      'security_code_scan',
    ] as const) {
      const rates = [rate('cipher', 0, 50), rate('bolt', 50, 0)];
      expect(choose({ classified: 'cipher', failureType, rates }).agent).toBe('cipher');
      const attempts = tried(['cipher', 'timeout'], ['cipher', 'timeout']);
      expect(choose({ classified: 'cipher', failureType, rates, attempts }).agent).toBe('atlas');
    }
  });

  it('names who comes next when the first has failed twice', () => {
    const attempts = tried(['rex', 'timeout'], ['rex', 'timeout']);
    expect(choose({ attempts, rates: [rate('bolt', 3, 1)] }).agent).toBe('bolt');
    expect(choose({ attempts, rates: [rate('atlas', 0, 8)] }).agent).toBe('blaze');
  });

  it('yields when the agent whom it speaks for has failed twice here', () => {
    const attempts = tried(['bolt', 'timeout'], ['bolt', 'timeout']);
    expect(choose({ attempts, rates: BOLT_IS_BETTER })).toEqual({ agent: 'rex', why: 'the evidence names rex' });
  });

  it('gives the same answer to the same question', () => {
    const rates = [rate('bolt', 2, 2), rate('blaze', 2, 2), rate('cipher', 2, 2)];
    const attempts = tried(['rex', 'timeout'], ['rex', 'timeout']);
    const answers = new Set(Array.from({ length: 20 }, () => choose({ attempts, rates }).agent));
    expect(answers.size).toBe(1);
  });
});
