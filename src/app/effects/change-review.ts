import { changedFile } from '../../brief/changed-file.ts';
import {
  type ChangedFile,
  inBoth,
  type ReviewContext,
  refusalOf,
  reviewChange,
} from '../../decide/change-review/index.ts';
import { PermanentError } from '../../lib/errors.ts';
import type { GitHub } from '../../lib/github/client.ts';
import { githubError, splitRepository } from '../../lib/github/errors.ts';
import type { ChangeConcern, ChangeConcernCode } from '../../model/change-concern.ts';
import type { Remediation } from '../../model/remediation.ts';
import { createRedactor } from '../../safety/index.ts';
import { findBrief, type StoredBrief } from '../../store/briefs.ts';
import type { Store } from '../../store/open.ts';

export interface ChangeReviewDeps {
  readonly github: GitHub;
  readonly store: Pick<Store, 'db'>;
  /** Concerns with which an attempt does not count as fixed. */
  readonly refuse: readonly ChangeConcernCode[];
  /** Values of our own settings, which must not be in a change. */
  readonly secrets: readonly string[];
}

export interface ReviewedChange {
  readonly concerns: readonly ChangeConcern[];
  /** Why the change is no repair; null when it may count as one. */
  readonly refusal: string | null;
}

export type ChangeReviewer = (remediation: Remediation, sha: string, signal: AbortSignal) => Promise<ReviewedChange>;

/** GitHub lists at most so many files of a comparison. */
const MAX_FILES = 300;

/**
 * Looks at everything that agents changed since this remediation began, up to `sha`: what an earlier attempt muted is
 * not forgotten because a later one got green. Throws RetryableError when GitHub does not answer; a comparison that
 * GitHub cannot make is itself a concern.
 */
export function changeReviewer(deps: ChangeReviewDeps): ChangeReviewer {
  return async (remediation, sha, signal) => {
    const context = await contextOf(deps, remediation);
    try {
      const concerns = await review(deps.github, remediation, sha, context, signal);
      return { concerns, refusal: refusalOf(concerns, sha) };
    } catch (error) {
      if (!(error instanceof PermanentError)) throw error;
      const sentence = 'GitHub could not compare the change with the commit that was red.';
      const concern = { code: 'not_reviewed', path: null, line: null, sentence } as const;
      const severity = deps.refuse.includes('not_reviewed') ? 'refuse' : 'report';
      const concerns: readonly ChangeConcern[] = [{ ...concern, severity }];
      return { concerns, refusal: refusalOf(concerns, sha) };
    }
  };
}

type Context = () => Omit<ReviewContext, 'complete'>;

/** The first brief knows the failure as it was before any agent touched the branch. Each review needs a fresh redactor. */
async function contextOf(deps: ChangeReviewDeps, remediation: Remediation): Promise<Context> {
  const briefId = remediation.attempts[0]?.briefId;
  const brief = briefId === undefined ? null : await findBrief(deps.store.db, briefId);
  return () => ({
    failureType: remediation.failureType,
    evidence: brief === null ? '' : evidenceOf(brief),
    redactor: createRedactor({ secrets: deps.secrets }),
    refuse: deps.refuse,
  });
}

function evidenceOf({ classification, findings }: StoredBrief): string {
  return [
    ...classification.evidence.map(({ text }) => text),
    classification.excerpt.text,
    ...findings.flatMap(({ summary, body }) => [summary, body ?? '']),
  ].join('\n');
}

async function review(
  github: GitHub,
  remediation: Remediation,
  sha: string,
  context: Context,
  signal: AbortSignal,
): Promise<readonly ChangeConcern[]> {
  const base = remediation.attempts.find(({ baseSha }) => baseSha)?.baseSha ?? remediation.headSha;
  const change = await compare(github, remediation.repository, base, sha, signal);
  const concerns = look(change, context);
  if (!change.hasMerge || !concerns.some(({ path }) => path !== null)) return concerns;
  // Merging the base branch brings other people's work into the comparison; against that branch itself it is not there.
  const against = await baseBranch(github, remediation, signal);
  if (against === null) return concerns;
  return inBoth(concerns, look(await compare(github, remediation.repository, against, sha, signal), context));
}

function look(change: Comparison, context: Context): readonly ChangeConcern[] {
  return reviewChange(change.files, { ...context(), complete: change.files.length < MAX_FILES });
}

interface Comparison {
  readonly files: readonly ChangedFile[];
  readonly hasMerge: boolean;
}

async function compare(
  github: GitHub,
  repository: string,
  base: string,
  head: string,
  signal: AbortSignal,
): Promise<Comparison> {
  const where = { ...splitRepository(repository), request: { signal } };
  try {
    const { data } = await github
      .forRepository(repository)
      .rest.repos.compareCommitsWithBasehead({ ...where, basehead: `${base}...${head}`, per_page: 100 });
    return {
      files: (data.files ?? []).map(changedFile),
      hasMerge: data.commits.some(({ parents }) => parents.length > 1) || data.total_commits > data.commits.length,
    };
  } catch (error) {
    throw githubError(error, `compare ${base.slice(0, 12)} and ${head.slice(0, 8)} of ${repository}`, github.clock());
  }
}

/** Where the repair is to be merged; null when that is not known. */
async function baseBranch(github: GitHub, remediation: Remediation, signal: AbortSignal): Promise<string | null> {
  const { repository, pullRequest, targetBranch, branch, defaultBranch } = remediation;
  if (targetBranch !== null && targetBranch !== branch) return branch;
  if (pullRequest === null) return branch === defaultBranch ? null : defaultBranch;
  const where = { ...splitRepository(repository), pull_number: pullRequest, request: { signal } };
  try {
    return (await github.forRepository(repository).rest.pulls.get(where)).data.base.ref;
  } catch (error) {
    throw githubError(error, `read pull request #${pullRequest} of ${repository}`, github.clock());
  }
}
