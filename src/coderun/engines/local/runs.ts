import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { PermanentError, RetryableError } from '../../../lib/errors.ts';
import type { Runs } from '../../engine.ts';
import { cliEnvironment, renderFiles } from '../../files.ts';
import type { CodeRun } from '../../schema.ts';
import { runEnvironment } from './environment.ts';
import {
  type JobFile,
  type LockFile,
  makeFolder,
  type RunFolder,
  readJson,
  writeAtomically,
  writeOnce,
} from './folder.ts';
import { isInUse, isSupervised, leftovers, observeRun } from './observe.ts';
import { DEFAULT_GRACE_MS, DEFAULT_OUTPUT_LIMITS, type LocalEngineOptions } from './options.ts';
import { signalAll } from './processes.ts';
import { layOut, removeFolder, startSupervisor } from './start.ts';
import type { Changes } from './watch.ts';
import { leaveWorkspace, takeWorkspace } from './workspace.ts';

/** Runs as processes of this machine: one supervised process group and one folder each. */
export function localRuns(
  options: LocalEngineOptions,
  folderOf: (codeRun: CodeRun) => RunFolder,
  changes: Changes,
): Omit<Runs, 'output'> {
  const { templates, redact = (text) => text } = options;
  return {
    async observe(codeRun) {
      const folder = folderOf(codeRun);
      const observed = observeRun(codeRun, folder, redact);
      if (observed.job.state !== 'running') changes.unfollow(codeRun.uid);
      // It may have ended between the look and the watch.
      else if (changes.follow(codeRun, folder)) return observeRun(codeRun, folder, redact);
      return observed;
    },
    async ensureFiles(codeRun) {
      const folder = folderOf(codeRun);
      refuseUnsupported(codeRun);
      layOut(codeRun, folder, renderFiles(codeRun, templates));
      takeWorkspace(folder, codeRun.uid);
      await writeToken(codeRun, folder, options);
    },
    async refreshCredentials(codeRun) {
      const folder = folderOf(codeRun);
      await writeToken(codeRun, folder, options);
      // The run may have ended meanwhile and its secrets been removed.
      if (existsSync(folder.exit)) rmSync(folder.secrets, { recursive: true, force: true });
    },
    async ensureJob(codeRun, deadlineSeconds) {
      const folder = folderOf(codeRun);
      if (existsSync(folder.lock)) return;
      const inherit = [...cliEnvironment(codeRun.spec, templates), ...(options.passEnv ?? [])];
      await startSupervisor(folder, {
        job: jobOf(codeRun, folder, deadlineSeconds, options),
        env: runEnvironment(codeRun, folder, options.baseEnv, inherit, existsSync(folder.token)),
        nodePath: options.nodePath ?? process.execPath,
        onExit: () => changes.changed(codeRun.name),
      });
    },
    async stopJob(codeRun, why) {
      const folder = folderOf(codeRun);
      const lock = readJson<LockFile>(folder.lock);
      if (lock === null || existsSync(folder.exit)) return;
      writeOnce(folder.stop, JSON.stringify({ why }));
      if (isSupervised(lock)) signalAll([lock.pid], 'SIGTERM');
      else signalAll(leftovers(codeRun, folder), 'SIGKILL');
    },
    async cleanUp(codeRun) {
      const folder = folderOf(codeRun);
      if (isInUse(codeRun, folder)) throw new RetryableError(`The folder of ${codeRun.name} is in use.`);
      changes.unfollow(codeRun.uid);
      leaveWorkspace(folder, codeRun.uid);
      removeFolder(folder.root);
    },
  };
}

function jobOf(codeRun: CodeRun, folder: RunFolder, deadlineSeconds: number, options: LocalEngineOptions): JobFile {
  return {
    uid: codeRun.uid,
    name: codeRun.name,
    command: [options.shell ?? 'bash', join(folder.files, 'container.sh')],
    deadlineMs: deadlineSeconds * 1000,
    graceMs: options.graceMs ?? DEFAULT_GRACE_MS,
    output: options.outputLimits ?? DEFAULT_OUTPUT_LIMITS,
  };
}

/** What would be left out in silence is refused aloud. */
function refuseUnsupported(codeRun: CodeRun): void {
  if (codeRun.spec.envFromSecrets.length === 0) return;
  throw new PermanentError('envFromSecrets names Kubernetes Secrets, which the local engine does not have.');
}

async function writeToken(codeRun: CodeRun, folder: RunFolder, options: LocalEngineOptions): Promise<void> {
  const given = (await options.gitToken?.(codeRun)) ?? null;
  if (given === null) return;
  makeFolder(folder.secrets);
  writeAtomically(folder.token, given.token);
  if (given.expiresAt === null) rmSync(folder.tokenExpiry, { force: true });
  else writeAtomically(folder.tokenExpiry, String(given.expiresAt));
}
