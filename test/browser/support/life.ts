import { createHash } from 'node:crypto';
import { FAILURE_TYPES, type FailureType } from '../../../src/model/failure-type.ts';
import { type ReasonCode, reason } from '../../../src/model/reason.ts';
import type { Attempt, Phase, Remediation, TimelineEntry } from '../../../src/model/remediation.ts';
import { saveAttempt } from '../../../src/store/attempts.ts';
import { insertBrief } from '../../../src/store/briefs.ts';
import { insertDelivery } from '../../../src/store/deliveries.ts';
import { rememberLessons } from '../../../src/store/lessons.ts';
import type { Store, Tx } from '../../../src/store/open.ts';
import { rememberOutcome } from '../../../src/store/outcomes.ts';
import { insertRemediation } from '../../../src/store/remediations.ts';
import { appendTimeline } from '../../../src/store/timeline.ts';
import { makeAttempt, makeBrief, makeClassification, makeRemediation } from '../../report/seed.ts';

const MINUTE = 60_000;
const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';

/** A ULID of this time; `n` tells apart what came at the same time. */
export function ulidAt(at: number, n: number): string {
  const digits = (value: number, length: number): string => {
    let rest = value;
    let text = '';
    for (let digit = 0; digit < length; digit += 1) {
      text = (ALPHABET[rest % 32] ?? '0') + text;
      rest = Math.floor(rest / 32);
    }
    return text;
  };
  return digits(at, 10) + digits(n, 16);
}

const KINDS: readonly (readonly [FailureType, string, string, string])[] = [
  ['rust_clippy', 'rex', 'controller-ci', 'lint (stable)'],
  ['frontend_test', 'blaze', 'web', 'test'],
  ['docker_build', 'bolt', 'images', 'build'],
  ['security_audit', 'cipher', 'audit', 'npm audit'],
  ['python', 'atlas', 'api-ci', 'pytest'],
  ['frontend_types', 'blaze', 'web', 'types'],
  ['helm_template', 'bolt', 'charts', 'template'],
];
const ENDS: readonly (readonly [Phase, ReasonCode])[] = [
  ['succeeded', 'fixed'],
  ['succeeded', 'fixed'],
  ['succeeded', 'green_after_rerun'],
  ['succeeded', 'fixed'],
  ['escalated', 'attempts_spent'],
  ['succeeded', 'fixed'],
  ['superseded', 'newer_commit'],
  ['cancelled', 'cancelled_by_person'],
  ['succeeded', 'fixed'],
  ['succeeded', 'fixed'],
];

export interface LifeOptions {
  /** Counts from 0; everything about the life follows from it. */
  readonly n: number;
  readonly at: number;
  readonly repositories: number;
  /** A live phase instead of an end. */
  readonly live?: Phase;
}

/** A remediation with what belongs to it, as a real one would have left it behind. */
export async function writeLife(tx: Tx, options: LifeOptions): Promise<Remediation> {
  const { n, at, live } = options;
  const [failureType, agent, workflow, job] = KINDS[n % KINDS.length]!;
  const [end, code] = ENDS[n % ENDS.length]!;
  const phase = live ?? end;
  const took = (3 + ((n * 7) % 20)) * MINUTE;
  const tries = end === 'escalated' ? 3 : end === 'succeeded' && n % 3 === 0 ? 2 : 1;
  const id = ulidAt(at, n);
  const attempts = attemptsOf({ n, at, took, tries, agent, failureType, isLive: live !== undefined, end });
  const repository = `acme/${['shop', 'api', 'web', 'infra', 'docs'][n % 5]}${options.repositories > 5 ? `-${n % options.repositories}` : ''}`;
  const remediation = makeRemediation({
    id,
    taskId: `ci-${16_000_000_000 + n}`,
    repository,
    branch: n % 4 === 0 ? 'main' : `feature/change-${n}`,
    subjectKey: `ci:${repository}:${n}`,
    lineageId: `lineage-${n}`,
    runId: 16_000_000_000 + n,
    pullRequest: n % 4 === 0 ? null : 100 + n,
    workflowName: workflow,
    headSha: createHash('sha1').update(String(n)).digest('hex'),
    phase,
    phaseSince: live === undefined ? at + took : at + 2 * MINUTE,
    reason: live === undefined ? reason(code) : live === 'deferred' ? reason('at_capacity') : null,
    createdAt: at,
    updatedAt: live === undefined ? at + took : at + 2 * MINUTE,
    endedAt: live === undefined ? at + took : null,
    wakeAt: live === undefined ? null : at + 400 * 24 * 60 * MINUTE,
    agent,
    failureType,
    rule: failureType.replaceAll('_', '-'),
    failedChecks: [{ ...makeRemediation().failedChecks[0]!, name: job, workflowName: workflow }],
    attempts: live === 'received' || live === 'gathering' || live === 'deferred' ? [] : attempts,
    spawned: attempts.length,
  });
  await insertRemediation(tx, remediation);
  await appendTimeline(tx, id, timelineOf(remediation, job, took));
  await writeOutcomes(tx, remediation, attempts, end, live !== undefined);
  await writeDelivery(tx, remediation, n);
  return remediation;
}

function attemptsOf(of: {
  readonly n: number;
  readonly at: number;
  readonly took: number;
  readonly tries: number;
  readonly agent: string;
  readonly failureType: FailureType;
  readonly isLive: boolean;
  readonly end: Phase;
}): readonly Attempt[] {
  const each = of.took / of.tries;
  return Array.from({ length: of.tries }, (_, index) => {
    const isLast = index === of.tries - 1;
    const startedAt = of.at + Math.round(index * each) + 40_000;
    const isGreen = isLast && of.end === 'succeeded';
    const isOpen = of.isLive && isLast;
    return makeAttempt({
      number: index + 1,
      ordinal: index + 1,
      agent: of.agent,
      failureType: of.failureType,
      briefId: `brief-${of.n}-${index + 1}`,
      codeRunName: `healer-ci-${of.agent}-${(of.n * 8 + index).toString(16).padStart(8, '0')}`,
      startedAt,
      endedAt: isOpen ? null : Math.round(startedAt + each * 0.8),
      outcome: isOpen ? null : isGreen ? 'success' : of.end === 'cancelled' ? 'cancelled' : 'ci_still_failing',
      detail: isOpen ? null : isGreen ? 'Green on the agent’s commit.' : 'One check is still red.',
      stillRed: isOpen || isGreen ? [] : ['lint (stable)'],
      report: isOpen
        ? null
        : {
            status: 'fixed',
            summary: 'Removed the needless borrow and the copy it hid; the totals are summed once.',
            commitSha: createHash('sha1').update(`${of.n} ${index}`).digest('hex'),
            pullRequestUrl: null,
            usage: { inputTokens: 18_000, outputTokens: 2_400, costUsd: 0.2 + (of.n % 7) / 20 },
          },
    });
  });
}

function timelineOf(remediation: Remediation, job: string, took: number): readonly TimelineEntry[] {
  const { createdAt: at, attempts, phase, endedAt } = remediation;
  const entries: TimelineEntry[] = [
    { at, phase: 'received', event: 'opened', message: `${job} is red on ${remediation.branch} (failure).` },
    { at: at + 5_000, phase: 'gathering', event: 'settled', message: 'The evidence is being gathered.' },
  ];
  for (const [index, attempt] of attempts.entries()) {
    const who = attempt.agent;
    const ended = attempt.endedAt ?? at + took;
    const add = (when: number, then: Phase, event: string, message: string) =>
      entries.push({ at: when, phase: then, event, message });
    if (index > 0)
      add(attempt.startedAt - 8_000, 'gathering', 'retry_due', 'The evidence of the last attempt is being gathered.');
    add(
      attempt.startedAt,
      'working',
      'evidence_gathered',
      `Attempt ${attempt.number} of 3: ${who} is asked to repair it.`,
    );
    if (attempt.endedAt === null) continue;
    add(ended - 30_000, 'verifying', 'coderun_ended', 'The agent pushed a commit; CI has to confirm it.');
    if (index < attempts.length - 1)
      add(ended, 'retrying', 'checks_read', `Attempt ${attempt.number} ended as ${attempt.outcome}: still red.`);
  }
  if (endedAt !== null)
    entries.push({ at: endedAt, phase, event: 'checks_read', message: remediation.reason?.detail ?? 'It ended.' });
  else if (entries.at(-1)?.phase !== phase)
    entries.push({ at: remediation.phaseSince, phase, event: 'fact', message: 'It is where it is.' });
  return entries;
}

async function writeOutcomes(
  tx: Tx,
  remediation: Remediation,
  attempts: readonly Attempt[],
  end: Phase,
  isLive: boolean,
): Promise<void> {
  const { id, taskId, repository, failureType, agent, rule, endedAt } = remediation;
  const common = {
    repository,
    failureType: failureType ?? 'general',
    fingerprint: 'c0ffee',
    rule: rule ?? '',
    routedAgent: agent ?? 'atlas',
  };
  for (const attempt of attempts) {
    const usage = attempt.report?.usage ?? null;
    const spent = { remediationId: id, ordinal: attempt.ordinal, repository, startedAt: attempt.startedAt };
    await saveAttempt(tx, { ...spent, counted: true, costUsd: usage?.costUsd ?? 0 });
    if (attempt.outcome === null || attempt.endedAt === null) continue;
    await rememberOutcome(tx, {
      ...common,
      remediationId: id,
      taskId,
      ordinal: attempt.ordinal,
      number: attempt.number,
      agent: attempt.agent,
      outcome: attempt.outcome,
      changed: true,
      approach: 'Removed the needless borrow.',
      detail: attempt.detail ?? '',
      stillRed: attempt.stillRed,
      durationMs: attempt.endedAt - attempt.startedAt,
      costUsd: usage?.costUsd ?? null,
      startedAt: attempt.startedAt,
      endedAt: attempt.endedAt,
    });
  }
  if (isLive || (end !== 'succeeded' && end !== 'escalated')) return;
  const kind = end === 'escalated' ? 'escalation' : attempts.length === 1 ? 'first_attempt_success' : 'retry_success';
  await rememberLessons(tx, [
    { ...common, kind, remediationId: id, at: endedAt ?? 0, agent: end === 'escalated' ? null : agent },
  ]);
}

async function writeDelivery(tx: Tx, remediation: Remediation, n: number): Promise<void> {
  const body = JSON.stringify({ action: 'completed', workflow_job: { run_id: remediation.runId, name: 'lint' }, n });
  const joined = n % 3 === 0;
  for (let copy = 0; copy <= (joined ? 1 : 0); copy += 1) {
    const at = remediation.createdAt - 40 + copy * 2_000;
    await insertDelivery(
      tx,
      {
        id: ulidAt(at, n * 2 + copy),
        origin: 'github',
        event: 'workflow_job',
        externalId: `5f0c${n.toString(16).padStart(8, '0')}-${copy}`,
        digest: createHash('sha256').update(`${body} ${copy}`).digest('hex'),
        receivedAt: at,
        body: new TextEncoder().encode(body),
      },
      {
        status: 'accepted',
        dedupStatus: copy === 0 ? 'new' : 'existing',
        remediationId: remediation.id,
        reason: reason(copy === 0 ? 'new_failure' : 'same_run'),
      },
      at + 12,
    );
  }
}

/** Evidence and prompt, for remediations that are looked at. */
export async function writeBriefs(store: Store, remediation: Remediation): Promise<void> {
  const { failureType, agent, attempts } = remediation;
  for (const { briefId, ordinal, startedAt } of attempts) {
    const classification = makeClassification({
      agent: agent ?? 'atlas',
      failureType: failureType ?? 'general',
      category: FAILURE_TYPES[failureType ?? 'general'].category,
    });
    await insertBrief(
      store.db,
      makeBrief({ id: briefId, remediationId: remediation.id, ordinal, createdAt: startedAt - 1_000, classification }),
    );
  }
}
