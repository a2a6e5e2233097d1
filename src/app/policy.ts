import type { Remediation } from '../model/remediation.ts';
import { DEFAULT_POLICY, type Policy } from '../remediate/policy.ts';
import type { Tx } from '../store/open.ts';
import { isPaused } from '../store/pauses.ts';
import { countWorking, nthLastEscalation } from '../store/remediations.ts';
import type { Settings } from './settings.ts';

/** Cancelled and failed runs do not count as attempts, but they cost; so many of them are enough. */
const RUNS_PER_ATTEMPT = 4;
const SECOND = 1_000;
const MINUTE = 60 * SECOND;

/** What the settings ask for; nothing is in the way of spending. */
export function fixedPolicy({ limits, ...settings }: Settings): Policy {
  return {
    ...DEFAULT_POLICY,
    mode: settings.mode,
    maxAttempts: settings.maxAttempts,
    maxRuns: settings.maxAttempts * RUNS_PER_ATTEMPT,
    settleMs: limits.settleSeconds * SECOND,
    runDeadlineMs: limits.runDeadlineMinutes * MINUTE,
    verifyTimeoutMs: limits.verifyTimeoutMinutes * MINUTE,
    rerunTimeoutMs: limits.verifyTimeoutMinutes * MINUTE,
    pollMs: limits.pollSeconds * SECOND,
    retryDelayMs: limits.retryDelaySeconds * SECOND,
    deferMs: limits.deferSeconds * SECOND,
  };
}

/** The policy that the settings ask for, with what stands in the way of spending read in the same transaction. */
export function createPolicy(settings: Settings): (tx: Tx, remediation: Remediation, now: number) => Promise<Policy> {
  const { breaker } = settings;
  const fixed = fixedPolicy(settings);
  return async (tx, remediation, now) => ({
    ...fixed,
    load: {
      running: await countWorking(tx, remediation.id),
      maxRunning: settings.maxConcurrentCodeRuns,
      paused: await isPaused(tx, remediation.repository),
      breakerUntil: await breakerUntil(tx, breaker.failures, breaker.minutes * MINUTE, now),
    },
  });
}

/** The breaker opens when the `failures`-th last escalation is younger than the window, and stays open until it is not. */
async function breakerUntil(tx: Tx, failures: number, windowMs: number, now: number): Promise<number | null> {
  const at = await nthLastEscalation(tx, failures);
  return at !== null && at > now - windowMs ? at + windowMs : null;
}
