import { type AgentName, DEFAULT_AGENT } from '../model/agent.ts';
import { FAILURE_TYPES, type FailureType } from '../model/failure-type.ts';
import type { Attempt } from '../model/remediation.ts';

/** After so many failed attempts of the same agent another one is asked. */
const FAILURES_BEFORE_CHANGE = 2;

/** How an agent fared with one type of failure, in attempts weighted by their age. */
export interface AgentRate {
  readonly agent: AgentName;
  readonly successes: number;
  readonly failures: number;
}

export interface AgentChoice {
  readonly classified: AgentName;
  readonly pinned: AgentName | null;
  readonly attempts: readonly Attempt[];
  /** Every agent that may be sent. */
  readonly agents: readonly AgentName[];
  readonly failureType?: FailureType;
  /** What is remembered of this type of failure; without it the rules alone decide. */
  readonly rates?: readonly AgentRate[];
  /** Agents that were already sent with all that is known now (see repeat.ts). */
  readonly told?: ReadonlySet<AgentName>;
}

export interface ChosenAgent {
  readonly agent: AgentName;
  readonly why: string;
  /** Nobody is left who was not sent with just this before; the agent is only whom it would have been. */
  readonly nothingNew: boolean;
}

/**
 * Who makes the next attempt: whoever a person asked for, else the owner that the evidence names, unless experience
 * clearly speaks for another or that agent has failed twice here; then whoever is likeliest to repair it, at first the
 * default agent, who sees what the specialist tried. For security the rules' word stands, whatever experience says.
 * Nobody is sent twice with the same brief.
 */
export function chooseAgent(choice: AgentChoice): ChosenAgent {
  const { classified, pinned, agents, told = new Set() } = choice;
  if (pinned !== null && agents.includes(pinned))
    return { agent: pinned, why: `${pinned} was asked for by a person`, nothingNew: told.has(pinned) };
  const failures = (agent: AgentName) =>
    choice.attempts.filter((attempt) => attempt.agent === agent && isFailure(attempt)).length;
  const better = isSecurity(choice.failureType) ? null : betterThanRules(choice);
  const ranked = [...(better === null ? [] : [better.agent]), classified, ...othersByPromise(choice)];
  const allowed = ranked.filter((agent) => agents.includes(agent));
  const untold = allowed.filter((agent) => !told.has(agent));
  const nothingNew = untold.length === 0;
  const candidates = nothingNew ? allowed : untold;
  const fresh = candidates.find((agent) => failures(agent) < FAILURES_BEFORE_CHANGE);
  const agent = fresh ?? candidates[0] ?? DEFAULT_AGENT;
  if (agent === better?.agent) return { agent, why: better.why, nothingNew };
  if (agent === classified) return { agent, why: `the evidence names ${agent}`, nothingNew };
  if (told.has(classified) && failures(classified) < FAILURES_BEFORE_CHANGE)
    return { agent, why: `there is nothing new to tell ${classified}`, nothingNew };
  return { agent, why: `${classified} failed ${failures(classified)} times here`, nothingNew };
}

function isFailure(attempt: Attempt): boolean {
  return attempt.outcome !== null && !['success', 'infrastructure', 'cancelled'].includes(attempt.outcome);
}

function isSecurity(failureType: FailureType | undefined): boolean {
  return failureType !== undefined && FAILURE_TYPES[failureType].category === 'security';
}

/**
 * What is believed of an agent before anything is known, as successes and failures of a Beta distribution. The owner is
 * believed to repair three of five, as the target of “fixed at first attempt” has it; the default agent two of five;
 * a specialist of something else one of four.
 */
const PRIORS = { owner: [3, 2], fallback: [2, 3], other: [1, 3] } as const;

/** Attempts of a challenger, weighted by age, below which nothing is concluded. */
const MIN_EVIDENCE = 5;
/** How many standard deviations a challenger must be ahead; one in a hundred by chance, because it is asked every time. */
const CLEARLY = 2.33;

interface Belief {
  readonly agent: AgentName;
  readonly rate: AgentRate;
  /** Expected share of successes, and how sure that is. */
  readonly mean: number;
  readonly variance: number;
}

function belief(agent: AgentName, { classified, rates = [] }: AgentChoice): Belief {
  const rate = rates.find((known) => known.agent === agent) ?? { agent, successes: 0, failures: 0 };
  const [won, lost] = PRIORS[agent === classified ? 'owner' : agent === DEFAULT_AGENT ? 'fallback' : 'other'];
  const a = won + rate.successes;
  const b = lost + rate.failures;
  const n = a + b;
  return { agent, rate, mean: a / n, variance: (a * b) / (n * n * (n + 1)) };
}

/** The agent who is clearly better at this type of failure than the one whom the rules name; null when nobody is. */
function betterThanRules(choice: AgentChoice): { readonly agent: AgentName; readonly why: string } | null {
  const { classified, rates = [], agents } = choice;
  const named = belief(classified, choice);
  const challengers = rates
    .filter(({ agent, successes, failures }) => agent !== classified && successes + failures >= MIN_EVIDENCE)
    .filter(({ agent }) => agents.includes(agent))
    .map(({ agent }) => belief(agent, choice))
    .filter(({ mean, variance }) => mean - named.mean > CLEARLY * Math.sqrt(variance + named.variance));
  const best = challengers.toSorted((x, y) => y.mean - x.mean)[0];
  if (best === undefined) return null;
  return {
    agent: best.agent,
    why: `experience speaks for ${best.agent}: ${record(best)}, ${classified} ${record(named)}`,
  };
}

function record({ rate: { successes, failures } }: Belief): string {
  return `${Math.round(successes)} of ${Math.round(successes + failures)}`;
}

/** Everybody else, the likeliest first; among equals the default agent, then the order of the agents' list. */
function othersByPromise(choice: AgentChoice): readonly AgentName[] {
  const { classified, agents } = choice;
  const others = [...new Set([DEFAULT_AGENT, ...agents])].filter((agent) => agent !== classified);
  if (choice.rates === undefined || isSecurity(choice.failureType)) return others;
  return others
    .map((agent) => belief(agent, choice))
    .toSorted((x, y) => y.mean - x.mean)
    .map(({ agent }) => agent);
}
