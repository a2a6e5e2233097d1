import { digestOf } from '../lib/digest.ts';
import type { AgentName } from '../model/agent.ts';
import type { FailureType } from '../model/failure-type.ts';
import { countsAsAttempt } from '../model/outcome.ts';
import type { Attempt } from '../model/remediation.ts';

/** What a brief is about, without the words around it. */
export interface Situation {
  readonly failureType: FailureType;
  readonly fingerprint: string;
  /** Names of the checks that must become green. */
  readonly red: readonly string[];
  /** A person's words for the next attempt. */
  readonly guidance: string | null;
}

/**
 * A digest of what a brief can tell that makes a difference: what is broken, what people said, and what was learned from
 * each attempt so far. An attempt that ended just like an earlier one teaches nothing, however many there were; commits,
 * numbers and times of attempts tell nothing either.
 */
export function knowledgeOf({ failureType, fingerprint, red, guidance }: Situation, past: readonly Attempt[]): string {
  const lessons = new Set(past.filter(isLesson).map(lessonOf));
  return digestOf({
    failureType,
    fingerprint,
    red: JSON.stringify([...new Set(red)].sort()),
    guidance: guidance?.trim() ?? '',
    lessons: JSON.stringify([...lessons].sort()),
  });
}

/** An agent that ran, and with what it was sent; null in briefs of earlier versions. */
export interface Asked {
  readonly agent: AgentName;
  readonly knowledge: string | null;
}

/** Agents that were sent with just this before: sending them again would only repeat it. */
export function alreadyTold(asked: readonly Asked[], knowledge: string): ReadonlySet<AgentName> {
  return new Set(asked.filter((one) => one.knowledge === knowledge).map(({ agent }) => agent));
}

/** Attempts whose agent never really ran taught nobody anything. */
export function isLesson({ outcome }: Attempt): boolean {
  return outcome !== null && outcome !== 'success' && countsAsAttempt(outcome);
}

function lessonOf({ agent, outcome, detail, stillRed, report }: Attempt): string {
  const why = (detail ?? '').replace(/\b[0-9a-f]{7,40}\b/g, '#').replace(/\d+/g, '#');
  return JSON.stringify([agent, outcome, why, [...stillRed].sort(), report?.summary.trim() ?? '']);
}
