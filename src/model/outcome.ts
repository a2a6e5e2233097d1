/** How one attempt ended. */
export const OUTCOMES = [
  'success',
  'agent_failed',
  'ci_still_failing',
  'timeout',
  'no_change',
  'infrastructure',
  'cancelled',
] as const;

export type Outcome = (typeof OUTCOMES)[number];

/** Whether an attempt with this outcome is one of the few that a lineage may spend. */
export function countsAsAttempt(outcome: Outcome): boolean {
  return outcome !== 'infrastructure' && outcome !== 'cancelled';
}

/** What the agent itself reported in `result.json`. */
export interface AgentReport {
  readonly status: 'fixed' | 'no_change_needed' | 'blocked';
  readonly summary: string;
  readonly commitSha: string | null;
  readonly pullRequestUrl: string | null;
  readonly usage: Usage | null;
}

export interface Usage {
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly costUsd: number;
}
