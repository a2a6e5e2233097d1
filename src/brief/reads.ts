import type { GitHub } from '../lib/github/client.ts';
import { isNotFound, splitRepository } from '../lib/github/errors.ts';
import { allPages } from '../lib/github/pages.ts';
import { pullOfRef } from '../lib/github/pull-ref.ts';
import type { Remediation } from '../model/remediation.ts';
import type { Actor } from '../model/signal.ts';
import { assessChecks, type CheckFact } from './assess-checks.ts';
import { changedFile } from './changed-file.ts';
import { type Changes, readChanges } from './changes.ts';
import { listChecks } from './checks.ts';
import type { BranchFacts, ChangedFile, PullRequestFacts, RepositoryFacts } from './evidence.ts';
import type { SharedReads } from './source.ts';
import { subjectOf } from './subject.ts';

/** What several sources ask GitHub about the same remediation; each question is asked once per gathering. */
export interface Reads {
  repository(): Promise<RepositoryFacts>;
  branch(): Promise<BranchFacts>;
  /** The head of a branch of the repository itself; null when there is no such branch. */
  headOf(branch: string): Promise<string | null>;
  /** The branch's head when the same checks are red there as well, else the commit that the failure was seen on. */
  redCommit(): Promise<string>;
  /** The pull request that carries the red commit; null when there is none. */
  pullRequest(): Promise<PullRequestFacts | null>;
  checks(sha: string): Promise<readonly CheckFact[]>;
  /** What one commit changes against its first parent. */
  commit(sha: string): Promise<CommitRead>;
  /** The hundred open pull requests that moved last. */
  openPulls(): Promise<OpenPulls>;
  /** The pull request's files; else the branch against the default branch; else, on the default branch, the commit's own. */
  changes(): Promise<Changes>;
}

export interface CommitRead {
  readonly sha: string;
  readonly message: string;
  readonly author: Actor | null;
  readonly url: string;
  readonly files: readonly ChangedFile[];
}

export function readsOf(github: GitHub, remediation: Remediation, shared: SharedReads): Reads {
  const { repository } = remediation;
  const octokit = github.forRepository(repository);
  const where = splitRepository(repository);
  const subject = subjectOf(remediation);

  const reads: Reads = {
    repository: () =>
      shared.once('repository', async (signal) => {
        const { data } = await octokit.rest.repos.get({ ...where, request: { signal } });
        return { defaultBranch: data.default_branch, cloneUrl: data.clone_url, private: data.private };
      }),
    headOf: (name) =>
      shared.once(`head ${name}`, async (signal) => {
        try {
          const { data } = await octokit.rest.git.getRef({ ...where, ref: `heads/${name}`, request: { signal } });
          return data.object.sha;
        } catch (error) {
          if (isNotFound(error)) return null;
          throw error;
        }
      }),
    branch: () =>
      shared.once('branch', async () => {
        const { branch: name } = subject;
        const [own, found] = await Promise.allSettled([reads.headOf(name), reads.pullRequest()]);
        // A fork's branch is not ours, even if we have one of the same name.
        if (found.status === 'fulfilled' && found.value?.fromFork) {
          return { name, exists: found.value.headRepository !== null, headSha: found.value.headSha };
        }
        if (own.status === 'rejected') throw own.reason;
        return { name, exists: own.value !== null, headSha: own.value };
      }),
    redCommit: () =>
      shared.once('red-commit', async () => {
        const [head] = await Promise.allSettled([reads.branch()]);
        const headSha = head.status === 'fulfilled' ? head.value.headSha : null;
        if (headSha === null || headSha === subject.sha) return subject.sha;
        const [listed] = await Promise.allSettled([reads.checks(headSha)]);
        if (listed.status === 'rejected') return subject.sha;
        return assessChecks(listed.value, remediation.failedChecks).state === 'red' ? headSha : subject.sha;
      }),
    pullRequest: () =>
      shared.once('pull-request', async (signal) => {
        const number = await findPullRequest(github, remediation, reads, signal);
        if (number === null) return null;
        const { data } = await octokit.rest.pulls.get({ ...where, pull_number: number, request: { signal } });
        const facts = pullRequestFacts(data, repository);
        // A pull request out of the default branch (a release) is no place for a repair: that would be a push to it.
        const isRelease = !facts.fromFork && facts.headRef === (await reads.repository()).defaultBranch;
        return isRelease ? null : facts;
      }),
    openPulls: () =>
      shared.once('open-pulls', (signal) =>
        octokit.rest.pulls.list({ ...where, ...NEWEST, page: 1, request: { signal } }),
      ),
    checks: (sha) => shared.once(`checks ${sha}`, (signal) => listChecks(github, repository, sha, signal)),
    commit: (sha) =>
      shared.once(`commit ${sha}`, async (signal) => {
        const { data } = await octokit.rest.repos.getCommit({ ...where, ref: sha, per_page: 100, request: { signal } });
        return {
          sha: data.sha,
          message: data.commit.message,
          author: actorOf(data.author),
          url: data.html_url,
          files: (data.files ?? []).map(changedFile),
        };
      }),
    changes: () => shared.once('changes', (signal) => readChanges(github, remediation, reads, signal)),
  };
  return reads;
}

type OpenPulls = Awaited<ReturnType<ReturnType<GitHub['forRepository']>['rest']['pulls']['list']>>;
const NEWEST = { state: 'open', sort: 'updated', direction: 'desc', per_page: 100 } as const;

interface Candidate {
  readonly number: number;
  readonly state: string;
  readonly head: { readonly ref: string; readonly sha: string };
}

/**
 * The number that is known, or the open pull request that GitHub lists for the commit, or for the branch. Events of
 * forks name no pull request, and a commit of a fork is not listed either: the branch's name and the commit find it.
 */
async function findPullRequest(
  github: GitHub,
  remediation: Remediation,
  { openPulls }: Pick<Reads, 'openPulls'>,
  signal: AbortSignal,
): Promise<number | null> {
  if (remediation.pullRequest !== null) return remediation.pullRequest;
  const asked = pullOfRef(subjectOf(remediation).branch);
  if (asked !== null) return asked;
  const octokit = github.forRepository(remediation.repository);
  const where = { ...splitRepository(remediation.repository), per_page: 100, request: { signal } };
  const { sha, branch } = subjectOf(remediation);
  const onBranch = (candidate: Candidate): boolean => candidate.head.ref === branch;
  const listed = await octokit.rest.repos
    .listPullRequestsAssociatedWithCommit({ ...where, commit_sha: sha })
    .then(({ data }): readonly Candidate[] => data)
    .catch((error: unknown): readonly Candidate[] => {
      if (isNotFound(error)) return [];
      throw error;
    });
  const ofCommit = listed.filter((candidate) => candidate.state === 'open' && onBranch(candidate));
  const best = ofCommit.find((candidate) => candidate.head.sha === sha) ?? ofCommit[0];
  if (best !== undefined) return best.number;
  const own = await octokit.rest.pulls.list({ ...where, state: 'open', head: `${where.owner}:${branch}` });
  const ofBranch = own.data.find(onBranch);
  if (ofBranch !== undefined) return ofBranch.number;
  const open = await allPages(
    (page) => (page === 1 ? openPulls() : octokit.rest.pulls.list({ ...where, ...NEWEST, page })),
    (data): readonly Candidate[] => data,
    3,
  );
  return open.find((candidate) => candidate.head.sha === sha && onBranch(candidate))?.number ?? null;
}

interface PullRequestAnswer {
  readonly number: number;
  readonly title: string;
  readonly state: string;
  readonly merged: boolean;
  readonly draft?: boolean;
  readonly labels: readonly { readonly name?: string }[];
  readonly head: { readonly ref: string; readonly sha: string; readonly repo: { readonly full_name: string } | null };
  readonly base: { readonly ref: string };
  readonly user: { readonly login: string; readonly type: string } | null;
  readonly html_url: string;
}

function pullRequestFacts(data: PullRequestAnswer, repository: string): PullRequestFacts {
  const headRepository = data.head.repo?.full_name ?? null;
  return {
    number: data.number,
    title: data.title,
    state: data.state === 'open' ? 'open' : 'closed',
    merged: data.merged,
    draft: data.draft ?? false,
    labels: data.labels.flatMap((label) => label.name ?? []),
    headRef: data.head.ref,
    headSha: data.head.sha,
    headRepository,
    baseRef: data.base.ref,
    // A fork that was deleted leaves no repository behind, and was one.
    fromFork: headRepository?.toLowerCase() !== repository.toLowerCase(),
    author: actorOf(data.user),
    url: data.html_url,
  };
}

export function actorOf(account: unknown): Actor | null {
  const { login, type } = (account ?? {}) as { login?: unknown; type?: unknown };
  if (typeof login !== 'string') return null;
  return { login, type: type === 'User' || type === 'Bot' || type === 'Organization' ? type : 'unknown' };
}
