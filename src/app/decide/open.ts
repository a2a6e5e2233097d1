import type { Fact } from '../../model/fact.ts';
import type { Remediation } from '../../model/remediation.ts';
import { ensureLineage, reopenLineage } from '../../store/lineages.ts';
import type { Tx } from '../../store/open.ts';
import { findLiveBySubject } from '../../store/remediation-places.ts';
import { taskIdExists } from '../../store/remediations.ts';
import type { Deciding } from './types.ts';

/** What the signal knows of the remediation that it opens; the rest is the same for every kind. */
export type Opening = Pick<Remediation, 'kind' | 'repository' | 'defaultBranch' | 'branch' | 'subjectKey' | 'headSha'> &
  Partial<Remediation> & { readonly taskStem: string; readonly message: string };

const BLANK = {
  phase: 'received',
  reason: null,
  endedAt: null,
  wakeAt: null,
  runId: null,
  workflowName: null,
  url: null,
  failedChecks: [],
  causes: [],
  commitMessage: null,
  fromFork: null,
  pullRequest: null,
  targetBranch: null,
  agent: null,
  failureType: null,
  confidence: null,
  rule: null,
  fingerprint: null,
  rerunAt: null,
  guidance: null,
  pinnedAgent: null,
  approvedBy: null,
  attempts: [],
  gatherFailures: 0,
} as const satisfies Partial<Remediation>;

export type Opened =
  | { readonly kind: 'opened'; readonly remediation: Remediation }
  /** Somebody else was faster between the look-up and the insert: the unique index decided. */
  | { readonly kind: 'joined'; readonly remediation: Remediation };

/** Opens a remediation in the caller's transaction, or tells the live one of its subject. */
export async function openRemediation(
  tx: Tx,
  opening: Opening,
  deciding: Pick<Deciding, 'machine' | 'clock' | 'newId' | 'steps'>,
  options: { readonly continues: Remediation | null; readonly ifLive: Fact },
): Promise<Opened> {
  const now = deciding.clock();
  const { taskStem, message, ...known } = opening;
  const { continues } = options;
  if (continues !== null) await reopenLineage(tx, { id: continues.lineageId, key: continues.subjectKey });
  const lineage = await ensureLineage(tx, known.subjectKey, now);
  const remediation: Remediation = {
    ...BLANK,
    ...known,
    id: deciding.newId(),
    taskId: await freeTaskId(tx, taskStem),
    lineageId: lineage.id,
    attemptsBefore: lineage.attempts,
    spawned: lineage.spawned,
    createdAt: now,
    updatedAt: now,
    phaseSince: now,
  };
  const step = await deciding.machine.open(tx, remediation, message);
  if (step !== null) {
    deciding.steps.push(step);
    return { kind: 'opened', remediation: step.after };
  }
  const live = await findLiveBySubject(tx, known.subjectKey);
  if (live === null) throw new Error(`The subject ${known.subjectKey} is live but cannot be found.`);
  const told = await deciding.machine.applyIn(tx, live.id, options.ifLive);
  if (told !== null) deciding.steps.push(told);
  return { kind: 'joined', remediation: live };
}

/** A later remediation of the same thing gets a number of its own. */
async function freeTaskId(tx: Tx, stem: string): Promise<string> {
  let taskId = stem;
  for (let number = 2; await taskIdExists(tx, taskId); number += 1) taskId = `${stem}-${number}`;
  return taskId;
}
