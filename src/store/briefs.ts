import type { Classification, ContextFinding } from '../model/evidence.ts';
import type { Reader } from './open.ts';

/** What was known before one attempt, and what its agent was told. All of it went through the safety gate. */
export interface StoredBrief {
  readonly id: string;
  readonly remediationId: string;
  readonly ordinal: number;
  readonly createdAt: number;
  readonly classification: Classification;
  readonly findings: readonly ContextFinding[];
  /** What was left out of the prompt to fit the budget. */
  readonly cuts: readonly string[];
  readonly template: string;
  /** The branch to make the target branch from when it does not exist yet. */
  readonly baseBranch: string | null;
  readonly prompt: string;
  /** Equal for two briefs that tell the same; missing in briefs of earlier versions. */
  readonly knowledge?: string;
}

export async function insertBrief(db: Reader, brief: StoredBrief): Promise<void> {
  const { id, remediationId, ordinal, createdAt, prompt, ...document } = brief;
  await db
    .insertInto('briefs')
    .values({
      id,
      remediation_id: remediationId,
      ordinal,
      created_at: createdAt,
      prompt,
      document: JSON.stringify(document),
    })
    .execute();
}

export async function findBrief(db: Reader, id: string): Promise<StoredBrief | null> {
  const row = await db.selectFrom('briefs').selectAll().where('id', '=', id).executeTakeFirst();
  if (row === undefined) return null;
  return {
    ...(JSON.parse(row.document) as Omit<StoredBrief, 'id' | 'remediationId' | 'ordinal' | 'createdAt' | 'prompt'>),
    id: row.id,
    remediationId: row.remediation_id,
    ordinal: row.ordinal,
    createdAt: row.created_at,
    prompt: row.prompt,
  };
}

/** The brief of the latest attempt of a remediation, if one was made. */
export async function latestBrief(db: Reader, remediationId: string): Promise<StoredBrief | null> {
  const row = await db
    .selectFrom('briefs')
    .select('id')
    .where('remediation_id', '=', remediationId)
    .orderBy('created_at', 'desc')
    .orderBy('ordinal', 'desc')
    .limit(1)
    .executeTakeFirst();
  return row ? findBrief(db, row.id) : null;
}
