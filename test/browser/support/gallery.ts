import { reason } from '../../../src/model/reason.ts';
import type { Phase, Remediation } from '../../../src/model/remediation.ts';
import { insertDelivery } from '../../../src/store/deliveries.ts';
import type { Store } from '../../../src/store/open.ts';
import { ulidAt, writeBriefs, writeLife } from './life.ts';

const HOUR = 3_600_000;
const LIVE: readonly Phase[] = ['working', 'verifying', 'gathering', 'awaiting_approval', 'working', 'deferred'];

export interface Gallery {
  /** Ended, fixed at the second attempt. */
  readonly fixed: Remediation;
  readonly escalated: Remediation;
  /** An agent is at work. */
  readonly working: Remediation;
  readonly approval: Remediation;
  readonly deliveryId: string;
}

/** Two weeks of a busy team, for people to look at. */
export async function writeGallery(store: Store, now: number): Promise<Gallery> {
  const lives: Remediation[] = [];
  const count = 130;
  await store.transaction(async (tx) => {
    for (let n = 0; n < count; n += 1) {
      const at = now - Math.round((count - n) * 2.5 * HOUR) - 50 * 60_000;
      lives.push(await writeLife(tx, { n, at, repositories: 5 }));
    }
    for (const [index, phase] of LIVE.entries()) {
      const at = now - (LIVE.length - index) * 4 * 60_000;
      lives.push(await writeLife(tx, { n: count + index, at, repositories: 5, live: phase }));
    }
    for (const [index, code] of (['not_a_failure', 'unknown_event', 'opted_out', 'bot_author'] as const).entries()) {
      const at = now - (index * 3 + 2) * 60_000;
      const delivery = {
        id: ulidAt(at, 900_000 + index),
        origin: 'github' as const,
        event: ['workflow_run', 'star', 'workflow_job', 'check_run'][index] ?? 'push',
        externalId: `a1b2c3d4-${index}`,
        digest: `gallery-${index}`,
        receivedAt: at,
        body: new TextEncoder().encode(JSON.stringify({ action: 'completed', repository: { full_name: 'acme/shop' } })),
      };
      const status = index < 2 ? ('ignored' as const) : ('skipped' as const);
      await insertDelivery(
        tx,
        delivery,
        { status, dedupStatus: 'skipped', remediationId: null, reason: reason(code) },
        at + 9,
      );
    }
  });
  const of = (isSo: (remediation: Remediation) => boolean): Remediation => {
    const found = lives.findLast(isSo);
    if (found === undefined) throw new Error('The gallery lacks a remediation of this kind.');
    return found;
  };
  const gallery = {
    fixed: of(({ phase, attempts }) => phase === 'succeeded' && attempts.length === 2),
    escalated: of(({ phase }) => phase === 'escalated'),
    working: of(({ phase }) => phase === 'working'),
    approval: of(({ phase }) => phase === 'awaiting_approval'),
    deliveryId: ulidAt(now - 2 * 60_000, 900_000),
  };
  for (const shown of [gallery.fixed, gallery.escalated, gallery.working, gallery.approval])
    await writeBriefs(store, shown);
  return gallery;
}
