import type { GitHub } from '../lib/github/client.ts';
import { splitRepository } from '../lib/github/errors.ts';
import { allPages } from '../lib/github/pages.ts';
import type { Remediation } from '../model/remediation.ts';
import { changedFile } from './changed-file.ts';
import type { ChangedFile, PullRequestFacts, RepositoryFacts } from './evidence.ts';
import { subjectOf } from './subject.ts';

export interface Changes {
  /** What changes them, in words. */
  readonly what: string;
  readonly files: readonly ChangedFile[];
  readonly url: string;
}

interface NeededReads {
  redCommit(): Promise<string>;
  pullRequest(): Promise<PullRequestFacts | null>;
  repository(): Promise<RepositoryFacts>;
  commit(sha: string): Promise<Omit<Changes, 'what'>>;
}

/** GitHub lists at most 3,000 files of a pull request. */
const MAX_PAGES = 5;

export async function readChanges(
  github: GitHub,
  remediation: Remediation,
  reads: NeededReads,
  signal: AbortSignal,
): Promise<Changes> {
  const octokit = github.forRepository(remediation.repository);
  const where = { ...splitRepository(remediation.repository), per_page: 100, request: { signal } };
  const { branch } = subjectOf(remediation);
  const sha = await reads.redCommit();
  const found = await reads.pullRequest();
  if (found !== null) {
    const ask = (page: number) => octokit.rest.pulls.listFiles({ ...where, pull_number: found.number, page });
    const files = await allPages(ask, (data) => data, MAX_PAGES);
    return { what: `Pull request #${found.number}`, files: files.map(changedFile), url: `${found.url}/files` };
  }
  const { defaultBranch } = await reads.repository();
  if (branch === defaultBranch) {
    const commit = await reads.commit(sha);
    return { what: `Commit ${sha.slice(0, 8)}`, files: commit.files, url: commit.url };
  }
  const basehead = `${defaultBranch}...${sha}`;
  const { data } = await octokit.rest.repos.compareCommitsWithBasehead({ ...where, basehead });
  const what = `Branch ${branch} against ${defaultBranch}`;
  return { what, files: (data.files ?? []).map(changedFile), url: data.html_url };
}
