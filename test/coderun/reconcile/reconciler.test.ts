import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { EndedRun } from '../../../src/coderun/ended.ts';
import type { JobState } from '../../../src/coderun/engine.ts';
import { DEFAULT_RECONCILE_POLICY } from '../../../src/coderun/reconcile/policy.ts';
import { createReconciler, type Reconciler } from '../../../src/coderun/reconcile/reconciler.ts';
import { type CodeRunPhase, isTerminalPhase } from '../../../src/coderun/schema.ts';
import { PermanentError, RetryableError } from '../../../src/lib/errors.ts';
import { draft } from '../support/drafts.ts';
import { EXIT, FakeEngine } from '../support/fake-engine.ts';

const DRAFT = draft();
const { name } = DRAFT;
const exited = (change: Partial<typeof EXIT> = {}): JobState => ({
  state: 'exited',
  name,
  exit: { ...EXIT, ...change },
});

interface Scene {
  readonly engine: FakeEngine;
  readonly ended: EndedRun[];
  readonly reconciler: Reconciler;
  /** Makes telling the end fail. */
  refuse: boolean;
}

function scene(engine = new FakeEngine()): Scene {
  const made: Scene = {
    engine,
    ended: [],
    refuse: false,
    reconciler: createReconciler({
      engine,
      clock: () => engine.now,
      policy: DEFAULT_RECONCILE_POLICY,
      onEnded: async (_codeRun, how) => {
        if (made.refuse) throw new RetryableError('the store is busy');
        made.ended.push(how);
      },
      schedule: () => () => {},
      random: () => 0,
    }),
  };
  return made;
}

const status = async (engine: FakeEngine) => {
  const run = await engine.get(name);
  if (run === null) throw new Error('gone');
  return run.status;
};

describe('the reconciler', () => {
  it('says with one write what came of a start', async () => {
    const { engine, reconciler } = scene();
    await engine.create(DRAFT);
    await reconciler.reconcile(name);
    expect(engine.calls).toEqual(['ensureFiles', expect.stringMatching(/^ensureJob/), 'patchStatus']);
    const { conditions } = await status(engine);
    expect(conditions.map(({ type, status: is }) => `${type} ${is}`)).toEqual([
      'Accepted True',
      'ContextReady True',
      'JobCreated True',
    ]);
  });

  it('brings a run from its creation to a reported end', async () => {
    const { engine, reconciler, ended } = scene();
    await engine.create(DRAFT);
    await reconciler.reconcile(name);
    expect(await status(engine)).toMatchObject({ phase: 'Running', jobName: name, configmapName: `${name}-files` });
    engine.move(name, exited());
    await reconciler.reconcile(name);
    expect(ended).toEqual([{ how: 'succeeded', detail: 'The agent ended without a statement.', report: null }]);
    expect(await engine.listActive()).toEqual([]);
    expect(engine.calls.filter((call) => call.startsWith('ensureJob'))).toEqual(['ensureJob 60']);
  });

  it('writes nothing into an unchanged world, however often it looks [R2]', async () => {
    const { engine, reconciler, ended } = scene();
    await engine.create(DRAFT);
    for (const job of [null, exited({ code: 3 })]) {
      if (job !== null) engine.move(name, job);
      await reconciler.reconcile(name);
      const { writes, calls } = engine;
      const count = calls.length;
      for (let i = 0; i < 20; i += 1) {
        engine.now += 1000;
        await reconciler.reconcile(name);
      }
      expect([engine.writes, engine.calls.length]).toEqual([writes, count]);
    }
    expect(ended).toHaveLength(1);
  });

  it('adopts a job that was started before a crash could be written down [R7]', async () => {
    const { engine, reconciler } = scene();
    await engine.create(DRAFT);
    engine.after = (call) => {
      if (call === 'ensureJob') throw new RetryableError('the process died here');
    };
    await reconciler.reconcile(name).catch(() => {});
    engine.after = () => {};
    const next = scene(engine);
    await next.reconciler.reconcile(name);
    expect(engine.world(name).starts).toBe(1);
    expect(await status(engine)).toMatchObject({ phase: 'Running', jobName: name });
  });

  it('does not start a run again whose job disappeared [R6]', async () => {
    const { engine, reconciler, ended } = scene();
    await engine.create(DRAFT);
    await reconciler.reconcile(name);
    engine.move(name, { state: 'none' });
    await reconciler.reconcile(name);
    await reconciler.reconcile(name);
    expect(engine.world(name).starts).toBe(1);
    expect(ended).toEqual([expect.objectContaining({ how: 'infrastructure' })]);
  });

  it('tells the end again until it was heard, also after a restart', async () => {
    const first = scene();
    const { engine } = first;
    await engine.create(DRAFT);
    await first.reconciler.reconcile(name);
    engine.move(name, exited());
    first.refuse = true;
    await expect(first.reconciler.reconcile(name)).rejects.toThrow('busy');
    expect(await engine.listActive()).toHaveLength(1);
    const second = scene(engine);
    second.reconciler.start();
    await second.reconciler.drain();
    expect(second.ended).toHaveLength(1);
    expect(await engine.listActive()).toEqual([]);
    const third = scene(engine);
    third.reconciler.start();
    await third.reconciler.drain();
    expect(third.ended).toEqual([]);
  });

  it('counts failed starts in the status and gives up after the fifth [R18]', async () => {
    const { engine, reconciler, ended } = scene();
    await engine.create(DRAFT);
    engine.before = (call) => {
      if (call === 'ensureJob') throw new RetryableError('no process table entry left');
    };
    for (let i = 1; i < DEFAULT_RECONCILE_POLICY.maxStartFailures; i += 1) {
      await expect(reconciler.reconcile(name)).rejects.toThrow('process table');
      expect(await status(engine)).toMatchObject({ phase: 'Pending', retryCount: i });
    }
    await reconciler.reconcile(name);
    expect(ended).toEqual([expect.objectContaining({ how: 'infrastructure' })]);
  });

  it('gives up at once when trying again cannot help', async () => {
    const { engine, reconciler, ended } = scene();
    await engine.create(DRAFT);
    engine.before = (call) => {
      if (call === 'ensureFiles') throw new PermanentError('No CLI named teletype is known.');
    };
    await reconciler.reconcile(name);
    expect(ended[0]?.detail).toContain('teletype');
  });

  it('reads again when somebody wrote meanwhile [R12]', async () => {
    const { engine, reconciler } = scene();
    await engine.create(DRAFT);
    let times = 3;
    engine.before = (call) => {
      if (call === 'patchStatus' && times-- > 0) engine.touch(name);
    };
    await reconciler.reconcile(name);
    expect((await status(engine)).phase).toBe('Running');
  });

  it('isolates one run that cannot be looked at from the others [R4]', async () => {
    const { engine, reconciler } = scene();
    const other = draft({ ordinal: 2 });
    await engine.create(DRAFT);
    await engine.create(other);
    const observe = engine.observe.bind(engine);
    engine.observe = (codeRun) => (codeRun.name === name ? Promise.reject(new Error('unreadable')) : observe(codeRun));
    reconciler.start();
    await reconciler.drain();
    expect((await engine.get(other.name))?.status.phase).toBe('Running');
    await reconciler.stop();
  });

  it('follows changes by itself once it was started, and none after it was stopped', async () => {
    const { engine, reconciler, ended } = scene();
    reconciler.start();
    await engine.create(DRAFT);
    await reconciler.drain();
    engine.move(name, exited());
    await reconciler.drain();
    expect(ended).toHaveLength(1);
    await reconciler.stop();
    const later = draft({ ordinal: 2 });
    await engine.create(later);
    expect((await engine.get(later.name))?.status.phase).toBe('Pending');
  });
});

type Step =
  | { readonly kind: 'look' }
  | { readonly kind: 'restart' }
  | { readonly kind: 'cancel' }
  | { readonly kind: 'touch' }
  | { readonly kind: 'fail'; readonly call: string; readonly when: 'before' | 'after' }
  | { readonly kind: 'move'; readonly to: 'pending' | 'running' | 'exited' | 'lost' | 'none'; readonly code: number }
  | { readonly kind: 'pass'; readonly seconds: number };

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom<Step>({ kind: 'look' }, { kind: 'look' }, { kind: 'restart' }) },
  { weight: 1, arbitrary: fc.constantFrom<Step>({ kind: 'cancel' }, { kind: 'touch' }) },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('fail' as const),
      call: fc.constantFrom('get', 'observe', 'ensureFiles', 'ensureJob', 'stopJob', 'patchStatus', 'cleanUp', 'told'),
      when: fc.constantFrom('before' as const, 'after' as const),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('move' as const),
      to: fc.constantFrom('pending' as const, 'running' as const, 'exited' as const, 'lost' as const, 'none' as const),
      code: fc.constantFrom(0, 1, 75, 127, 137),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('pass' as const), seconds: fc.integer({ min: 1, max: 90_000 }) }),
  },
);

/**
 * The world moves as worlds do: a job that was never started cannot run, one that ended does not come back, and none
 * disappears before it was seen (engine.ts, `none`).
 */
function moveWorld(engine: FakeEngine, to: Extract<Step, { kind: 'move' }>): void {
  const { job } = engine.world(name);
  if (to.to === 'none' && engine.peek(name)?.status.jobName === undefined) return;
  if (job.state === 'none' || job.state === 'exited' || job.state === 'lost') {
    if (to.to === 'none' && job.state !== 'none') engine.move(name, { state: 'none' });
    return;
  }
  const states: Record<typeof to.to, JobState> = {
    none: { state: 'none' },
    pending: {
      state: 'pending',
      name,
      since: engine.now,
      reason: 'ErrImagePull',
      message: 'pulling',
      isHopeless: false,
    },
    running: { state: 'running', name, startedAt: engine.now },
    exited: exited({ code: to.code, startedAt: engine.now, finishedAt: engine.now }),
    lost: { state: 'lost', name, detail: 'node gone', hasLeftovers: true },
  };
  engine.move(name, states[to.to]);
}

/** Plays steps against a reconciler that is restarted, fails and is interrupted on the way. */
class Play {
  readonly engine = new FakeEngine();
  readonly heard: EndedRun[] = [];
  /** How often the job had been started when the run was first seen ended. */
  startsAtEnd: number | null = null;
  #now = scene(this.engine);
  #fail: Extract<Step, { kind: 'fail' }> | null = null;

  constructor() {
    const failing = (when: 'before' | 'after') => (call: string) => {
      if (this.#fail?.call !== call || this.#fail.when !== when) return;
      this.#fail = null;
      throw new RetryableError(`${call} failed`);
    };
    this.engine.before = failing('before');
    this.engine.after = failing('after');
  }

  async play(one: Step): Promise<void> {
    if (one.kind === 'look') await this.look();
    else if (one.kind === 'restart') this.#now = scene(this.engine);
    else if (one.kind === 'cancel') await this.engine.requestCancel(name);
    else if (one.kind === 'touch') this.engine.touch(name);
    else if (one.kind === 'fail') this.#fail = one;
    else if (one.kind === 'move') moveWorld(this.engine, one);
    else this.engine.now += one.seconds * 1000;
    if (isTerminalPhase(this.phase())) this.startsAtEnd ??= this.engine.world(name).starts;
  }

  async look(): Promise<void> {
    this.#now.refuse = this.#fail?.call === 'told';
    await this.#now.reconciler.reconcile(name).catch(() => {});
    this.#fail = null;
    this.heard.push(...this.#now.ended.splice(0));
  }

  phase(): CodeRunPhase {
    return this.engine.peek(name)?.status.phase ?? 'Pending';
  }
}

describe('whatever happens in whatever order', () => {
  it('starts at most one job, never moves a phase back, settles, and tells one end until it was heard', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
        const play = new Play();
        const { engine, heard } = play;
        await engine.create(DRAFT);
        for (const one of steps) await play.play(one);
        await play.look();
        // Nothing ever happens again: time alone must bring it to its end.
        for (let i = 0; i < 4; i += 1) {
          engine.now += 90_000_000;
          await play.look();
        }
        expect(isTerminalPhase(play.phase())).toBe(true);
        expect(engine.world(name).starts).toBeLessThanOrEqual(1);
        if (play.startsAtEnd !== null) expect(engine.world(name).starts).toBe(play.startsAtEnd);
        expect(new Set(heard.map((one) => JSON.stringify(one))).size).toBe(1);
        expect(await engine.listActive()).toEqual([]);
        const phases = engine.phases.get(name) ?? [];
        const rank = (phase: CodeRunPhase) => (isTerminalPhase(phase) ? 2 : phase === 'Running' ? 1 : 0);
        expect(phases.map(rank)).toEqual(phases.map(rank).toSorted());
        expect(new Set(phases.filter(isTerminalPhase)).size).toBe(1);
        expect(engine.world(name).hasFiles).toBe(false);
        const { writes } = engine;
        await play.look();
        expect(engine.writes).toBe(writes);
      }),
      { numRuns: 500 },
    );
  });
});
