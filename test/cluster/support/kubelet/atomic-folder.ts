import {
  chmodSync,
  chownSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';

export interface FolderFile {
  /** Relative, may have folders in it. */
  readonly path: string;
  readonly content: Buffer;
  readonly mode: number;
  /** Who owns it, when not the owner of the others. */
  readonly user?: number;
}

export interface Owner {
  readonly uid: number;
  readonly gid: number;
}

/**
 * Files as a kubelet lays them out: the names are links into `..data`, which is itself a link to a dated folder, so all of
 * them change in one step. Gives false when nothing had to change.
 */
export function writeAtomicFolder(folder: string, files: readonly FolderFile[], owner: Owner): boolean {
  const data = join(folder, '..data');
  if (isSame(data, files)) return false;
  const dated = mkdtempSync(join(folder, '..data_'));
  chmodSync(dated, 0o755);
  for (const file of files) writeFile(dated, file, owner);
  const previous = target(data);
  symlinkSync(dated.slice(folder.length + 1), `${data}_tmp`);
  renameSync(`${data}_tmp`, data);
  const before = new Set(readdirSync(folder).filter((name) => !name.startsWith('..')));
  for (const name of topNames(files.map((file) => file.path))) {
    if (!before.delete(name)) symlinkSync(join('..data', name), join(folder, name));
  }
  for (const gone of before) rmSync(join(folder, gone), { force: true });
  if (previous !== null) rmSync(join(folder, previous), { recursive: true, force: true });
  return true;
}

function writeFile(dated: string, file: FolderFile, owner: Owner): void {
  const path = join(dated, file.path);
  mkdirSync(dirname(path), { recursive: true, mode: 0o755 });
  writeFileSync(path, file.content);
  chmodSync(path, file.mode);
  chownSync(path, file.user ?? owner.uid, owner.gid);
}

function isSame(data: string, files: readonly FolderFile[]): boolean {
  if (target(data) === null) return false;
  const present = readdirSync(data, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  if (present.length !== files.length) return false;
  return files.every((file) => {
    const path = join(data, file.path);
    try {
      return (lstatSync(path).mode & 0o7777) === file.mode && readFileSync(path).equals(file.content);
    } catch {
      return false;
    }
  });
}

function target(link: string): string | null {
  try {
    return readlinkSync(link);
  } catch {
    return null;
  }
}

function topNames(paths: readonly string[]): string[] {
  return [...new Set(paths.map((path) => path.split('/')[0] ?? path))];
}
