import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Fact } from '../../src/model/fact.ts';
import type { Remediation } from '../../src/model/remediation.ts';
import { createMachine, type Machine, type Step } from '../../src/remediate/machine.ts';
import { DEFAULT_POLICY } from '../../src/remediate/policy.ts';
import { claimEffects } from '../../src/store/effects.ts';
import { ensureLineage, findOpenLineage } from '../../src/store/lineages.ts';
import { openStore, type Store } from '../../src/store/open.ts';
import { findByRun } from '../../src/store/remediation-places.ts';
import { findRemediation } from '../../src/store/remediations.ts';
import { readTimeline } from '../../src/store/timeline.ts';
import { aRemediation, checksRead, codeRunEnded, evidence } from '../support/builders.ts';
import { type FakeClock, fakeClock } from '../support/clock.ts';
import { describeOnPostgres, freshDatabase } from '../support/postgres.ts';

const timer: Fact = { kind: 'timer_rang' };

function machineOn(store: Store, clock: FakeClock): Machine {
  return createMachine({ store, clock: clock.now, policyFor: async () => DEFAULT_POLICY });
}

/** A remediation of a lineage that the store knows. */
async function draft(store: Store, changes: Partial<Remediation> = {}): Promise<Remediation> {
  const remediation = aRemediation({ wakeAt: null, ...changes });
  const lineage = await store.transaction((tx) => ensureLineage(tx, remediation.subjectKey, 1));
  const { attempts: attemptsBefore, spawned, id: lineageId } = lineage;
  return { ...remediation, lineageId, attemptsBefore, spawned };
}

describe('the machine', () => {
  let store: Store;
  let clock: FakeClock;
  let machine: Machine;

  beforeEach(async () => {
    store = await openStore({ kind: 'memory' });
    clock = fakeClock();
    machine = machineOn(store, clock);
  });
  afterEach(() => store.close());

  const open = async (changes: Partial<Remediation> = {}): Promise<Step | null> => {
    const remediation = await draft(store, changes);
    return store.transaction((tx) => machine.open(tx, remediation, 'clippy is red.'));
  };
  const { id } = aRemediation();
  const stored = () => findRemediation(store.db, id);
  const version = async () =>
    (await store.db.selectFrom('remediations').select('version').where('id', '=', id).executeTakeFirst())?.version;
  const events = async (of = id) => (await readTimeline(store.db, of)).map(({ event }) => event);
  const due = async () => (await claimEffects(store, clock.now(), 1, 100)).map(({ key }) => key.slice(id.length + 1));

  /** Rings the timer when its time has come. */
  const ring = async () => {
    clock.set((await stored())?.wakeAt ?? clock.now());
    return machine.apply(id, timer);
  };
  const untilWorking = async () => {
    await ring();
    return machine.apply(id, evidence());
  };

  it('writes a new remediation with its run, its first entry and its duties', async () => {
    const step = await open({ pullRequest: 12 });
    expect(await stored()).toEqual(step?.after);
    expect((await findByRun(store.db, 'acme/shop', 41))?.id).toBe(id);
    expect(await events()).toEqual(['opened']);
    expect(await due()).toEqual(['comment']);
  });

  it('writes nothing of a second one for the same subject', async () => {
    await open();
    expect(await open({ id: 'second', taskId: 'ci-42', runId: 42 })).toBeNull();
    expect(await findRemediation(store.db, 'second')).toBeNull();
    expect(await findByRun(store.db, 'acme/shop', 42)).toBeNull();
    expect(await events('second')).toEqual([]);
  });

  it('writes state, entry and duties of a step together', async () => {
    await open();
    await due();
    const step = await untilWorking();
    expect(await stored()).toEqual(step?.after);
    expect(await stored()).toMatchObject({ phase: 'working', spawned: 1 });
    expect(await events()).toEqual(['opened', 'settled', 'attempt_started']);
    expect(await due()).toContain('spawn:1');
  });

  it('writes nothing at all when what comes with the step fails', async () => {
    await open();
    const before = await stored();
    clock.advance(10_000);
    const failing = machine.apply(id, timer, {
      also: async () => {
        throw new Error('the effect could not be finished');
      },
    });
    await expect(failing).rejects.toThrow('could not be finished');
    expect(await stored()).toEqual(before);
    expect(await events()).toEqual(['opened']);
  });

  it('lets a late answer pass when the remediation has moved on meanwhile', async () => {
    await open();
    const before = await stored();
    clock.advance(10_000);
    await machine.apply(id, timer, { onlyIf: () => false });
    expect(await stored()).toEqual(before);
  });

  it('does not touch the row for a fact that changes nothing', async () => {
    await open();
    const before = await version();
    const step = await machine.apply(id, codeRunEnded(1));
    expect(step?.entries).toEqual([]);
    expect(await version()).toBe(before);
  });

  it('knows that there is no such remediation', async () => {
    expect(await machine.apply('nobody', timer)).toBeNull();
  });

  it('joins the run of a failure that was joined', async () => {
    await open();
    await machine.apply(id, { kind: 'failure_joined', checks: [], runId: 77, headSha: 'x' });
    expect((await findByRun(store.db, 'acme/shop', 77))?.id).toBe(id);
  });

  it('tells listeners of steps that were written, and of no others', async () => {
    const seen: string[] = [];
    const stop = machine.subscribe(({ after }) => seen.push(after.phase));
    await open();
    await machine.apply(id, timer);
    await ring();
    await expect(machine.apply(id, evidence(), { also: () => Promise.reject(new Error('no')) })).rejects.toThrow('no');
    stop();
    await machine.apply(id, evidence());
    expect(seen).toEqual(['gathering']);
  });

  describe('keeps the lineage', () => {
    const lineage = () => findOpenLineage(store.db, 'ci:acme/shop:feature');

    it('charges an attempt when it starts and gives it back when it did not count', async () => {
      await open();
      await untilWorking();
      expect(await lineage()).toMatchObject({ attempts: 1, spawned: 1 });
      await machine.apply(id, codeRunEnded(1, { how: 'infrastructure' }));
      expect(await lineage()).toMatchObject({ attempts: 0, spawned: 1 });
    });

    it('closes it when CI is green', async () => {
      await open();
      await untilWorking();
      await machine.apply(id, codeRunEnded(1));
      expect(await lineage()).not.toBeNull();
      await machine.apply(id, checksRead('green'));
      expect(await stored()).toMatchObject({ phase: 'succeeded' });
      expect(await lineage()).toBeNull();
    });

    it('hands what was spent to the next remediation of the same thing', async () => {
      await open();
      await untilWorking();
      await machine.apply(id, codeRunEnded(1, { how: 'failed' }));
      await machine.apply(id, { kind: 'person_commanded', verb: 'cancel', by: 'ada' });
      const next = await open({ id: 'next', taskId: 'ci-42' });
      expect(next?.after).toMatchObject({ attemptsBefore: 1, spawned: 1 });
    });

    it('never lets it spend more than the maximum, however many remediations it has', async () => {
      const begun: number[] = [];
      for (let n = 0; n < 6; n += 1) {
        const name = `r${n}`;
        await open({ id: name, taskId: name });
        await machine.apply(name, { kind: 'person_commanded', verb: 'retry', by: 'ada', guidance: null });
        const step = await machine.apply(name, evidence());
        begun.push(...(step?.after.attempts ?? []).map(({ ordinal }) => ordinal));
        await machine.apply(name, codeRunEnded(n + 1, { how: 'failed' }));
        await machine.apply(name, {
          kind: 'withdrawn',
          phase: 'superseded',
          reason: { code: 'newer_commit', detail: 'x' },
        });
      }
      expect(begun).toEqual([1, 2, 3]);
      expect(await lineage()).toMatchObject({ attempts: 3, spawned: 3 });
    });
  });
});

describeOnPostgres('machines on one PostgreSQL', () => {
  it('take one step for a fact that several replicas hear at once', async () => {
    const url = await freshDatabase();
    const stores = await Promise.all([1, 2].map(() => openStore({ kind: 'postgres', url })));
    const clock = fakeClock();
    const machines = stores.map((store) => machineOn(store, clock));
    const [store] = stores as [Store];

    const remediation = await draft(store);
    const opened = await Promise.all(
      machines.map((machine, n) =>
        stores[n]?.transaction((tx) => machine.open(tx, { ...remediation, id: `r${n}`, taskId: `t${n}` }, 'red')),
      ),
    );
    const [winner] = opened.filter((step) => step !== null && step !== undefined);
    expect(opened.filter((step) => step !== null)).toHaveLength(1);
    const id = winner?.after.id ?? '';

    const everyone = (fact: Fact) =>
      Promise.all(Array.from({ length: 10 }, (_, n) => machines[n % 2]?.apply(id, fact)));
    clock.advance(5_000);
    await everyone(timer);
    await everyone(evidence());
    await everyone(codeRunEnded(1));
    await everyone(checksRead('red'));
    const timeline = await readTimeline(store.db, id);
    expect(timeline.map(({ event }) => event)).toEqual([
      'opened',
      'settled',
      'attempt_started',
      'coderun_ended',
      'attempt_ended',
    ]);
    expect(await findOpenLineage(store.db, remediation.subjectKey)).toMatchObject({ attempts: 1, spawned: 1 });
    await Promise.all(stores.map((each) => each.close()));
  });
});
