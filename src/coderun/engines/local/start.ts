import { spawn } from 'node:child_process';
import { chmodSync, existsSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { RetryableError } from '../../../lib/errors.ts';
import { type FileSet, fileSetDigest, fileSetName } from '../../files.ts';
import type { CodeRun } from '../../schema.ts';
import { isCode, type JobFile, makeFolder, type RunFolder, writeAtomically } from './folder.ts';

/** How long a supervisor may take from its start to its lock. */
const START_MS = 30_000;
const LOOK_MS = 10;

/** Lies beside this file, with the same extension: `.ts` in a clone, `.js` in a build. */
const SUPERVISOR = fileURLToPath(new URL(`./supervisor${import.meta.url.slice(-3)}`, import.meta.url));

/** Lays out the folder of a run. Files that are there already stay as they are: a job may be reading them. */
export function layOut(codeRun: CodeRun, folder: RunFolder, files: FileSet): void {
  for (const path of [folder.root, folder.home, folder.tmp]) makeFolder(path);
  if (existsSync(folder.files)) return;
  const draft = `${folder.files}.${process.pid}.tmp`;
  rmSync(draft, { recursive: true, force: true });
  makeFolder(draft);
  for (const [name, text] of Object.entries(files)) {
    writeFileSync(join(draft, name), text, { mode: name.endsWith('.sh') ? 0o500 : 0o400 });
  }
  writeAtomically(folder.fileSet, fileSetName(codeRun.name, fileSetDigest(files)));
  try {
    renameSync(draft, folder.files);
  } catch (error) {
    rmSync(draft, { recursive: true, force: true });
    if (!isCode(error, 'EEXIST', 'ENOTEMPTY')) throw error;
  }
}

export interface StartOptions {
  readonly job: JobFile;
  readonly env: Readonly<Record<string, string>>;
  readonly nodePath: string;
  /** Called when the supervisor ends while this process lives. */
  readonly onExit: () => void;
}

/**
 * Starts the supervisor and waits until it, or one that was faster, holds the run's lock. Throws RetryableError when none
 * does.
 */
export async function startSupervisor(folder: RunFolder, options: StartOptions): Promise<void> {
  writeAtomically(folder.job, JSON.stringify(options.job));
  const flags = ['--disable-warning=ExperimentalWarning', '--max-old-space-size=64'];
  const supervisor = spawn(options.nodePath, [...flags, SUPERVISOR, folder.root], {
    cwd: folder.root,
    env: options.env,
    detached: true,
    stdio: 'ignore',
  });
  let failure: string | null = null;
  supervisor.once('error', (error) => (failure = error.message));
  supervisor.once('exit', (code, signal) => {
    failure ??= `it ended with ${signal ?? `code ${code}`}`;
    options.onExit();
  });
  supervisor.unref();
  const until = Date.now() + START_MS;
  while (!existsSync(folder.lock)) {
    if (failure !== null) throw new RetryableError(`The supervisor of ${options.job.name} did not start: ${failure}`);
    if (Date.now() > until) throw new RetryableError(`The supervisor of ${options.job.name} did not start in time.`);
    await sleep(LOOK_MS);
  }
}

/** Removes a folder and everything in it, also what a tool made read-only. */
export function removeFolder(path: string): void {
  const remove = () => rmSync(path, { recursive: true, force: true, maxRetries: 3 });
  try {
    remove();
  } catch (error) {
    if (!isCode(error, 'EACCES', 'EPERM')) throw error;
    makeWritable(path);
    remove();
  }
}

/** Folders only: a file is removed by the right to its folder. Links are not followed. */
function makeWritable(path: string): void {
  chmodSync(path, 0o700);
  for (const entry of readdirSync(path, { withFileTypes: true })) {
    if (entry.isDirectory()) makeWritable(join(path, entry.name));
  }
}
