import { pullOfRef } from '../../lib/github/pull-ref.ts';
import type { Verdict } from '../../model/fact.ts';
import { type Reason, type ReasonCode, reason } from '../../model/reason.ts';
import type { Remediation } from '../../model/remediation.ts';
import { hasSkipFlag } from './skip-flags.ts';

/** Labels on a pull request that keep Healer away. */
export const OPT_OUT_LABELS = ['healer.platform/exclude', 'healer.platform/exclude=true', 'skip-healer'] as const;

export function isOptOutLabel(name: string): boolean {
  return (OPT_OUT_LABELS as readonly string[]).includes(name);
}

/** What only the gathered evidence tells. Null means that it could not be found out; nothing is concluded from that. */
export interface GatheredFacts {
  readonly branch: { readonly exists: boolean; readonly headSha: string | null } | null;
  readonly pullRequest: {
    readonly number: number;
    readonly state: 'open' | 'closed';
    readonly merged: boolean;
    readonly fromFork: boolean;
    readonly labels: readonly string[];
  } | null;
  readonly commitMessage: string | null;
  /** How the checks stand on the branch's present head. */
  readonly checksNow: { readonly sha: string; readonly state: 'green' | 'red' | 'pending' } | null;
  /** Every failed check is red on the base branch as well. */
  readonly baseRed: boolean | null;
  /** What agents changed so far is no repair, however green it is. */
  readonly changeRefused?: boolean;
}

type Gate = (remediation: Remediation, facts: GatheredFacts) => Verdict | null;

/** The order is the order of DESIGN section 4, “Before spending on an agent”. */
const GATES: readonly Gate[] = [
  branchThere,
  pullRequestOpen,
  notOptedOut,
  notFromFork,
  stillRed,
  notReplaced,
  notTheBase,
];

/** Whether an agent is worth its money, now that the evidence is there; the first gate that objects decides. */
export function judgeEvidence(remediation: Remediation, facts: GatheredFacts): Verdict {
  for (const gate of GATES) {
    const verdict = gate(remediation, facts);
    if (verdict !== null) return verdict;
  }
  return { kind: 'proceed' };
}

/** The commit to repair: the branch's head when that is red as well, else the one that the failure was seen on. */
export function commitToRepair(remediation: Remediation, facts: GatheredFacts): string {
  return facts.checksNow?.state === 'red' ? facts.checksNow.sha : remediation.headSha;
}

function branchThere(_: Remediation, { branch }: GatheredFacts): Verdict | null {
  return branch?.exists === false ? stop('cancelled', 'branch_gone') : null;
}

function pullRequestOpen(remediation: Remediation, { pullRequest }: GatheredFacts): Verdict | null {
  if (pullRequest === null || pullRequest.state === 'open') return null;
  const own = [remediation.pullRequest, pullOfRef(remediation.branch)];
  if (!own.includes(pullRequest.number)) return null;
  const how = pullRequest.merged ? 'merged' : 'closed';
  return stop('cancelled', 'pull_request_closed', `Pull request #${pullRequest.number} was ${how}.`);
}

function notOptedOut(_: Remediation, { commitMessage, pullRequest }: GatheredFacts): Verdict | null {
  const flag = hasSkipFlag(commitMessage);
  if (flag !== null) return stop('cancelled', 'opted_out', `The head commit says ${flag}.`);
  const label = pullRequest?.labels.find(isOptOutLabel);
  return label === undefined ? null : stop('cancelled', 'opted_out', `The pull request carries the label ${label}.`);
}

function notFromFork(remediation: Remediation, { pullRequest }: GatheredFacts): Verdict | null {
  return pullRequest?.fromFork && remediation.approvedBy === null ? stop('cancelled', 'fork') : null;
}

/** Green by a change that is refused is what the next attempt has to take back. */
function stillRed({ causes }: Remediation, { checksNow, changeRefused }: GatheredFacts): Verdict | null {
  return checksNow?.state === 'green' && causes.length === 0 && changeRefused !== true
    ? stop('succeeded', 'already_green', `The checks are green on ${checksNow.sha.slice(0, 8)} meanwhile.`)
    : null;
}

/** A newer commit whose checks are still running will speak for itself; one that is red as well is what gets repaired. */
function notReplaced(remediation: Remediation, { branch, checksNow }: GatheredFacts): Verdict | null {
  // An alert or a finding is not about one commit.
  if (remediation.causes.length > 0) return null;
  const head = branch?.headSha ?? null;
  if (head === null || head === remediation.headSha || checksNow?.state === 'red') return null;
  if (remediation.attempts.length > 0) return null;
  return stop('superseded', 'newer_commit', `${head.slice(0, 8)} replaced ${remediation.headSha.slice(0, 8)}.`);
}

function notTheBase(remediation: Remediation, { baseRed }: GatheredFacts): Verdict | null {
  return baseRed === true && remediation.attempts.length === 0 && remediation.causes.length === 0
    ? stop('cancelled', 'base_red')
    : null;
}

function stop(phase: 'cancelled' | 'superseded' | 'succeeded', code: ReasonCode, detail?: string): Verdict {
  const why: Reason = reason(code, detail);
  return { kind: 'stop', phase, reason: why };
}
