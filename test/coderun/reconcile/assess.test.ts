import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { endedOf } from '../../../src/coderun/ended.ts';
import type { JobExit, JobState, Observed, StatusPatch } from '../../../src/coderun/engine.ts';
import { type Assessment, assess } from '../../../src/coderun/reconcile/assess.ts';
import { DEFAULT_RECONCILE_POLICY as POLICY } from '../../../src/coderun/reconcile/policy.ts';
import { timestamp } from '../../../src/coderun/reconcile/status.ts';
import {
  CODERUN_PHASES,
  type CodeRun,
  type Condition,
  conditionOf,
  INITIAL_STATUS,
  isTerminalPhase,
  statusSchema,
} from '../../../src/coderun/schema.ts';
import { codeRun as codeRunOf, draft } from '../support/drafts.ts';
import { EXIT } from '../support/fake-engine.ts';

const NOW = Date.UTC(2026, 0, 2, 3, 4, 5);
const MINUTE = 60_000;
const NAME = draft().name;
const SHA = 'a'.repeat(40);
const running: JobState = { state: 'running', name: NAME, startedAt: NOW };
const exit = (change: Partial<JobExit> = {}): JobState => ({
  state: 'exited',
  name: NAME,
  exit: { ...EXIT, startedAt: NOW, finishedAt: NOW, ...change },
});
const seen = (job: JobState, change: Partial<Observed> = {}): Observed => ({
  fileSet: `${NAME}-files-0a1b2c3d`,
  hasRemains: true,
  credentialsExpireAt: null,
  job,
  ...change,
});
const nothing: Observed = { fileSet: null, hasRemains: false, credentialsExpireAt: null, job: { state: 'none' } };

/** The CodeRun as it is once a judgement was written. */
const written = (run: CodeRun, patch: StatusPatch | null): CodeRun => ({
  ...run,
  status: statusSchema.parse({ ...run.status, ...patch }),
});
const judge = (observed: Observed, run: CodeRun = codeRunOf(), now = NOW): Assessment =>
  assess(observed, run, POLICY, now);
/** What the remediation would be told. */
const endOf = (observed: Observed, run: CodeRun = codeRunOf(), now = NOW) =>
  endedOf(written(run, judge(observed, run, now).status));
const kinds = ({ actions }: Assessment) => actions.map((action) => action.kind);
const seenRunning = written(codeRunOf(), judge(seen(running)).status);

describe('a run that has not ended', () => {
  it('is given files and a job with its own deadline, or the default one', () => {
    expect(judge(nothing).actions).toEqual([{ kind: 'ensure_files' }, { kind: 'ensure_job', deadlineSeconds: 60 }]);
    const plain = draft();
    const { activeDeadlineSeconds: _, ...spec } = plain.spec;
    const judged = judge(nothing, codeRunOf({}, { ...plain, spec }));
    expect(judged.actions).toContainEqual({ kind: 'ensure_job', deadlineSeconds: 7200 });
  });

  it('is running once its job is seen, whoever started it', () => {
    const { status, actions } = judge(seen(running));
    expect(actions).toEqual([]);
    expect(status).toMatchObject({ phase: 'Running', jobName: NAME, startedAt: timestamp(NOW) });
    const types = (status?.conditions ?? []).map((condition) => [condition.type, condition.status]);
    expect(types).toEqual([
      ['Accepted', 'True'],
      ['ContextReady', 'True'],
      ['JobCreated', 'True'],
    ]);
  });

  it('says what a waiting job waits for, and is not running [R5]', () => {
    const waiting: JobState = {
      state: 'pending',
      name: NAME,
      since: NOW,
      reason: 'CreateContainerConfigError',
      message: 'secret "anthropic" not found',
      isHopeless: false,
    };
    const run = written(codeRunOf(), judge(seen(waiting)).status);
    expect(run.status).toMatchObject({ phase: 'Pending', message: 'secret "anthropic" not found' });
    expect(conditionOf(run.status, 'JobCreated')?.reason).toBe('CreateContainerConfigError');
    expect(endOf(seen(waiting), run, NOW + 14 * MINUTE)).toBeNull();
    expect(endOf(seen(waiting), run, NOW + 16 * MINUTE)).toMatchObject({
      how: 'infrastructure',
      detail: expect.stringContaining('anthropic'),
    });
    expect(kinds(judge(seen(waiting), run, NOW + 16 * MINUTE))).toEqual(['stop_job']);
    expect(endOf(seen({ ...waiting, isHopeless: true }), run)?.how).toBe('infrastructure');
  });

  it('does not become pending again when its job waits once more [R11]', () => {
    const waiting: JobState = {
      state: 'pending',
      name: NAME,
      since: NOW,
      reason: null,
      message: '',
      isHopeless: false,
    };
    expect(written(seenRunning, judge(seen(waiting), seenRunning).status).status.phase).toBe('Running');
  });

  it('is stopped when it is cancelled, again at each look until it is gone', () => {
    const cancelled = { ...seenRunning, cancelRequested: true };
    const first = judge(seen(running), cancelled);
    expect(first.actions).toEqual([{ kind: 'stop_job', why: 'cancelled' }]);
    const again = judge(seen(running), written(cancelled, first.status));
    expect(again.actions).toEqual([{ kind: 'stop_job', why: 'cancelled' }]);
    expect(again.status).toBeNull();
  });

  it('is stopped by the reconciler when nobody else keeps to its deadline', () => {
    const late = NOW + 60_000 + POLICY.deadlineSlackSeconds * 1000;
    expect(judge(seen(running), seenRunning, late).actions).toEqual([]);
    expect(judge(seen(running), seenRunning, late + 1).actions).toEqual([{ kind: 'stop_job', why: 'deadline' }]);
  });

  it('gets a fresh token before the old one expires', () => {
    const fading = seen(running, { credentialsExpireAt: NOW + 15.5 * MINUTE });
    expect(kinds(judge(fading, seenRunning))).toEqual([]);
    expect(kinds(judge(fading, seenRunning, NOW + 40_000))).toEqual(['refresh_credentials']);
  });
});

describe('how a run ended', () => {
  const report = (change: object = {}) =>
    ({
      summary: 'repaired it',
      report: { status: 'fixed', summary: 'repaired it', commitSha: SHA, pullRequestUrl: null, usage: null, ...change },
    }) as JobExit['result'];

  it.each<[string, JobState, string, string]>([
    ['by itself', exit({ result: report() }), 'succeeded', 'repaired it'],
    ['by itself without a word', exit(), 'succeeded', 'without a statement'],
    ['with a code', exit({ code: 3 }), 'failed', 'code 3'],
    [
      'with the script’s word',
      exit({ code: 1, result: { summary: 'main moved', report: null } }),
      'failed',
      'main moved',
    ],
    ['by a signal', exit({ code: null, signal: 'SIGSEGV' }), 'failed', 'SIGSEGV'],
    ['at its deadline', exit({ code: null, signal: 'SIGTERM', cause: 'deadline' }), 'deadline', 'deadline'],
    ['by a cancel', exit({ code: null, signal: 'SIGTERM', cause: 'cancelled' }), 'cancelled', 'cancelled'],
    ['by the platform', exit({ code: 143, cause: 'terminated', detail: 'Evicted: disk' }), 'infrastructure', 'Evicted'],
    ['before it began', exit({ code: null, cause: 'not_started', detail: 'no bash' }), 'infrastructure', 'no bash'],
    ['with EX_TEMPFAIL', exit({ code: 75 }), 'infrastructure', 'could not be run'],
    ['without its CLI', exit({ code: 127 }), 'infrastructure', '127'],
    ['with a CLI that cannot be executed', exit({ code: 126 }), 'infrastructure', '126'],
    ['in a provider’s outage', exit({ code: 1, outputTail: 'x\nAPI Error: 529 overloaded' }), 'infrastructure', '529'],
    [
      'out of sight',
      { state: 'lost', name: NAME, detail: 'node gone', hasLeftovers: false },
      'infrastructure',
      'node gone',
    ],
  ])('%s', (_title, job, how, detail) => {
    expect(endOf(seen(job), seenRunning)).toMatchObject({ how, detail: expect.stringContaining(detail) });
  });

  it('is the agent’s failure when it pushed something before the provider failed', () => {
    const job = exit({ code: 1, outputTail: 'API Error: 529 overloaded', result: report() });
    expect(endOf(seen(job), seenRunning)?.how).toBe('failed');
  });

  it('is told as it was when a cancel came too late', () => {
    const cancelled = { ...seenRunning, cancelRequested: true };
    expect(endOf(seen(exit({ result: report() })), cancelled)?.how).toBe('succeeded');
  });

  it.each<[string, JobState]>([
    ['before it started', { state: 'none' }],
    ['and its supervisor was lost', { state: 'lost', name: NAME, detail: '', hasLeftovers: true }],
    ['and the platform ended it', exit({ code: null, signal: 'SIGTERM', cause: 'terminated' })],
  ])('is a cancel when it was cancelled %s', (_title, job) => {
    expect(endOf(seen(job), codeRunOf({ cancelRequested: true }))?.how).toBe('cancelled');
  });

  it('ends what is left of a run whose supervisor is gone before it says so', () => {
    const lost: JobState = { state: 'lost', name: NAME, detail: 'gone', hasLeftovers: true };
    expect(kinds(judge(seen(lost), seenRunning))).toEqual(['stop_job']);
  });

  it('carries commit, pull request and usage into the status', () => {
    const usage = { inputTokens: 5, outputTokens: 6, costUsd: 0.1 };
    const pullRequestUrl = 'https://github.com/acme/shop/pull/3';
    const job = exit({ result: report({ pullRequestUrl, usage }) });
    const run = written(seenRunning, judge(seen(job), seenRunning).status);
    expect(run.status).toMatchObject({ commitSha: SHA, pullRequestUrl, usage, workCompleted: true });
    expect(run.status.expireAt).toBe(timestamp(NOW + 24 * 60 * MINUTE));
  });

  it('does not count “fixed” without anything to show for it as work', () => {
    const job = exit({ result: report({ commitSha: null }) });
    expect(judge(seen(job), seenRunning).status?.workCompleted).toBe(false);
  });

  it('reads the failure even though a failed job names no completion time [R11]', () => {
    expect(judge(seen(exit({ code: 1 })), codeRunOf()).status?.phase).toBe('Failed');
  });
});

describe('a run that has ended', () => {
  const ended = written(seenRunning, judge(seen(exit()), seenRunning).status);
  const reported = written(ended, judge(seen(exit()), ended).status);

  it('is reported, then left alone until it expires, then cleaned up', () => {
    expect(kinds(judge(seen(exit()), ended))).toEqual(['report']);
    expect(judge(seen(exit()), reported)).toEqual({ actions: [], status: null, recheckAt: NOW + 24 * 60 * MINUTE });
    const later = NOW + 24 * 60 * MINUTE;
    expect(judge(seen(exit()), reported, later)).toEqual({
      actions: [{ kind: 'clean_up' }],
      status: null,
      recheckAt: null,
    });
    expect(judge(nothing, reported, later)).toEqual({ actions: [], status: null, recheckAt: null });
  });

  it('has no job, whatever is seen [R6]', () => {
    expect(judge(nothing, reported).actions).toEqual([]);
    expect(kinds(judge(seen(running), reported))).toEqual(['stop_job']);
    expect(kinds(judge(seen(running), { ...reported, cancelRequested: true }))).toEqual(['stop_job']);
  });
});

const anyJob: fc.Arbitrary<JobState> = fc.oneof(
  fc.constant<JobState>({ state: 'none' }),
  fc.record({
    state: fc.constant('pending' as const),
    name: fc.constant(NAME),
    since: fc.constant(NOW - MINUTE),
    reason: fc.constantFrom(null, 'ErrImagePull'),
    message: fc.constantFrom('', 'pulling'),
    isHopeless: fc.boolean(),
  }),
  fc.record({ state: fc.constant('running' as const), name: fc.constant(NAME), startedAt: fc.constant(NOW - MINUTE) }),
  fc.record({
    state: fc.constant('lost' as const),
    name: fc.constant(NAME),
    detail: fc.constant('gone'),
    hasLeftovers: fc.boolean(),
  }),
  fc
    .record({
      code: fc.option(fc.constantFrom(0, 1, 75, 127, 137)),
      cause: fc.constantFrom('completed', 'cancelled', 'deadline', 'terminated', 'not_started'),
      report: fc.option(
        fc.record({ commitSha: fc.constantFrom(null, SHA), status: fc.constantFrom('fixed', 'blocked') }),
      ),
    })
    .map(({ code, cause, report }) =>
      exit({
        code,
        cause: cause as JobExit['cause'],
        result: report && {
          summary: 's',
          report: { pullRequestUrl: null, usage: null, summary: 's', ...report } as never,
        },
      }),
    ),
);

const anyRun: fc.Arbitrary<CodeRun> = fc
  .record({
    phase: fc.constantFrom(...CODERUN_PHASES),
    cancelRequested: fc.boolean(),
    generation: fc.integer({ min: 1, max: 3 }),
    conditions: fc.uniqueArray(
      fc.record({
        type: fc.constantFrom<Condition['type']>('Accepted', 'ContextReady', 'JobCreated', 'Succeeded', 'Reported'),
        status: fc.constantFrom<Condition['status']>('True', 'False'),
        reason: fc.constant('Because'),
        message: fc.constantFrom('', 'so'),
        observedGeneration: fc.integer({ min: 1, max: 3 }),
        lastTransitionTime: fc.constant('2026-01-01T00:00:00Z'),
      }),
      { selector: (condition) => condition.type },
    ),
    pullRequestUrl: fc.option(fc.constant('https://github.com/acme/shop/pull/1'), { nil: undefined }),
    retryCount: fc.integer({ min: 0, max: 4 }),
  })
  .map(({ cancelRequested, generation, ...status }) =>
    codeRunOf({ cancelRequested, generation, status: statusSchema.parse({ ...INITIAL_STATUS, ...status }) }),
  );

const anyWorld = fc.tuple(anyJob, anyRun, fc.boolean()).map(([job, run, hasFiles]) => ({
  run,
  observed: hasFiles ? seen(job) : { ...seen(job), fileSet: null, hasRemains: false },
}));

describe('whatever is seen of whatever run', () => {
  const rank = (run: CodeRun) => (isTerminalPhase(run.status.phase) ? 2 : run.status.phase === 'Running' ? 1 : 0);

  it('has nothing more to write once it was written [R2]', () => {
    fc.assert(
      fc.property(anyWorld, ({ run, observed }) => {
        let now = run;
        for (let i = 0; i < 4; i += 1) now = written(now, judge(observed, now, NOW + i).status);
        expect(judge(observed, now, NOW + 5 * MINUTE).status).toBeNull();
      }),
    );
  });

  it('moves no phase back and leaves a terminal one as it is', () => {
    fc.assert(
      fc.property(anyWorld, ({ run, observed }) => {
        const after = written(run, judge(observed, run).status);
        expect(rank(after)).toBeGreaterThanOrEqual(rank(run));
        if (isTerminalPhase(run.status.phase)) expect(after.status.phase).toBe(run.status.phase);
      }),
    );
  });

  it('starts nothing after a terminal phase, nor where a job was seen, nor when cancelled', () => {
    fc.assert(
      fc.property(anyWorld, ({ run, observed }) => {
        const mayStart =
          !isTerminalPhase(run.status.phase) &&
          !run.cancelRequested &&
          observed.job.state === 'none' &&
          conditionOf(run.status, 'JobCreated')?.status !== 'True';
        expect(kinds(judge(observed, run)).includes('ensure_job')).toBe(mayStart);
      }),
    );
  });

  it('moves a condition’s time only with its status, and erases nothing', () => {
    fc.assert(
      fc.property(anyWorld, ({ run, observed }) => {
        const { status } = judge(observed, run);
        expect(Object.values(status ?? {}).filter((value) => value === undefined || value === null)).toEqual([]);
        for (const before of run.status.conditions) {
          const after = (status?.conditions ?? run.status.conditions).find(({ type }) => type === before.type);
          expect(after).toBeDefined();
          expect(after?.lastTransitionTime === before.lastTransitionTime).toBe(after?.status === before.status);
        }
      }),
    );
  });

  it('always comes to an end or looks again', () => {
    fc.assert(
      fc.property(anyWorld, ({ run, observed }) => {
        const judged = judge(observed, run);
        const after = written(run, judged.status);
        if (!isTerminalPhase(after.status.phase)) expect(judged.recheckAt).not.toBeNull();
      }),
    );
  });
});
