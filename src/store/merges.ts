import type { Remediation } from '../model/remediation.ts';
import type { Reader, Tx } from './open.ts';

/** A pull request that people merged. */
export interface MergedPullRequest {
  readonly repository: string;
  readonly number: number;
  /** Its head. */
  readonly branch: string;
  /** Milliseconds since the epoch. */
  readonly at: number;
}

/** As many remediations of one branch are looked through. */
const MOST = 50;

/**
 * Remembers which repairs a merge took in: those whose agent pushed to the branch that was merged, of this pull request,
 * unless they ended without being green. Told again, it changes nothing.
 */
export async function rememberMerge(tx: Tx, { repository, number, branch, at }: MergedPullRequest): Promise<void> {
  const rows = await tx
    .selectFrom('remediations')
    .select('document')
    .where('repository', '=', repository)
    .where('target_branch', '=', branch)
    .orderBy('id', 'desc')
    .limit(MOST)
    .execute();
  const repairs = rows
    .map(({ document }) => JSON.parse(document) as Remediation)
    .filter(({ phase }) => phase !== 'escalated' && phase !== 'cancelled')
    .filter(({ pullRequest }) => pullRequest === null || pullRequest === number)
    .filter(({ attempts }) => attempts.some(({ report }) => report?.commitSha != null));
  if (repairs.length === 0) return;
  await tx
    .insertInto('merges')
    .values(repairs.map(({ id }) => ({ remediation_id: id, repository, pull_request: number, at })))
    .onConflict((conflict) => conflict.doNothing())
    .execute();
}

/** How many repairs were merged at or after a time. */
export async function countMerges(db: Reader, since: number): Promise<number> {
  const row = await db
    .selectFrom('merges')
    .select((eb) => eb.fn.countAll<number | string | bigint>().as('count'))
    .where('at', '>=', since)
    .executeTakeFirst();
  return Number(row?.count ?? 0);
}
