import { afterEach, describe, expect, it } from 'vitest';
import { createRetention } from '../../src/app/retention.ts';
import { settingsSchema } from '../../src/app/settings.ts';
import { HORIZON_MS } from '../../src/learn/decay.ts';
import { finishCommand, insertCommand } from '../../src/store/commands.ts';
import { insertDelivery } from '../../src/store/deliveries.ts';
import { rememberLessons } from '../../src/store/lessons.ts';
import { closeLineage, ensureLineage } from '../../src/store/lineages.ts';
import { insertNotice, openSubject, planMessages } from '../../src/store/notices.ts';
import { openStore, type Store, type StoreOptions } from '../../src/store/open.ts';
import { readOutcomes, rememberOutcome, searchOutcomes } from '../../src/store/outcomes.ts';
import { insertRemediation } from '../../src/store/remediations.ts';
import type { Forgotten } from '../../src/store/retention.ts';
import type { Database } from '../../src/store/schema.ts';
import { appendTimeline } from '../../src/store/timeline.ts';
import { aNotice, anItem } from '../report/notifiers/notices.ts';
import { aDelivery, aDisposition, aRemediation } from '../support/builders.ts';
import { fakeClock, NOON } from '../support/clock.ts';
import { anOutcome } from '../support/outcomes.ts';
import { describeOnPostgres, freshDatabase } from '../support/postgres.ts';

const DAY = 24 * 60 * 60_000;
const ago = (days: number): number => NOON - days * DAY;
const settings = settingsSchema.parse({});
const NOTHING: Forgotten = {
  deliveries: 0,
  commands: 0,
  remediations: 0,
  lineages: 0,
  incidents: 0,
  taskRuns: 0,
  codeRuns: 0,
  notices: 0,
  openNotices: 0,
  outcomes: 0,
  lessons: 0,
  merges: 0,
};

let store: Store | null = null;
afterEach(async () => {
  await store?.close();
  store = null;
});

async function counted({ db }: Store, table: keyof Database): Promise<number> {
  const { n } = await db
    .selectFrom(table)
    .select((eb) => eb.fn.countAll().as('n'))
    .executeTakeFirstOrThrow();
  return Number(n);
}

async function writeDelivery({ db }: Store, n: number, days: number, isDecided = true): Promise<void> {
  const disposition = isDecided ? aDisposition({ remediationId: null }) : null;
  await insertDelivery(db as never, aDelivery(n, { receivedAt: ago(days) }), disposition, ago(days));
}

/** Ended so many days ago, with an entry of its timeline and the row of its lineage, which was closed as it ended. */
async function writeRemediation(opened: Store, name: string, days: number): Promise<void> {
  const endedAt = ago(days);
  const names = { id: name, taskId: `ci-${name}`, subjectKey: `ci:${name}`, runId: null };
  const times = { createdAt: endedAt - DAY, updatedAt: endedAt, endedAt, wakeAt: null };
  await opened.transaction(async (tx) => {
    const { id: lineageId } = await ensureLineage(tx, names.subjectKey, times.createdAt);
    await insertRemediation(tx, aRemediation({ ...names, ...times, lineageId, phase: 'succeeded' }));
    await appendTimeline(tx, name, [{ at: endedAt, phase: 'succeeded', event: 'green', message: 'Green.' }]);
    await closeLineage(tx, names.subjectKey, 'green', endedAt);
  });
}

async function writeCodeRun({ db }: Store, name: string, days: number, active = 0): Promise<void> {
  const texts = { labels: '{}', annotations: '{}', spec: '{}', status: '{}' };
  const counts = { generation: 1, resource_version: 1, active, cancel_requested: 0 };
  await db
    .insertInto('coderuns')
    .values({ name, uid: `uid-${name}`, ...texts, ...counts, created_at: ago(days + 1), updated_at: ago(days) })
    .execute();
}

async function writeTaskRun(opened: Store, name: string, days: number, live = 0): Promise<void> {
  const texts = { digest: 'd', submitted_by: 'ada', submission: '{}', inputs: '{}', draft: '{}', task_id: name };
  const end = { ended_at: live === 1 ? null : ago(days), how: 'succeeded', detail: '', output_tail: '', cost_usd: 0 };
  await opened.db
    .insertInto('task_runs')
    .values({
      name,
      task_key: name,
      attempt: 1,
      repository: 'acme/shop',
      ...texts,
      live,
      created: 1,
      ...end,
      created_at: ago(days + 1),
    })
    .execute();
  await writeCodeRun(opened, name, days, live);
}

async function writeCommand(opened: Store, n: number, days: number, isDone = true): Promise<void> {
  const place = { repository: 'acme/shop', pullRequest: n, commentId: n, commentKind: 'issue' };
  const signal = { kind: 'command', ...place, verb: 'fix', actor: { login: 'ada', type: 'User' } };
  await opened.transaction((tx) => insertCommand(tx, `command-${n}`, signal as never, ago(days)));
  if (isDone) await finishCommand(opened.db, { id: `command-${n}` } as never);
}

async function writeNotice(opened: Store, id: string, days: number, kind: 'escalation' | 'pause', isOpen: boolean) {
  await opened.transaction(async (tx) => {
    const notice = aNotice({ id, kind, updatedAt: ago(days), items: [anItem({ key: id, isOpen })] });
    await insertNotice(tx, notice, ago(days));
    await openSubject(tx, id, id, ago(days));
    await planMessages(tx, id, ['discord', 'slack'], ago(days));
  });
}

async function writeMemory(opened: Store, name: string, days: number): Promise<void> {
  const common = {
    remediationId: name,
    repository: 'acme/shop',
    failureType: 'rust_build',
    fingerprint: 'f',
    rule: 'r',
  } as const;
  await opened.transaction(async (tx) => {
    await rememberOutcome(tx, anOutcome({ remediationId: name, approach: `tried ${name}`, endedAt: ago(days) }));
    await rememberLessons(tx, [
      { ...common, kind: 'retry_success', at: ago(days), routedAgent: 'rex', agent: 'rex' },
      { ...common, kind: 'routing_mismatch', at: ago(days), routedAgent: 'atlas', agent: 'rex' },
    ]);
    await tx
      .insertInto('merges')
      .values({ remediation_id: name, repository: 'acme/shop', pull_request: 1, at: ago(days) })
      .execute();
  });
}

/** Sweeps twice, since what the first one left is to be left by the second as well. */
async function swept(opened: Store): Promise<{ removed: Partial<Forgotten>; pauses: number }> {
  let pauses = 0;
  const pause = async () => {
    pauses += 1;
  };
  const { sweep } = createRetention({ store: opened, clock: fakeClock().now }, settings, pause);
  const removed = await sweep();
  expect(await sweep()).toEqual(NOTHING);
  return { removed: Object.fromEntries(Object.entries(removed).filter(([, count]) => count > 0)), pauses };
}

function keeping(options: () => Promise<StoreOptions>) {
  const empty = async (): Promise<Store> => {
    store = await openStore(await options());
    return store;
  };

  it('of deliveries: removes what is too old, and leaves what is undecided', async () => {
    const opened = await empty();
    for (const [n, days] of [0, 29, 31, 90].entries()) await writeDelivery(opened, n, days);
    await writeDelivery(opened, 9_999, 400, false);
    expect(await swept(opened)).toEqual({ removed: { deliveries: 2 }, pauses: 0 });
    expect(await counted(opened, 'deliveries')).toBe(3);
  });

  it('takes a long backlog in parts, and makes room between them', async () => {
    const opened = await empty();
    await opened.transaction(async (tx) => {
      for (let n = 0; n < 450; n += 1)
        await insertDelivery(
          tx,
          aDelivery(n, { receivedAt: ago(100) }),
          aDisposition({ remediationId: null }),
          ago(100),
        );
    });
    expect(await swept(opened)).toEqual({ removed: { deliveries: 450 }, pauses: 2 });
  });

  it('of remediations: removes those that ended long ago with all that is theirs, and leaves what is under way', async () => {
    const opened = await empty();
    for (const days of [1, 364, 370, 700]) await writeRemediation(opened, `r${days}`, days);
    const live = { id: 'live', taskId: 'ci-live', subjectKey: 'ci:live', runId: null, createdAt: ago(500) };
    await opened.transaction((tx) => insertRemediation(tx, aRemediation(live)));
    expect((await swept(opened)).removed).toEqual({ remediations: 2, lineages: 2 });
    expect(await counted(opened, 'remediations')).toBe(3);
    expect(await counted(opened, 'timeline')).toBe(2);
    expect(await counted(opened, 'lineages')).toBe(2);
  });

  it('of lineages: leaves what is still broken, and all of what a remediation is remembered of', async () => {
    const opened = await empty();
    await opened.transaction((tx) => ensureLineage(tx, 'ci:still-broken', ago(900)));
    await writeRemediation(opened, 'again', 800);
    await opened.db
      .updateTable('remediations')
      .set({ ended_at: ago(10) })
      .execute();
    await writeRemediation(opened, 'alive', 800);
    await opened.db.updateTable('remediations').set({ live: 1, ended_at: null }).where('id', '=', 'alive').execute();
    expect((await swept(opened)).removed).toEqual({});
    expect(await counted(opened, 'lineages')).toBe(3);
  });

  it('of CodeRuns: removes those whose remediation is forgotten, and leaves the live and those of tasks', async () => {
    const opened = await empty();
    for (const days of [100, 365, 367]) await writeCodeRun(opened, `run-${days}`, days);
    await writeCodeRun(opened, 'live', 900, 1);
    expect((await swept(opened)).removed).toEqual({ codeRuns: 1 });
    expect(await counted(opened, 'coderuns')).toBe(3);
  });

  it('of tasks: removes runs that ended long ago with their CodeRuns, and no other', async () => {
    const opened = await empty();
    for (const days of [100, 365, 367]) await writeTaskRun(opened, `task-${days}`, days);
    await writeTaskRun(opened, 'live', 900, 1);
    expect((await swept(opened)).removed).toEqual({ taskRuns: 1 });
    expect([await counted(opened, 'task_runs'), await counted(opened, 'coderuns')]).toEqual([3, 3]);
  });

  it('of commands: removes those that were carried out, and leaves those that wait', async () => {
    const opened = await empty();
    for (const [n, days] of [1, 89, 91].entries()) await writeCommand(opened, n, days);
    await writeCommand(opened, 99, 500, false);
    expect((await swept(opened)).removed).toEqual({ commands: 1 });
    expect(await counted(opened, 'commands')).toBe(3);
  });

  it('of incidents: removes those that are over for a year', async () => {
    const opened = await empty();
    for (const [n, closed] of [ago(366), ago(364), null].entries()) {
      const times = { opened_at: ago(400), until: ago(399), closed_at: closed };
      const row = { id: `i${n}`, kind: 'cause', key: `k${n}`, lead_id: 'r', escalated_by: null, closed_by: null };
      await opened.db
        .insertInto('incidents')
        .values({ ...row, ...times })
        .execute();
    }
    expect((await swept(opened)).removed).toEqual({ incidents: 1 });
  });

  it('of messages: removes what is over, escalations that were never solved after a year, and no pause', async () => {
    const opened = await empty();
    await writeNotice(opened, 'over', 91, 'escalation', false);
    await writeNotice(opened, 'young', 89, 'escalation', false);
    await writeNotice(opened, 'open', 364, 'escalation', true);
    await writeNotice(opened, 'never-solved', 366, 'escalation', true);
    await writeNotice(opened, 'paused', 900, 'pause', true);
    await writeNotice(opened, 'being-told', 900, 'escalation', false);
    await opened.db
      .updateTable('notice_messages')
      .set({ leased_until: NOON })
      .where('notice_id', '=', 'being-told')
      .execute();
    expect((await swept(opened)).removed).toEqual({ notices: 1, openNotices: 1 });
    const { db } = opened;
    const ids = (await db.selectFrom('notices').select('id').orderBy('id').execute()).map(({ id }) => id);
    expect(ids).toEqual(['being-told', 'open', 'paused', 'young']);
    expect([await counted(opened, 'notice_messages'), await counted(opened, 'notice_subjects')]).toEqual([8, 4]);
  });

  it('of what was learned: removes what is older than two years, and does not find it any more', async () => {
    const opened = await empty();
    for (const days of [10, 729, 731]) await writeMemory(opened, `days${days}`, days);
    expect((await swept(opened)).removed).toEqual({ outcomes: 1, lessons: 2, merges: 1 });
    const left = (await readOutcomes(opened.db, 0)).map(({ remediationId }) => remediationId);
    expect(left.toSorted()).toEqual(['days10', 'days729']);
    expect(await searchOutcomes(opened, { text: 'days731', limit: 5 })).toEqual([]);
    expect(await searchOutcomes(opened, { text: 'days729', limit: 5 })).toHaveLength(1);
    expect(await counted(opened, 'lessons')).toBe(4);
  });
}

describe('what an embedded store keeps', () => keeping(async () => ({ kind: 'memory' })));
describeOnPostgres('what PostgreSQL keeps', () =>
  keeping(async () => ({ kind: 'postgres', url: await freshDatabase() })),
);

describe('the settings of retention', () => {
  const accepts = (retention: Record<string, number>) => settingsSchema.safeParse({ retention }).success;

  it('cannot have deliveries forgotten that GitHub may still send again', () => {
    expect(accepts({ deliveryDays: 2 })).toBe(false);
  });

  it('cannot have forgotten what agents are chosen by', () => {
    const days = HORIZON_MS / DAY;
    expect([accepts({ memoryDays: days }), accepts({ memoryDays: days - 1 })]).toEqual([true, false]);
  });
});
