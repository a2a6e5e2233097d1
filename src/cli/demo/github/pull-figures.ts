import type { PullFigures } from './shapes/pulls.ts';
import type { ChangedFile, StoredPull } from './state.ts';
import type { World } from './world.ts';

/** Files that differ between the pull request's head and where it left its base. */
export async function pullFiles(world: World, pull: StoredPull): Promise<readonly ChangedFile[]> {
  if (pull.files !== null) return pull.files;
  const start = await world.git.mergeBase(pull.baseSha, pull.headSha);
  return start === null ? [] : world.git.changedFiles(start, pull.headSha);
}

/** Size of a pull request, and whether it could be merged (null when git knows neither side). */
export async function pullFigures(world: World, pull: StoredPull): Promise<PullFigures> {
  const files = await pullFiles(world, pull);
  const start = await world.git.mergeBase(pull.baseSha, pull.headSha);
  const commits = start === null ? 1 : (await world.git.between(pull.baseSha, pull.headSha)).length;
  return {
    commits,
    additions: files.reduce((sum, file) => sum + file.additions, 0),
    deletions: files.reduce((sum, file) => sum + file.deletions, 0),
    changedFiles: files.length,
    mergeable: start === null ? null : true,
  };
}
