import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Engine } from '../../engine.ts';
import { type CodeRun, isActive } from '../../schema.ts';
import { storedCodeRuns } from './documents.ts';
import { isCode, type RunFolder, runFolder } from './folder.ts';
import type { LocalEngineOptions } from './options.ts';
import { readOutput } from './output.ts';
import { localRuns } from './runs.ts';
import { createChanges } from './watch.ts';
import { withWorkspace } from './workspace.ts';

export type { GitToken, LocalEngineOptions } from './options.ts';

export interface LocalEngine extends Engine {
  readonly kind: 'local';
  /** Stops watching folders. Runs go on. */
  close(): void;
}

/** CodeRuns in the store, run on this machine. */
export function createLocalEngine(options: LocalEngineOptions): LocalEngine {
  const { rows, dataDir, clock, redact = (text) => text, onMalformed = () => {} } = options;
  const runs = join(dataDir, 'runs');
  const folderOf = (codeRun: CodeRun): RunFolder => withWorkspace(runFolder(join(runs, codeRun.uid)), codeRun, dataDir);
  const changes = createChanges();
  const { byUid, ...codeRuns } = storedCodeRuns(rows, clock, changes.changed, onMalformed);
  return {
    kind: 'local',
    ...codeRuns,
    ...localRuns(options, folderOf, changes),
    async listExpired(now) {
      const ended = await byUid(entries(runs));
      return ended.filter((codeRun) => isExpired(codeRun, now)).map((codeRun) => codeRun.name);
    },
    async output(name, maxBytes) {
      const codeRun = await codeRuns.get(name);
      const text = codeRun === null ? null : readOutput(folderOf(codeRun).output, maxBytes);
      return text === null ? null : redact(text);
    },
    watch: changes.listen,
    close: changes.close,
  };
}

function isExpired({ status }: CodeRun, now: number): boolean {
  return !isActive(status) && status.expireAt !== undefined && Date.parse(status.expireAt) <= now;
}

function entries(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    if (isCode(error, 'ENOENT')) return [];
    throw error;
  }
}
