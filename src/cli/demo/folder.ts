import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Where the demo keeps things: the stand-in's side and Healer's side are apart, as they are in life. */
export interface DemoFolder {
  readonly root: string;
  readonly github: string;
  readonly healer: string;
  /** An earlier run was interrupted here. */
  readonly isResumed: boolean;
  /** The next run in this folder starts from the beginning. */
  markFinished(): void;
}

/** Opens a demo folder; what a finished run left there is cleared away, what an interrupted one left is kept. */
export function openDemoFolder(root: string): DemoFolder {
  const github = join(root, 'github');
  const healer = join(root, 'healer');
  const finished = join(root, 'finished');
  if (existsSync(finished))
    for (const path of [github, healer, finished]) rmSync(path, { recursive: true, force: true });
  const isResumed = existsSync(healer);
  mkdirSync(github, { recursive: true });
  mkdirSync(healer, { recursive: true });
  return { root, github, healer, isResumed, markFinished: () => writeFileSync(finished, '') };
}
