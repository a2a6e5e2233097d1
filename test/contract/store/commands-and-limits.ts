import { beforeEach, expect, it } from 'vitest';
import type { CommandSignal } from '../../../src/model/signal.ts';
import { lockSpending, saveAttempt, spentSince } from '../../../src/store/attempts.ts';
import {
  actedOnCommand,
  claimCommands,
  finishCommand,
  insertCommand,
  nextCommandDue,
  postponeCommand,
  releaseAllCommands,
} from '../../../src/store/commands.ts';
import {
  changeIncident,
  closeIncident,
  findOpenIncident,
  incidentsOf,
  noteSighting,
  openIncident,
  sightingsSince,
} from '../../../src/store/incidents.ts';
import { insertRemediation } from '../../../src/store/remediations.ts';
import { findRepositoryConfig, saveRepositoryConfig } from '../../../src/store/repository-configs.ts';
import { aCommand, aRemediation } from '../../support/builders.ts';
import type { StoreUnderTest } from '../store.contract.ts';
import { emptyStore } from './empty.ts';

export function commandContract({ store, second }: StoreUnderTest): void {
  beforeEach(() => emptyStore(store()));
  const insert = (id: string, changes: Partial<CommandSignal> = {}, now = 100) =>
    store().transaction((tx) => insertCommand(tx, id, aCommand(changes), now));
  const claim = (now = 100, on = store()) => claimCommands(on, now, 50, 10);
  const ids = async (now?: number, on?: ReturnType<typeof store>) => (await claim(now, on)).map(({ id }) => id);

  it('keeps the command of a comment once, whatever its repository is spelt like', async () => {
    expect(await insert('01')).toBe(true);
    expect(await insert('02')).toBe(false);
    expect(await insert('03', { repository: 'Acme/Shop' })).toBe(false);
    expect(await insert('04', { commentKind: 'review' })).toBe(true);
  });

  it('comes back whole, and is held by one worker until the lease is over', async () => {
    await insert('01');
    expect(await claim()).toEqual([
      { id: '01', key: 'acme/shop:issue:900', signal: aCommand(), outcome: null, tries: 1, leasedUntil: 150 },
    ]);
    expect(await ids(149, second())).toEqual([]);
    expect(await ids(150, second())).toEqual(['01']);
  });

  it('hands out those of one pull request one after the other, in the order they came', async () => {
    await insert('01', { commentId: 1 });
    await insert('02', { commentId: 2 });
    await insert('03', { commentId: 3, pullRequest: 99 });
    const [first] = await claim();
    expect(first?.id).toBe('01');
    expect(await ids(100, second())).toEqual([]);
    if (first !== undefined) await postponeCommand(store().db, first, 120, '502');
    await claim(100, second());
    expect(await nextCommandDue(store().db), 'the second is due, but not its turn').toBe(120);
    if (first !== undefined) await finishCommand(store().db, first);
    expect(await ids(150)).toEqual(['02', '03']);
  });

  it('is acted on once, and remembers the answer until the person has it', async () => {
    await insert('01');
    const [command] = await claim();
    if (command === undefined) throw new Error('not claimed');
    const act = () => store().transaction((tx) => actedOnCommand(tx, command, { kind: 'done' }));
    expect(await act()).toBe(true);
    expect(await act()).toBe(false);
    await releaseAllCommands(store().db);
    expect((await claim())[0]).toMatchObject({ id: '01', outcome: { kind: 'done' }, tries: 2 });
    await finishCommand(store().db, command);
    expect(await ids(999)).toEqual([]);
  });

  it('is due again later, and says when', async () => {
    await insert('01');
    expect(await nextCommandDue(store().db)).toBe(100);
    const [command] = await claim();
    expect(await nextCommandDue(store().db)).toBe(150);
    if (command !== undefined) await postponeCommand(store().db, command, 500, '502');
    expect(await nextCommandDue(store().db)).toBe(500);
    expect(await ids(499)).toEqual([]);
    expect(await ids(500)).toEqual(['01']);
  });
}

export function limitContract({ store, second }: StoreUnderTest): void {
  beforeEach(() => emptyStore(store()));
  const save = (ordinal: number, changes: object = {}) =>
    store().transaction((tx) =>
      saveAttempt(tx, {
        remediationId: 'r1',
        ordinal,
        repository: 'acme/shop',
        startedAt: 100,
        counted: true,
        costUsd: 0.25,
        ...changes,
      }),
    );
  const spent = (since = 100) => store().transaction((tx) => spentSince(tx, 'acme/shop', since));

  it('adds up attempts and money, everywhere and in one repository', async () => {
    expect(await spent()).toEqual({ everywhere: { attempts: 0, costUsd: 0 }, here: { attempts: 0, costUsd: 0 } });
    await save(1);
    await save(2, { counted: false, costUsd: 0.5 });
    await save(3, { repository: 'acme/till', costUsd: 1 });
    await save(4, { startedAt: 99 });
    expect(await spent()).toEqual({ everywhere: { attempts: 2, costUsd: 1.75 }, here: { attempts: 1, costUsd: 0.75 } });
  });

  it('takes the later word about an attempt', async () => {
    await save(1, { costUsd: 0 });
    await save(1, { costUsd: 2 });
    await save(1, { counted: false, costUsd: 2 });
    expect((await spent()).here).toEqual({ attempts: 0, costUsd: 2 });
  });

  it('lets one transaction at a time count', async () => {
    let inside = 0;
    let most = 0;
    const work = Array.from({ length: 8 }, (_, n) =>
      (n % 2 ? store() : second()).transaction(async (tx) => {
        await lockSpending(tx, store().dialect);
        inside += 1;
        most = Math.max(most, inside);
        await tx.selectFrom('attempts').selectAll().execute();
        inside -= 1;
      }),
    );
    await Promise.all(work);
    expect(most).toBe(1);
  });

  it('remembers a repository’s configuration as it was read last', async () => {
    expect(await findRepositoryConfig(store().db, 'acme/shop')).toBeNull();
    await saveRepositoryConfig(store().db, 'acme/shop', { a: 1 }, 1);
    await saveRepositoryConfig(store().db, 'Acme/Shop', { a: 2 }, 2);
    expect(await findRepositoryConfig(store().db, 'acme/shop')).toEqual({ a: 2 });
  });
}

export function incidentContract({ store }: StoreUnderTest): void {
  beforeEach(() => emptyStore(store()));
  const see = async (remediationId: string, at: number, key = 'transient_network') => {
    await store().transaction(async (tx) => {
      await insertRemediation(
        tx,
        aRemediation({ id: remediationId, taskId: remediationId, subjectKey: remediationId }),
      );
      await noteSighting(tx, { kind: 'transient', key, remediationId, repository: 'acme/shop', at });
    });
  };
  const open = (id: string) =>
    store().transaction((tx) =>
      openIncident(tx, { id, kind: 'transient', key: 'transient_network', openedAt: 10, until: 90, leadId: 'a' }),
    );
  const of = (id: string) => store().transaction((tx) => incidentsOf(tx, store().dialect, id));
  const seen = async (since = 0) =>
    (await store().transaction((tx) => sightingsSince(tx, 'transient', 'transient_network', since))).map(
      ({ remediationId }) => remediationId,
    );

  it('counts the first sight of each remediation, and of one cause only', async () => {
    await see('b', 5);
    await see('a', 6);
    await see('b', 50);
    await see('c', 7, 'transient_runner');
    expect(await seen()).toEqual(['b', 'a']);
    expect(await seen(5)).toEqual(['a']);
  });

  it('is one at a time for a cause, and belongs to whoever showed it', async () => {
    await see('a', 5);
    await open('i1');
    await open('i2');
    expect((await of('a')).map(({ id }) => id)).toEqual(['i1']);
    expect(await of('stranger')).toEqual([]);
    await store().transaction((tx) => changeIncident(tx, 'i1', { leadId: 'b' }));
    await store().transaction((tx) => changeIncident(tx, 'i1', { escalatedBy: 'b' }));
    expect(await findOpenIncident(store().db, 'transient', 'transient_network')).toEqual({
      id: 'i1',
      kind: 'transient',
      key: 'transient_network',
      openedAt: 10,
      until: 90,
      leadId: 'b',
      escalatedBy: 'b',
    });
  });

  it('does not count again, once it is over, what belonged to it', async () => {
    await see('a', 5);
    await open('i1');
    await store().transaction((tx) => closeIncident(tx, 'i1', 'green', 20));
    expect(await of('a')).toEqual([]);
    await see('a', 30);
    await see('b', 31);
    expect(await seen()).toEqual(['b']);
    await open('i2');
    expect((await of('b')).map(({ id }) => id)).toEqual(['i2']);
  });
}
