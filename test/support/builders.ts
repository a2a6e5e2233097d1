import { sha256 } from '../../src/lib/digest.ts';
import type { Delivery, Disposition } from '../../src/model/delivery.ts';
import type { Classification } from '../../src/model/evidence.ts';
import type { ChecksRead, CodeRunEnded, EvidenceGathered } from '../../src/model/fact.ts';
import type { AgentReport } from '../../src/model/outcome.ts';
import { reason } from '../../src/model/reason.ts';
import type { Attempt, Remediation } from '../../src/model/remediation.ts';
import type { CiSignal, CommandSignal, FailedCheck } from '../../src/model/signal.ts';
import { NOON } from './clock.ts';

export const SHA = 'a'.repeat(40);
export const AGENT_SHA = 'b'.repeat(40);

/** A check of the Rust project that most tests speak of. */
export function aCheck(name = 'clippy', changes: Partial<FailedCheck> = {}): FailedCheck {
  return {
    name,
    source: 'job',
    jobId: 7,
    runId: 41,
    workflowName: 'healer-ci',
    failedSteps: ['cargo clippy'],
    url: `https://github.test/acme/shop/actions/runs/41/job/7`,
    ...changes,
  };
}

export function aCiSignal(changes: Partial<CiSignal> = {}): CiSignal {
  return {
    kind: 'ci_failed',
    repository: 'acme/shop',
    defaultBranch: 'main',
    event: 'workflow_job',
    headSha: SHA,
    branch: 'feature',
    runId: 41,
    runAttempt: 1,
    check: aCheck(),
    workflowName: 'healer-ci',
    conclusion: 'failure',
    url: 'https://github.test/acme/shop/actions/runs/41',
    actor: { login: 'ada', type: 'User' },
    commitMessage: null,
    fromFork: false,
    pullRequests: [],
    ...changes,
  };
}

/** `/healer fix` by Ada in a comment on pull request 12. */
export function aCommand(changes: Partial<CommandSignal> = {}): CommandSignal {
  return {
    kind: 'command',
    repository: 'acme/shop',
    defaultBranch: 'main',
    pullRequest: 12,
    isPullRequest: true,
    commentId: 900,
    commentKind: 'issue',
    commentNodeId: null,
    url: 'https://github.test/acme/shop/pull/12#issuecomment-900',
    actor: { login: 'ada', type: 'User' },
    authorAssociation: 'MEMBER',
    verb: 'fix',
    argument: '',
    headRef: null,
    headSha: null,
    baseRef: null,
    fromFork: null,
    ...changes,
  };
}

/** A remediation just received; `changes` bring it into another phase. */
export function aRemediation(changes: Partial<Remediation> = {}): Remediation {
  return {
    id: '01JD0000000000000000000001',
    taskId: 'ci-41',
    kind: 'ci',
    repository: 'acme/shop',
    branch: 'feature',
    defaultBranch: 'main',
    subjectKey: 'ci:acme/shop:feature',
    lineageId: 'lineage-1',
    phase: 'received',
    phaseSince: NOON,
    reason: null,
    createdAt: NOON,
    updatedAt: NOON,
    endedAt: null,
    wakeAt: NOON + 5_000,
    headSha: SHA,
    runId: 41,
    workflowName: 'healer-ci',
    url: null,
    failedChecks: [aCheck()],
    causes: [],
    commitMessage: null,
    fromFork: false,
    pullRequest: null,
    targetBranch: null,
    agent: 'rex',
    failureType: 'rust_clippy',
    confidence: 0.6,
    rule: 'rust-clippy',
    fingerprint: null,
    rerunAt: null,
    guidance: null,
    pinnedAgent: null,
    approvedBy: null,
    attempts: [],
    attemptsBefore: 0,
    spawned: 0,
    gatherFailures: 0,
    ...changes,
  };
}

/** An attempt under way, whose CodeRun exists. */
export function anAttempt(changes: Partial<Attempt> = {}): Attempt {
  return {
    number: 1,
    ordinal: 1,
    agent: 'rex',
    failureType: 'rust_clippy',
    briefId: 'brief-1',
    codeRunName: 'healer-ci-rex-00000001',
    startedAt: NOON,
    endedAt: null,
    outcome: null,
    report: null,
    detail: null,
    stillRed: [],
    ...changes,
  };
}

export function aReport(changes: Partial<AgentReport> = {}): AgentReport {
  return {
    status: 'fixed',
    summary: 'Removed the needless borrow.',
    commitSha: AGENT_SHA,
    pullRequestUrl: null,
    usage: null,
    ...changes,
  };
}

/** Evidence that says: go on with Rex. */
export function evidence(changes: Partial<EvidenceGathered> = {}): EvidenceGathered {
  return {
    kind: 'evidence_gathered',
    briefId: 'brief-1',
    agent: 'rex',
    failureType: 'rust_clippy',
    confidence: 0.9,
    rule: 'rust-clippy',
    fingerprint: 'f1',
    transient: false,
    branch: 'feature',
    targetBranch: 'feature',
    pullRequest: 12,
    headSha: SHA,
    failedChecks: [aCheck()],
    verdict: { kind: 'proceed' },
    ...changes,
  };
}

export function codeRunEnded(ordinal: number, changes: Partial<CodeRunEnded> = {}): CodeRunEnded {
  return { kind: 'coderun_ended', ordinal, how: 'succeeded', detail: 'exit 0', report: aReport(), ...changes };
}

export function checksRead(state: ChecksRead['state'], changes: Partial<ChecksRead> = {}): ChecksRead {
  return {
    kind: 'checks_read',
    sha: AGENT_SHA,
    state,
    red: state === 'red' ? [aCheck()] : [],
    pending: state === 'pending' ? ['clippy'] : [],
    problem: null,
    ...changes,
  };
}

/** A delivery whose digest is that of its body; `n` makes it another one. */
export function aDelivery(n = 1, changes: Partial<Delivery> = {}): Delivery {
  const body = changes.body ?? new TextEncoder().encode(JSON.stringify({ n }));
  return {
    id: `01JD${String(n).padStart(22, '0')}`,
    origin: 'ci-failure',
    event: 'workflow_job',
    externalId: `delivery-${n}`,
    digest: sha256(body),
    receivedAt: NOON + n,
    body,
    ...changes,
  };
}

export function aDisposition(changes: Partial<Disposition> = {}): Disposition {
  return { status: 'accepted', dedupStatus: 'new', remediationId: 'r1', reason: reason('new_failure'), ...changes };
}

export function aClassification(changes: Partial<Classification> = {}): Classification {
  return {
    agent: 'rex',
    failureType: 'rust_clippy',
    category: 'rust',
    transient: false,
    confidence: 0.9,
    rule: 'rust-clippy',
    reason: 'The log ends in a clippy error.',
    fingerprint: 'f1',
    evidence: [{ line: 12, text: 'error: this expression borrows', rule: 'rust-clippy', weight: 3 }],
    excerpt: { text: 'error: this expression borrows', ranges: [[12, 12]], lines: 1, totalLines: 40 },
    ...changes,
  };
}
