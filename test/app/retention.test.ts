import { afterEach, describe, expect, it } from 'vitest';
import { createRetention } from '../../src/app/retention.ts';
import { settingsSchema } from '../../src/app/settings.ts';
import { insertDelivery } from '../../src/store/deliveries.ts';
import { openStore, type Store, type StoreOptions } from '../../src/store/open.ts';
import { insertRemediation } from '../../src/store/remediations.ts';
import { appendTimeline } from '../../src/store/timeline.ts';
import { aDelivery, aDisposition, aRemediation } from '../support/builders.ts';
import { fakeClock, NOON } from '../support/clock.ts';
import { describeOnPostgres, freshDatabase } from '../support/postgres.ts';

const DAY = 24 * 60 * 60_000;
let store: Store | null = null;
afterEach(async () => {
  await store?.close();
  store = null;
});

/** A store with deliveries and remediations of different ages, in days. */
async function filled(options: StoreOptions, ages: { deliveries: number[]; remediations: number[] }): Promise<Store> {
  const opened = await openStore(options);
  store = opened;
  await opened.transaction(async (tx) => {
    for (const [index, age] of ages.deliveries.entries()) {
      const receivedAt = NOON - age * DAY;
      await insertDelivery(tx, aDelivery(index + 1, { receivedAt }), aDisposition({ remediationId: null }), receivedAt);
    }
    await insertDelivery(tx, aDelivery(9_999, { receivedAt: NOON - 400 * DAY }), null, NOON);
    for (const [index, age] of ages.remediations.entries()) {
      const endedAt = NOON - age * DAY;
      const names = { id: `r${index}`, taskId: `ci-${index}`, subjectKey: `ci:${index}`, runId: null };
      const times = { createdAt: endedAt - DAY, updatedAt: endedAt, endedAt, wakeAt: null };
      await insertRemediation(tx, aRemediation({ ...names, ...times, phase: 'succeeded' }));
      await appendTimeline(tx, names.id, [{ at: endedAt, phase: 'succeeded', event: 'green', message: 'Green.' }]);
    }
    const live = { id: 'live', taskId: 'ci-live', subjectKey: 'ci:live', runId: null, createdAt: NOON - 500 * DAY };
    await insertRemediation(tx, aRemediation(live));
  });
  return opened;
}

async function left({ db }: Store) {
  const count = async (table: 'deliveries' | 'remediations' | 'timeline') =>
    Number(
      (
        await db
          .selectFrom(table)
          .select((eb) => eb.fn.countAll().as('n'))
          .executeTakeFirstOrThrow()
      ).n,
    );
  return [await count('deliveries'), await count('remediations'), await count('timeline')];
}

const { retention } = settingsSchema.parse({});

function keeping(openOptions: () => Promise<StoreOptions>) {
  it('removes what is too old, and leaves what is undecided, under way or young enough', async () => {
    const opened = await filled(await openOptions(), { deliveries: [0, 29, 31, 90], remediations: [1, 364, 366, 700] });
    let pauses = 0;
    const pause = async () => {
      pauses += 1;
    };
    const { sweep } = createRetention({ store: opened, clock: fakeClock().now }, retention, pause);
    expect(await sweep()).toEqual({ deliveries: 2, remediations: 2 });
    expect(await left(opened)).toEqual([3, 3, 2]);
    expect(await sweep()).toEqual({ deliveries: 0, remediations: 0 });
    expect(pauses).toBe(0);
  });

  it('takes a long backlog in parts, and makes room between them', async () => {
    const old = Array.from({ length: 450 }, () => 100);
    const opened = await filled(await openOptions(), { deliveries: old, remediations: [] });
    let pauses = 0;
    const pause = async () => {
      pauses += 1;
    };
    const { sweep } = createRetention({ store: opened, clock: fakeClock().now }, retention, pause);
    expect(await sweep()).toEqual({ deliveries: 450, remediations: 0 });
    expect(pauses).toBe(2);
  });
}

describe('what an embedded store keeps', () => keeping(async () => ({ kind: 'memory' })));
describeOnPostgres('what PostgreSQL keeps', () =>
  keeping(async () => ({ kind: 'postgres', url: await freshDatabase() })),
);

it('cannot be told to forget deliveries that GitHub may still send again', () => {
  expect(settingsSchema.safeParse({ retention: { deliveryDays: 2 } }).success).toBe(false);
});
