import { digestOf } from '../lib/digest.ts';
import type { EvidenceGathered } from '../model/fact.ts';
import type { Remediation } from '../model/remediation.ts';
import { describeWave, isWave, leadOf, standing, type WaveRule, waveKeys } from '../remediate/incident.ts';
import type { IncidentLoad } from '../remediate/policy.ts';
import {
  changeIncident,
  closeIncident,
  findOpenIncident,
  type Incident,
  incidentsOf,
  noteSighting,
  openIncident,
  sightingsSince,
} from '../store/incidents.ts';
import type { Store, Tx } from '../store/open.ts';
import { findRemediation } from '../store/remediations.ts';

/**
 * Notes what the evidence shows, and opens an incident when it makes a wave. To be called by one transaction at a time
 * (`lockSpending`), or two could each see one remediation too few.
 */
export async function noteEvidence(
  tx: Tx,
  rule: WaveRule,
  remediation: Remediation,
  fact: EvidenceGathered,
  now: number,
): Promise<void> {
  for (const wave of waveKeys(remediation, fact)) {
    const { kind, key } = wave;
    await noteSighting(tx, { kind, key, remediationId: remediation.id, repository: remediation.repository, at: now });
    const open = await findOpenIncident(tx, kind, key);
    if (open !== null && now < open.until) continue;
    if (open !== null) await closeIncident(tx, open.id, 'window', now);
    const seen = await sightingsSince(tx, kind, key, now - rule.windowMs);
    if (!isWave(wave, seen, rule)) continue;
    const id = digestOf({ kind, key, at: now }).slice(0, 24);
    const leadId = leadOf(seen, remediation.id);
    await openIncident(tx, { id, kind, key, openedAt: now, until: now + rule.windowMs, leadId });
  }
}

/** How a remediation stands in the incidents that it is part of; null when it is in none. */
export async function readIncident(
  tx: Tx,
  dialect: Store['dialect'],
  remediation: Remediation,
  now: number,
): Promise<IncidentLoad | null> {
  let found: IncidentLoad | null = null;
  for (const incident of await incidentsOf(tx, dialect, remediation.id)) {
    const load = await standIn(tx, incident, remediation, now);
    // One in which it has to wait counts for more than one in which it goes ahead.
    if (load !== null && (found === null || found.isLead)) found = load;
  }
  return found;
}

async function standIn(tx: Tx, incident: Incident, self: Remediation, now: number): Promise<IncidentLoad | null> {
  const { leadId, escalatedBy, until } = incident;
  const lead = leadId === self.id ? self : await findRemediation(tx, leadId);
  const stands = standing(incident, lead, self.id, now);
  if (stands === 'over') {
    await closeIncident(tx, incident.id, 'window', now);
    return null;
  }
  if (stands === 'takes_lead') await changeIncident(tx, incident.id, { leadId: self.id });
  const other = escalatedBy === null || escalatedBy === self.id ? null : await findRemediation(tx, escalatedBy);
  return {
    what: describeWave(incident),
    lead: stands === 'waits' ? (lead?.taskId ?? leadId) : self.taskId,
    isLead: stands !== 'waits',
    escalatedAs: other?.taskId ?? null,
    until,
  };
}

/** A remediation ended: one that is green ends the incidents it was part of, one that escalated is their escalation. */
export async function keepIncidents(tx: Tx, dialect: Store['dialect'], after: Remediation, now: number): Promise<void> {
  if (after.phase !== 'succeeded' && after.phase !== 'escalated') return;
  for (const incident of await incidentsOf(tx, dialect, after.id)) {
    if (after.phase === 'succeeded') await closeIncident(tx, incident.id, 'green', now);
    else if (incident.escalatedBy === null) await changeIncident(tx, incident.id, { escalatedBy: after.id });
  }
}
