import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { keepIncidents } from '../../src/app/incidents.ts';
import { createPolicy } from '../../src/app/policy.ts';
import { settingsSchema } from '../../src/app/settings.ts';
import type { EvidenceGathered, Fact } from '../../src/model/fact.ts';
import type { Remediation } from '../../src/model/remediation.ts';
import { createMachine, type Machine } from '../../src/remediate/machine.ts';
import { ensureLineage } from '../../src/store/lineages.ts';
import { openStore, type Store } from '../../src/store/open.ts';
import { setPaused } from '../../src/store/pauses.ts';
import { findRemediation, listRemediations } from '../../src/store/remediations.ts';
import { saveRepositoryConfig } from '../../src/store/repository-configs.ts';
import { aRemediation, aReport, checksRead, codeRunEnded, evidence } from '../support/builders.ts';
import { type FakeClock, fakeClock } from '../support/clock.ts';
import { describeOnPostgres, freshDatabase } from '../support/postgres.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const TRANSIENT = { transient: true, failureType: 'transient_network' } as const;

interface Place {
  readonly machine: Machine;
  readonly store: Store;
}

function machineOn(store: Store, clock: FakeClock, over: Record<string, unknown> = {}): Place {
  const settings = settingsSchema.parse({ incidents: { remediations: 3, minutes: 15 }, ...over });
  const machine = createMachine({
    store,
    clock: clock.now,
    policyFor: createPolicy(settings, store.dialect),
    onEnd: (tx, ended, now) => keepIncidents(tx, store.dialect, ended, now),
  });
  return { machine, store };
}

/** Opens a remediation of its own branch and brings it to where evidence is awaited. */
async function gathering({ machine, store }: Place, clock: FakeClock, id: string, repository = 'acme/shop') {
  const subjectKey = `ci:${repository}:${id}`;
  await store.transaction(async (tx) => {
    const lineage = await ensureLineage(tx, subjectKey, 1);
    const draft = aRemediation({ id, taskId: id, subjectKey, repository, branch: id, runId: null, wakeAt: null });
    await machine.open(tx, { ...draft, lineageId: lineage.id }, 'red');
  });
  const wakeAt = (await findRemediation(store.db, id))?.wakeAt ?? 0;
  clock.set(Math.max(clock.now(), wakeAt));
  await machine.apply(id, { kind: 'timer_rang' });
}

const phases = async (store: Store): Promise<Record<string, string>> =>
  Object.fromEntries((await listRemediations(store.db, { limit: 100 })).map(({ id, phase }) => [id, phase]));

describe('what stands in the way of spending', () => {
  let store: Store;
  let clock: FakeClock;
  beforeEach(async () => {
    clock = fakeClock();
    store = await openStore({ kind: 'memory' });
  });
  afterEach(() => store.close());

  /** Evidence for a new remediation; what becomes of it. */
  const comes = async (place: Place, id: string, changes: Partial<EvidenceGathered> = {}, repository?: string) => {
    await gathering(place, clock, id, repository);
    const { after } = (await place.machine.apply(id, evidence({ briefId: id, fingerprint: id, ...changes }))) ?? {};
    return after?.phase === 'deferred' ? (after.reason?.code ?? 'deferred') : (after?.phase ?? 'gone');
  };
  const spend = async (place: Place, id: string, costUsd: number) =>
    place.machine.apply(
      id,
      codeRunEnded(1, {
        how: 'failed',
        report: aReport({ usage: { inputTokens: 1, outputTokens: 1, costUsd } }),
      }),
    );

  it('is the number of CodeRuns in a repository, when there is a limit', async () => {
    const place = machineOn(store, clock, { maxConcurrentCodeRunsPerRepository: 1 });
    expect(await comes(place, 'a')).toBe('working');
    expect(await comes(place, 'b')).toBe('repository_at_capacity');
    expect(await comes(place, 'c', {}, 'acme/till')).toBe('working');
  });

  it('is the number of attempts of the day, until the next one', async () => {
    const place = machineOn(store, clock, { limits: { attemptsPerDay: 2, attemptsPerDayPerRepository: 1 } });
    expect(await comes(place, 'a')).toBe('working');
    expect(await comes(place, 'b')).toBe('daily_attempts');
    expect(await comes(place, 'c', {}, 'acme/till')).toBe('working');
    expect(await comes(place, 'd', {}, 'acme/bank')).toBe('daily_attempts');
    clock.advance(12 * HOUR);
    expect(await comes(place, 'e')).toBe('working');
  });

  it('does not count an attempt that the infrastructure failed', async () => {
    const place = machineOn(store, clock, { limits: { attemptsPerDay: 1 } });
    await comes(place, 'a');
    await place.machine.apply('a', codeRunEnded(1, { how: 'infrastructure', report: null }));
    expect(await comes(place, 'b')).toBe('working');
  });

  it('is the money of the day, as the agents report it', async () => {
    const place = machineOn(store, clock, { limits: { costUsdPerDay: 2, costUsdPerDayPerRepository: 1 } });
    await comes(place, 'a');
    await spend(place, 'a', 0.6);
    expect(await comes(place, 'b')).toBe('working');
    await spend(place, 'b', 0.5);
    expect(await comes(place, 'c')).toBe('daily_cost');
    expect(await comes(place, 'd', {}, 'acme/till')).toBe('working');
    await spend(place, 'd', 0.9);
    expect(await comes(place, 'e', {}, 'acme/bank')).toBe('daily_cost');
  });

  it('is a pause, of the repository or of everything', async () => {
    const place = machineOn(store, clock);
    await setPaused(store.db, 'Acme/Shop', true, 'ada', clock.now());
    expect(await comes(place, 'a')).toBe('paused');
    expect(await comes(place, 'b', {}, 'acme/till')).toBe('working');
  });

  it('is a breaker that lets one through when its time is over, and all when that one held', async () => {
    const place = machineOn(store, clock, { breaker: { failures: 2, minutes: 30 }, maxAttempts: 1 });
    for (const id of ['a', 'b']) {
      await comes(place, id);
      await place.machine.apply(id, codeRunEnded(1, { how: 'failed' }));
    }
    expect(Object.values(await phases(store))).toEqual(['escalated', 'escalated']);
    expect(await comes(place, 'c')).toBe('breaker_open');
    clock.advance(30 * MINUTE);
    expect(await comes(place, 'd')).toBe('working');
    expect(await comes(place, 'e')).toBe('at_capacity');
    await place.machine.apply('d', codeRunEnded(1));
    await place.machine.apply('d', checksRead('green'));
    expect(await comes(place, 'f')).toBe('working');
    expect(await comes(place, 'g')).toBe('working');
  });

  it('is fewer attempts when the repository says so', async () => {
    const place = machineOn(store, clock);
    const { maxAttempts } = { maxAttempts: 1 };
    await saveRepositoryConfig(store.db, 'acme/shop', { kind: 'valid', config: { maxAttempts } }, 1);
    await comes(place, 'a');
    await place.machine.apply('a', codeRunEnded(1, { how: 'failed' }));
    expect(await findRemediation(store.db, 'a')).toMatchObject({
      phase: 'escalated',
      reason: { code: 'attempts_spent', detail: expect.stringMatching(/^1 attempts did not/) },
    });
  });

  describe('when many show the same transient cause', () => {
    const wave = async (place: Place, count: number) => {
      const all: string[] = [];
      for (let n = 0; n < count; n += 1) all.push(await comes(place, `r${n}`, TRANSIENT));
      return all;
    };
    const ring = async (place: Place, id: string) => {
      clock.set(Math.max(clock.now(), (await findRemediation(store.db, id))?.wakeAt ?? 0));
      return (await place.machine.apply(id, { kind: 'timer_rang' }))?.after.phase;
    };

    it('is the wave: those that came after it was noticed wait', async () => {
      expect(await wave(machineOn(store, clock), 6)).toEqual([
        'rerunning',
        'rerunning',
        'rerunning',
        'incident',
        'incident',
        'incident',
      ]);
    });

    it('lets everyone go on when the first turns green, and does not count them again', async () => {
      const place = machineOn(store, clock);
      await wave(place, 6);
      expect(await ring(place, 'r4')).toBe('deferred');
      await place.machine.apply('r1', checksRead('green'));
      expect(await phases(store)).toMatchObject({ r1: 'succeeded' });
      for (const id of ['r3', 'r4', 'r5']) {
        expect(await ring(place, id)).toBe('gathering');
        const step = await place.machine.apply(id, evidence({ briefId: id, ...TRANSIENT }));
        expect(step?.after.phase).toBe('rerunning');
      }
    });

    it('asks people once, and lets the others go on when its time is over', async () => {
      const place = machineOn(store, clock, { maxAttempts: 1 });
      await wave(place, 5);
      for (const id of ['r0', 'r1', 'r2']) {
        await place.machine.apply(id, checksRead('red'));
        await place.machine.apply(id, evidence({ briefId: id, ...TRANSIENT }));
        if ((await phases(store))[id] === 'working') await place.machine.apply(id, codeRunEnded(1, { how: 'failed' }));
      }
      expect(await phases(store)).toMatchObject({ r0: 'escalated', r3: 'deferred' });
      expect(Object.values(await phases(store)).filter((phase) => phase === 'escalated')).toHaveLength(1);
      expect(await ring(place, 'r3')).toBe('deferred');
      clock.advance(15 * MINUTE);
      expect(await ring(place, 'r3')).toBe('gathering');
    });

    it('asks people once also about those that agents were at before it was noticed', async () => {
      const place = machineOn(store, clock, { maxAttempts: 1 });
      for (const id of ['a', 'b']) {
        await comes(place, id, TRANSIENT);
        await place.machine.apply(id, checksRead('red'));
        await place.machine.apply(id, evidence({ briefId: id, ...TRANSIENT }));
      }
      await wave(place, 3);
      for (const id of ['b', 'a']) await place.machine.apply(id, codeRunEnded(1, { how: 'failed' }));
      expect(await phases(store)).toMatchObject({ b: 'escalated', a: 'cancelled', r2: 'deferred' });
      expect((await findRemediation(store.db, 'a'))?.reason?.detail).toContain('People were asked in b');
    });

    it('has another lead when the first is cancelled', async () => {
      const place = machineOn(store, clock);
      await wave(place, 5);
      for (const id of ['r0', 'r1', 'r2'])
        await place.machine.apply(id, { kind: 'person_commanded', verb: 'cancel', by: 'ada' });
      expect(await ring(place, 'r3')).toBe('gathering');
      expect(await ring(place, 'r4')).toBe('deferred');
      expect((await findRemediation(store.db, 'r4'))?.reason?.detail).toContain('r3 goes ahead');
    });

    it('takes the same breakage for a wave only when it is in several repositories', async () => {
      const place = machineOn(store, clock, { maxConcurrentCodeRuns: 50 });
      const same = { fingerprint: 'f-same' };
      for (let n = 0; n < 5; n += 1) expect(await comes(place, `a${n}`, same)).toBe('working');
      expect(await comes(place, 'b', same, 'acme/b')).toBe('working');
      expect(await comes(place, 'c', same, 'acme/c')).toBe('working');
      expect(await comes(place, 'd', same, 'acme/d')).toBe('incident');
    });
  });

  it('never has people asked twice about one incident, and never lets two set out in it', {
    timeout: 60_000,
  }, async () => {
    const ids = Array.from({ length: 9 }, (_, n) => `r${n}`);
    const deed = (among: readonly string[]) =>
      fc.record({
        id: fc.constantFrom(...among),
        green: fc.constantFrom(...Array<boolean>(7).fill(false), true),
        passes: fc.constantFrom(1, 1, 1, 1, 1, 1, 1_000, 1_000, 31_000, 5 * MINUTE),
        cancels: fc.constantFrom(...Array<boolean>(15).fill(false), true),
      });
    // A few are ahead of the others, so that agents are at work before anybody knows of a wave.
    const early = fc.array(deed(ids.slice(0, 2)), { minLength: 5, maxLength: 8, size: 'max' });
    const later = fc.array(deed(ids), { minLength: 60, maxLength: 140, size: 'max' });
    await fc.assert(
      fc.asyncProperty(early, later, async (some, many) => {
        const deeds = [...some, ...many];
        const own = await openStore({ kind: 'memory' });
        const time = fakeClock();
        const place = machineOn(own, time, { maxAttempts: 1, maxConcurrentCodeRuns: 50, breaker: { failures: 99 } });
        for (const id of ids) await gathering(place, time, id);
        for (const { id, green, passes, cancels } of deeds) {
          time.advance(passes);
          const now = await findRemediation(own.db, id);
          const before = await own.db.selectFrom('incidents').selectAll().where('closed_at', 'is', null).execute();
          const fact = now === null ? null : nextFact(now, green, cancels);
          const step = fact === null ? null : await place.machine.apply(id, fact);
          const open = before.find(({ until }) => until > time.now());
          const sets = step?.after.phase === 'rerunning' && step.before?.phase === 'gathering';
          const lead = await own.db
            .selectFrom('incidents')
            .select('lead_id')
            .where('id', '=', open?.id ?? '')
            .executeTakeFirst();
          if (sets && open !== undefined && lead?.lead_id !== id)
            throw new Error(`${id} set out beside ${lead?.lead_id}`);
        }
        for (const incident of await own.db.selectFrom('incidents').selectAll().execute()) {
          const end = incident.closed_at ?? Number.MAX_SAFE_INTEGER;
          const escalated = await own.db
            .selectFrom('remediations')
            .select('id')
            .where('phase', '=', 'escalated')
            .where('ended_at', '>', incident.opened_at)
            .where('ended_at', '<', Math.min(end, incident.until))
            .execute();
          expect(escalated.length).toBeLessThanOrEqual(1);
        }
        await own.close();
      }),
      { numRuns: 25 },
    );
  });
});

/** What the phase waits for, told by the world. */
function nextFact(remediation: Remediation, green: boolean, cancels: boolean): Fact | null {
  if (cancels) return { kind: 'person_commanded', verb: 'cancel', by: 'ada' };
  switch (remediation.phase) {
    case 'gathering':
      return evidence({ briefId: remediation.id, ...TRANSIENT });
    case 'rerunning':
      return checksRead(green ? 'green' : 'red');
    case 'working':
      return codeRunEnded(remediation.spawned, { how: 'failed' });
    case 'received':
    case 'deferred':
    case 'retrying':
      return { kind: 'timer_rang' };
    default:
      return null;
  }
}

/** Two replicas that learn of evidence for twenty remediations at the same moment. */
async function race(first: Store, second: Store): Promise<number> {
  const clock = fakeClock();
  const places = [first, second].map((store) => machineOn(store, clock, { maxConcurrentCodeRuns: 3 })) as [
    Place,
    Place,
  ];
  const ids = Array.from({ length: 20 }, (_, n) => `r${n}`);
  for (const id of ids) await gathering(places[0], clock, id);
  await Promise.all(
    ids.map((id, n) => (n % 2 ? places[0] : places[1]).machine.apply(id, evidence({ briefId: id, fingerprint: id }))),
  );
  const all = Object.values(await phases(first));
  expect(all.filter((phase) => phase === 'deferred')).toHaveLength(all.filter((phase) => phase !== 'working').length);
  return all.filter((phase) => phase === 'working').length;
}

describe('however many replicas count at the same moment, no more CodeRuns than allowed', () => {
  it('in the embedded store', async () => {
    const store = await openStore({ kind: 'memory' });
    expect(await race(store, store)).toBe(3);
    await store.close();
  });

  describeOnPostgres('on PostgreSQL', () => {
    it('between two of them', async () => {
      const url = await freshDatabase();
      const [first, second] = [await openStore({ kind: 'postgres', url }), await openStore({ kind: 'postgres', url })];
      expect(await race(first, second)).toBe(3);
      await first.close();
      await second.close();
    });
  });
});
