import { beforeEach, expect, it } from 'vitest';
import type { Disposition } from '../../../src/model/delivery.ts';
import { reason } from '../../../src/model/reason.ts';
import { insertDelivery } from '../../../src/store/deliveries.ts';
import { countDeliveries, readLives } from '../../../src/store/insights.ts';
import { type Lesson, readLessons, rememberLessons } from '../../../src/store/lessons.ts';
import { countMerges, rememberMerge } from '../../../src/store/merges.ts';
import {
  type RememberedOutcome,
  readFigures,
  readOutcomes,
  rememberOutcome,
  searchOutcomes,
  similarOutcomes,
  skillSamples,
} from '../../../src/store/outcomes.ts';
import { insertRemediation } from '../../../src/store/remediations.ts';
import { aDelivery, aDisposition, anAttempt, aRemediation, aReport } from '../../support/builders.ts';
import { anOutcome } from '../../support/outcomes.ts';
import type { StoreUnderTest } from '../store.contract.ts';
import { emptyStore } from './empty.ts';

const id = (number: number): string => `01JD${String(number).padStart(22, '0')}`;

export function outcomeContract({ store }: StoreUnderTest): void {
  beforeEach(() => emptyStore(store()));

  const remember = async (...outcomes: Partial<RememberedOutcome>[]) => {
    for (const outcome of outcomes) await store().transaction((tx) => rememberOutcome(tx, anOutcome(outcome)));
  };
  const similar = (query: Partial<Parameters<typeof similarOutcomes>[1]> = {}) =>
    similarOutcomes(store().db, {
      fingerprint: 'f1',
      failureType: 'rust_build',
      repository: 'acme/shop',
      limit: 10,
      ...query,
    });
  const search = async (text: string, query: Partial<Parameters<typeof searchOutcomes>[1]> = {}) =>
    (await searchOutcomes(store(), { text, limit: 10, ...query })).map(({ remediationId }) => remediationId);

  it('knows which repairs people merged, each once', async () => {
    const pushed = anAttempt({ report: aReport({ commitSha: 'c0ffee' }) });
    const lives = [
      aRemediation({
        id: id(1),
        taskId: 'ci-1',
        phase: 'succeeded',
        targetBranch: 'topic',
        pullRequest: 7,
        attempts: [pushed],
      }),
      aRemediation({
        id: id(2),
        taskId: 'ci-2',
        phase: 'superseded',
        targetBranch: 'topic',
        pullRequest: 7,
        attempts: [pushed],
      }),
      aRemediation({
        id: id(3),
        taskId: 'ci-3',
        phase: 'escalated',
        targetBranch: 'topic',
        pullRequest: 7,
        attempts: [pushed],
      }),
      aRemediation({
        id: id(4),
        taskId: 'ci-4',
        phase: 'succeeded',
        targetBranch: 'topic',
        pullRequest: 8,
        attempts: [pushed],
      }),
      aRemediation({
        id: id(5),
        taskId: 'ci-5',
        phase: 'succeeded',
        targetBranch: 'topic',
        pullRequest: 7,
        attempts: [],
      }),
      aRemediation({
        id: id(6),
        taskId: 'ci-6',
        phase: 'succeeded',
        targetBranch: 'other',
        pullRequest: 7,
        attempts: [pushed],
      }),
    ];
    await store().transaction(async (tx) => {
      for (const life of lives) await insertRemediation(tx, { ...life, subjectKey: life.id });
    });
    const merge = { repository: 'acme/shop', number: 7, branch: 'topic', at: 500 };
    await store().transaction((tx) => rememberMerge(tx, merge));
    await store().transaction((tx) => rememberMerge(tx, { ...merge, at: 900 }));
    expect(await countMerges(store().db, 0)).toBe(2);
    expect(await countMerges(store().db, 501)).toBe(0);
  });

  it('come back as they were remembered', async () => {
    const outcome = anOutcome({
      stillRed: ['build', 'test (1, 2)'],
      costUsd: null,
      changed: false,
      outcome: 'no_change',
    });
    await remember(outcome);
    const [found] = await similar();
    expect(found).toEqual({ ...outcome, match: 'fingerprint', sameRepository: true, held: null });
  });

  it('are one an attempt, also when an attempt is remembered again with another end', async () => {
    await remember({ outcome: 'timeout', approach: 'waited' }, { outcome: 'success', approach: 'pinned serde' });
    expect(await similar()).toMatchObject([{ outcome: 'success', approach: 'pinned serde' }]);
    expect(await search('waited')).toEqual([]);
    expect(await search('serde')).toEqual(['r1']);
  });

  it('of the same breakage come first, then those of the same repository, then the rest; newest first', async () => {
    await remember(
      { remediationId: 'elsewhere', repository: 'acme/till', fingerprint: 'f9', endedAt: 900 },
      { remediationId: 'here', fingerprint: 'f9', endedAt: 800 },
      { remediationId: 'same-elsewhere', repository: 'acme/till', failureType: 'rust_test', endedAt: 700 },
      { remediationId: 'same-old', endedAt: 100 },
      { remediationId: 'same-new', endedAt: 200 },
      { remediationId: 'other', fingerprint: 'f9', failureType: 'go', endedAt: 999 },
    );
    expect((await similar()).map(({ remediationId, match }) => [remediationId, match])).toEqual([
      ['same-new', 'fingerprint'],
      ['same-old', 'fingerprint'],
      ['same-elsewhere', 'fingerprint'],
      ['here', 'failure_type'],
      ['elsewhere', 'failure_type'],
    ]);
    expect((await similar({ limit: 2 })).map(({ remediationId }) => remediationId)).toEqual(['same-new', 'same-old']);
    expect(await similar({ failureType: null, fingerprint: 'f9' })).toHaveLength(3);
    expect(await similar({ failureType: null, fingerprint: null })).toEqual([]);
  });

  it('that no agent worked for, and those of the remediation itself, teach nothing', async () => {
    await remember({ outcome: 'infrastructure' }, { ordinal: 2, outcome: 'cancelled' }, { remediationId: 'me' });
    expect(await similar({ exceptRemediation: 'me' })).toEqual([]);
  });

  it('that an empty fingerprint joins are no more alike than their type', async () => {
    await remember({ fingerprint: '' });
    expect(await similar({ fingerprint: '', failureType: null })).toEqual([]);
    expect(await similar({ fingerprint: '' })).toMatchObject([{ match: 'failure_type' }]);
  });

  it('held when the same breakage did not come back to the same repository', async () => {
    await remember(
      { remediationId: 'first', startedAt: 10, endedAt: 20 },
      { remediationId: 'second', startedAt: 30, endedAt: 40 },
      { remediationId: 'third', repository: 'acme/till', startedAt: 50, endedAt: 60 },
    );
    const held = Object.fromEntries((await similar()).map(({ remediationId, held }) => [remediationId, held]));
    expect(held).toEqual({ first: false, second: true, third: true });
  });

  it('are found by the words of their approach, their end and their checks, the best first', async () => {
    await remember(
      { remediationId: 'r1', approach: 'Pinned serde_json to 1.0.128 in Cargo.toml', detail: 'Green on 1a2b3c4d.' },
      { remediationId: 'r2', approach: 'Bumped tokio', detail: 'Still red: serde.', stillRed: ['integration'] },
      { remediationId: 'r3', approach: 'Réparé le schéma', detail: 'Green.', repository: 'acme/till' },
    );
    expect(await search('SERDE json pinned')).toEqual(['r1', 'r2']);
    expect(await search('integration')).toEqual(['r2']);
    expect(await search('schéma')).toEqual(['r3']);
    expect(await search('cargo.toml 1.0.128')).toEqual(['r1']);
    expect(await search('serde green', { repository: 'acme/till' })).toEqual(['r3']);
    expect(await search('serde', { failureType: 'go' })).toEqual([]);
    expect(await search('serde green', { limit: 1 })).toHaveLength(1);
  });

  it('are searched for whatever the question looks like', async () => {
    await remember({ approach: 'or not near and' });
    const odd = [
      '',
      '" OR 1',
      "it's",
      'NEAR(a b)',
      'a & !b | <-> :*',
      '*',
      '\u0000',
      '\ud800',
      '日本',
      'x'.repeat(9_000),
    ];
    for (const text of odd) await expect(search(text)).resolves.toBeInstanceOf(Array);
    expect(await search('NOT')).toEqual(['r1']);
  });

  it('of one type of failure tell about agents, the newest of them', async () => {
    await remember(
      { remediationId: 'old', endedAt: 10 },
      { remediationId: 'a', endedAt: 20, agent: 'atlas', outcome: 'timeout', changed: false },
      { remediationId: 'b', endedAt: 30 },
      { remediationId: 'c', endedAt: 40, failureType: 'go' },
    );
    const samples = (limit: number) => skillSamples(store().db, { failureType: 'rust_build', since: 20, limit });
    expect(await samples(9)).toEqual([
      { agent: 'rex', outcome: 'success', changed: true, endedAt: 30 },
      { agent: 'atlas', outcome: 'timeout', changed: false, endedAt: 20 },
    ]);
    expect(await samples(1)).toHaveLength(1);
    expect((await readOutcomes(store().db, 20)).map(({ remediationId }) => remediationId)).toEqual(['a', 'b', 'c']);
    const figures = await readFigures(store().db, 20);
    expect(await readOutcomes(store().db, 20)).toMatchObject(figures);
    expect(figures).toHaveLength(3);
  });
}

export function insightContract({ store }: StoreUnderTest): void {
  beforeEach(() => emptyStore(store()));

  const lesson = (changes: Partial<Lesson> = {}): Lesson => ({
    remediationId: 'r1',
    kind: 'retry_success',
    at: 10,
    repository: 'acme/shop',
    failureType: 'rust_build',
    fingerprint: 'f1',
    rule: 'rust-build',
    routedAgent: 'rex',
    agent: 'atlas',
    ...changes,
  });
  const teach = (...lessons: Lesson[]) => store().transaction((tx) => rememberLessons(tx, lessons));

  it('keep each kind of lesson once a remediation', async () => {
    await teach(lesson(), lesson({ kind: 'routing_mismatch' }));
    await teach(lesson({ at: 99 }), lesson({ remediationId: 'r2', kind: 'escalation', agent: null, at: 5 }));
    await teach();
    const lessons = await readLessons(store().db, 0);
    expect(lessons.map(({ remediationId, kind, at }) => [remediationId, kind, at])).toEqual([
      ['r2', 'escalation', 5],
      ['r1', 'retry_success', 10],
      ['r1', 'routing_mismatch', 10],
    ]);
    expect(lessons[1]).toEqual(lesson());
    expect(await readLessons(store().db, 11)).toEqual([]);
  });

  it('read the remediations that ended since, and those that live', async () => {
    const add = (id: string, subjectKey: string, changes: Parameters<typeof aRemediation>[0]) =>
      store().transaction((tx) => insertRemediation(tx, aRemediation({ id, taskId: id, subjectKey, ...changes })));
    const ended = { phase: 'succeeded', reason: reason('fixed'), wakeAt: null } as const;
    await add('a', 's2', { ...ended, createdAt: 1, endedAt: 5 });
    await add('b', 's1', { ...ended, createdAt: 7, endedAt: 20 });
    await add('c', 's1', { createdAt: 30 });
    const lives = await readLives(store().db, 6);
    expect(lives.map(({ id, endedAt, reasonCode }) => [id, endedAt, reasonCode])).toEqual([
      ['b', 20, 'fixed'],
      ['c', null, null],
    ]);
  });

  it('count deliveries: all, those that were joined, and those that nobody decided', async () => {
    const add = (n: number, disposition: Disposition | null) =>
      store().transaction((tx) => insertDelivery(tx, aDelivery(n, { receivedAt: n }), disposition, n));
    await add(1, null);
    await add(5, aDisposition({ dedupStatus: 'existing' }));
    await add(6, aDisposition());
    await add(7, null);
    expect(await countDeliveries(store().db, { since: 5, lostBefore: 6 })).toEqual({ received: 3, joined: 1, lost: 1 });
  });
}
