import type { AgentName } from './agent.ts';
import type { FailureType } from './failure-type.ts';

/** A figure with what it rests on; a small sample says little, an empty one nothing. */
export interface Measure {
  /** Null when the sample is empty. */
  readonly value: number | null;
  /** How many cases it was taken from. */
  readonly sample: number;
}

/** A measure that people steer by. */
export interface Target extends Measure {
  readonly target: number;
  /** Whether the value should be above the target or below it. */
  readonly better: 'above' | 'below';
}

/** What Healer did in a span of time and how well. Shares are 0 to 1, times milliseconds, money US dollars. */
export interface Insights {
  readonly since: number;
  readonly until: number;
  readonly targets: {
    /** Of the repairs that an agent made: made by the agent whom the rules had named. */
    readonly correctRouting: Target;
    /** Of the failures that were known already: joined to what was under way instead of opening it again. */
    readonly duplicatesPrevented: Target;
    readonly timeToFixP50: Target;
    /** Of the remediations for which an agent was sent and that ended green or with people. */
    readonly fixedAtFirstAttempt: Target;
    readonly fixedWithinThree: Target;
    readonly escalated: Target;
    /** Deliveries that are still undecided although they came long ago; of all that came. */
    readonly deliveriesLost: Target;
  };
  readonly timeToFixP90: Measure;
  /** What all attempts that ended cost, over the repairs that were verified green. */
  readonly costPerFix: Measure & { readonly total: number; readonly attemptsWithoutCost: number };
  /** The same cost over the repairs that people merged; the sample is those that GitHub told of. */
  readonly costPerMergedFix: Measure;
  readonly byAgent: readonly AgentInsight[];
  readonly byFailureType: readonly FailureTypeInsight[];
  readonly byAgentAndFailureType: readonly (AgentInsight & { readonly failureType: FailureType })[];
  /** Why remediations ended with people, the most frequent first. */
  readonly escalations: readonly { readonly reason: string; readonly count: number }[];
  readonly corrections: readonly RoutingCorrection[];
}

/** Attempts that count, by who made them. */
export interface AgentInsight {
  readonly agent: AgentName;
  readonly success: Measure;
  /** The same of first attempts alone. */
  readonly firstAttempt: Measure;
  /** Null when no attempt reported its cost. */
  readonly cost: number | null;
}

/** Remediations for which an agent was sent, by what was broken. */
export interface FailureTypeInsight {
  readonly failureType: FailureType;
  readonly fixedAtFirstAttempt: Measure;
  readonly fixedWithinThree: Measure;
  readonly escalated: Measure;
}

/** A rule that names the wrong agent, as far as experience shows. People decide; nothing changes by itself. */
export interface RoutingCorrection {
  readonly rule: string;
  readonly failureType: FailureType;
  readonly from: AgentName;
  readonly to: AgentName;
  /** Attempts under this rule, by each of both. */
  readonly evidence: { readonly from: Measure; readonly to: Measure };
  /** The change to the rule, as it would stand in `routing-rules/`. */
  readonly yaml: string;
}
