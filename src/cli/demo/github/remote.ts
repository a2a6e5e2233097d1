import { existsSync } from 'node:fs';
import { cp, mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { runGit } from './git.ts';
import type { PullRequestInput } from './options.ts';

/** The demo's project, as files: `main` is whole, the other folder is what the feature branch changes. */
const PROJECT = resolve(import.meta.dirname, '../../../../demo/project');

export interface DemoRemote {
  readonly owner: string;
  readonly name: string;
  readonly defaultBranch: string;
  readonly featureBranch: string;
  /** The bare repository. */
  readonly path: string;
  /** To be opened on the stand-in; its number will be 1. */
  readonly pullRequest: PullRequestInput;
}

interface Step {
  readonly branch: string;
  readonly folder: string;
  readonly author: string;
  readonly date: string;
  readonly message: string;
}

const HISTORY: readonly Step[] = [
  {
    branch: 'main',
    folder: 'main',
    author: 'Ada Berg <ada@acme.example>',
    date: '2025-03-03T09:15:00Z',
    message: 'Cart and money, with tests and lint on every push',
  },
  {
    branch: 'feature/discount',
    folder: 'feature-discount',
    author: 'Jon Vale <jon@acme.example>',
    date: '2025-03-04T14:40:00Z',
    message: 'Add percentage discounts to the cart\n\nA cart can carry a discount; the total takes it off.',
  },
];

/**
 * Makes the bare repository of the demo in `dataDir/remote.git`: `main` is green, `feature/discount` is red. Commits
 * have fixed authors and dates, so their SHAs are always the same. Does nothing when the repository is there.
 */
export async function createDemoRemote(dataDir: string): Promise<DemoRemote> {
  const path = join(dataDir, 'remote.git');
  await mkdir(dataDir, { recursive: true });
  if (!existsSync(path)) await build(dataDir, path);
  return {
    owner: 'acme',
    name: 'shop',
    defaultBranch: 'main',
    featureBranch: 'feature/discount',
    path,
    pullRequest: {
      title: 'Add percentage discounts to the cart',
      head: 'feature/discount',
      base: 'main',
      author: 'jon',
      body: 'Carts can have a discount in percent. The total takes it off and is rounded to whole cents.',
    },
  };
}

/** Built aside and renamed, so that a kill in the middle leaves no half repository. */
async function build(dataDir: string, path: string): Promise<void> {
  const folder = await mkdtemp(join(dataDir, 'building-'));
  const work = join(folder, 'work');
  const bare = join(folder, 'remote.git');
  await runGit(['init', '--quiet', '--initial-branch=main', work]);
  for (const { branch, folder: files, author, date, message } of HISTORY) {
    if (branch !== 'main') await runGit(['-C', work, 'checkout', '--quiet', '-b', branch]);
    await cp(join(PROJECT, files), work, { recursive: true });
    const [, name = '', email = ''] = /^(.*) <(.*)>$/.exec(author) ?? [];
    const who = {
      GIT_AUTHOR_NAME: name,
      GIT_AUTHOR_EMAIL: email,
      GIT_COMMITTER_NAME: name,
      GIT_COMMITTER_EMAIL: email,
    };
    const when = { GIT_AUTHOR_DATE: date, GIT_COMMITTER_DATE: date };
    await runGit(['-C', work, 'add', '--all']);
    await runGit(['-C', work, 'commit', '--quiet', '--message', message], { ...who, ...when });
  }
  await runGit(['clone', '--quiet', '--bare', work, bare]);
  await runGit(['--git-dir', bare, 'symbolic-ref', 'HEAD', 'refs/heads/main']);
  await runGit(['--git-dir', bare, 'remote', 'remove', 'origin']);
  await rename(bare, path);
  await rm(folder, { recursive: true, force: true });
}
