import { beforeEach, expect, it } from 'vitest';
import { reason } from '../../../src/model/reason.ts';
import type { Remediation } from '../../../src/model/remediation.ts';
import type { Store } from '../../../src/store/open.ts';
import {
  assignRun,
  findByRun,
  findLastEndedOnBranch,
  findLiveOnBranch,
} from '../../../src/store/remediation-places.ts';
import {
  countByPhase,
  countWorking,
  dueRemediations,
  findRemediation,
  insertRemediation,
  listRemediations,
  loadForChange,
  nextWake,
  nthLastEscalation,
  saveRemediation,
  takeDueRemediations,
  taskIdExists,
} from '../../../src/store/remediations.ts';
import { aCheck, anAttempt, aRemediation, aReport } from '../../support/builders.ts';
import type { StoreUnderTest } from '../store.contract.ts';
import { emptyStore } from './empty.ts';

/** Remediation `n`, of a subject, task and run of its own. */
function nth(n: number, changes: Partial<Remediation> = {}): Remediation {
  return aRemediation({
    id: `01JD${String(n).padStart(22, '0')}`,
    taskId: `ci-${n}`,
    runId: n,
    branch: `branch-${n}`,
    subjectKey: `ci:acme/shop:branch-${n}`,
    createdAt: n,
    ...changes,
  });
}

const ended = (endedAt: number): Partial<Remediation> => ({
  phase: 'succeeded',
  reason: reason('fixed'),
  endedAt,
  wakeAt: null,
});

export function remediationContract({ store, second }: StoreUnderTest): void {
  beforeEach(() => emptyStore(store()));

  const insert = (remediation: Remediation, into: Store = store()) =>
    into.transaction((tx) => insertRemediation(tx, remediation));
  const ids = (list: readonly Remediation[]) => list.map(({ id }) => Number(id.slice(4)));

  it('gives back what was written, by id and by task id', async () => {
    const full = nth(1, {
      attempts: [anAttempt({ outcome: 'ci_still_failing', endedAt: 9, report: aReport(), stillRed: ['clippy'] })],
      commitMessage: 'odd: \u0000 \ud800 😀',
      guidance: { text: 'look at build.rs', mode: 'append', by: 'ada' },
      reason: reason('paused'),
      spawned: 1,
    });
    await insert(full);
    expect(await findRemediation(store().db, full.id)).toEqual(full);
    expect(await findRemediation(store().db, full.taskId)).toEqual(full);
    expect(await findRemediation(store().db, 'nobody')).toBeNull();
    expect(await taskIdExists(store().db, 'ci-1')).toBe(true);
    expect(await taskIdExists(store().db, 'ci-2')).toBe(false);
  });

  it('keeps one live remediation of a subject, whoever is faster', async () => {
    const racers = Array.from({ length: 12 }, (_, n) =>
      insert(nth(n, { subjectKey: 'ci:acme/shop:main' }), n % 2 ? store() : second()),
    );
    expect((await Promise.all(racers)).filter(Boolean)).toHaveLength(1);
    expect(await listRemediations(store().db, { limit: 20 })).toHaveLength(1);
  });

  it('opens another one for a subject whose last has ended', async () => {
    expect(await insert(nth(1, { subjectKey: 'ci:acme/shop:main', ...ended(5) }))).toBe(true);
    expect(await insert(nth(2, { subjectKey: 'ci:acme/shop:main' }))).toBe(true);
    expect(await insert(nth(3, { subjectKey: 'ci:acme/shop:main' }))).toBe(false);
  });

  it('tells repositories with branches of the same name apart', async () => {
    await insert(nth(1, { branch: 'main', repository: 'acme/shop', subjectKey: 'ci:acme/shop:main' }));
    await insert(nth(2, { branch: 'main', repository: 'acme/till', subjectKey: 'ci:acme/till:main' }));
    expect((await findLiveOnBranch(store().db, 'acme/till', 'main'))?.taskId).toBe('ci-2');
    expect(await findLiveOnBranch(store().db, 'acme/farm', 'main')).toBeNull();
  });

  it('refuses a save on a version that somebody else has replaced', async () => {
    await insert(nth(1));
    const save = (change: Partial<Remediation>, version: number) =>
      store()
        .db.transaction()
        .execute((tx) => saveRemediation(tx, nth(1, change), version));
    await save({ phase: 'gathering' }, 1);
    await expect(save({ phase: 'working' }, 1)).rejects.toThrow(/somebody else/);
    await save({ phase: 'working' }, 2);
    expect((await findRemediation(store().db, 'ci-1'))?.phase).toBe('working');
  });

  it('loses no change of several that load and save at once', async () => {
    await insert(nth(1));
    const addOne = (on: Store) =>
      on.transaction(async (tx) => {
        const loaded = await loadForChange(tx, on.dialect, nth(1).id);
        if (loaded === null) throw new Error('missing');
        const { remediation, version } = loaded;
        await saveRemediation(tx, { ...remediation, gatherFailures: remediation.gatherFailures + 1 }, version);
      });
    await Promise.all(Array.from({ length: 20 }, (_, n) => addOne(n % 2 ? store() : second())));
    expect((await findRemediation(store().db, 'ci-1'))?.gatherFailures).toBe(20);
    expect(await store().transaction((tx) => loadForChange(tx, store().dialect, 'nobody'))).toBeNull();
  });

  it('knows whose run it is; the last owner counts, and repositories are told apart', async () => {
    await insert(nth(1));
    await insert(nth(2));
    const bigRun = 2 ** 40;
    await store().transaction(async (tx) => {
      await assignRun(tx, 'acme/shop', bigRun, nth(1).id);
      await assignRun(tx, 'acme/shop', bigRun, nth(2).id);
      await assignRun(tx, 'acme/till', bigRun, nth(1).id);
    });
    expect((await findByRun(store().db, 'acme/shop', bigRun))?.taskId).toBe('ci-2');
    expect((await findByRun(store().db, 'acme/till', bigRun))?.taskId).toBe('ci-1');
    expect(await findByRun(store().db, 'acme/shop', 1)).toBeNull();
  });

  it('finds the live remediation of the broken branch and of the branch an agent pushes to', async () => {
    await insert(nth(1, { branch: 'main', targetBranch: 'fix/clippy-aaaaaaaa' }));
    await insert(nth(2, { branch: 'old', ...ended(3) }));
    const live = async (branch: string) => (await findLiveOnBranch(store().db, 'acme/shop', branch))?.taskId;
    expect(await live('main')).toBe('ci-1');
    expect(await live('fix/clippy-aaaaaaaa')).toBe('ci-1');
    expect(await live('old')).toBeUndefined();
  });

  it('finds the one that ended last on a branch', async () => {
    await insert(nth(1, { branch: 'main', ...ended(50) }));
    await insert(nth(2, { branch: 'main', ...ended(30) }));
    await insert(nth(3, { branch: 'x', targetBranch: 'main', ...ended(70) }));
    await insert(nth(4, { branch: 'main' }));
    expect((await findLastEndedOnBranch(store().db, 'acme/shop', 'main'))?.taskId).toBe('ci-3');
    expect(await findLastEndedOnBranch(store().db, 'acme/shop', 'none')).toBeNull();
  });

  it('lists whose timer has rung, the longest overdue first', async () => {
    await insert(nth(1, { wakeAt: 300 }));
    await insert(nth(2, { wakeAt: 100 }));
    await insert(nth(3, { wakeAt: 301 }));
    await insert(nth(4, { ...ended(5) }));
    expect(await dueRemediations(store().db, 300, 10)).toEqual([nth(2).id, nth(1).id]);
    expect(await dueRemediations(store().db, 300, 1)).toEqual([nth(2).id]);
    const { dialect } = store();
    const taken = await store().transaction((tx) => takeDueRemediations(tx, dialect, 300, 10));
    expect(taken).toEqual([nth(2).id, nth(1).id]);
    expect(await nextWake(store().db)).toBe(100);
  });

  it('has no next wake when nothing is live', async () => {
    await insert(nth(1, ended(5)));
    expect(await nextWake(store().db)).toBeNull();
  });

  it('filters a list by each of its columns', async () => {
    await insert(nth(1, { repository: 'acme/till', agent: 'bolt', failureType: 'docker_build' }));
    await insert(nth(2, { phase: 'working', branch: 'main' }));
    await insert(nth(3, ended(9)));
    const list = async (filter: Omit<Parameters<typeof listRemediations>[1], 'limit'>) =>
      ids(await listRemediations(store().db, { limit: 10, ...filter }));
    expect(await list({})).toEqual([3, 2, 1]);
    expect(await list({ phase: 'live' })).toEqual([2, 1]);
    expect(await list({ phase: 'succeeded' })).toEqual([3]);
    expect(await list({ repository: 'acme/till' })).toEqual([1]);
    expect(await list({ branch: 'main' })).toEqual([2]);
    expect(await list({ agent: 'bolt' })).toEqual([1]);
    expect(await list({ failureType: 'docker_build' })).toEqual([1]);
    expect(await list({ since: 2 })).toEqual([3, 2]);
    expect(await list({ agent: 'rex', phase: 'working', since: 2 })).toEqual([2]);
  });

  it('pages through a list without gaps or repetition while others are added', async () => {
    for (const n of [1, 2, 3, 4, 5]) await insert(nth(n));
    const seen: number[] = [];
    let cursor: string | undefined;
    for (let page = 0; page < 3; page += 1) {
      const rows = await listRemediations(store().db, { limit: 2, ...(cursor === undefined ? {} : { cursor }) });
      seen.push(...ids(rows));
      cursor = rows.at(-1)?.id;
      await insert(nth(10 + page));
    }
    expect(seen).toEqual([5, 4, 3, 2, 1]);
  });

  it('counts who works, and by phase', async () => {
    await insert(nth(1, { phase: 'working' }));
    await insert(nth(2, { phase: 'working' }));
    await insert(nth(3));
    expect(await countWorking(store().db, 'nobody')).toBe(2);
    expect(await countWorking(store().db, nth(1).id)).toBe(1);
    expect(await countByPhase(store().db)).toEqual({ working: 2, received: 1 });
  });

  it('knows when the n-th last escalation happened', async () => {
    for (const n of [1, 2, 3]) await insert(nth(n, { ...ended(n * 10), phase: 'escalated' }));
    await insert(nth(4, ended(99)));
    expect(await nthLastEscalation(store().db, 1)).toBe(30);
    expect(await nthLastEscalation(store().db, 3)).toBe(10);
    expect(await nthLastEscalation(store().db, 4)).toBeNull();
  });

  it('finds a branch whose name no database can spell', async () => {
    await insert(nth(1, { branch: 'a\u0000b\ud800', failedChecks: [aCheck('\u0000')] }));
    expect((await findLiveOnBranch(store().db, 'acme/shop', 'a\u0000b\ud800'))?.branch).toBe('a\u0000b\ud800');
  });
}
