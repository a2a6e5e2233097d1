import type { GitHub } from '../../../lib/github/client.ts';
import { splitRepository } from '../../../lib/github/errors.ts';
import type { PullRequestFacts } from '../../evidence.ts';
import { type Reads, readsOf } from '../../reads.ts';
import { answer, type ContextSource, type SourceContext } from '../../source.ts';
import { subjectOf } from '../../subject.ts';
import { likeness, wordsOf } from './likeness.ts';

const MAX_LISTED = 50;
/** Of so many the files are looked at. */
const MAX_LOOKED_AT = 6;
const MAX_SHOWN = 5;
const MAX_FILES = 6;
/** Words in common from which a pull request is worth a look although it touches other files. */
const ALIKE = 2;

/**
 * Open pull requests that may repair the same thing, or are about the same files: somebody may be at it already. Seven
 * requests at most: one list, files of six.
 */
export function similarPullRequests(github: GitHub): ContextSource {
  return {
    name: 'similar-pull-requests',
    budget: { timeMs: 8_000, bytes: 16 * 1024 },
    relevant: (remediation) => remediation.kind === 'ci',
    async ask(context) {
      const reads = readsOf(github, context.remediation, context.shared);
      const [open, own] = await Promise.all([reads.openPulls().then(openPulls), reads.pullRequest()]);
      const others = open.filter(({ number }) => number !== own?.number);
      if (others.length === 0) return answer.empty('No other pull request is open.');
      const [changes, ranked] = await Promise.all([
        reads.changes().then(
          ({ files }) => new Set(files.map(({ path }) => path)),
          () => new Set<string>(),
        ),
        rank(context, others, own),
      ]);
      const looked = await Promise.all(
        ranked
          .slice(0, MAX_LOOKED_AT)
          .map(async (one) => ({ ...one, files: await filesOf(github, context, one.pull) })),
      );
      const similar = looked
        .map((one) => ({ ...one, same: one.files.filter((file) => changes.has(file)) }))
        .filter(({ same, alike }) => same.length > 0 || alike >= ALIKE)
        .toSorted((a, b) => b.same.length * 2 + b.alike - (a.same.length * 2 + a.alike));
      if (similar.length === 0) return answer.empty(`None of ${others.length} open pull requests is about the same.`);
      const body = similar.slice(0, MAX_SHOWN).map(inWords).join('\n');
      const found = similar.length === 1 ? '1 open pull request is' : `${similar.length} open pull requests are`;
      return answer.found(`${found} about the same files or the same matter.`, body, {
        url: similar[0]?.pull.url ?? null,
        truncated: similar.length > MAX_SHOWN,
      });
    },
  };
}

interface OpenPull {
  readonly number: number;
  readonly title: string;
  readonly branch: string;
  readonly author: string | null;
  readonly draft: boolean;
  readonly updatedAt: string;
  readonly labels: readonly string[];
  readonly url: string;
}

function openPulls({ data }: Awaited<ReturnType<Reads['openPulls']>>): readonly OpenPull[] {
  return data.slice(0, MAX_LISTED).map((pull) => ({
    number: pull.number,
    title: pull.title,
    branch: pull.head.ref,
    author: pull.user?.login ?? null,
    draft: pull.draft ?? false,
    updatedAt: pull.updated_at,
    labels: pull.labels.map(({ name }) => name),
    url: pull.html_url,
  }));
}

/** Those with most words in common first, then the ones that moved last. */
async function rank({ remediation }: SourceContext, pulls: readonly OpenPull[], own: PullRequestFacts | null) {
  const { failureType, failedChecks, workflowName, commitMessage } = remediation;
  const about = wordsOf([
    failureType ?? '',
    workflowName ?? '',
    ...failedChecks.map(({ name }) => name),
    own?.title ?? '',
    commitMessage?.split('\n', 1)[0] ?? '',
    subjectOf(remediation).branch,
  ]);
  return pulls
    .map((pull) => ({ pull, alike: likeness(about, wordsOf([pull.title, pull.branch, ...pull.labels])) }))
    .toSorted((a, b) => b.alike - a.alike);
}

/** The first hundred files; none when GitHub does not say. */
async function filesOf(
  github: GitHub,
  { remediation, signal }: SourceContext,
  { number }: OpenPull,
): Promise<readonly string[]> {
  const where = { ...splitRepository(remediation.repository), pull_number: number, per_page: 100, request: { signal } };
  return github
    .forRepository(remediation.repository)
    .rest.pulls.listFiles(where)
    .then(({ data }) => data.map(({ filename }) => filename))
    .catch(() => []);
}

function inWords({ pull, same }: { readonly pull: OpenPull; readonly same: readonly string[] }): string {
  const { number, title, branch, author, draft, updatedAt, url } = pull;
  const rest = same.length > MAX_FILES ? ` and ${same.length - MAX_FILES} more` : '';
  const files = same.length === 0 ? '' : ` It changes the same files: ${same.slice(0, MAX_FILES).join(', ')}${rest}.`;
  return `- #${number}${draft ? ' (draft)' : ''} ${title} (${branch}${author === null ? '' : `, by ${author}`}, updated ${updatedAt}, ${url}).${files}`;
}
