import type { AgentName } from '../model/agent.ts';
import type { FailureType } from '../model/failure-type.ts';
import type { Reader, Tx } from './open.ts';

export type LessonKind = 'first_attempt_success' | 'retry_success' | 'escalation' | 'routing_mismatch';

/** What the end of a remediation teaches. */
export interface Lesson {
  readonly remediationId: string;
  readonly kind: LessonKind;
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly repository: string;
  readonly failureType: FailureType;
  readonly fingerprint: string;
  readonly rule: string;
  /** Whom the routing rules named. */
  readonly routedAgent: AgentName;
  /** Who made it green; null when nobody did. */
  readonly agent: AgentName | null;
}

/** Remembers what a remediation taught; each kind once a remediation, however often it is told. */
export async function rememberLessons(tx: Tx, lessons: readonly Lesson[]): Promise<void> {
  if (lessons.length === 0) return;
  await tx
    .insertInto('lessons')
    .values(
      lessons.map(({ remediationId, failureType, routedAgent, ...lesson }) => ({
        ...lesson,
        remediation_id: remediationId,
        failure_type: failureType,
        routed_agent: routedAgent,
      })),
    )
    .onConflict((conflict) => conflict.doNothing())
    .execute();
}

/** Everything taught at or after a time, oldest first. */
export async function readLessons(db: Reader, since: number): Promise<readonly Lesson[]> {
  const rows = await db
    .selectFrom('lessons')
    .selectAll()
    .where('at', '>=', since)
    .orderBy('at')
    .orderBy('remediation_id')
    .orderBy('kind')
    .execute();
  return rows.map((row) => ({
    remediationId: row.remediation_id,
    kind: row.kind as LessonKind,
    at: row.at,
    repository: row.repository,
    failureType: row.failure_type as FailureType,
    fingerprint: row.fingerprint,
    rule: row.rule,
    routedAgent: row.routed_agent,
    agent: row.agent,
  }));
}
