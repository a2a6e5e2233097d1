import { attemptLimit } from '../decide/repository-config/apply.ts';
import { asReading } from '../decide/repository-config/reading.ts';
import type { Fact } from '../model/fact.ts';
import type { Remediation } from '../model/remediation.ts';
import type { PolicyFor } from '../remediate/machine.ts';
import { DEFAULT_POLICY, type Policy } from '../remediate/policy.ts';
import { lockSpending } from '../store/attempts.ts';
import type { Store } from '../store/open.ts';
import { findRepositoryConfig } from '../store/repository-configs.ts';
import { noteEvidence, readIncident } from './incidents.ts';
import { readLoad } from './load.ts';
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

/** The policy for one fact, with what stands in the way of spending read in the same transaction. */
export function createPolicy(settings: Settings, dialect: Store['dialect']): PolicyFor {
  const fixed = fixedPolicy(settings);
  const wave = { remediations: settings.incidents.remediations, windowMs: settings.incidents.minutes * MINUTE };
  return async (tx, remediation, now, fact) => {
    const need = needOf(remediation, fact);
    if (need === 'nothing') return fixed;
    const spends = fact?.kind === 'evidence_gathered';
    if (spends) await lockSpending(tx, dialect);
    const load = need === 'load' ? await readLoad(tx, settings, remediation, now) : fixed.load;
    if (spends) await noteEvidence(tx, wave, remediation, fact, now);
    const incident = await readIncident(tx, dialect, remediation, now);
    const own = asReading(await findRepositoryConfig(tx, remediation.repository));
    const maxAttempts = attemptLimit(settings.maxAttempts, own);
    return { ...fixed, maxAttempts, maxRuns: maxAttempts * RUNS_PER_ATTEMPT, load: { ...load, incident } };
  };
}

/** Most facts spend nothing and end nothing; reading what stands in the way of spending would be for nothing. */
function needOf({ phase }: Remediation, fact: Fact | null): 'nothing' | 'incident' | 'load' {
  switch (fact?.kind) {
    case 'evidence_gathered':
      return phase === 'gathering' ? 'load' : 'nothing';
    case 'timer_rang':
      return phase === 'deferred' ? 'load' : 'incident';
    // These may be the last that a remediation hears before people are asked.
    case 'gather_failed':
    case 'coderun_ended':
    case 'checks_read':
    case 'rerun_requested':
      return 'incident';
    default:
      return 'nothing';
  }
}
