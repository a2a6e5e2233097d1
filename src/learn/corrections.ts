import { stringify } from 'yaml';
import { FAILURE_TYPES } from '../model/failure-type.ts';
import type { Measure, RoutingCorrection } from '../model/insights.ts';
import type { OutcomeFigures } from '../store/outcomes.ts';

/** Attempts of each of both agents below which nothing is proposed. */
const MIN_ATTEMPTS = 5;
/** How many standard deviations the other agent must be ahead. */
const CLEARLY = 2.33;
/** Rules that no file holds: what decides when no rule of a file does. */
const BUILT_IN: ReadonlySet<string> = new Set(['', 'default', 'kind-of-signal']);

/**
 * Rules whose agent another one clearly outdoes on what the rule catches, the best supported first. Security is left
 * out: who repairs that is not a question of success alone.
 */
export function routingCorrections(outcomes: readonly OutcomeFigures[]): readonly RoutingCorrection[] {
  const judged = outcomes.filter(
    ({ rule, failureType, outcome, changed }) =>
      !BUILT_IN.has(rule) &&
      FAILURE_TYPES[failureType].category !== 'security' &&
      // A green without a change says nothing about who is good at it.
      (outcome !== 'success' || changed),
  );
  const rules = Map.groupBy(judged, ({ rule, failureType, routedAgent }) =>
    JSON.stringify([rule, failureType, routedAgent]),
  );
  return [...rules.values()]
    .flatMap((group) => correctionOf(group) ?? [])
    .toSorted((a, b) => b.evidence.to.sample - a.evidence.to.sample || (a.rule < b.rule ? -1 : 1));
}

function correctionOf(group: readonly OutcomeFigures[]): RoutingCorrection | null {
  const [first] = group;
  if (first === undefined) return null;
  const { rule, failureType, routedAgent } = first;
  const records = [...Map.groupBy(group, ({ agent }) => agent)].map(([agent, made]) => recordOf(agent, made));
  const from = records.find(({ agent }) => agent === routedAgent);
  if (from === undefined || from.made < MIN_ATTEMPTS) return null;
  const better = records
    .filter(({ agent, made }) => agent !== routedAgent && made >= MIN_ATTEMPTS)
    .filter(({ mean, variance }) => mean - from.mean > CLEARLY * Math.sqrt(variance + from.variance));
  const to = better.toSorted((a, b) => b.mean - a.mean)[0];
  if (to === undefined) return null;
  return {
    rule,
    failureType,
    from: from.agent,
    to: to.agent,
    evidence: { from: measureOf(from), to: measureOf(to) },
    yaml: yamlOf(rule, failureType, from, to),
  };
}

interface Record {
  readonly agent: string;
  readonly won: number;
  readonly made: number;
  readonly mean: number;
  readonly variance: number;
}

/** Beta(1, 1) before anything is known: a few lucky attempts prove nothing. */
function recordOf(agent: string, made: readonly OutcomeFigures[]): Record {
  const won = made.filter(({ outcome }) => outcome === 'success').length;
  const n = made.length + 2;
  const mean = (won + 1) / n;
  return { agent, won, made: made.length, mean, variance: (mean * (1 - mean)) / (n + 1) };
}

function measureOf({ won, made }: Record): Measure {
  return { value: won / made, sample: made };
}

/** The rule's head as it should read; rows of the routing matrix stand under `routes`. */
function yamlOf(rule: string, failureType: string, from: Record, to: Record): string {
  const key = /^row-\d/.test(rule) ? 'routes' : 'rules';
  const told = ({ agent, won, made }: Record) => `${agent} repaired ${won} of ${made}`;
  const head = `# ${rule}: agent ${from.agent} → ${to.agent}; ${told(to)}, ${told(from)}.\n`;
  return head + stringify({ [key]: [{ id: rule, agent: to.agent, failure_type: failureType }] });
}
