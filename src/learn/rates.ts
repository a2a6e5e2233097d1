import type { AgentName } from '../model/agent.ts';
import type { Outcome } from '../model/outcome.ts';
import { ageWeight } from './decay.ts';

/** What of an outcome says how good an agent is. */
export interface SkillSample {
  readonly agent: AgentName;
  readonly outcome: Outcome;
  /** The agent pushed a commit. */
  readonly changed: boolean;
  readonly endedAt: number;
}

/** How an agent fared, in attempts weighted by their age. */
export interface AgentRate {
  readonly agent: AgentName;
  readonly successes: number;
  readonly failures: number;
}

/**
 * Success rates by agent. Attempts whose agent never really ran say nothing; neither does a green that needed no
 * change: whoever had been sent would have had it.
 */
export function agentRates(samples: readonly SkillSample[], now: number): readonly AgentRate[] {
  const rates = new Map<AgentName, { successes: number; failures: number }>();
  for (const { agent, outcome, changed, endedAt } of samples) {
    if (outcome === 'infrastructure' || outcome === 'cancelled' || (outcome === 'success' && !changed)) continue;
    const rate = rates.get(agent) ?? { successes: 0, failures: 0 };
    rate[outcome === 'success' ? 'successes' : 'failures'] += ageWeight(endedAt, now);
    rates.set(agent, rate);
  }
  return [...rates].map(([agent, rate]) => ({ agent, ...rate }));
}
