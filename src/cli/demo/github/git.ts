import { execFile } from 'node:child_process';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { ChangedFile, Signature, StoredCommit } from './state.ts';

const EMPTY_TREE = '4b825dc642cb6eb9a060e54bf8d69288fbee4904';
/** Where refs are kept besides `refs/heads`. */
const REF_FILES = ['packed-refs', 'reftable/tables.list'];
/** A caller that is itself a git hook must not lend us its repository. */
const NOT_INHERITED = ['GIT_DIR', 'GIT_WORK_TREE', 'GIT_INDEX_FILE', 'GIT_OBJECT_DIRECTORY', 'GIT_PREFIX'];

/**
 * Runs git and answers what it printed.
 * @param settings extra environment, for example `GIT_INDEX_FILE`
 * @throws Error with git's own words when it exits non-zero
 */
export function runGit(args: readonly string[], settings: Readonly<Record<string, string>> = {}): Promise<Buffer> {
  const environment = [
    ...NOT_INHERITED.flatMap((name) => ['-u', name]),
    ...Object.entries({ GIT_CONFIG_GLOBAL: '/dev/null', GIT_CONFIG_NOSYSTEM: '1', ...settings }).map(
      ([name, value]) => `${name}=${value}`,
    ),
  ];
  return new Promise((resolve, reject) => {
    execFile(
      'env',
      [...environment, 'git', ...args],
      { encoding: 'buffer', maxBuffer: 64 * 1024 * 1024 },
      (error, stdout, stderr) => {
        if (error) reject(new Error(`git ${args.join(' ')}: ${stderr.toString().trim() || error.message}`));
        else resolve(stdout);
      },
    );
  });
}

/** The bare repository that plays the remote. Everything is read from git itself; commits are remembered, as they never change. */
export class GitRepository {
  readonly path: string;
  readonly #commits = new Map<string, StoredCommit>();

  constructor(path: string) {
    this.path = path;
  }

  /** Makes an empty bare repository unless there is one. */
  async ensure(defaultBranch: string): Promise<void> {
    if (existsSync(join(this.path, 'HEAD'))) return;
    await mkdir(this.path, { recursive: true });
    await runGit(['init', '--quiet', '--bare', `--initial-branch=${defaultBranch}`, this.path]);
  }

  /** Branches: full ref name to commit. */
  async branches(): Promise<Record<string, string>> {
    const output = await this.#text(['for-each-ref', '--format=%(refname) %(objectname)', 'refs/heads']);
    return Object.fromEntries(
      output
        .split('\n')
        .filter(Boolean)
        .map((line) => line.split(' ') as [string, string]),
    );
  }

  /**
   * Changes whenever a branch may have moved: names and times of the files that hold refs, loose, packed or in a table.
   * Looking costs next to nothing, where starting git several times a second would not.
   */
  fingerprint(): string {
    const loose = join(this.path, 'refs', 'heads');
    const names = existsSync(loose) && statSync(loose).isDirectory() ? readdirSync(loose, { recursive: true }) : [];
    const files = [
      ...names.map((name) => join(loose, String(name))),
      ...REF_FILES.map((name) => join(this.path, name)),
    ];
    return files
      .map((file) => {
        const found = statSync(file, { bigint: true, throwIfNoEntry: false });
        return found ? `${file} ${found.mtimeNs} ${found.ino}` : '';
      })
      .join('\n');
  }

  /** Branch name, full ref or (abbreviated) commit to commit; null when git knows no such thing. */
  async resolve(ref: string): Promise<string | null> {
    const candidates = [`refs/heads/${ref}`, `refs/${ref}`, ...(/^[0-9a-f]{7,40}$/.test(ref) ? [ref] : [])];
    for (const candidate of candidates) {
      const found = await this.#try(['rev-parse', '--verify', '--quiet', '--end-of-options', `${candidate}^{commit}`]);
      if (found !== null) return found.toString().trim();
    }
    return null;
  }

  async commit(sha: string): Promise<StoredCommit | null> {
    const known = this.#commits.get(sha);
    if (known) return known;
    const raw = await this.#try(['cat-file', 'commit', sha]);
    if (raw === null) return null;
    const commit = parseCommit(sha, raw.toString());
    this.#commits.set(sha, commit);
    return commit;
  }

  async mergeBase(one: string, other: string): Promise<string | null> {
    return (await this.#try(['merge-base', one, other]))?.toString().trim() ?? null;
  }

  /** Commits reachable from `head` and not from `base`, oldest first. */
  async between(base: string, head: string): Promise<StoredCommit[]> {
    const shas = (await this.#text(['rev-list', '--reverse', '--topo-order', `${base}..${head}`])).split('\n');
    const commits = await Promise.all(shas.filter(Boolean).map((sha) => this.commit(sha)));
    return commits.filter((commit) => commit !== null);
  }

  async isAncestor(older: string, newer: string): Promise<boolean> {
    return (await this.#try(['merge-base', '--is-ancestor', older, newer])) !== null;
  }

  /** What changed from one commit to another; `null` as base compares with nothing at all. */
  async changedFiles(base: string | null, head: string): Promise<ChangedFile[]> {
    const range = ['-M', '--no-color', '--no-ext-diff', '--full-index', base ?? EMPTY_TREE, head];
    const [raw, numbers, patch] = await Promise.all([
      this.#text(['diff', '--raw', '-z', ...range]),
      this.#text(['diff', '--numstat', '-z', ...range]),
      this.#text(['diff', ...range]),
    ]);
    return parseChanges(raw, numbers, patch);
  }

  /** Entries of a folder, or the one entry of a file; null when there is no such path. */
  async entries(commit: string, path: string): Promise<TreeEntry[] | null> {
    const self = path === '' ? [] : await this.#list(commit, path);
    const entry = self[0];
    if (path !== '' && !entry) return null;
    return entry && entry.type !== 'tree' ? [entry] : this.#list(commit, path === '' ? '' : `${path}/`);
  }

  blob(sha: string): Promise<Buffer> {
    return this.#git(['cat-file', 'blob', sha]);
  }

  /** Writes a commit's files into an existing folder, without a `.git`. */
  async export(commit: string, folder: string, indexFile: string): Promise<void> {
    const settings = { GIT_INDEX_FILE: indexFile };
    await this.#git(['read-tree', commit], settings);
    await this.#git(['--work-tree', folder, 'checkout-index', '--all', '--force'], settings);
  }

  async #list(commit: string, path: string): Promise<TreeEntry[]> {
    const output = await this.#text([
      'ls-tree',
      '-z',
      '-l',
      '--full-tree',
      commit,
      ...(path === '' ? [] : ['--', path]),
    ]);
    return output
      .split('\0')
      .filter(Boolean)
      .map((line) => {
        const [facts = '', name = ''] = line.split('\t');
        const [mode = '', type = '', sha = '', size = '0'] = facts.split(/\s+/);
        return { mode, type, sha, size: Number(size) || 0, path: name } as TreeEntry;
      });
  }

  #git(args: readonly string[], settings?: Readonly<Record<string, string>>): Promise<Buffer> {
    return runGit(['--git-dir', this.path, ...args], settings);
  }

  async #text(args: readonly string[]): Promise<string> {
    return (await this.#git(args)).toString();
  }

  async #try(args: readonly string[]): Promise<Buffer | null> {
    try {
      return await this.#git(args);
    } catch {
      return null;
    }
  }
}

export interface TreeEntry {
  readonly mode: string;
  readonly type: 'blob' | 'tree' | 'commit';
  readonly sha: string;
  readonly size: number;
  readonly path: string;
}

function parseCommit(sha: string, raw: string): StoredCommit {
  const end = raw.indexOf('\n\n');
  const head = raw.slice(0, end).split('\n');
  const values = (name: string) =>
    head.filter((line) => line.startsWith(`${name} `)).map((line) => line.slice(name.length + 1));
  return {
    sha,
    tree: values('tree')[0] ?? EMPTY_TREE,
    parents: values('parent'),
    author: parseSignature(values('author')[0] ?? ''),
    committer: parseSignature(values('committer')[0] ?? ''),
    message: raw.slice(end + 2).replace(/\n$/, ''),
  };
}

function parseSignature(line: string): Signature {
  const match = /^(.*?) ?<(.*)> (\d+) [+-]\d{4}$/.exec(line);
  const seconds = Number(match?.[3] ?? 0);
  return {
    name: match?.[1] ?? '',
    email: match?.[2] ?? '',
    date: new Date(seconds * 1000).toISOString().replace('.000', ''),
  };
}

/** Three views of one diff in the same order: `--raw -z`, `--numstat -z` and the patch. */
function parseChanges(raw: string, numbers: string, patch: string): ChangedFile[] {
  const names = raw.split('\0').filter(Boolean);
  const counts = numbers.split('\0').filter(Boolean);
  const patches = patch.split(/^(?=diff --git )/m).filter((part) => part.startsWith('diff --git'));
  const files: ChangedFile[] = [];
  let count = 0;
  for (let index = 0; index < names.length; ) {
    const facts = (names[index++] ?? '').split(' ');
    const letter = facts[4]?.[0] ?? 'M';
    const renamed = letter === 'R' || letter === 'C';
    const first = names[index++] ?? '';
    const filename = renamed ? (names[index++] ?? '') : first;
    const [added = '0', removed = '0'] = (counts[count++] ?? '').split('\t');
    // A rename's two names follow its numbers as entries of their own.
    if (renamed) count += 2;
    const text = patches[files.length] ?? '';
    const hunks = text.indexOf('\n@@');
    files.push({
      sha: (letter === 'D' ? facts[2] : facts[3]) ?? '',
      filename,
      previousFilename: renamed ? first : null,
      status: letter === 'A' ? 'added' : letter === 'D' ? 'removed' : renamed ? 'renamed' : 'modified',
      additions: Number(added) || 0,
      deletions: Number(removed) || 0,
      patch: hunks === -1 ? null : text.slice(hunks + 1).replace(/\n$/, ''),
    });
  }
  return files;
}
