import { FAILURE_TYPES } from '../model/failure-type.ts';
import type { Outcome } from '../model/outcome.ts';
import type { Attempt, Phase, Remediation } from '../model/remediation.ts';

/**
 * The words people read for the machine's states: one place, so that page, comment and terminal say the same.
 * Submitted, running, pushed and verified are different things; the sentence says the one that is true.
 */

/** What a state means for the reader; colour follows it, and never stands alone. */
export type Tone = 'good' | 'bad' | 'busy' | 'waiting' | 'quiet';

export interface Word {
  readonly label: string;
  readonly tone: Tone;
}

/** How each phase of a CodeRun (CONTRACT section 5) sounds. */
export const CODERUN_TONES = {
  Pending: 'waiting',
  Running: 'busy',
  Succeeded: 'good',
  Failed: 'bad',
  Cancelled: 'quiet',
} as const satisfies Readonly<Record<string, Tone>>;

const word = (label: string, tone: Tone): Word => ({ label, tone });

export const PHASE_WORDS: Readonly<Record<Phase, Word>> = {
  received: word('Received', 'busy'),
  gathering: word('Gathering evidence', 'busy'),
  deferred: word('Held back', 'waiting'),
  rerunning: word('Re-running jobs', 'busy'),
  awaiting_approval: word('Awaiting approval', 'waiting'),
  working: word('With the agent', 'busy'),
  verifying: word('Verifying', 'busy'),
  retrying: word('Retrying', 'busy'),
  succeeded: word('Verified green', 'good'),
  escalated: word('Escalated', 'bad'),
  cancelled: word('Cancelled', 'quiet'),
  superseded: word('Superseded', 'quiet'),
};

export const OUTCOME_WORDS: Readonly<Record<Outcome, Word>> = {
  success: word('green', 'good'),
  agent_failed: word('agent failed', 'bad'),
  ci_still_failing: word('still red', 'bad'),
  timeout: word('timed out', 'bad'),
  no_change: word('no change', 'bad'),
  infrastructure: word('could not run', 'waiting'),
  cancelled: word('cancelled', 'quiet'),
};

/** A sentence in two parts: ours, and text that came from outside and has to be neutralised where it is shown. */
export interface Said {
  readonly text: string;
  /** From outside or with names from outside; null when there is nothing to add. */
  readonly detail: string | null;
}

/** What is happening now. `codeRunPhase` is the engine's word for the current CodeRun, null when it is not known. */
export function happening(remediation: Remediation, codeRunPhase: string | null): Said {
  const detail = remediation.reason?.detail ?? null;
  switch (remediation.phase) {
    case 'received':
      return { text: 'Waiting a moment for more failures of the same run.', detail: null };
    case 'gathering':
      return { text: 'Gathering evidence: logs, changes and history.', detail: null };
    case 'deferred':
      return { text: 'Held back for now; nothing is lost.', detail };
    case 'rerunning':
      return {
        text: 'The failure looks transient, so the failed jobs are re-run once before any agent is sent.',
        detail: null,
      };
    case 'awaiting_approval':
      return { text: 'Waiting for a person’s approval before an agent is started.', detail };
    case 'working':
      return { text: working(remediation, codeRunPhase), detail: null };
    case 'verifying':
      return { text: verifying(remediation), detail: null };
    case 'retrying':
      return { text: 'The last attempt did not hold; another one follows with more context.', detail: null };
    case 'succeeded':
      return { text: 'Verified: CI is green.', detail };
    case 'escalated':
      return { text: 'Handed over to people: Healer has stopped.', detail };
    case 'cancelled':
      return { text: 'Cancelled: Healer does nothing more here.', detail };
    case 'superseded':
      return { text: 'Superseded: there is nothing left to repair here.', detail };
  }
}

function working(remediation: Remediation, codeRunPhase: string | null): string {
  const attempt = remediation.attempts.at(-1);
  const agent = agentName(attempt?.agent ?? remediation.agent ?? 'the agent');
  const which = attempt === undefined ? '' : ` (attempt ${attempt.number})`;
  if (attempt?.codeRunName === null || attempt === undefined) return `A run of ${agent} is being prepared${which}.`;
  if (codeRunPhase === 'Running') return `${agent} is running${which}; nothing is verified yet.`;
  if (codeRunPhase === 'Succeeded' || codeRunPhase === 'Failed' || codeRunPhase === 'Cancelled') {
    return `${agent}’s run has ended${which}; its result is being read.`;
  }
  return `A run of ${agent} was submitted${which}; nothing is verified yet.`;
}

function verifying(remediation: Remediation): string {
  const attempt = remediation.attempts.at(-1);
  const sha = attempt?.report?.commitSha ?? null;
  const agent = agentName(attempt?.agent ?? remediation.agent ?? 'the agent');
  return sha === null
    ? `${agent} says that no change is needed; CI has not confirmed it yet.`
    : `${agent} pushed a commit; CI has not confirmed it yet.`;
}

/** How an attempt stands: its outcome, or which of prepared, submitted, running and pushed is true. */
export function attemptWord(attempt: Attempt, codeRunPhase: string | null): Word {
  // Green, but not by a repair.
  if (attempt.outcome === 'ci_still_failing' && isRefused(attempt)) return word('refused', 'bad');
  if (attempt.outcome !== null) return OUTCOME_WORDS[attempt.outcome];
  if (attempt.report !== null)
    return word(attempt.report.commitSha === null ? 'not verified' : 'pushed, not verified', 'busy');
  if (attempt.codeRunName === null) return word('being prepared', 'busy');
  return word(codeRunPhase === 'Running' ? 'running' : 'submitted', 'busy');
}

function isRefused({ concerns = [] }: Attempt): boolean {
  return concerns.some(({ severity }) => severity === 'refuse');
}

/** `rex` is a person to the reader: Rex. */
export function agentName(agent: string): string {
  return agent.charAt(0).toUpperCase() + agent.slice(1);
}

/** Finishes the sentence “CI is red because of …”. */
export function failureTitle(remediation: Pick<Remediation, 'failureType'>): string {
  return remediation.failureType === null
    ? 'a failure not yet classified'
    : FAILURE_TYPES[remediation.failureType].title;
}

/** `1 check`, `2 checks`. */
export function plural(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`;
}

const UNITS = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['min', 60_000],
  ['s', 1000],
] as const;

/** Milliseconds in at most two units: `4 s`, `2 min 5 s`, `3 h 12 min`. */
export function duration(ms: number): string {
  let rest = Math.max(0, Math.round(ms / 1000) * 1000);
  const parts: string[] = [];
  for (const [unit, size] of UNITS) {
    const count = Math.floor(rest / size);
    if (count > 0) parts.push(`${count} ${unit}`);
    else if (parts.length > 0) break;
    if (parts.length === 2) break;
    rest -= count * size;
  }
  return parts.length === 0 ? '0 s' : parts.join(' ');
}
