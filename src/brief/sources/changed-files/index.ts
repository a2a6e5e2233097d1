import type { GitHub } from '../../../lib/github/client.ts';
import { splitRepository } from '../../../lib/github/errors.ts';
import { allPages } from '../../../lib/github/pages.ts';
import { diffText } from '../../diff.ts';
import type { ChangedFile } from '../../evidence.ts';
import { changedFile, readsOf } from '../../reads.ts';
import { concernsBranch } from '../../relevance.ts';
import { answer, type ContextSource, type SourceContext } from '../../source.ts';
import { subjectOf } from '../../subject.ts';

/** GitHub lists at most 3,000 files of a pull request. */
const MAX_PAGES = 5;
const PATCH_BYTES = 24 * 1024;

/** What the branch changes, and what the last attempt changed. */
export function changedFiles(github: GitHub): ContextSource {
  return {
    name: 'changed-files',
    budget: { timeMs: 10_000, bytes: 4 * 1024 * 1024 },
    relevant: concernsBranch,
    async ask(context) {
      const { learn } = context;
      const [changes] = await Promise.all([changesOf(github, context), lastAttempt(github, context)]);
      learn({ changedFiles: changes.files });
      if (changes.files.length === 0) return answer.empty(`${changes.what} changes no files.`);
      const { text, cut } = diffText(changes.files, PATCH_BYTES);
      const summary = `${changes.what} changes ${changes.files.length === 1 ? '1 file' : `${changes.files.length} files`}.`;
      return answer.found(summary, `${summary}\n\n${text}`, { truncated: cut, url: changes.url });
    },
  };
}

interface Changes {
  readonly what: string;
  readonly files: readonly ChangedFile[];
  readonly url: string;
}

/** The pull request's files; else the branch against the default branch; else, on the default branch, the commit's own. */
async function changesOf(github: GitHub, { remediation, shared, signal }: SourceContext): Promise<Changes> {
  const reads = readsOf(github, remediation, shared);
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

/** What the last agent pushed is asked for apart; not knowing it spoils nothing. */
async function lastAttempt(github: GitHub, { remediation, shared, learn }: SourceContext): Promise<void> {
  const sha = remediation.attempts.at(-1)?.report?.commitSha ?? null;
  if (sha === null) return;
  const commit = await readsOf(github, remediation, shared)
    .commit(sha)
    .catch(() => null);
  if (commit !== null) learn({ lastAttemptFiles: commit.files });
}
