import { beforeEach, expect, it } from 'vitest';
import type { TimelineEntry } from '../../../src/model/remediation.ts';
import { findBrief, insertBrief, latestBrief, type StoredBrief } from '../../../src/store/briefs.ts';
import { readSwitch, turnSwitch } from '../../../src/store/switches.ts';
import { appendTimeline, readTimeline } from '../../../src/store/timeline.ts';
import { aClassification } from '../../support/builders.ts';
import type { StoreUnderTest } from '../store.contract.ts';
import { emptyStore } from './empty.ts';

const entry = (at: number, message: string): TimelineEntry => ({ at, phase: 'received', event: 'opened', message });

export function timelineContract({ store }: StoreUnderTest): void {
  beforeEach(() => emptyStore(store()));
  const append = (id: string, ...entries: TimelineEntry[]) =>
    store().transaction((tx) => appendTimeline(tx, id, entries));
  const messages = async (id: string) => (await readTimeline(store().db, id)).map(({ message }) => message);

  it('comes back in the order it was written, also when the clock stood still or went back', async () => {
    await append('r1', entry(100, 'a'), entry(100, 'b'));
    await append('r2', entry(1, 'other'));
    await append('r1', entry(50, 'c'));
    await append('r1');
    expect(await messages('r1')).toEqual(['a', 'b', 'c']);
    expect(await readTimeline(store().db, 'r2')).toEqual([entry(1, 'other')]);
  });

  it('keeps readable what a database cannot spell', async () => {
    await append('r1', entry(1, 'job \u0000 \ud800 is red'));
    expect(await messages('r1')).toEqual(['job \ufffd \ufffd is red']);
  });

  it('takes many entries at once', async () => {
    await append('r1', ...Array.from({ length: 2_000 }, (_, n) => entry(n, String(n))));
    expect(await messages('r1')).toHaveLength(2_000);
  });
}

export function briefContract({ store }: StoreUnderTest): void {
  beforeEach(() => emptyStore(store()));
  const brief = (changes: Partial<StoredBrief> = {}): StoredBrief => ({
    id: 'b1',
    remediationId: 'r1',
    ordinal: 1,
    createdAt: 10,
    classification: aClassification(),
    findings: [
      {
        source: 'github-logs',
        status: 'timed_out',
        durationMs: 20_000,
        summary: 'Too slow.',
        body: null,
        url: null,
        truncated: false,
      },
    ],
    cuts: ['the log of job 2'],
    template: 'ci/rust-fix.hbs',
    baseBranch: 'main',
    prompt: 'Repair it.\n```\nerror\n```',
    ...changes,
  });

  it('comes back whole', async () => {
    await insertBrief(store().db, brief());
    expect(await findBrief(store().db, 'b1')).toEqual(brief());
    expect(await findBrief(store().db, 'b2')).toBeNull();
  });

  it('finds the latest of a remediation', async () => {
    await insertBrief(store().db, brief({ id: 'b2', createdAt: 20, ordinal: 2 }));
    await insertBrief(store().db, brief({ id: 'b1' }));
    await insertBrief(store().db, brief({ id: 'b3', createdAt: 20, ordinal: 1 }));
    await insertBrief(store().db, brief({ id: 'b4', remediationId: 'r2', createdAt: 99 }));
    expect((await latestBrief(store().db, 'r1'))?.id).toBe('b2');
    expect(await latestBrief(store().db, 'r3')).toBeNull();
  });

  it('keeps a prompt with characters that a database cannot spell', async () => {
    await insertBrief(store().db, brief({ prompt: 'log: \u0000\ud800' }));
    expect((await findBrief(store().db, 'b1'))?.prompt).toBe('log: \ufffd\ufffd');
  });
}

export function switchContract({ store }: StoreUnderTest): void {
  beforeEach(() => emptyStore(store()));

  it('is as it was turned last', async () => {
    expect(await readSwitch(store().db, 'paused')).toBeNull();
    await turnSwitch(store().db, 'paused', 'on', 'ada', 1);
    await turnSwitch(store().db, 'paused', 'off', 'bob', 2);
    expect(await readSwitch(store().db, 'paused')).toBe('off');
    expect(await store().db.selectFrom('switches').selectAll().execute()).toEqual([
      { key: 'paused', value: 'off', changed_at: 2, changed_by: 'bob' },
    ]);
  });
}
