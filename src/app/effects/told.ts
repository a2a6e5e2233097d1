import { alreadyTold, isLesson, knowledgeOf, type Situation } from '../../decide/repeat.ts';
import type { AgentName } from '../../model/agent.ts';
import type { Classification } from '../../model/evidence.ts';
import type { Verdict } from '../../model/fact.ts';
import { reason } from '../../model/reason.ts';
import type { Attempt, Remediation } from '../../model/remediation.ts';
import type { FailedCheck } from '../../model/signal.ts';
import { findBrief } from '../../store/briefs.ts';
import type { Reader } from '../../store/open.ts';

/** Nobody is left to whom there would be something new to tell. */
export const NOTHING_NEW: Verdict = { kind: 'stop', phase: 'escalated', reason: reason('nothing_new') };

export function situationOf(
  { guidance }: Remediation,
  { failureType, fingerprint }: Classification,
  checks: readonly FailedCheck[],
): Situation {
  return { failureType, fingerprint, red: checks.map(({ name }) => name), guidance: guidance?.text ?? null };
}

export interface Telling {
  /** What the brief tells, as a digest (see decide/repeat.ts). */
  readonly knowledge: string;
  /** Agents that were sent with just that before, in this lineage. */
  readonly told: ReadonlySet<AgentName>;
}

/** What there is to tell now, and to whom it was told already. */
export async function tellingOf(db: Reader, situation: Situation, attempts: readonly Attempt[]): Promise<Telling> {
  const knowledge = knowledgeOf(situation, attempts);
  // An attempt whose agent never really ran told nobody anything.
  const ran = attempts.filter(isLesson);
  const briefs = await Promise.all(ran.map(({ briefId }) => findBrief(db, briefId)));
  const asked = ran.map(({ agent }, index) => ({ agent, knowledge: briefs[index]?.knowledge ?? null }));
  return { knowledge, told: alreadyTold(asked, knowledge) };
}
