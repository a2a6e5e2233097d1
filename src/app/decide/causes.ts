import type { Admission } from '../../decide/admit/admission.ts';
import { admitAlert, admitPlay, admitReview, admitSecurity } from '../../decide/admit/causes.ts';
import { digestOf } from '../../lib/digest.ts';
import { causeKey } from '../../model/cause.ts';
import type { Disposition } from '../../model/delivery.ts';
import type { FailureType } from '../../model/failure-type.ts';
import { FAILURE_TYPES } from '../../model/failure-type.ts';
import { reason } from '../../model/reason.ts';
import type { Cause } from '../../model/remediation.ts';
import type { PlatformAlertSignal, PlayFailedSignal, ReviewSignal, SecuritySignal } from '../../model/signal.ts';
import type { Tx } from '../../store/open.ts';
import { carryOut } from './carry-out.ts';
import { branchSubject, factsOfBranch, factsOfSubject } from './known-facts.ts';
import { type Opening, openRemediation } from './open.ts';
import { accepted, type Deciding } from './types.ts';

/** Alerts of one package and manifest, or of one rule and file, are one remediation; a secret is one by itself. */
export async function decideSecurity(tx: Tx, signal: SecuritySignal, deciding: Deciding): Promise<Disposition> {
  const subjectKey = securitySubject(signal);
  const known = await factsOfSubject(tx, subjectKey);
  const admission = admitSecurity(signal, known, deciding.admission, deciding.clock());
  return settle(tx, admission, signal, deciding, () => ({
    kind: 'sec',
    taskStem: `sec-${signal.alertKind.replaceAll('_', '-')}-${signal.number}`,
    message: `${signal.title} (${signal.alertKind} alert ${signal.number}).`,
    repository: signal.repository,
    defaultBranch: signal.defaultBranch,
    // An alert on a pull request names its number; the branch is looked up with the evidence.
    branch: signal.branch ?? (signal.pullRequest === null ? (signal.defaultBranch ?? '') : ''),
    subjectKey,
    headSha: signal.headSha ?? '',
    url: signal.url,
    pullRequest: signal.pullRequest,
    ...owned(SECURITY_TYPES[signal.alertKind]),
  }));
}

/** The same finding on the default branch and on a feature branch is repaired in two places. */
function securitySubject({ repository, groupKey, branch, defaultBranch, pullRequest }: SecuritySignal): string {
  const key = `sec:${repository}:${groupKey}`;
  if (pullRequest !== null) return `${key}:#${pullRequest}`;
  return branch === null || branch === defaultBranch ? key : `${key}:${branch}`;
}

const SECURITY_TYPES = {
  dependabot: 'security_dependabot',
  vulnerability: 'security_dependabot',
  code_scan: 'security_code_scan',
  secret: 'security_secret',
} as const satisfies Record<SecuritySignal['alertKind'], FailureType>;

export async function decideAlert(tx: Tx, signal: PlatformAlertSignal, deciding: Deciding): Promise<Disposition> {
  const subjectKey = `alert:${signal.groupKey}`;
  const known = await factsOfSubject(tx, subjectKey);
  const admission = admitAlert(signal, known, deciding.admission, deciding.clock());
  return settle(tx, admission, signal, deciding, () => ({
    kind: 'alert',
    taskStem: `alert-${digestOf({ group: signal.groupKey }).slice(0, 10)}`,
    message: `${signal.title} is firing.`,
    repository: signal.repository ?? deciding.admission.platformRepository ?? '',
    defaultBranch: null,
    branch: '',
    subjectKey,
    headSha: '',
    url: signal.url,
    ...owned('platform_alert'),
  }));
}

export async function decidePlay(tx: Tx, signal: PlayFailedSignal, deciding: Deciding): Promise<Disposition> {
  const known = await factsOfBranch(tx, signal.repository, signal.branch);
  const admission = admitPlay(signal, known, deciding.admission, deciding.clock());
  return settle(tx, admission, signal, deciding, () => ({
    kind: 'play',
    taskStem: `play-${slug(signal.playId)}-${slug(signal.taskId)}`,
    message: `The play ${signal.playId} failed at ${signal.stage}: ${signal.message}`,
    repository: signal.repository,
    defaultBranch: null,
    branch: signal.branch,
    subjectKey: branchSubject(signal.repository, signal.branch),
    headSha: '',
    ...owned('general'),
  }));
}

export async function decideReview(tx: Tx, signal: ReviewSignal, deciding: Deciding): Promise<Disposition> {
  const known = await factsOfBranch(tx, signal.repository, signal.headRef);
  const admission = admitReview(signal, known, deciding.admission, deciding.clock());
  const branch = signal.headRef ?? '';
  return settle(tx, admission, signal, deciding, () => ({
    kind: 'review',
    taskStem: `review-${signal.pullRequest ?? signal.headSha.slice(0, 8)}-${signal.reviewId ?? signal.button?.checkRunId ?? 0}`,
    message: `A review asks for a repair on ${branch}.`,
    repository: signal.repository,
    defaultBranch: signal.defaultBranch,
    branch,
    subjectKey: branchSubject(signal.repository, branch),
    headSha: signal.headSha,
    url: signal.url,
    pullRequest: signal.pullRequest,
    fromFork: signal.fromFork,
    ...owned('general'),
  }));
}

async function settle(
  tx: Tx,
  admission: Admission,
  cause: Cause,
  deciding: Deciding,
  opening: () => Opening,
): Promise<Disposition> {
  if (admission.kind !== 'open') return carryOut(tx, admission, deciding);
  const options = { continues: null, ifLive: { kind: 'cause_joined', cause } as const };
  const opened = await openRemediation(tx, { ...opening(), causes: [cause] }, deciding, options);
  const { id, taskId } = opened.remediation;
  if (opened.kind === 'opened') return accepted('new', id, admission.reason);
  return accepted('existing', id, reason('same_alert', `${causeKey(cause)} was joined to ${taskId}.`));
}

/** What the kind of the cause says before anybody has looked closer. */
function owned(failureType: FailureType) {
  return { agent: FAILURE_TYPES[failureType].owner, failureType, confidence: 0.5, rule: 'kind-of-signal' };
}

/** A part of a task id: short, and safe in a URL. */
function slug(text: string): string {
  const plain = text.replace(/[^A-Za-z0-9._-]+/g, '-').slice(0, 40);
  return plain === text ? plain : `${plain}-${digestOf({ text }).slice(0, 6)}`;
}
