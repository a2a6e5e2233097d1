import { beforeEach, expect, it } from 'vitest';
import { createNotices, type Listener, type Notices } from '../../../src/app/notify.ts';
import { nowHealthy, rightsLost } from '../../../src/app/notify-text.ts';
import { createWatch } from '../../../src/app/notify-watch.ts';
import type { NoticeItem } from '../../../src/model/notice.ts';
import { reason } from '../../../src/model/reason.ts';
import type { Remediation } from '../../../src/model/remediation.ts';
import { changeIncident, noteSighting, openIncident } from '../../../src/store/incidents.ts';
import {
  claimMessage,
  finishMessage,
  nextMessageDue,
  openSubjects,
  postponeMessage,
  releaseAllMessages,
} from '../../../src/store/notices.ts';
import type { Store } from '../../../src/store/open.ts';
import { setPaused } from '../../../src/store/pauses.ts';
import { insertRemediation } from '../../../src/store/remediations.ts';
import { anAttempt, aRemediation } from '../../support/builders.ts';
import { NOON } from '../../support/clock.ts';
import type { StoreUnderTest } from '../store.contract.ts';
import { emptyStore } from './empty.ts';

const LEASE = 60_000;
const GROUP = 20_000;

/** What people are told is written down the same in every store. */
export function noticeContract(subject: StoreUnderTest): void {
  let store: Store;
  let count = 0;
  const listeners: Listener[] = [
    { name: 'discord', edits: true, wants: () => true },
    { name: 'email', edits: false, wants: ({ kind }) => kind !== 'success' },
  ];
  let notices: Notices;

  beforeEach(async () => {
    store = subject.store();
    await emptyStore(store);
    count = 0;
    notices = createNotices({
      dialect: store.dialect,
      listeners,
      places: {
        page: (id) => `https://healer.example/remediations/${id}`,
        pullRequest: () => 'https://github.test/pull',
      },
      newId: () => {
        count += 1;
        return `notice-${count}`;
      },
      groupMs: GROUP,
    });
  });

  const ended = (changes: Partial<Remediation> = {}): Remediation =>
    aRemediation({
      phase: 'escalated',
      endedAt: NOON,
      reason: reason('attempts_spent'),
      attempts: [anAttempt()],
      ...changes,
    });
  const step = (
    after: Remediation,
    now: number,
    before: Remediation | null = aRemediation({ id: after.id, phase: 'verifying' }),
  ) => store.transaction((tx) => notices.stepTaken(tx, { before, after, fact: null, entries: [] }, now));
  const take = async (notifier: string, now: number) => {
    const claimed = await claimMessage(store, notifier, now, LEASE);
    if (claimed !== null) await finishMessage(store.db, claimed, { message: claimed.notice.id });
    return claimed;
  };
  const items = (claimed: Awaited<ReturnType<typeof take>>): readonly NoticeItem[] => claimed?.notice.items ?? [];

  it('holds a first message back for what comes with it, and tells both in one', async () => {
    await step(ended(), NOON);
    await step(ended({ id: '2', subjectKey: 'ci:acme/shop:other', branch: 'other' }), NOON + GROUP / 2);
    expect(await take('discord', NOON + GROUP - 1)).toBeNull();
    expect(await nextMessageDue(store.db, 'discord')).toBe(NOON + GROUP);
    const told = await take('discord', NOON + GROUP);
    expect(items(told).map(({ title }) => title)).toEqual([
      'acme/shop feature: a clippy finding',
      'acme/shop other: a clippy finding',
    ]);
    expect(await take('discord', NOON + GROUP)).toBeNull();
    // What comes later is another message, as is what happens elsewhere.
    await step(ended({ id: '3', subjectKey: 'ci:acme/shop:third' }), NOON + GROUP);
    await step(ended({ id: '4', subjectKey: 'ci:acme/web:main', repository: 'acme/web' }), NOON + GROUP);
    expect([await take('discord', NOON + 2 * GROUP), await take('discord', NOON + 2 * GROUP)].map(items)).toMatchObject(
      [[{ key: 'subject:ci:acme/shop:third' }], [{ key: 'subject:ci:acme/web:main' }]],
    );
  });

  it('tells changes to who can change what they said, and important ones to everybody', async () => {
    await step(ended(), NOON);
    expect(await take('discord', NOON + GROUP)).not.toBeNull();
    expect(await take('email', NOON + GROUP)).not.toBeNull();
    const again = aRemediation({ id: '2', taskId: 'ci-41-r1', reason: reason('new_failure') });
    await step(again, NOON + GROUP + 1, null);
    const edited = await take('discord', NOON + GROUP + 1);
    expect(edited?.reference).toEqual({ message: edited?.notice.id });
    expect(items(edited)[0]).toMatchObject({ tone: 'busy', taskId: 'ci-41-r1', isOpen: true });
    expect(await take('email', NOON + GROUP + 1)).toBeNull();
    const fixed = { ...again, phase: 'succeeded', endedAt: NOON + 60_000, reason: reason('fixed') } as const;
    await step(fixed, NOON + 60_000, { ...again, phase: 'verifying' });
    for (const notifier of ['discord', 'email'])
      expect(items(await take(notifier, NOON + 60_000))[0], notifier).toMatchObject({ tone: 'good', isOpen: false });
    expect(await openSubjects(store.db, 'subject:')).toEqual([]);
  });

  it('begins a new message for what was last told a day ago', async () => {
    await step(ended(), NOON);
    const first = await take('discord', NOON + GROUP);
    const later = NOON + 25 * 3_600_000;
    await step(ended({ id: '2' }), later);
    const second = await take('discord', later + GROUP);
    expect(second?.reference).toBeNull();
    expect(second?.notice.id).not.toBe(first?.notice.id);
  });

  it('tells nothing twice when nothing changed, and nothing of what nobody was told', async () => {
    await step(ended(), NOON);
    await take('discord', NOON + GROUP);
    await step(ended(), NOON + GROUP);
    expect(await take('discord', NOON + 2 * GROUP)).toBeNull();
    await store.transaction((tx) => notices.healthy(tx, 'ci:acme/shop:elsewhere', NOON));
    await store.transaction((tx) => notices.change(tx, 'subject:none', nowHealthy, NOON));
    expect(await take('discord', NOON + 2 * GROUP)).toBeNull();
  });

  it('tells of a success only when it took more than one attempt', async () => {
    const fixed = { phase: 'succeeded', endedAt: NOON, reason: reason('fixed') } as const;
    const attempts = [
      anAttempt({ outcome: 'ci_still_failing' }),
      anAttempt({ ordinal: 2, number: 2, outcome: 'success' }),
    ];
    await step(aRemediation({ ...fixed, attempts: attempts.slice(1) }), NOON);
    expect(await take('discord', NOON + GROUP)).toBeNull();
    await step(aRemediation({ ...fixed, attempts }), NOON);
    expect((await take('discord', NOON + GROUP))?.notice.kind).toBe('success');
    // A filter keeps it from e-mail.
    expect(await take('email', NOON + GROUP)).toBeNull();
  });

  it('is undone with what it was written down with', async () => {
    const undone = store.transaction(async (tx) => {
      await notices.stepTaken(tx, { before: aRemediation(), after: ended(), fact: null, entries: [] }, NOON);
      throw new Error('undone');
    });
    await expect(undone).rejects.toThrow('undone');
    expect(await take('discord', NOON + GROUP)).toBeNull();
    expect(await openSubjects(store.db, 'subject:')).toEqual([]);
  });

  it('gives a message to one worker at a time, and keeps what is asked for meanwhile', async () => {
    await step(ended(), NOON);
    const held = await claimMessage(store, 'discord', NOON + GROUP, LEASE);
    expect(await claimMessage(store, 'discord', NOON + GROUP, LEASE)).toBeNull();
    await store.transaction((tx) => notices.healthy(tx, 'ci:acme/shop:feature', NOON + GROUP));
    if (held !== null) await finishMessage(store.db, held, { message: 'm' });
    const next = await claimMessage(store, 'discord', NOON + GROUP, LEASE);
    expect(next).toMatchObject({ reference: { message: 'm' }, notice: { sequence: 2 } });
    // A process that died: its hold ends by time, or at once when nobody else uses the store.
    expect(await claimMessage(store, 'discord', NOON + GROUP + LEASE - 1, LEASE)).toBeNull();
    await releaseAllMessages(store.db);
    expect(await claimMessage(store, 'discord', NOON + GROUP, LEASE)).not.toBeNull();
  });

  it('puts off what failed, counts the tries and remembers since when; waiting alone counts nothing', async () => {
    await step(ended(), NOON);
    const first = await claimMessage(store, 'discord', NOON + GROUP, LEASE);
    if (first === null) throw new Error('it is due');
    await postponeMessage(store.db, first, NOON + GROUP + 1_000, 'discord: 503', NOON + GROUP);
    const second = await claimMessage(store, 'discord', NOON + GROUP + 1_000, LEASE);
    expect(second).toMatchObject({ tries: 2, failingSince: NOON + GROUP });
    if (second !== null) await postponeMessage(store.db, second, NOON + GROUP + 2_000, null, NOON + GROUP + 1_000);
    const third = await claimMessage(store, 'discord', NOON + GROUP + 2_000, LEASE);
    expect(third).toMatchObject({ tries: 2, failingSince: NOON + GROUP });
    if (third !== null) await finishMessage(store.db, third, null, 'dropped', 'given up');
    expect(await nextMessageDue(store.db, 'discord')).toBeNull();
  });

  it('makes one message of rights that are lost in many repositories', async () => {
    for (const [n, repository] of ['acme/a', 'acme/b'].entries()) {
      const telling = { kind: 'rights', repository: null, item: rightsLost(repository, '401'), isNews: true } as const;
      await store.transaction((tx) => notices.tell(tx, telling, NOON + n * 60_000));
    }
    const told = await take('discord', NOON + 120_000);
    expect(items(told).map(({ title }) => title)).toEqual(['acme/a', 'acme/b']);
    expect(await take('discord', NOON + 120_000)).toBeNull();
  });

  it('tells pauses, the breaker and incidents as they stand, once, and their end', async () => {
    let now = NOON;
    let state: 'open' | 'half_open' | 'closed' = 'open';
    const watch = createWatch({
      store,
      clock: () => now,
      notices,
      breakerRule: { failures: 5, minutes: 30 },
      readBreaker: async () => (state === 'open' ? { state, until: NOON + 1_000 } : { state }),
    });
    await setPaused(store.db, null, true, 'ada', NOON);
    await store.transaction(async (tx) => {
      for (const id of ['r1', 'r2', 'r3'])
        await noteSighting(tx, {
          kind: 'transient',
          key: 'transient_network',
          remediationId: id,
          repository: `acme/${id}`,
          at: NOON,
        });
      await openIncident(tx, {
        id: 'i1',
        kind: 'transient',
        key: 'transient_network',
        openedAt: NOON,
        until: NOON + 900_000,
        leadId: 'r1',
      });
    });
    await watch();
    await watch();
    const all = [await take('email', now), await take('email', now), await take('email', now)].flatMap((one) =>
      items(one),
    );
    expect(all.map(({ key }) => key).toSorted()).toEqual(['breaker', 'incident:i1', 'pause:']);
    expect(all.find(({ key }) => key === 'incident:i1')?.status).toContain('At least 3 remediations in 3 repositories');
    expect(await take('email', now)).toBeNull();

    // The one that goes ahead is escalated: the incident's message says so, and there is no other one.
    const lead = ended({ id: 'r1', taskId: 'ci-1' });
    await store.transaction(async (tx) => {
      await insertRemediation(tx, lead);
      await notices.stepTaken(
        tx,
        { before: { ...lead, phase: 'verifying' }, after: lead, fact: null, entries: [] },
        now,
      );
      await changeIncident(tx, 'i1', { escalatedBy: 'r1' });
    });
    await watch();
    expect(items(await take('email', now))[0]?.status).toContain('People are asked about ci-1');
    expect(await take('email', now + GROUP)).toBeNull();

    now += 1_000_000;
    state = 'closed';
    await setPaused(store.db, null, false, 'grace', now);
    await watch();
    await watch();
    const ends = [await take('email', now), await take('email', now), await take('email', now)].flatMap((one) =>
      items(one),
    );
    expect(ends.map(({ isOpen }) => isOpen)).toEqual([false, false, false]);
    expect(ends.find(({ key }) => key === 'pause:')?.status).toContain('Resumed by grace');
    expect(await take('email', now)).toBeNull();
  });
}
