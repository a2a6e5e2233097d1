import { beforeEach, describe, expect, it } from 'vitest';
import type { Phase, Remediation } from '../../../src/model/remediation.ts';
import { briefOfAttempt, listBriefs } from '../../../src/store/brief-list.ts';
import { countWorkingEverywhere, spentToday } from '../../../src/store/budget.ts';
import { deliveriesOf } from '../../../src/store/deliveries-of.ts';
import { newestEvent, readEvents } from '../../../src/store/events.ts';
import { type Reach, type SearchFilter, searchRemediations } from '../../../src/store/remediation-list.ts';
import { appendTimeline } from '../../../src/store/timeline.ts';
import { readTrends } from '../../../src/store/trends.ts';
import { ulidAt, writeBriefs, writeLife } from '../../browser/support/life.ts';
import type { StoreUnderTest } from '../store.contract.ts';
import { emptyStore } from './empty.ts';

const DAY = 86_400_000;
const NOW = Date.UTC(2026, 2, 14, 9, 30);
const COUNT = 40;

/** What the pages read: search, events, figures day by day. */
export function pagesContract({ store }: StoreUnderTest): void {
  let lives: Remediation[];
  beforeEach(async () => {
    await emptyStore(store());
    lives = [];
    await store().transaction(async (tx) => {
      // One that loses a race is tried again from the beginning.
      lives = [];
      for (let n = 0; n < COUNT; n += 1) {
        const live: { live?: Phase } = n >= COUNT - 3 ? { live: n === COUNT - 1 ? 'working' : 'gathering' } : {};
        lives.push(await writeLife(tx, { n, at: NOW - (COUNT - n) * 3_600_000, repositories: 5, ...live }));
      }
    });
  });

  const found = (filter: Partial<SearchFilter>, reach?: Reach) =>
    searchRemediations(store(), { limit: 100, ...filter }, reach);
  const numbers = ({ remediations }: Awaited<ReturnType<typeof found>>) =>
    remediations.map(({ runId }) => (runId ?? 0) - 16_000_000_000);
  const expected = (isSo: (remediation: Remediation, n: number) => boolean) =>
    lives.flatMap((life, n) => (isSo(life, n) ? [n] : [])).toReversed();

  it.each<[string, Partial<SearchFilter>, (remediation: Remediation, n: number) => boolean]>([
    ['everything', {}, () => true],
    ['what is live', { phase: 'live' }, (_, n) => n >= COUNT - 3],
    ['a phase', { phase: 'escalated' }, ({ phase }) => phase === 'escalated'],
    ['a repository', { repository: 'acme/api' }, ({ repository }) => repository === 'acme/api'],
    ['a branch', { branch: 'main' }, ({ branch }) => branch === 'main'],
    [
      'an agent and a type',
      { agent: 'bolt', failureType: 'helm_template' },
      ({ failureType }) => failureType === 'helm_template',
    ],
    ['a time', { since: NOW - 5 * 3_600_000 }, ({ createdAt }) => createdAt >= NOW - 5 * 3_600_000],
    ['a time that is to come', { since: NOW + DAY }, () => false],
    [
      'a time and a phase',
      { since: NOW - 30 * 3_600_000, phase: 'succeeded' },
      ({ phase, createdAt }) => phase === 'succeeded' && createdAt >= NOW - 30 * 3_600_000,
    ],
    ['a word of a name, whatever its case', { text: ' ACME/shop ' }, ({ repository }) => repository === 'acme/shop'],
    [
      'words that all occur',
      { text: 'acme/web frontend' },
      ({ repository, failureType }) => repository === 'acme/web' && failureType?.startsWith('frontend') === true,
    ],
    ['the number of a run', { text: '16000000007' }, (_, n) => n === 7],
    ['a pull request', { text: '#107' }, (_, n) => n === 7],
    ['what would mean something to the database', { text: `%'_\\` }, () => false],
  ])('searches for %s', async (_name, filter, isSo) => {
    const result = await found(filter);
    expect(numbers(result)).toEqual(expected(isSo));
    expect([result.nextCursor, result.isPartial]).toEqual([null, false]);
  });

  it('finds by the beginning of a commit', async () => {
    const sha = lives[11]?.headSha.slice(0, 12) ?? '';
    expect(numbers(await found({ text: sha }))).toEqual([11]);
  });

  it('goes through pages, each remediation once', async () => {
    const seen: number[] = [];
    let cursor: string | null = null;
    do {
      const page: Awaited<ReturnType<typeof found>> = await found({ limit: 7, ...(cursor === null ? {} : { cursor }) });
      seen.push(...numbers(page));
      cursor = page.nextCursor;
    } while (cursor !== null);
    expect(seen).toEqual(expected(() => true));
  });

  it('looks through a part at a time, and goes on where it stopped', async () => {
    const seen: number[] = [];
    let parts = 0;
    let cursor: string | null = null;
    do {
      const page: Awaited<ReturnType<typeof found>> = await found(
        { text: 'acme/docs', ...(cursor === null ? {} : { cursor }) },
        { names: 12, documents: 5 },
      );
      seen.push(...numbers(page));
      cursor = page.nextCursor;
      parts += 1;
      if (cursor !== null) expect(page.isPartial).toBe(true);
    } while (cursor !== null);
    expect(seen).toEqual(expected(({ repository }) => repository === 'acme/docs'));
    expect(parts).toBeGreaterThan(3);
  });

  describe('events', () => {
    it('come in the order of their numbers, with whose they are', async () => {
      const newest = await newestEvent(store().db);
      const id = lives[3]?.id ?? '';
      const entry = { at: NOW, phase: 'working' as const, event: 'spoke', message: 'hello' };
      await store().transaction((tx) => appendTimeline(tx, id, [entry, { ...entry, message: 'again' }]));
      const events = await readEvents(store().db, { after: newest, limit: 10 });
      expect(events.map(({ message }) => message)).toEqual(['hello', 'again']);
      expect(events[0]).toMatchObject({ remediationId: id, taskId: lives[3]?.taskId, at: NOW, phase: 'working' });
      expect(events[1]?.id).toBeGreaterThan(events[0]?.id ?? 0);
      expect(await readEvents(store().db, { after: newest, upTo: events[0]?.id ?? 0, limit: 10 })).toHaveLength(1);
      const others = { after: newest, remediationId: lives[4]?.id ?? '', limit: 10 };
      expect(await readEvents(store().db, others)).toEqual([]);
    });
  });

  it('counts day by day', async () => {
    const trends = await readTrends(store().db, NOW - 30 * DAY);
    const sum = (days: readonly { readonly count?: number; readonly opened?: number }[]) =>
      days.reduce((all, { count, opened }) => all + (count ?? opened ?? 0), 0);
    expect(sum(trends.repairs)).toBe(COUNT);
    const days = [...Map.groupBy(lives, ({ createdAt }) => Math.floor(createdAt / DAY))];
    for (const [day, group] of days) {
      const took = group
        .filter(({ phase }) => phase === 'succeeded')
        .map(({ createdAt, endedAt }) => (endedAt ?? 0) - createdAt)
        .toSorted((a, b) => a - b);
      expect(trends.repairs.find((known) => known.day === day)).toEqual({
        day,
        opened: group.length,
        succeeded: took.length,
        escalated: group.filter(({ phase }) => phase === 'escalated').length,
        medianTimeToFix: took[Math.ceil(took.length / 2) - 1] ?? null,
      });
    }
    const ends = lives.filter(({ phase }) => phase === 'succeeded' || phase === 'escalated');
    expect(sum(trends.escalated)).toBe(ends.length);
    expect(trends.escalated.reduce((all, { wanted }) => all + wanted, 0)).toBe(
      ends.filter(({ phase }) => phase === 'escalated').length,
    );
    expect(sum(trends.deliveries)).toBe(COUNT + Math.ceil(COUNT / 3));
    const attempts = lives.flatMap((life) => life.attempts);
    const spent = await spentToday(store().db, 0);
    expect(trends.costUsd.reduce((all, day) => all + day.costUsd, 0)).toBeCloseTo(spent.costUsd);
    expect(spent.attempts).toBeGreaterThanOrEqual(attempts.length);
    expect(await countWorkingEverywhere(store().db)).toBe(1);
  });

  it('knows the briefs of each attempt and the deliveries that led to a remediation', async () => {
    const life = lives.find(({ attempts }) => attempts.length === 3);
    if (life === undefined) throw new Error('None has three attempts.');
    await writeBriefs(store(), life);
    const briefs = await listBriefs(store().db, life.id);
    expect(briefs.map(({ ordinal }) => ordinal)).toEqual([1, 2, 3]);
    expect((await briefOfAttempt(store().db, briefs, 2))?.ordinal).toBe(2);
    expect(await briefOfAttempt(store().db, briefs, 9)).toBeNull();
    const joined = lives[3];
    const deliveries = await deliveriesOf(store().db, joined?.id ?? '', 10);
    expect(deliveries.map(({ taskId }) => taskId)).toEqual([joined?.taskId, joined?.taskId]);
    expect(deliveries.map(({ disposition }) => disposition?.dedupStatus)).toEqual(['existing', 'new']);
    expect(await deliveriesOf(store().db, ulidAt(NOW, 1), 10)).toEqual([]);
  });
}
