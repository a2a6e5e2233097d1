import { reason } from '../../src/model/reason.ts';
import type { Phase, Remediation } from '../../src/model/remediation.ts';
import { DEFAULT_POLICY } from '../../src/remediate/policy.ts';
import { anAttempt, aRemediation, aReport } from '../support/builders.ts';
import { NOON } from '../support/clock.ts';

const { gatherTimeoutMs, runDeadlineMs, verifyTimeoutMs, rerunTimeoutMs, deferMs, approvalTimeoutMs, retryDelayMs } =
  DEFAULT_POLICY;
const running = anAttempt();
const reported = anAttempt({ report: aReport() });
const failed = anAttempt({ endedAt: NOON, outcome: 'agent_failed', detail: 'exit 1' });
const agent = { targetBranch: 'feature', pullRequest: 12, spawned: 1 } as const;

const EXAMPLES: Record<Phase, Partial<Remediation>> = {
  received: {},
  gathering: { wakeAt: NOON + gatherTimeoutMs },
  deferred: { wakeAt: NOON + deferMs, reason: reason('at_capacity') },
  rerunning: { wakeAt: NOON + rerunTimeoutMs, rerunAt: NOON, reason: reason('transient') },
  awaiting_approval: { wakeAt: NOON + approvalTimeoutMs, reason: reason('approval_required') },
  working: { ...agent, wakeAt: NOON + runDeadlineMs, attempts: [running] },
  verifying: { ...agent, wakeAt: NOON + verifyTimeoutMs, attempts: [reported] },
  retrying: { ...agent, wakeAt: NOON + retryDelayMs, attempts: [failed] },
  succeeded: {
    ...agent,
    wakeAt: null,
    endedAt: NOON,
    reason: reason('fixed'),
    attempts: [{ ...reported, endedAt: NOON, outcome: 'success' }],
  },
  escalated: { ...agent, wakeAt: null, endedAt: NOON, reason: reason('attempts_spent'), attempts: [failed] },
  cancelled: {
    ...agent,
    wakeAt: null,
    endedAt: NOON,
    reason: reason('cancelled_by_person'),
    attempts: [{ ...running, codeRunName: null, endedAt: NOON, outcome: 'cancelled' }],
  },
  superseded: { wakeAt: null, endedAt: NOON, reason: reason('newer_commit') },
};

/** A remediation as it is in the middle of a phase, since noon. */
export function inPhase(phase: Phase, changes: Partial<Remediation> = {}): Remediation {
  return aRemediation({ phase, ...EXAMPLES[phase], ...changes });
}
