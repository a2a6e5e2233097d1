import type { GitHub } from '../../../lib/github/client.ts';
import { splitRepository } from '../../../lib/github/errors.ts';
import { readsOf } from '../../reads.ts';
import { concernsBranch } from '../../relevance.ts';
import { answer, type ContextSource } from '../../source.ts';

const MAX_COMMENTS = 30;
const MAX_TEXT = 600;

/** What people said about the pull request: their last word each, and what they wrote beside lines. Two requests. */
export function reviews(github: GitHub): ContextSource {
  return {
    name: 'reviews',
    budget: { timeMs: 8_000, bytes: 24 * 1024 },
    relevant: concernsBranch,
    async ask({ remediation, shared, signal }) {
      const pull = await readsOf(github, remediation, shared).pullRequest();
      if (pull === null) return answer.empty('No open pull request carries this commit, so nobody reviewed it.');
      const octokit = github.forRepository(remediation.repository);
      const where = { ...splitRepository(remediation.repository), pull_number: pull.number, request: { signal } };
      const [given, written] = await Promise.all([
        octokit.rest.pulls.listReviews({ ...where, per_page: 100 }),
        octokit.rest.pulls.listReviewComments({ ...where, per_page: 100, sort: 'created', direction: 'desc' }),
      ]);
      const words = lastWords(given.data);
      const comments = written.data.slice(0, MAX_COMMENTS);
      if (words.length + comments.length === 0)
        return answer.empty(`Nobody has reviewed pull request #${pull.number}.`);
      const body = [
        ...words.map(reviewInWords),
        ...(comments.length === 0 ? [] : ['Beside lines of the code, newest first:', ...comments.map(commentInWords)]),
      ].join('\n');
      const summary = `${count(words.length, 'review')} and ${count(written.data.length, 'comment')} on lines of pull request #${pull.number}.`;
      return answer.found(summary, body, { url: pull.url, truncated: written.data.length > comments.length });
    },
  };
}

interface Review {
  readonly user: { readonly login: string } | null;
  readonly state: string;
  readonly body: string;
  readonly commit_id?: string | null;
}

/** A reviewer's last approval or request for changes counts, and every text besides. */
function lastWords(reviews: readonly Review[]): readonly Review[] {
  const verdicts = new Map<string, Review>();
  for (const review of reviews) {
    if (/^(?:APPROVED|CHANGES_REQUESTED|DISMISSED)$/i.test(review.state)) {
      verdicts.set(review.user?.login ?? '', review);
    }
  }
  const kept = new Set(verdicts.values());
  return reviews.filter((review) => kept.has(review) || (review.state === 'COMMENTED' && review.body.trim() !== ''));
}

function reviewInWords({ user, state, body, commit_id: commit }: Review): string {
  const on = commit == null ? '' : ` on ${commit.slice(0, 8)}`;
  const verdict = state.toLowerCase().replaceAll('_', ' ');
  return `${user?.login ?? 'somebody'}${on}: ${verdict}${body.trim() === '' ? '' : `: ${short(body)}`}`;
}

interface Comment {
  readonly path: string;
  readonly line?: number | null;
  readonly original_line?: number | null;
  readonly user: { readonly login: string } | null;
  readonly body: string;
}

function commentInWords({ path, line, original_line: before, user, body }: Comment): string {
  // Without a line of its own the comment is about code that has changed since.
  const place = line == null ? `${path}${before == null ? '' : `:${before}, outdated`}` : `${path}:${line}`;
  return `- ${place} (${user?.login ?? 'somebody'}): ${short(body)}`;
}

function short(text: string): string {
  const line = text.replace(/\s+/g, ' ').trim();
  return line.length > MAX_TEXT ? `${line.slice(0, MAX_TEXT)}…` : line;
}

const count = (number: number, what: string): string => `${number} ${what}${number === 1 ? '' : 's'}`;
