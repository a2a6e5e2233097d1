import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll } from 'vitest';
import { runGit } from '../../../src/cli/demo/github/git.ts';
import {
  createDemoRemote,
  DEFAULT_TOKEN,
  type GitHubStandIn,
  type JobInput,
  startGitHub,
} from '../../../src/cli/demo/github/index.ts';
import { createGitHub, type GitHub } from '../../../src/lib/github/client.ts';
import type { Remediation } from '../../../src/model/remediation.ts';
import { aRemediation } from '../../support/builders.ts';

/** A stand-in for GitHub with one red run on `feature/discount`, which is pull request 1. */
export interface World {
  readonly gh: GitHubStandIn;
  readonly github: GitHub;
  readonly branch: string;
  /** The red commit on the pull request's branch. */
  readonly sha: string;
  readonly runId: number;
  readonly remediation: Remediation;
  headOf(branch: string): Promise<string>;
  /** A branch at the same commit as another. */
  addBranch(name: string, from: string): Promise<void>;
  /** A branch one commit ahead of another, with the files of a third; answers the commit. */
  addCommit(name: string, parent: string, files: string): Promise<string>;
}

export const FAILED_JOB: JobInput = {
  name: 'test',
  conclusion: 'failure',
  log: 'not ok 1 - a discounted cart\n',
  steps: [
    { name: 'Install', conclusion: 'success' },
    { name: 'Unit tests', conclusion: 'failure' },
  ],
  annotations: [{ path: 'src/cart.js', line: 12, message: 'expected 905, got 906' }],
};

/** One world for all tests of a file; tests make branches and runs of their own in it. */
export function useWorld(): () => World {
  const dataDir = mkdtempSync(join(tmpdir(), 'healer-brief-'));
  let world: World | null = null;
  beforeAll(async () => {
    world = await startWorld(dataDir);
  });
  afterAll(async () => {
    await world?.gh.close();
    rmSync(dataDir, { recursive: true, force: true, maxRetries: 10 });
  });
  return () => {
    if (world === null) throw new Error('the world exists while tests run');
    return world;
  };
}

async function startWorld(dataDir: string): Promise<World> {
  const remote = await createDemoRemote(dataDir);
  const pullRequests = [{ ...remote.pullRequest, labels: ['bug'] }];
  const gh = await startGitHub({ dataDir, remote, webhook: null, pullRequests, checks: { enabled: false, pollMs: 0 } });
  const git = async (...words: string[]): Promise<string> =>
    String(await runGit(['--git-dir', gh.remotePath, ...words]));
  const headOf = async (branch: string): Promise<string> => (await git('rev-parse', `refs/heads/${branch}`)).trim();
  const branch = remote.featureBranch;
  const sha = await headOf(branch);
  const jobs = [FAILED_JOB, { name: 'lint', conclusion: 'success', log: 'ok\n' } as const];
  const { runId } = gh.addRun({ headBranch: branch, headSha: sha, message: 'Add percentage discounts', jobs });
  return {
    gh,
    github: githubOf(gh.url),
    branch,
    sha,
    runId,
    remediation: aRemediation({ branch, headSha: sha, runId, failedChecks: [] }),
    headOf,
    async addBranch(name, from) {
      await git('update-ref', `refs/heads/${name}`, `refs/heads/${from}`);
    },
    async addCommit(name, parent, files) {
      const who = ['-c', 'user.name=Ada', '-c', 'user.email=ada@acme.example'];
      const made = await git(...who, 'commit-tree', `${files}^{tree}`, '-p', parent, '-m', `The work of ${name}`);
      await git('update-ref', `refs/heads/${name}`, made.trim());
      return made.trim();
    },
  };
}

/** The client under test on some address; retries wait a millisecond. */
export function githubOf(baseUrl: string, doFetch?: typeof fetch): GitHub {
  return createGitHub({
    auth: { kind: 'token', token: DEFAULT_TOKEN },
    version: '0.0.0',
    baseUrl,
    retryBaseMs: 1,
    ...(doFetch === undefined ? {} : { fetch: doFetch }),
  });
}
