import type { Classification, ContextFinding } from '../../src/model/evidence.ts';
import { reason } from '../../src/model/reason.ts';
import type { Attempt, Remediation, TimelineEntry } from '../../src/model/remediation.ts';
import { insertBrief, type StoredBrief } from '../../src/store/briefs.ts';
import { insertDelivery } from '../../src/store/deliveries.ts';
import { openStore, type Store, type StoreOptions } from '../../src/store/open.ts';
import { insertRemediation } from '../../src/store/remediations.ts';
import { appendTimeline } from '../../src/store/timeline.ts';

/** 2026-03-14T09:30:00Z: the time at which every test of this folder happens. */
export const NOW = Date.UTC(2026, 2, 14, 9, 30);
export const MINUTE = 60_000;
export const HOUR = 60 * MINUTE;

const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';

/** A ULID-shaped id whose order is the order of `n`. */
export function ulid(n: number): string {
  let rest = n;
  let tail = '';
  for (let digit = 0; digit < 16; digit += 1) {
    tail = (ALPHABET[rest % 32] ?? '0') + tail;
    rest = Math.floor(rest / 32);
  }
  return `01KKJ4Z000${tail}`;
}

export function makeAttempt(changes: Partial<Attempt> = {}): Attempt {
  return {
    number: 1,
    ordinal: 1,
    agent: 'rex',
    failureType: 'rust_clippy',
    briefId: 'brief-1',
    codeRunName: 'healer-ci-rex-1a2b3c4d',
    startedAt: NOW - 20 * MINUTE,
    endedAt: null,
    outcome: null,
    report: null,
    detail: null,
    stillRed: [],
    ...changes,
  };
}

export function makeRemediation(changes: Partial<Remediation> = {}): Remediation {
  const branch = changes.branch ?? 'feature/cart-totals';
  const repository = changes.repository ?? 'acme/shop';
  return {
    id: ulid(1),
    taskId: 'ci-16204417720',
    kind: 'ci',
    repository,
    branch,
    defaultBranch: 'main',
    subjectKey: `ci:${repository}:${branch}`,
    lineageId: 'lineage-1',
    phase: 'received',
    phaseSince: NOW - 5 * MINUTE,
    reason: null,
    createdAt: NOW - 25 * MINUTE,
    updatedAt: NOW - 5 * MINUTE,
    endedAt: null,
    wakeAt: NOW + 10 * MINUTE,
    headSha: '9f2c1e7d4b6a8035c1d2e3f4a5b6c7d8e9f0a1b2',
    runId: 16_204_417_720,
    workflowName: 'controller-ci',
    url: 'https://github.com/acme/shop/actions/runs/16204417720',
    failedChecks: [
      {
        name: 'lint (stable)',
        source: 'job',
        jobId: 45_720_001,
        runId: 16_204_417_720,
        workflowName: 'controller-ci',
        failedSteps: ['cargo clippy'],
        url: 'https://github.com/acme/shop/actions/runs/16204417720/job/45720001',
      },
    ],
    causes: [],
    commitMessage: 'Add cart totals',
    fromFork: false,
    pullRequest: 482,
    targetBranch: branch,
    agent: 'rex',
    failureType: 'rust_clippy',
    confidence: 0.94,
    rule: 'rust-clippy',
    fingerprint: 'c0ffee00c0ffee00',
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

export function makeClassification(changes: Partial<Classification> = {}): Classification {
  return {
    agent: 'rex',
    failureType: 'rust_clippy',
    category: 'rust',
    transient: false,
    confidence: 0.94,
    rule: 'rust-clippy',
    reason: 'clippy reports findings in the failing step “cargo clippy”.',
    fingerprint: 'c0ffee00c0ffee00',
    evidence: [
      {
        line: 812,
        text: 'error: this expression creates a reference which is immediately dereferenced',
        rule: 'rust-clippy',
        weight: 3,
      },
      { line: 813, text: '  --> src/cart/totals.rs:41:27', rule: 'rust-location', weight: 2 },
      {
        line: 831,
        text: 'error: could not compile `shop-cart` (lib) due to 1 previous error',
        rule: 'rust-compile',
        weight: 1,
      },
    ],
    excerpt: {
      text: [
        '    Checking shop-cart v0.4.2 (/work/shop/crates/cart)',
        'error: this expression creates a reference which is immediately dereferenced by the compiler',
        '  --> src/cart/totals.rs:41:27',
        '   |',
        '41 |     let total = sum_lines(&lines.as_slice());',
        '   |                           ^^^^^^^^^^^^^^^^^^ help: change this to: `lines.as_slice()`',
        '   |',
        '   = note: `-D clippy::needless-borrow` implied by `-D warnings`',
        'error: could not compile `shop-cart` (lib) due to 1 previous error',
      ].join('\n'),
      ranges: [
        [811, 818],
        [831, 831],
      ],
      lines: 9,
      totalLines: 1204,
    },
    ...changes,
  };
}

export const FINDINGS: readonly ContextFinding[] = [
  {
    source: 'github-logs',
    status: 'found',
    durationMs: 840,
    summary: 'The log of “lint (stable)”, 1,204 lines, of which 9 matter.',
    body: '```text\nerror: this expression creates a reference\n```',
    url: 'https://github.com/acme/shop/actions/runs/16204417720/job/45720001',
    truncated: false,
  },
  {
    source: 'changed-files',
    status: 'found',
    durationMs: 310,
    summary: '3 files changed: src/cart/totals.rs, src/cart/mod.rs, Cargo.toml.',
    body: null,
    url: 'https://github.com/acme/shop/pull/482/files',
    truncated: true,
  },
  {
    source: 'pull-request',
    status: 'timed_out',
    durationMs: 5_000,
    summary: 'GitHub gave no answer within 5 s.',
    body: null,
    url: null,
    truncated: false,
  },
];

export function makeBrief(changes: Partial<StoredBrief> = {}): StoredBrief {
  return {
    id: 'brief-1',
    remediationId: ulid(1),
    ordinal: 1,
    createdAt: NOW - 21 * MINUTE,
    classification: makeClassification(),
    findings: FINDINGS,
    cuts: ['The diff was cut to its first 400 lines.'],
    template: 'ci/rust-fix.hbs',
    baseBranch: null,
    prompt: '# Repair a red build\n\nYou are Rex. The check “lint (stable)” of acme/shop is red because of clippy.\n',
    ...changes,
  };
}

export interface Seed {
  readonly remediation: Remediation;
  readonly timeline?: readonly TimelineEntry[];
  readonly briefs?: readonly StoredBrief[];
}

export async function openSeeded(
  seeds: readonly Seed[] = [],
  options: StoreOptions = { kind: 'memory' },
): Promise<Store> {
  const store = await openStore(options);
  for (const seed of seeds) await addSeed(store, seed);
  return store;
}

export async function addSeed(store: Store, { remediation, timeline = [], briefs = [] }: Seed): Promise<void> {
  await store.transaction(async (tx) => {
    if (!(await insertRemediation(tx, remediation))) throw new Error(`${remediation.subjectKey} is live already`);
    await appendTimeline(tx, remediation.id, timeline);
    for (const brief of briefs) await insertBrief(tx, brief);
  });
}

export interface DeliverySeed {
  readonly n: number;
  readonly event?: string | null;
  readonly receivedAt?: number;
  readonly externalId?: string | null;
  readonly disposition?: Parameters<typeof insertDelivery>[2];
}

export async function addDelivery(store: Store, seed: DeliverySeed): Promise<string> {
  const { n, event = 'workflow_job', receivedAt = NOW - n * MINUTE, externalId = `guid-${n}` } = seed;
  const disposition = seed.disposition === undefined ? accepted(null) : seed.disposition;
  const delivery = {
    id: ulid(9_000 - n),
    origin: 'github' as const,
    event,
    externalId,
    digest: `digest-${n}`,
    receivedAt,
    body: new Uint8Array([123, 125]),
  };
  await store.transaction((tx) => insertDelivery(tx, delivery, disposition, receivedAt + 12));
  return delivery.id;
}

export function accepted(remediationId: string | null) {
  return { status: 'accepted' as const, dedupStatus: 'new' as const, remediationId, reason: reason('new_failure') };
}
