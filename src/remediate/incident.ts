/**
 * Waves: one cause, such as a registry that is down, makes many builds red at once. They are one incident. One
 * remediation, the lead, goes ahead; the others wait until anyone of them turns green or the window ends, and people
 * are asked about the lead alone.
 *
 *   many of one cause ─▶ open ─▶ closed            somebody turned green, or the window ended: everyone goes on
 *                         │ ▲
 *                         └─┘ the lead ended without an answer: the next to look takes its place
 */

import type { EvidenceGathered } from '../model/fact.ts';
import { FAILURE_TYPES } from '../model/failure-type.ts';
import { type Reason, reason } from '../model/reason.ts';
import { isTerminal, type Phase, type Remediation } from '../model/remediation.ts';
import { change, type Result } from './change.ts';
import type { IncidentLoad } from './policy.ts';

/** When remediations of one cause are a wave. */
export interface WaveRule {
  /** More than so many within the window are a wave. */
  readonly remediations: number;
  /** Milliseconds; also how long an incident lasts at most. */
  readonly windowMs: number;
}

/** What remediations of one wave have in common. */
export interface WaveKey {
  /** `transient`: the same transient failure type. `fingerprint`: the same breakage, in several repositories. */
  readonly kind: 'transient' | 'fingerprint';
  readonly key: string;
}

/** A remediation that showed the cause, in the order in which they did. */
export interface Seen {
  readonly remediationId: string;
  readonly repository: string;
  readonly phase: Phase;
}

/** Below this the classifier guesses, and guesses are alike without having a cause in common. */
const SURE = 0.5;

/** The causes that the evidence shows. What is stopped anyway, and what an agent has been at, shows none. */
export function waveKeys(remediation: Remediation, fact: EvidenceGathered): readonly WaveKey[] {
  if (fact.verdict.kind === 'stop' || remediation.attempts.length > 0) return [];
  if (fact.transient) {
    return remediation.rerunAt === null ? [{ kind: 'transient', key: fact.failureType }] : [];
  }
  return fact.confidence >= SURE && fact.fingerprint !== '' ? [{ kind: 'fingerprint', key: fact.fingerprint }] : [];
}

export function isWave({ kind }: WaveKey, seen: readonly Seen[], rule: WaveRule): boolean {
  const count = kind === 'transient' ? seen.length : new Set(seen.map(({ repository }) => repository)).size;
  return count > rule.remediations;
}

/** Who goes ahead when a wave is noticed: the first that is at it already, else the one that made it a wave. */
export function leadOf(seen: readonly Seen[], self: string): string {
  const ahead = seen.find(({ phase }) => !isTerminal(phase) && phase !== 'deferred' && phase !== 'received');
  return ahead?.remediationId ?? self;
}

export type Standing = 'over' | 'leads' | 'takes_lead' | 'waits';

/** How a remediation stands in an open incident. `lead` is null when there is no such remediation any more. */
export function standing(
  incident: { readonly leadId: string; readonly escalatedBy: string | null; readonly until: number },
  lead: { readonly phase: Phase } | null,
  self: string,
  now: number,
): Standing {
  if (now >= incident.until) return 'over';
  if (incident.leadId === self) return 'leads';
  // People have been asked: nobody else goes ahead before they, or time, have changed something.
  if (incident.escalatedBy !== null) return 'waits';
  return lead === null || isTerminal(lead.phase) ? 'takes_lead' : 'waits';
}

export function describeWave({ kind, key }: { readonly kind: string; readonly key: string }): string {
  const known = (FAILURE_TYPES as Readonly<Record<string, { readonly title: string }>>)[key];
  return kind === 'transient'
    ? `red because of ${known?.title ?? key}`
    : 'red with the same error in several repositories';
}

/** Why it has to wait for another one of the same wave; null when it need not. */
export function waitsForAnother(incident: IncidentLoad | null, now: number): Reason | null {
  if (incident === null || incident.isLead || incident.until <= now) return null;
  const { what, lead, escalatedAs } = incident;
  const whom = escalatedAs === null ? `${lead} goes ahead` : `people were asked in ${escalatedAs}`;
  return reason('incident', `Many remediations at once are ${what}; ${whom}, this one waits.`);
}

/** One outage is one escalation: what would be the second of an incident ends quietly and names the first. */
export function escalateOnce(before: Remediation, result: Result, incident: IncidentLoad | null, now: number): Result {
  const { remediation: after, entries, effects } = result;
  const escalates = after.phase === 'escalated' && !isTerminal(before.phase);
  if (!escalates || incident === null || incident.escalatedAs === null) return result;
  const why = `People were asked in ${incident.escalatedAs} about the same cause. ${after.reason?.detail ?? ''}`.trim();
  const quiet = change(after, now).to('cancelled', null, reason('incident', why)).say('incident', why).done();
  return {
    remediation: quiet.remediation,
    entries: [...entries.map((entry) => ({ ...entry, phase: quiet.remediation.phase })), ...quiet.entries],
    effects,
  };
}
