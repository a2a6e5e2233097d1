import type { GitHub } from '../../../lib/github/client.ts';
import { splitRepository } from '../../../lib/github/errors.ts';
import type { SourceContext } from '../../source.ts';

/** What lies between two commits, in lines. */
export interface Since {
  readonly total: number;
  readonly lines: readonly string[];
  readonly url: string;
  readonly truncated: boolean;
}

const MAX_COMMITS = 25;
const MAX_FILES = 60;

/** The commits from `green` to `red` with the files they changed; null when GitHub does not say. One request. */
export async function commitsSince(
  github: GitHub,
  { remediation, signal }: SourceContext,
  green: string,
  red: string,
): Promise<Since | null> {
  const octokit = github.forRepository(remediation.repository);
  const where = { ...splitRepository(remediation.repository), request: { signal } };
  try {
    const { data } = await octokit.rest.repos.compareCommitsWithBasehead({
      ...where,
      basehead: `${green}...${red}`,
      per_page: 100,
    });
    const files = data.files ?? [];
    const commits = data.commits.slice(-MAX_COMMITS);
    const shownFiles = files.slice(0, MAX_FILES).map(({ status, filename }) => `- ${status} ${filename}`);
    const again = green === red ? ['It was green on this very commit: the code alone does not explain it.'] : [];
    return {
      total: data.total_commits,
      lines: [
        ...again,
        ...(commits.length === 0 ? [] : [`Commits since (${data.total_commits}):`, ...commits.map(commitInWords)]),
        ...(shownFiles.length === 0 ? [] : [`Files changed since (${files.length}):`, ...shownFiles]),
      ],
      url: data.html_url,
      truncated: data.total_commits > commits.length || files.length > shownFiles.length,
    };
  } catch {
    return null;
  }
}

interface Commit {
  readonly sha: string;
  readonly commit: { readonly message: string; readonly author: { readonly name?: string } | null };
  readonly author: unknown;
}

function commitInWords({ sha, commit, author }: Commit): string {
  const { login } = (author ?? {}) as { login?: unknown };
  const who = typeof login === 'string' ? login : (commit.author?.name ?? 'somebody');
  return `- ${sha.slice(0, 8)} ${who}: ${commit.message.split('\n', 1)[0]}`;
}
