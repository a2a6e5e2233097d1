import { existsSync, renameSync, rmSync } from 'node:fs';
import { backup, DatabaseSync } from 'node:sqlite';
import { UserError } from '../lib/errors.ts';
import { fileIn } from './open.ts';

/**
 * Copies the embedded store in `dir` to `file`, whole and as of one moment, while the service goes on. Gives the number of
 * remediations in it. UserError when there is no store, or when `file` is there already.
 */
export async function backUp(dir: string, file: string): Promise<{ readonly remediations: number }> {
  const path = fileIn(dir);
  if (!existsSync(path)) {
    throw new UserError(
      `There is no embedded store in ${dir}. Set HEALER_DATA_DIR to the folder that the service uses.`,
    );
  }
  if (existsSync(file))
    throw new UserError(`${file} is there already, and a back-up is never written over. Name another file.`);
  const partial = `${file}.partial`;
  rmSync(partial, { force: true });
  const source = new DatabaseSync(path, { readOnly: true, timeout: 5_000 });
  try {
    await backup(source, partial);
  } finally {
    source.close();
  }
  const remediations = soundCopy(partial);
  renameSync(partial, file);
  return { remediations };
}

/** A copy that cannot be read is none: it is looked through before it gets its name. */
function soundCopy(path: string): number {
  const copy = new DatabaseSync(path);
  try {
    const [check] = copy.prepare('pragma integrity_check').all() as { integrity_check: string }[];
    if (check?.integrity_check !== 'ok') throw new UserError(`The copy is not sound: ${check?.integrity_check}.`);
    // One file instead of a file and its log.
    copy.exec('pragma journal_mode = delete');
    const row = copy.prepare('select count(*) as count from remediations').get() as { count: number };
    return row.count;
  } finally {
    copy.close();
  }
}
