import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { lockFolder } from '../../store/sqlite.ts';

/** Where the demo keeps things: the stand-in's side and Healer's side are apart, as they are in life. */
export interface DemoFolder {
  readonly root: string;
  readonly github: string;
  readonly healer: string;
  /** An earlier run was interrupted here. */
  readonly isResumed: boolean;
  /** The next run in this folder starts from the beginning. */
  markFinished(): void;
  close(): void;
}

/** A demo that was just killed may need a moment to let go of its folder. */
const LOCK_TRIES = 20;
const LOCK_PAUSE_MS = 250;

/**
 * Opens a demo folder; what a finished run left there is cleared away, what an interrupted one left is kept. Throws
 * UserError when another demo is at work in it.
 */
export async function openDemoFolder(root: string): Promise<DemoFolder> {
  const close = await lockPatiently(root);
  const github = join(root, 'github');
  const healer = join(root, 'healer');
  const finished = join(root, 'finished');
  if (existsSync(finished))
    for (const path of [github, healer, finished]) rmSync(path, { recursive: true, force: true });
  const isResumed = existsSync(healer);
  mkdirSync(github, { recursive: true });
  mkdirSync(healer, { recursive: true });
  return { root, github, healer, isResumed, markFinished: () => writeFileSync(finished, ''), close };
}

async function lockPatiently(root: string): Promise<() => void> {
  for (let tries = 1; ; tries += 1) {
    try {
      return lockFolder(root);
    } catch (error) {
      if (tries >= LOCK_TRIES) throw error;
      await new Promise((resolve) => setTimeout(resolve, LOCK_PAUSE_MS));
    }
  }
}
