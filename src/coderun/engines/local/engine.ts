import { existsSync, type FSWatcher, readdirSync, rmSync, watch as watchFolder } from 'node:fs';
import { join } from 'node:path';
import type { Clock } from '../../../lib/clock.ts';
import { PermanentError, RetryableError } from '../../../lib/errors.ts';
import type { CodeRunRows } from '../../../store/coderuns.ts';
import type { Engine } from '../../engine.ts';
import { cliEnvironment, renderFiles } from '../../files.ts';
import { type CodeRun, isActive } from '../../schema.ts';
import type { CodeRunTemplates } from '../../templates.ts';
import { type OnMalformed, storedCodeRuns } from './documents.ts';
import { runEnvironment } from './environment.ts';
import {
  isCode,
  type LockFile,
  makeFolder,
  type OutputLimits,
  type RunFolder,
  readJson,
  runFolder,
  writeAtomically,
  writeOnce,
} from './folder.ts';
import { isInUse, isSupervised, leftovers, observeRun } from './observe.ts';
import { readOutput } from './output.ts';
import { signalAll } from './processes.ts';
import { layOut, removeFolder, startSupervisor } from './start.ts';

/** A token for a repository's host; `expiresAt` in milliseconds since the epoch, null when it does not expire. */
export interface GitToken {
  readonly token: string;
  readonly expiresAt: number | null;
}

export interface LocalEngineOptions {
  readonly rows: CodeRunRows;
  /** `<dataDir>/runs` holds one folder a run. */
  readonly dataDir: string;
  readonly templates: CodeRunTemplates;
  readonly clock: Clock;
  /** Healer's own environment; only a list of names is taken from it. */
  readonly baseEnv: Readonly<Record<string, string | undefined>>;
  /** Names of further variables that runs may take from `baseEnv`. */
  readonly passEnv?: readonly string[];
  /** Asked for each start and again before the token expires; null when the remote needs none. */
  readonly gitToken?: (codeRun: CodeRun) => Promise<GitToken | null>;
  /** Takes secrets out of what agents wrote before anybody sees it. */
  readonly redact?: (text: string) => string;
  readonly onMalformed?: OnMalformed;
  /** Between SIGTERM and SIGKILL, in milliseconds. */
  readonly graceMs?: number;
  readonly outputLimits?: OutputLimits;
  /** The Node that runs supervisors. */
  readonly nodePath?: string;
  readonly shell?: string;
}

export interface LocalEngine extends Engine {
  readonly kind: 'local';
  /** Stops watching folders. Runs go on. */
  close(): void;
}

const DEFAULT_LIMITS: OutputLimits = { headBytes: 64 * 1024, tailBytes: 1024 * 1024 };

/** CodeRuns in the store, run as processes of this machine: one supervised process group and one folder each. */
export function createLocalEngine(options: LocalEngineOptions): LocalEngine {
  const { rows, dataDir, templates, clock, redact = (text) => text } = options;
  const runs = join(dataDir, 'runs');
  const listeners = new Set<(name: string) => void>();
  const watchers = new Map<string, FSWatcher>();
  const changed = (name: string): void => {
    for (const listener of [...listeners]) listener(name);
  };
  const codeRuns = storedCodeRuns(rows, clock, changed, options.onMalformed ?? (() => {}));
  const folderOf = (codeRun: CodeRun): RunFolder => runFolder(join(runs, codeRun.uid));

  const unwatch = (uid: string): void => {
    watchers.get(uid)?.close();
    watchers.delete(uid);
  };
  /** Polling backs this: where folders cannot be watched, a run's end is seen a little later. */
  const watchRun = (codeRun: CodeRun, folder: RunFolder): void => {
    if (watchers.has(codeRun.uid) || listeners.size === 0) return;
    try {
      const watcher = watchFolder(folder.root, { persistent: false }, (_event, file) => {
        if (file === null || file === 'exit.json') changed(codeRun.name);
      });
      watcher.on('error', () => unwatch(codeRun.uid));
      watchers.set(codeRun.uid, watcher);
    } catch {
      unwatch(codeRun.uid);
    }
  };

  return {
    kind: 'local',
    ...codeRuns,
    async observe(codeRun) {
      const folder = folderOf(codeRun);
      let observed = observeRun(codeRun, folder, redact);
      if (observed.job.state !== 'running') unwatch(codeRun.uid);
      else if (!watchers.has(codeRun.uid)) {
        watchRun(codeRun, folder);
        // It may have ended between the first look and the watch.
        observed = observeRun(codeRun, folder, redact);
      }
      return observed;
    },
    async ensureFiles(codeRun) {
      const folder = folderOf(codeRun);
      refuseUnsupported(codeRun);
      layOut(codeRun, folder, renderFiles(codeRun, templates));
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
        job: {
          uid: codeRun.uid,
          name: codeRun.name,
          command: [options.shell ?? 'bash', join(folder.files, 'container.sh')],
          deadlineMs: deadlineSeconds * 1000,
          graceMs: options.graceMs ?? 15_000,
          output: options.outputLimits ?? DEFAULT_LIMITS,
        },
        env: runEnvironment(codeRun, folder, options.baseEnv, inherit, existsSync(folder.token)),
        nodePath: options.nodePath ?? process.execPath,
        onExit: () => changed(codeRun.name),
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
      unwatch(codeRun.uid);
      removeFolder(folder.root);
    },
    async output(name, maxBytes) {
      const codeRun = await codeRuns.get(name);
      const text = codeRun === null ? null : readOutput(folderOf(codeRun).output, maxBytes);
      return text === null ? null : redact(text);
    },
    async listExpired(now) {
      const ended = await codeRuns.byUid(uidsOn(runs));
      return ended.filter((codeRun) => isExpired(codeRun, now)).map((codeRun) => codeRun.name);
    },
    watch(onChange) {
      listeners.add(onChange);
      return () => listeners.delete(onChange);
    },
    close() {
      listeners.clear();
      for (const uid of [...watchers.keys()]) unwatch(uid);
    },
  };
}

function isExpired({ status }: CodeRun, now: number): boolean {
  return !isActive(status) && status.expireAt !== undefined && Date.parse(status.expireAt) <= now;
}

function uidsOn(runs: string): readonly string[] {
  try {
    return readdirSync(runs);
  } catch (error) {
    if (isCode(error, 'ENOENT')) return [];
    throw error;
  }
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
