import { execFileSync } from 'node:child_process';

/** The commit that a branch of a bare repository points at; null when there is no such branch. */
export function headOf(remote: string, branch: string): string | null {
  try {
    return git(remote, ['rev-parse', '--verify', `refs/heads/${branch}`]);
  } catch {
    return null;
  }
}

/** Commits files on top of a branch (of `main` when it is new) of a bare repository, and answers the commit. */
export function commitTo(
  remote: string,
  branch: string,
  files: Readonly<Record<string, string>>,
  message: string,
): string {
  const from = headOf(remote, branch) ?? headOf(remote, 'main');
  const data = (text: string): string => `data ${Buffer.byteLength(text)}\n${text}\n`;
  const seconds = Math.floor(Date.now() / 1000);
  const changes = Object.entries(files).map(([path, text]) => `M 100644 inline ${path}\n${data(text)}`);
  const commit = [
    `commit refs/heads/${branch}`,
    `committer Ada Berg <ada@users.noreply.github.com> ${seconds} +0000`,
    `${data(message)}${from === null ? '' : `from ${from}\n`}${changes.join('')}`,
  ];
  git(remote, ['fast-import', '--quiet', '--force'], commit.join('\n'));
  return git(remote, ['rev-parse', `refs/heads/${branch}`]);
}

function git(remote: string, args: readonly string[], input = ''): string {
  return execFileSync('git', ['--git-dir', remote, ...args], { input, encoding: 'utf8', stdio: 'pipe' }).trim();
}
