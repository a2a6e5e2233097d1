import type { Admission } from '../../decide/admit/admission.ts';
import type { Disposition } from '../../model/delivery.ts';
import { closeLineage } from '../../store/lineages.ts';
import type { Tx } from '../../store/open.ts';
import { accepted, type Deciding } from './types.ts';

/** Carries out every admission but the opening of a remediation, which each kind of signal does in its own way. */
export async function carryOut(
  tx: Tx,
  admission: Exclude<Admission, { kind: 'open' }>,
  deciding: Deciding,
): Promise<Disposition> {
  if (admission.kind === 'pass') {
    if (admission.healthy) {
      await closeLineage(tx, admission.healthy.subjectKey, 'green', deciding.clock());
      await deciding.onHealthy?.(tx, admission.healthy.subjectKey, deciding.clock());
    }
    const { status, dedupStatus, remediationId, reason } = admission;
    return { status, dedupStatus, remediationId, reason };
  }
  const step = await deciding.machine.applyIn(tx, admission.remediation.id, admission.fact);
  if (step !== null) deciding.steps.push(step);
  return accepted('existing', admission.remediation.id, admission.reason);
}
