import type { Clock } from '../lib/clock.ts';
import { reason } from '../model/reason.ts';
import { isTerminal, type Remediation } from '../model/remediation.ts';
import type { Machine, Step } from '../remediate/machine.ts';
import type { Command, CommandResult } from '../report/api.ts';
import { closeLineage, ensureLineage } from '../store/lineages.ts';
import type { Store, Tx } from '../store/open.ts';
import { findLiveBySubject } from '../store/remediation-places.ts';
import { findRemediation, taskIdExists } from '../store/remediations.ts';

export interface CommandDeps {
  readonly store: Store;
  readonly machine: Machine;
  readonly clock: Clock;
  readonly newId: () => string;
  readonly wake: () => void;
}

/** What a person may ask of a remediation, through API, page and terminal alike. */
export function createCommands(deps: CommandDeps): (id: string, command: Command) => Promise<CommandResult> {
  return async (id, command) => {
    const remediation = await findRemediation(deps.store.db, id);
    if (remediation === null) return { kind: 'not_found' };
    if (isTerminal(remediation.phase)) {
      return command.verb === 'retry' ? startAnew(remediation, command, deps) : refuseEnded(remediation, command.verb);
    }
    const step = await deps.machine.apply(remediation.id, command);
    deps.wake();
    return { kind: 'done', remediation: step?.after ?? remediation };
  };
}

class SubjectIsLive extends Error {}

function nullIfLive(error: unknown): null {
  if (error instanceof SubjectIsLive) return null;
  throw error;
}

function refuseEnded(remediation: Remediation, verb: string): CommandResult {
  const hint = verb === 'cancel' ? 'There is nothing to stop.' : 'Ask for a retry to start it anew.';
  return { kind: 'refused', detail: `${remediation.taskId} has ended as ${remediation.phase}. ${hint}` };
}

/** A person resets the lineage: the same breakage gets a remediation of its own, with all attempts ahead of it. */
async function startAnew(
  ended: Remediation,
  command: Extract<Command, { verb: 'retry' }>,
  deps: CommandDeps,
): Promise<CommandResult> {
  const step = await deps.store.transaction((tx) => reopen(tx, ended, command, deps)).catch(nullIfLive);
  if (step === null) {
    const live = await findLiveBySubject(deps.store.db, ended.subjectKey);
    return {
      kind: 'refused',
      detail: `${live?.taskId ?? 'Another remediation'} is under way for the same thing; retry that one.`,
    };
  }
  deps.machine.publish(step);
  deps.wake();
  return { kind: 'done', remediation: step.after };
}

/** Opens it anew in the caller's transaction. Null when its subject is live; throws when it becomes so meanwhile. */
export async function reopen(
  tx: Tx,
  ended: Remediation,
  command: Extract<Command, { verb: 'retry' }>,
  deps: Pick<CommandDeps, 'machine' | 'clock' | 'newId'>,
): Promise<Step | null> {
  const now = deps.clock();
  if ((await findLiveBySubject(tx, ended.subjectKey)) !== null) return null;
  await closeLineage(tx, ended.subjectKey, command.by, now);
  const lineage = await ensureLineage(tx, ended.subjectKey, now);
  const stem = ended.taskId.replace(/-r\d+$/, '');
  let taskId = `${stem}-r1`;
  for (let number = 2; await taskIdExists(tx, taskId); number += 1) taskId = `${stem}-r${number}`;
  const remediation: Remediation = {
    ...ended,
    id: deps.newId(),
    taskId,
    lineageId: lineage.id,
    phase: 'received',
    phaseSince: now,
    reason: reason('new_failure', `${command.by} asked to try again.`),
    createdAt: now,
    updatedAt: now,
    endedAt: null,
    wakeAt: null,
    rerunAt: now,
    guidance: command.guidance,
    approvedBy: command.by,
    attempts: [],
    attemptsBefore: 0,
    spawned: lineage.spawned,
    gatherFailures: 0,
  };
  const step = await deps.machine.open(tx, remediation, `${command.by} asked to try ${ended.taskId} again.`);
  // Undone as a whole when somebody else was faster: the lineage must not be reset for nothing.
  if (step === null) throw new SubjectIsLive();
  return step;
}
