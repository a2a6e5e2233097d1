import { sql } from 'kysely';
import type { Remediation } from '../model/remediation.ts';
import type { Reader, Tx } from './connection.ts';
import { prepared } from './prepared.ts';
import { ENDED, LIVE, type Row, read } from './remediations.ts';
import type { RemediationRunTable } from './schema.ts';

const byRun = prepared((db: Reader, { repository, runId }: { repository: string; runId: number }) =>
  db
    .selectFrom('remediation_runs')
    .innerJoin('remediations', 'remediations.id', 'remediation_runs.remediation_id')
    .select('remediations.document')
    .where('remediation_runs.repository', '=', repository)
    .where('remediation_runs.run_id', '=', runId),
);

export async function findByRun(db: Reader, repository: string, runId: number): Promise<Remediation | null> {
  return read(await byRun.first(db, { repository, runId }));
}

const assignment = prepared((db: Reader, row: RemediationRunTable) =>
  db
    .insertInto('remediation_runs')
    .values({ repository: row.repository, run_id: row.run_id, remediation_id: row.remediation_id })
    .onConflict((conflict) =>
      conflict.columns(['repository', 'run_id']).doUpdateSet({ remediation_id: row.remediation_id }),
    ),
);

/** Remembers whose run it is; a later owner replaces an earlier one. */
export async function assignRun(tx: Tx, repository: string, runId: number, remediationId: string): Promise<void> {
  await assignment.run(tx, { repository, run_id: runId, remediation_id: remediationId });
}

const liveOfSubject = prepared((db: Reader, { subjectKey }: { subjectKey: string }) =>
  db.selectFrom('remediations').select('document').where('subject_key', '=', subjectKey).where('live', '=', LIVE),
);

export async function findLiveBySubject(db: Reader, subjectKey: string): Promise<Remediation | null> {
  return read(await liveOfSubject.first(db, { subjectKey }));
}

const lastOfSubject = prepared((db: Reader, { subjectKey }: { subjectKey: string }) =>
  db
    .selectFrom('remediations')
    .select('document')
    .where('subject_key', '=', subjectKey)
    .where('live', '=', ENDED)
    .orderBy('ended_at', 'desc')
    .limit(sql.lit(1)),
);

export async function findLastEndedBySubject(db: Reader, subjectKey: string): Promise<Remediation | null> {
  return read(await lastOfSubject.first(db, { subjectKey }));
}

interface Branch {
  readonly repository: string;
  readonly branch: string;
}

interface Found extends Row {
  readonly at: number | null;
}

/** Alerts live on the default branch without being about it; only what is pushed for them concerns a branch. */
const ABOUT_BRANCHES = ['ci', 'review', 'play'].map((kind) => sql.lit(kind));

/** Live ones of a branch are one or two; what has ended may be much, so that only the last is read, by the index. */
const liveOn = (column: 'branch' | 'target_branch') =>
  prepared((db: Reader, { repository, branch }: Branch) =>
    db
      .selectFrom('remediations')
      .select(['document', 'created_at as at'])
      .where('repository', '=', repository)
      .where(column, '=', branch)
      .where('ended_at', 'is', null)
      .where('live', '=', LIVE)
      .$if(column === 'branch', (query) => query.where('kind', 'in', ABOUT_BRANCHES)),
  );
const lastOn = (column: 'branch' | 'target_branch') =>
  prepared((db: Reader, { repository, branch }: Branch) =>
    db
      .selectFrom('remediations')
      .select(['document', 'ended_at as at'])
      .where('repository', '=', repository)
      .where(column, '=', branch)
      .where('live', '=', ENDED)
      .$if(column === 'branch', (query) => query.where('kind', 'in', ABOUT_BRANCHES))
      .orderBy('ended_at', 'desc')
      .limit(sql.lit(1)),
  );
const ON_BRANCH = {
  live: [liveOn('branch'), liveOn('target_branch')],
  last: [lastOn('branch'), lastOn('target_branch')],
} as const;

async function onBranch(db: Reader, which: keyof typeof ON_BRANCH, branch: Branch): Promise<readonly Found[]> {
  const [own, pushedTo] = ON_BRANCH[which];
  return [...(await own.all(db, branch)), ...(await pushedTo.all(db, branch))];
}

/** The live remediation of a branch: the broken one, or the one that an agent pushes to. */
export async function findLiveOnBranch(db: Reader, repository: string, branch: string): Promise<Remediation | null> {
  const found = await onBranch(db, 'live', { repository, branch });
  return read(found.toSorted((a, b) => (a.at ?? 0) - (b.at ?? 0))[0] ?? null);
}

/** The remediation of a branch that ended last, whether the branch was the broken one or the agent's. */
export async function findLastEndedOnBranch(
  db: Reader,
  repository: string,
  branch: string,
): Promise<Remediation | null> {
  const found = await onBranch(db, 'last', { repository, branch });
  return read(found.toSorted((a, b) => (b.at ?? 0) - (a.at ?? 0))[0] ?? null);
}
