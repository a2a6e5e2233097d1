import { type AgentName, DEFAULT_AGENT } from '../model/agent.ts';
import type { Attempt } from '../model/remediation.ts';

/** After so many failed attempts of the same agent another one is asked. */
const FAILURES_BEFORE_CHANGE = 2;

/**
 * Who makes the next attempt: whoever a person asked for, else the owner that the evidence names, unless that agent
 * has failed twice here; then the default agent, who sees what the specialist tried, and after that whoever is left.
 */
export function chooseAgent(input: {
  readonly classified: AgentName;
  readonly pinned: AgentName | null;
  readonly attempts: readonly Attempt[];
  /** Every agent there is. */
  readonly agents: readonly AgentName[];
}): { readonly agent: AgentName; readonly why: string } {
  const { classified, pinned, agents } = input;
  if (pinned !== null && agents.includes(pinned)) return { agent: pinned, why: `${pinned} was asked for by a person` };
  const failures = (agent: AgentName) =>
    input.attempts.filter((attempt) => attempt.agent === agent && isFailure(attempt)).length;
  const candidates = [classified, DEFAULT_AGENT, ...agents].filter((agent) => agents.includes(agent));
  const fresh = candidates.find((agent) => failures(agent) < FAILURES_BEFORE_CHANGE);
  const agent = fresh ?? candidates[0] ?? DEFAULT_AGENT;
  if (agent === classified) return { agent, why: `the evidence names ${agent}` };
  return { agent, why: `${classified} failed ${failures(classified)} times here` };
}

function isFailure(attempt: Attempt): boolean {
  return attempt.outcome !== null && !['success', 'infrastructure', 'cancelled'].includes(attempt.outcome);
}
