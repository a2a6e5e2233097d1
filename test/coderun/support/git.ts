import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll } from 'vitest';

const ENV = {
  PATH: '/usr/local/bin:/usr/bin:/bin:/opt/homebrew/bin',
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_CONFIG_NOSYSTEM: '1',
  GIT_AUTHOR_NAME: 'Ada',
  GIT_AUTHOR_EMAIL: 'ada@example.com',
  GIT_COMMITTER_NAME: 'Ada',
  GIT_COMMITTER_EMAIL: 'ada@example.com',
};

export function git(cwd: string, ...parameters: string[]): string {
  return execFileSync('git', parameters, { cwd, env: ENV, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] }).trim();
}

/** A bare repository with one commit on `main`, as a remote. */
export class Remote {
  readonly url: string;
  readonly path: string;
  readonly #seed: string;

  constructor(folder: string) {
    this.path = join(folder, 'remote.git');
    this.url = `file://${this.path}`;
    this.#seed = join(folder, 'seed');
    pattern ??= makePattern();
    cpSync(pattern, folder, { recursive: true });
    const config = join(this.#seed, '.git/config');
    writeFileSync(config, readFileSync(config, 'utf8').replaceAll(pattern, folder));
  }

  /** Somebody else's commit on a branch; gives its sha. */
  commit(branch: string, files: Record<string, string>, from = 'main'): string {
    git(this.#seed, 'fetch', '--quiet', 'origin');
    const hasBranch = git(this.#seed, 'branch', '--remotes', '--list', `origin/${branch}`) !== '';
    const start = hasBranch ? `origin/${branch}` : from === branch ? 'HEAD' : `origin/${from}`;
    if (hasBranch || from !== branch) git(this.#seed, 'checkout', '--quiet', '--no-track', '-B', branch, start);
    for (const [name, text] of Object.entries(files)) {
      mkdirSync(dirname(join(this.#seed, name)), { recursive: true });
      writeFileSync(join(this.#seed, name), text);
    }
    git(this.#seed, 'add', '--all');
    git(this.#seed, 'commit', '--quiet', '--message', `change ${Object.keys(files).join(', ')}`);
    git(this.#seed, 'push', '--quiet', 'origin', `HEAD:refs/heads/${branch}`);
    return git(this.#seed, 'rev-parse', 'HEAD');
  }

  head(branch: string): string | null {
    try {
      return git(this.path, 'rev-parse', '--verify', '--quiet', `refs/heads/${branch}`);
    } catch {
      return null;
    }
  }

  read(branch: string, file: string): string {
    return git(this.path, 'show', `${branch}:${file}`);
  }

  subjects(branch: string): string[] {
    return git(this.path, 'log', '--format=%s', branch).split('\n');
  }

  /** What the remote does with a push, as a shell script. */
  hook(name: 'pre-receive', script: string): void {
    writeFileSync(join(this.path, 'hooks', name), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  }
}

/** Made once a file of tests and copied from then on: git is slow at making, and tests need many. */
let pattern: string | null = null;
afterAll(() => {
  if (pattern !== null) rmSync(pattern, { recursive: true, force: true });
  pattern = null;
});

function makePattern(): string {
  const folder = mkdtempSync(join(tmpdir(), 'healer-remote-'));
  const [remote, seed] = [join(folder, 'remote.git'), join(folder, 'seed')];
  git(folder, 'init', '--quiet', '--template=', '--bare', '--initial-branch=main', remote);
  mkdirSync(join(remote, 'hooks'));
  git(folder, 'clone', '--quiet', '--template=', remote, seed);
  git(seed, 'checkout', '--quiet', '-B', 'main');
  writeFileSync(join(seed, 'broken.txt'), 'broken\n');
  git(seed, 'add', '--all');
  git(seed, 'commit', '--quiet', '--message', 'the first commit');
  git(seed, 'push', '--quiet', 'origin', 'main');
  return folder;
}
