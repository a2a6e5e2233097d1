import { type FSWatcher, watch } from 'node:fs';
import type { CodeRun } from '../../schema.ts';
import type { RunFolder } from './folder.ts';

/** Tells listeners which CodeRun may have changed, in the store or in its folder. */
export interface Changes {
  readonly changed: (name: string) => void;
  listen(listener: (name: string) => void): () => void;
  /** Follows the folder of a run that is alive. True when it was not followed before. */
  follow(codeRun: CodeRun, folder: RunFolder): boolean;
  unfollow(uid: string): void;
  close(): void;
}

/** Polling backs the watching of folders: where it does not work, a run's end is seen a little later. */
export function createChanges(): Changes {
  const listeners = new Set<(name: string) => void>();
  const watchers = new Map<string, FSWatcher>();
  const changed = (name: string): void => {
    for (const listener of [...listeners]) listener(name);
  };
  const unfollow = (uid: string): void => {
    watchers.get(uid)?.close();
    watchers.delete(uid);
  };
  return {
    changed,
    unfollow,
    listen(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    follow(codeRun, folder) {
      if (watchers.has(codeRun.uid) || listeners.size === 0) return false;
      try {
        const watcher = watch(folder.root, { persistent: false }, (_event, file) => {
          if (file === null || file === 'exit.json') changed(codeRun.name);
        });
        watcher.on('error', () => unfollow(codeRun.uid));
        watchers.set(codeRun.uid, watcher);
        return true;
      } catch {
        return false;
      }
    },
    close() {
      listeners.clear();
      for (const uid of [...watchers.keys()]) unfollow(uid);
    },
  };
}
