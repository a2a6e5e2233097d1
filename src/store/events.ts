import type { Phase } from '../model/remediation.ts';
import type { Reader } from './open.ts';

/** An entry of any remediation's timeline, with the number that orders them all. */
export interface TimelineEvent {
  readonly id: number;
  readonly remediationId: string;
  readonly taskId: string;
  readonly repository: string;
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly phase: Phase;
  readonly event: string;
  readonly message: string;
}

export interface EventRange {
  /** Entries after this number. */
  readonly after: number;
  /** Entries up to this number; all there are when left out. */
  readonly upTo?: number;
  readonly remediationId?: string;
  readonly limit: number;
}

/** In the order of their numbers. */
export async function readEvents(db: Reader, range: EventRange): Promise<readonly TimelineEvent[]> {
  let query = db
    .selectFrom('timeline')
    .innerJoin('remediations', 'remediations.id', 'timeline.remediation_id')
    .select([
      'timeline.id',
      'timeline.remediation_id',
      'remediations.task_id',
      'remediations.repository',
      'timeline.at',
      'timeline.phase',
      'timeline.event',
      'timeline.message',
    ])
    .where('timeline.id', '>', range.after)
    .orderBy('timeline.id')
    .limit(range.limit);
  if (range.upTo !== undefined) query = query.where('timeline.id', '<=', range.upTo);
  if (range.remediationId !== undefined) query = query.where('timeline.remediation_id', '=', range.remediationId);
  return (await query.execute()).map((row) => ({
    id: Number(row.id),
    remediationId: row.remediation_id,
    taskId: row.task_id,
    repository: row.repository,
    at: Number(row.at),
    phase: row.phase as Phase,
    event: row.event,
    message: row.message,
  }));
}

/** The number of the newest entry; 0 when there is none. */
export async function newestEvent(db: Reader): Promise<number> {
  const row = await db
    .selectFrom('timeline')
    .select((eb) => eb.fn.max('id').as('id'))
    .executeTakeFirst();
  return Number(row?.id ?? 0);
}
