import type { Clock } from '../lib/clock.ts';
import type { Breaker } from '../remediate/breaker.ts';
import { watchedIncidents } from '../store/notice-watch.ts';
import { openSubjects } from '../store/notices.ts';
import type { Store, Tx } from '../store/open.ts';
import { lastTurnOf, readPauses } from '../store/pauses.ts';
import { findRemediation } from '../store/remediations.ts';
import type { Notices } from './notify.ts';
import * as text from './notify-text.ts';

export interface WatchOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly notices: Notices;
  readonly breakerRule: { readonly failures: number; readonly minutes: number };
  readonly readBreaker: (tx: Tx, now: number) => Promise<Breaker>;
}

/**
 * Compares what stands in the store (pauses, breaker, incidents) with what people were told about it, and has the
 * difference told: what begins and ends by itself, or while nobody was running, is told all the same.
 */
export function createWatch({ store, clock, notices, breakerRule, readBreaker }: WatchOptions): () => Promise<void> {
  return () =>
    store.transaction(async (tx) => {
      const now = clock();
      await watchPauses(tx, notices, now);
      await watchBreaker(tx, notices, await readBreaker(tx, now), breakerRule, now);
      await watchIncidents(tx, notices, now);
    });
}

async function watchPauses(tx: Tx, notices: Notices, now: number): Promise<void> {
  const pauses = await readPauses(tx);
  for (const { repository, by } of pauses)
    await notices.tell(tx, { kind: 'pause', repository, item: text.paused(repository, by), isNews: true }, now);
  const inForce = new Set(pauses.map(({ repository }) => `${text.PAUSE}${repository ?? ''}`));
  for (const key of await openSubjects(tx, text.PAUSE)) {
    if (inForce.has(key)) continue;
    const repository = key.slice(text.PAUSE.length);
    const turned = await lastTurnOf(tx, repository === '' ? null : repository);
    await notices.change(tx, key, (item) => text.resumed(item, turned?.by ?? null), now);
  }
}

async function watchBreaker(
  tx: Tx,
  notices: Notices,
  breaker: Breaker,
  rule: WatchOptions['breakerRule'],
  now: number,
): Promise<void> {
  const item = text.breaker(breaker, rule);
  if (breaker.state === 'open') {
    await notices.tell(tx, { kind: 'breaker', repository: null, item, isNews: true }, now);
    return;
  }
  await notices.change(tx, text.BREAKER, () => item, now, breaker.state === 'closed');
}

async function watchIncidents(tx: Tx, notices: Notices, now: number): Promise<void> {
  const told = (await openSubjects(tx, text.INCIDENT)).map((key) => key.slice(text.INCIDENT.length));
  for (const incident of await watchedIncidents(tx, now, told)) {
    const lead = await findRemediation(tx, incident.leadId);
    const asked = incident.escalatedBy === null ? null : await findRemediation(tx, incident.escalatedBy);
    const end =
      incident.closedBy === 'green' ? 'green' : incident.closedBy !== null || now >= incident.until ? 'window' : null;
    const escalated = asked === null ? null : { taskId: asked.taskId, detail: asked.reason?.detail ?? '' };
    const item = text.wave({ ...incident, lead: lead?.taskId ?? null, escalated, end });
    const isNews = end !== null || escalated !== null;
    await notices.tell(tx, { kind: 'incident', repository: null, item, isNews }, now);
  }
}
