import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { digestOf } from '../../../lib/digest.ts';
import { LABELS } from '../../draft.ts';
import { objectName } from '../../names.ts';
import type { CodeRun } from '../../schema.ts';
import { TASK_ANNOTATION } from '../../task.ts';
import { makeFolder, type RunFolder, readText, writeAtomically } from './folder.ts';
import { removeFolder } from './start.ts';

/*
 * Attempts of one task work in one place, as with a volume in a cluster: agent CLIs find a session again only where it
 * was begun. The attempt that came last owns the place, and it goes when that one's folder goes.
 */

/** The folder of a run, with the workspace that the attempts of its task share; runs of remediations have their own. */
export function withWorkspace(folder: RunFolder, codeRun: CodeRun, dataDir: string): RunFolder {
  const name = workspaceName(codeRun);
  return name === null ? folder : { ...folder, work: join(dataDir, 'workspaces', name) };
}

function workspaceName({ annotations, spec }: CodeRun): string | null {
  const runType = annotations[TASK_ANNOTATION];
  if (runType === undefined || spec.taskId === undefined) return null;
  const repository = annotations[LABELS.repository] ?? '';
  const agent = annotations[LABELS.agent] ?? '';
  const hex = digestOf({ runType, repository, service: spec.service, agent, task: spec.taskId }).slice(0, 8);
  return `${objectName(`${spec.service}-${agent}`, 50)}-${hex}`;
}

const isShared = ({ root, work }: RunFolder): boolean => !work.startsWith(root);

export function takeWorkspace(folder: RunFolder, uid: string): void {
  makeFolder(folder.work);
  if (!isShared(folder)) return;
  // The supervisor begins in a folder of the run's own.
  makeFolder(join(folder.root, 'work'));
  writeAtomically(ownerOf(folder), uid);
}

/** Removes a shared workspace, unless a later attempt took it over. */
export function leaveWorkspace(folder: RunFolder, uid: string): void {
  if (!isShared(folder) || readText(ownerOf(folder)) !== uid) return;
  removeFolder(folder.work);
  rmSync(ownerOf(folder), { force: true });
}

function ownerOf({ work }: RunFolder): string {
  return `${work}.owner`;
}
