import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { reason } from '../../src/model/reason.ts';
import { findListedDelivery, listDeliveries } from '../../src/store/delivery-list.ts';
import type { Store, StoreOptions } from '../../src/store/open.ts';
import { isPaused, readPauses, setPaused } from '../../src/store/pauses.ts';
import { countCodeRuns, countLive, readResults } from '../../src/store/statistics.ts';
import { describeOnPostgres, freshDatabase } from '../support/postgres.ts';
import { accepted, addDelivery, addSeed, MINUTE, makeRemediation, NOW, openSeeded, ulid } from './seed.ts';

/** What pages, API and metrics read, on both databases: the SQL is written once and has to mean the same. */
function readsContract(place: () => Promise<StoreOptions>): void {
  let store: Store;
  beforeEach(async () => {
    store = await openSeeded([], await place());
  });
  afterEach(() => store.close());

  const add = (n: number, changes: Parameters<typeof makeRemediation>[0]) =>
    addSeed(store, {
      remediation: makeRemediation({ id: ulid(n), taskId: `ci-${n}`, subjectKey: `k${n}`, ...changes }),
    });

  it('counts live remediations by phase as numbers', async () => {
    await add(1, { phase: 'working' });
    await add(2, { phase: 'working' });
    await add(3, { phase: 'succeeded', endedAt: NOW });
    expect(await countLive(store)).toEqual({ working: 2 });
  });

  it('counts CodeRuns by the phase in their status, one without a phase as pending', async () => {
    const row = { generation: 1, resource_version: 1, labels: '{}', annotations: '{}', spec: '{}', active: 1 };
    const values = (name: string, status: string) => ({
      ...row,
      name,
      uid: name,
      status,
      cancel_requested: 0,
      created_at: NOW,
      updated_at: NOW,
    });
    await store.db
      .insertInto('coderuns')
      .values([values('a', '{"phase":"Running"}'), values('b', '{}')])
      .execute();
    expect(await countCodeRuns(store)).toEqual({ Running: 1, Pending: 1 });
  });

  it('sums up what became of a span of time, with the median of the successes', async () => {
    for (const [n, minutes] of [3, 10, 60].entries()) {
      await add(n + 1, { phase: 'succeeded', createdAt: NOW - 90 * MINUTE, endedAt: NOW - (90 - minutes) * MINUTE });
    }
    await add(4, { phase: 'escalated', endedAt: NOW });
    await add(5, { phase: 'succeeded', createdAt: NOW - 200 * MINUTE, endedAt: NOW });
    expect(await readResults(store, NOW - 100 * MINUTE)).toEqual({
      opened: 4,
      succeeded: 3,
      escalated: 1,
      medianTimeToFix: 10 * MINUTE,
    });
    expect(await readResults(store, NOW)).toMatchObject({ opened: 0, medianTimeToFix: null });
  });

  it('lists deliveries with their remediation, newest first, by page', async () => {
    await add(1, {});
    const first = await addDelivery(store, { n: 3, disposition: accepted(ulid(1)) });
    const second = await addDelivery(store, { n: 2, disposition: null });
    const ignored = { status: 'ignored' as const, dedupStatus: 'skipped' as const, remediationId: null };
    const third = await addDelivery(store, { n: 1, disposition: { ...ignored, reason: reason('unknown_event') } });
    const ids = async (filter: object) =>
      (await listDeliveries(store.db, { limit: 10, ...filter })).map(({ id }) => id);
    expect(await ids({})).toEqual([third, second, first]);
    expect(await ids({ cursor: third, limit: 1 })).toEqual([second]);
    expect(await ids({ status: 'stored' })).toEqual([second]);
    expect(await ids({ status: 'ignored', reason: 'unknown_event' })).toEqual([third]);
    expect(await findListedDelivery(store.db, 'guid-3')).toMatchObject({
      id: first,
      receivedAt: NOW - 3 * MINUTE,
      taskId: 'ci-1',
      repository: 'acme/shop',
      disposition: { status: 'accepted', remediationId: ulid(1), reason: { code: 'new_failure' } },
    });
    expect(await findListedDelivery(store.db, 'none')).toBeNull();
  });

  it('remembers pauses, everywhere and by repository, until they are lifted', async () => {
    await setPaused(store.db, 'Acme/Shop', true, 'ada', NOW);
    await setPaused(store.db, null, true, 'ben', NOW + 1);
    expect(await readPauses(store.db)).toEqual([
      { repository: null, by: 'ben', since: NOW + 1 },
      { repository: 'acme/shop', by: 'ada', since: NOW },
    ]);
    expect(await isPaused(store.db, 'acme/other')).toBe(true);
    await setPaused(store.db, null, false, 'ben', NOW + 2);
    expect(await isPaused(store.db, 'acme/other')).toBe(false);
    expect(await isPaused(store.db, 'ACME/shop')).toBe(true);
  });
}

describe('reading for people, from the embedded store', () => readsContract(async () => ({ kind: 'memory' })));

describeOnPostgres('reading for people, from PostgreSQL', () =>
  readsContract(async () => ({ kind: 'postgres', url: await freshDatabase() })),
);
