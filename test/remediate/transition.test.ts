import { describe, expect, it } from 'vitest';
import type { Fact } from '../../src/model/fact.ts';
import { reason } from '../../src/model/reason.ts';
import { isTerminal, PHASES, type Phase, type Remediation } from '../../src/model/remediation.ts';
import { DEFAULT_POLICY, type Policy } from '../../src/remediate/policy.ts';
import { opened } from '../../src/remediate/transition.ts';
import {
  AGENT_SHA,
  aCheck,
  anAttempt,
  aRemediation,
  aReport,
  checksRead,
  codeRunEnded,
  evidence,
  SHA,
} from '../support/builders.ts';
import { NOON } from '../support/clock.ts';
import { inPhase } from './phases.ts';
import { step } from './rules.ts';

const policy = DEFAULT_POLICY;
const LATER = NOON + 1_000;
const HOUR = 3_600_000;
const busy: Policy = { ...policy, load: { ...policy.load, running: 5 } };

const timer: Fact = { kind: 'timer_rang' };
const withdrawn: Fact = {
  kind: 'withdrawn',
  phase: 'superseded',
  reason: reason('newer_commit', 'cccc replaced aaaa.'),
};
const said = (verb: 'cancel' | 'approve'): Fact => ({ kind: 'person_commanded', verb, by: 'ada' });
const retry: Fact = { kind: 'person_commanded', verb: 'retry', by: 'ada', guidance: null };
const joined = (...names: string[]): Fact => ({
  kind: 'failure_joined',
  checks: names.map((name) => aCheck(name)),
  runId: 41,
  headSha: 'a'.repeat(40),
});
const seen: Fact = { kind: 'ci_event_seen', headSha: AGENT_SHA, conclusion: 'success' };
const created = (ordinal: number, name = 'run-x'): Fact => ({ kind: 'coderun_created', ordinal, name });
const rerunRefused: Fact = { kind: 'rerun_requested', accepted: false, detail: '403' };
const gatherFailed: Fact = { kind: 'gather_failed', detail: 'GitHub answered 502' };

/** Rings the timer of a phase when its time has come. */
function ring(remediation: Remediation, by: Policy = policy) {
  return step(remediation, timer, by, remediation.wakeAt ?? NOON);
}

const kinds = (result: ReturnType<typeof step>) => result.effects.map(({ effect }) => effect.kind);

describe('where each fact leads from each phase', () => {
  const stays = null;
  /** A row is a fact; a column that is missing means that nothing changes. */
  const table: readonly {
    readonly name: string;
    readonly fact: Fact;
    readonly to: Partial<Record<Phase, Phase | null>>;
  }[] = [
    { name: 'evidence', fact: evidence(), to: { gathering: 'working' } },
    { name: 'transient evidence', fact: evidence({ transient: true }), to: { gathering: 'rerunning' } },
    {
      name: 'evidence that needs approval',
      fact: evidence({ verdict: { kind: 'needs_approval', reason: reason('approval_required') } }),
      to: { gathering: 'awaiting_approval' },
    },
    {
      name: 'evidence that says stop',
      fact: evidence({ verdict: { kind: 'stop', phase: 'succeeded', reason: reason('already_green') } }),
      to: { gathering: 'succeeded' },
    },
    { name: 'gathering that failed', fact: gatherFailed, to: { gathering: 'gathering' } },
    { name: 'a commit', fact: codeRunEnded(1), to: { working: 'verifying' } },
    { name: 'a failed CodeRun', fact: codeRunEnded(1, { how: 'failed' }), to: { working: 'retrying' } },
    { name: 'a CodeRun past its deadline', fact: codeRunEnded(1, { how: 'deadline' }), to: { working: 'retrying' } },
    { name: 'a CodeRun that never ran', fact: codeRunEnded(1, { how: 'infrastructure' }), to: { working: 'retrying' } },
    { name: 'a cancelled CodeRun', fact: codeRunEnded(1, { how: 'cancelled' }), to: { working: 'cancelled' } },
    { name: 'green checks', fact: checksRead('green'), to: { verifying: 'succeeded', rerunning: 'succeeded' } },
    { name: 'red checks', fact: checksRead('red'), to: { verifying: 'retrying', rerunning: 'gathering' } },
    { name: 'pending checks', fact: checksRead('pending'), to: {} },
    { name: 'a re-run that was refused', fact: rerunRefused, to: { rerunning: 'gathering' } },
    { name: 'a re-run that was accepted', fact: { kind: 'rerun_requested', accepted: true, detail: '' }, to: {} },
    { name: 'the agent’s pull request', fact: { kind: 'pull_request_opened', number: 12 }, to: {} },
    {
      name: 'a retry by a person',
      fact: retry,
      to: { received: 'gathering', deferred: 'gathering', retrying: 'gathering' },
    },
    { name: 'an approval', fact: said('approve'), to: { awaiting_approval: 'gathering' } },
  ];

  for (const { name, fact, to } of table) {
    it.each(PHASES.map((phase) => [phase, to[phase] ?? stays] as const))(
      `${name}, while %s → %s`,
      (phase, expected) => {
        const before = inPhase(phase);
        const after = step(before, fact, policy, LATER).remediation;
        expect(after.phase).toBe(expected ?? phase);
      },
    );
  }

  const live = PHASES.filter((phase) => !isTerminal(phase));
  it.each(live)('a withdrawal ends it, while %s', (phase) => {
    const { remediation } = step(inPhase(phase), withdrawn, policy, LATER);
    expect(remediation).toMatchObject({ phase: 'superseded', reason: { code: 'newer_commit' }, endedAt: LATER });
  });

  it.each(live)('a person’s cancel ends it, while %s', (phase) => {
    const { remediation } = step(inPhase(phase), said('cancel'), policy, LATER);
    expect(remediation).toMatchObject({ phase: 'cancelled', reason: { code: 'cancelled_by_person' } });
  });

  const afterTimer: Record<string, Phase> = {
    received: 'gathering',
    gathering: 'gathering',
    deferred: 'gathering',
    rerunning: 'gathering',
    awaiting_approval: 'cancelled',
    working: 'retrying',
    verifying: 'retrying',
    retrying: 'gathering',
  };
  it.each(live)('the timer leads on when it rings and not a moment before, while %s', (phase) => {
    const before = inPhase(phase);
    expect(step(before, timer, policy, (before.wakeAt ?? 0) - 1).remediation).toBe(before);
    expect(ring(before).remediation.phase).toBe(afterTimer[phase]);
  });

  const everything: readonly Fact[] = [
    ...table.map(({ fact }) => fact),
    withdrawn,
    timer,
    said('cancel'),
    joined('new'),
    seen,
  ];
  it.each(PHASES.filter(isTerminal))('%s is terminal, whatever comes', (phase) => {
    const before = inPhase(phase, { pullRequest: 12 });
    for (const fact of everything) expect(step(before, fact, policy, NOON + 1_000 * HOUR).remediation).toBe(before);
  });
});

describe('attempts', () => {
  const spent = (n: number): Partial<Remediation> => ({
    attemptsBefore: n,
    spawned: n + 1,
    attempts: [anAttempt({ number: n + 1, ordinal: n + 1 })],
  });

  it('starts the first with its CodeRun, number and deadline', () => {
    const { remediation, effects } = step(inPhase('gathering'), evidence(), policy, LATER);
    expect(remediation.attempts).toEqual([anAttempt({ codeRunName: null, startedAt: LATER, baseSha: SHA })]);
    expect(remediation).toMatchObject({ spawned: 1, wakeAt: LATER + policy.runDeadlineMs + policy.runGraceMs });
    expect(effects[0]).toEqual({ effect: { kind: 'spawn', ordinal: 1, briefId: 'brief-1' }, dueAt: LATER });
  });

  it.each([
    [0, 'retrying'],
    [1, 'retrying'],
    [2, 'escalated'],
  ] as const)('after %i earlier ones of three, another that fails leads to %s', (before, phase) => {
    const { remediation } = step(
      inPhase('working', spent(before)),
      codeRunEnded(before + 1, { how: 'failed' }),
      policy,
      LATER,
    );
    expect(remediation.phase).toBe(phase);
    if (phase === 'escalated') expect(remediation.reason?.code).toBe('attempts_spent');
  });

  it('starts none when earlier remediations of the lineage have spent them all', () => {
    const { remediation } = step(inPhase('gathering', { attemptsBefore: 3, spawned: 3 }), evidence(), policy, LATER);
    expect(remediation).toMatchObject({ phase: 'escalated', attempts: [], reason: { code: 'attempts_spent' } });
  });

  it('does not count one that the infrastructure failed: the next has its number and an ordinal of its own', () => {
    const failed = step(inPhase('working'), codeRunEnded(1, { how: 'infrastructure' }), policy, LATER).remediation;
    const gathering = ring(failed).remediation;
    const { remediation } = step(gathering, evidence(), policy, LATER + HOUR);
    expect(remediation.attempts.map(({ number, ordinal }) => [number, ordinal])).toEqual([
      [1, 1],
      [1, 2],
    ]);
  });

  it('asks people when the infrastructure failed three times in a row', () => {
    const attempts = [1, 2].map((ordinal) => anAttempt({ ordinal, endedAt: NOON, outcome: 'infrastructure' }));
    const before = inPhase('working', { attempts: [...attempts, anAttempt({ ordinal: 3 })], spawned: 3 });
    const { remediation } = step(
      before,
      codeRunEnded(3, { how: 'infrastructure', detail: 'ErrImagePull' }),
      policy,
      LATER,
    );
    expect(remediation).toMatchObject({
      phase: 'escalated',
      reason: { code: 'infrastructure_spent', detail: 'ErrImagePull' },
    });
  });

  it('counts one that was superseded after its agent had handed in a result', () => {
    const verifying = step(inPhase('verifying'), withdrawn, policy, LATER).remediation;
    const next = inPhase('gathering', { attemptsBefore: 2, spawned: 3, attempts: verifying.attempts });
    expect(step(next, evidence(), policy, LATER).remediation.phase).toBe('escalated');
    const working = step(inPhase('working'), withdrawn, policy, LATER).remediation;
    const after = inPhase('gathering', { attemptsBefore: 2, spawned: 3, attempts: working.attempts });
    expect(step(after, evidence(), policy, LATER).remediation.phase).toBe('working');
  });

  it('waits longer before each retry, and never beyond what a timer can hold', () => {
    const delay = (attemptsBefore: number, attempts: number) => {
      const ended = Array.from({ length: attempts - 1 }, (_, n) =>
        anAttempt({ ordinal: n + 1, number: n + 1, endedAt: NOON, outcome: 'agent_failed' }),
      );
      const open = anAttempt({ ordinal: attempts, number: attempts });
      const before = inPhase('working', { attemptsBefore, attempts: [...ended, open], spawned: attempts });
      const after = step(before, codeRunEnded(attempts, { how: 'failed' }), { ...policy, maxAttempts: 10_000 }, LATER);
      return (after.remediation.wakeAt ?? 0) - LATER;
    };
    expect([delay(0, 1), delay(0, 2), delay(0, 3), delay(5, 1)]).toEqual([5_000, 10_000, 20_000, 5_000]);
    expect(delay(0, 2_000)).toBe(5_000 * 2 ** 10);
  });

  it.each([
    ['no result', codeRunEnded(1, { report: null }), 'no_change'],
    ['“fixed” without a commit', codeRunEnded(1, { report: aReport({ commitSha: null }) }), 'no_change'],
    ['“blocked”', codeRunEnded(1, { report: aReport({ status: 'blocked' }) }), 'agent_failed'],
    ['a deadline', codeRunEnded(1, { how: 'deadline' }), 'timeout'],
    ['an exit code', codeRunEnded(1, { how: 'failed' }), 'agent_failed'],
  ] as const)('an agent that ends with %s has not succeeded', (_, fact, outcome) => {
    const { remediation } = step(inPhase('working'), fact, policy, LATER);
    expect(remediation.attempts[0]).toMatchObject({ outcome, endedAt: LATER });
  });

  it('knows the name of its CodeRun; told twice, it is told once', () => {
    const before = inPhase('working', { attempts: [anAttempt({ codeRunName: null })] });
    const { remediation, entries } = step(before, created(1), policy, LATER);
    expect(remediation.attempts[0]?.codeRunName).toBe('run-x');
    expect(entries).toHaveLength(1);
    expect(step(remediation, created(1), policy, LATER).remediation).toBe(remediation);
  });

  it('does not listen to the end of another attempt’s CodeRun', () => {
    const before = inPhase('working', { attempts: [anAttempt({ ordinal: 2 })], spawned: 2 });
    for (const ordinal of [0, 1, 3])
      expect(step(before, codeRunEnded(ordinal), policy, LATER).remediation).toBe(before);
  });
});

describe('stopping a CodeRun', () => {
  const stop = (ordinal: number) => ({ effect: { kind: 'cancel_run', ordinal }, dueAt: expect.any(Number) });

  it.each([
    ['a person’s cancel', said('cancel')],
    ['a withdrawal', withdrawn],
  ])('%s stops the one under way and closes its attempt', (_, fact) => {
    const { remediation, effects } = step(inPhase('working'), fact, policy, LATER);
    expect(effects).toContainEqual(stop(1));
    expect(remediation.attempts[0]).toMatchObject({ outcome: 'cancelled', endedAt: LATER });
  });

  it('the deadline stops the one that reported nothing', () => {
    const result = ring(inPhase('working'));
    expect(result.effects).toContainEqual(stop(1));
    expect(result.remediation.attempts[0]?.outcome).toBe('timeout');
  });

  it('one that comes into being after its attempt was given up is stopped', () => {
    const before = inPhase('retrying', {
      attempts: [anAttempt({ codeRunName: null, endedAt: NOON, outcome: 'timeout' })],
    });
    expect(step(before, created(1), policy, LATER).effects).toContainEqual(stop(1));
  });

  it('one that comes into being after the end is stopped and written down, once', () => {
    const before = inPhase('cancelled');
    const { remediation, effects, entries } = step(before, created(1), policy, LATER);
    expect(effects).toEqual([stop(1)]);
    expect(entries).toMatchObject([{ event: 'late_coderun', phase: 'cancelled' }]);
    expect(step(remediation, created(1), policy, LATER).remediation).toBe(remediation);
  });

  it('one that is not of this remediation is left alone after the end', () => {
    const before = inPhase('cancelled');
    expect(step(before, created(2), policy, LATER)).toEqual({ remediation: before, entries: [], effects: [] });
  });
});

describe('verifying', () => {
  it('looks at the checks of the agent’s commit soon, and gives CI its time', () => {
    const { remediation, effects } = step(inPhase('working'), codeRunEnded(1), policy, LATER);
    expect(remediation).toMatchObject({ phase: 'verifying', wakeAt: LATER + policy.verifyTimeoutMs });
    expect(effects).toContainEqual({
      effect: { kind: 'read_checks', ordinal: 1, phase: 'verifying' },
      dueAt: LATER + 1_000,
    });
  });

  it('opens a pull request for a branch of the agent’s own, unless there is one', () => {
    const working = (changes: Partial<Remediation>) =>
      inPhase('working', { targetBranch: 'fix/clippy-aaaaaaaa', ...changes });
    const plans = (changes: Partial<Remediation>) => kinds(step(working(changes), codeRunEnded(1), policy, LATER));
    expect(plans({ pullRequest: null })).toContain('open_pull_request');
    expect(plans({ pullRequest: 12 })).not.toContain('open_pull_request');
    expect(plans({ pullRequest: null, targetBranch: 'feature' })).not.toContain('open_pull_request');
  });

  it('looks at once when CI says something', () => {
    const { effects } = step(inPhase('verifying'), seen, policy, LATER);
    expect(effects).toEqual([{ effect: { kind: 'read_checks', ordinal: 1, phase: 'verifying' }, dueAt: LATER }]);
  });

  it('green is a success only of what was red', () => {
    const { remediation } = step(inPhase('verifying'), checksRead('green'), policy, LATER);
    expect(remediation).toMatchObject({ phase: 'succeeded', reason: { code: 'fixed' } });
    expect(remediation.attempts[0]).toMatchObject({ outcome: 'success', endedAt: LATER });
  });

  it('red is an attempt that did not hold, and the next starts from the commit that is red', () => {
    const fact = checksRead('red', { sha: 'c'.repeat(40), red: [aCheck('test'), aCheck('fmt')] });
    const { remediation } = step(inPhase('verifying'), fact, policy, LATER);
    expect(remediation.headSha).toBe('c'.repeat(40));
    expect(remediation.attempts[0]).toMatchObject({ outcome: 'ci_still_failing', stillRed: ['test', 'fmt'] });
  });

  it('a commit that is not on the branch is the agent’s failure, even when the checks are green', () => {
    const { remediation } = step(
      inPhase('verifying'),
      checksRead('green', { problem: 'not on feature' }),
      policy,
      LATER,
    );
    expect(remediation.attempts[0]).toMatchObject({ outcome: 'agent_failed', detail: 'not on feature' });
  });

  describe('an agent that says nothing needs to change', () => {
    const nothing = codeRunEnded(1, { report: aReport({ status: 'no_change_needed', commitSha: null }) });

    it('is believed when CI is green after one re-run', () => {
      const { remediation, effects } = step(inPhase('working'), nothing, policy, LATER);
      expect(effects.map(({ effect }) => effect.kind)).toContain('rerun');
      const green = step(remediation, checksRead('green'), policy, LATER + 1).remediation;
      expect(green).toMatchObject({ phase: 'succeeded', reason: { code: 'green_without_change' } });
      const red = step(remediation, checksRead('red'), policy, LATER + 1).remediation;
      expect(red.attempts[0]?.outcome).toBe('no_change');
    });

    it('gets no second re-run', () => {
      const { effects } = step(inPhase('working', { rerunAt: NOON - 1 }), nothing, policy, LATER);
      expect(effects.map(({ effect }) => effect.kind)).not.toContain('rerun');
    });

    it('has not succeeded when the jobs cannot be re-run; nobody waits for that', () => {
      const { remediation } = step(inPhase('working'), nothing, policy, LATER);
      const refused = step(remediation, rerunRefused, policy, LATER + 1).remediation;
      expect(refused).toMatchObject({ phase: 'retrying', attempts: [{ outcome: 'no_change' }] });
    });

    it('is not disturbed by the refusal of an earlier re-run', () => {
      const before = inPhase('verifying', { rerunAt: NOON - HOUR });
      expect(step(before, rerunRefused, policy, LATER).remediation).toBe(before);
    });
  });

  it('remembers the pull request, once, also when it was opened after the end', () => {
    const opens: Fact = { kind: 'pull_request_opened', number: 99 };
    for (const phase of ['verifying', 'succeeded'] as const) {
      const { remediation, entries } = step(inPhase(phase, { pullRequest: null }), opens, policy, LATER);
      expect(remediation).toMatchObject({ phase, pullRequest: 99 });
      expect(entries).toHaveLength(1);
      expect(step(remediation, opens, policy, LATER)).toEqual({ remediation, entries: [], effects: [] });
    }
  });
});

describe('gathering', () => {
  it('asks again later each time it failed, then people', () => {
    let remediation = inPhase('gathering');
    const delays: number[] = [];
    for (let failure = 1; failure < policy.maxGatherFailures; failure += 1) {
      const result = step(remediation, gatherFailed, policy, LATER);
      delays.push((result.effects[0]?.dueAt ?? 0) - LATER);
      expect(result.remediation.wakeAt).toBe((result.effects[0]?.dueAt ?? 0) + policy.gatherTimeoutMs);
      remediation = result.remediation;
    }
    expect(delays).toEqual([5_000, 10_000, 20_000, 40_000]);
    const last = step(remediation, gatherFailed, policy, LATER).remediation;
    expect(last).toMatchObject({ phase: 'escalated', reason: { code: 'no_progress' } });
  });

  it('forgets failures when evidence came', () => {
    const { remediation } = step(inPhase('gathering', { gatherFailures: 4 }), evidence(), policy, LATER);
    expect(remediation.gatherFailures).toBe(0);
  });

  it('learns from the evidence, but pushes where it always pushed', () => {
    const before = inPhase('gathering', { targetBranch: 'fix/a', failedChecks: [aCheck('clippy')] });
    const fact = evidence({
      targetBranch: 'fix/b',
      headSha: 'd'.repeat(40),
      failedChecks: [aCheck('test')],
      pullRequest: 7,
    });
    const { remediation } = step(before, fact, policy, LATER);
    expect(remediation).toMatchObject({ targetBranch: 'fix/a', headSha: 'd'.repeat(40), pullRequest: 7, agent: 'rex' });
    expect(remediation.failedChecks.map(({ name }) => name)).toEqual(['clippy', 'test']);
  });

  it('re-runs what looks transient once, and never after an agent was sent', () => {
    const transient = evidence({ transient: true });
    const first = step(inPhase('gathering'), transient, policy, LATER);
    expect(kinds(first)).toEqual(['rerun', 'read_checks', 'comment']);
    expect(first.remediation).toMatchObject({ phase: 'rerunning', rerunAt: LATER, attempts: [] });
    const again = step(inPhase('gathering', { rerunAt: NOON }), transient, policy, LATER);
    expect(again.remediation.phase).toBe('working');
    const attempted = inPhase('gathering', { attempts: inPhase('retrying').attempts, spawned: 1 });
    expect(step(attempted, transient, policy, LATER).remediation.phase).toBe('working');
  });

  it('starts nothing in shadow mode', () => {
    for (const fact of [evidence(), evidence({ transient: true })]) {
      const result = step(inPhase('gathering'), fact, { ...policy, mode: 'shadow' }, LATER);
      expect(result.remediation).toMatchObject({ phase: 'cancelled', reason: { code: 'shadow_mode' } });
      expect(kinds(result)).toEqual(['comment', 'remember']);
    }
  });

  it('asks for approval once', () => {
    const fact = evidence({ verdict: { kind: 'needs_approval', reason: reason('approval_required') } });
    const waiting = step(inPhase('gathering'), fact, policy, LATER).remediation;
    const approved = step(waiting, said('approve'), policy, LATER).remediation;
    expect(approved).toMatchObject({ phase: 'gathering', approvedBy: 'ada' });
    expect(step(approved, fact, policy, LATER).remediation.phase).toBe('working');
  });
});

describe('joining a failure', () => {
  it.each(['received', 'gathering'] as const)('adds what is new while %s, and says so', (phase) => {
    const { remediation, entries } = step(inPhase(phase), joined('clippy', 'test', 'fmt'), policy, LATER);
    expect(remediation.failedChecks.map(({ name }) => name)).toEqual(['clippy', 'test', 'fmt']);
    expect(entries).toMatchObject([{ message: 'Also red: test, fmt.' }]);
    expect(remediation.wakeAt).toBe(inPhase(phase).wakeAt);
  });

  it('learns what a check that was known has to add, without telling people', () => {
    const bare = aCheck('clippy', { source: 'status', jobId: null, failedSteps: [] });
    const { remediation, entries } = step(
      inPhase('received', { failedChecks: [bare] }),
      joined('clippy'),
      policy,
      LATER,
    );
    expect(remediation.failedChecks).toEqual([aCheck('clippy')]);
    expect(entries).toEqual([]);
  });

  it('is no new check for success to wait for once an agent is at work', () => {
    for (const phase of ['working', 'retrying', 'deferred', 'verifying'] as const) {
      const { remediation } = step(inPhase(phase), joined('new'), policy, LATER);
      expect(remediation.failedChecks).toEqual(inPhase(phase).failedChecks);
    }
  });
});

describe('holding back', () => {
  it.each([
    ['at_capacity', busy],
    ['paused', { ...policy, mode: 'paused' }],
    ['paused', { ...policy, load: { ...policy.load, paused: true } }],
    ['breaker_open', { ...policy, load: { ...policy.load, breakerUntil: LATER + 1 } }],
  ] as const)('defers, visibly, for %s', (code, by) => {
    const { remediation, entries } = step(inPhase('gathering'), evidence(), by, LATER);
    expect(remediation).toMatchObject({ phase: 'deferred', reason: { code }, attempts: [] });
    expect(entries).toHaveLength(1);
  });

  it('goes on when the breaker’s time is over', () => {
    const over: Policy = { ...policy, load: { ...policy.load, breakerUntil: LATER } };
    expect(step(inPhase('gathering'), evidence(), over, LATER).remediation.phase).toBe('working');
  });

  it('says a new obstacle, and an old one only once', () => {
    const deferred = inPhase('deferred');
    const same = ring(deferred, busy);
    expect(same.entries).toEqual([]);
    expect(same.remediation.wakeAt).toBe((deferred.wakeAt ?? 0) + policy.deferMs);
    const paused = ring(deferred, { ...busy, mode: 'paused' });
    expect(paused.entries).toHaveLength(1);
    expect(paused.remediation.reason?.code).toBe('paused');
  });

  it('asks people when it was held back for a day', () => {
    const deferred = inPhase('deferred', { wakeAt: NOON + policy.maxDeferredMs });
    expect(ring(deferred, busy).remediation).toMatchObject({ phase: 'escalated', reason: { code: 'no_progress' } });
  });

  it('does not hold the time against it that a person took to approve', () => {
    const after = NOON + 30 * HOUR;
    const approved = inPhase('gathering', { approvedBy: 'ada', phaseSince: after, wakeAt: after + 1_000 });
    expect(step(approved, evidence(), busy, after).remediation.phase).toBe('deferred');
  });

  it('does not hold the time against it in which an agent worked', () => {
    const after = NOON + 25 * HOUR;
    const worked = inPhase('gathering', {
      spawned: 1,
      attempts: [anAttempt({ endedAt: after - 1_000, outcome: 'agent_failed' })],
    });
    expect(step(worked, evidence(), busy, after).remediation.phase).toBe('deferred');
  });
});

describe('a person', () => {
  const guidance = { text: 'look at build.rs', mode: 'append', by: 'ada' } as const;

  it('gives guidance that stays until other guidance comes', () => {
    const told = step(inPhase('working'), { ...retry, guidance } as Fact, policy, LATER).remediation;
    expect(told).toMatchObject({ phase: 'working', guidance });
    expect(step(told, retry, policy, LATER).remediation.guidance).toEqual(guidance);
  });

  it('asks for another agent', () => {
    const route: Fact = { kind: 'person_commanded', verb: 'route', by: 'ada', agent: 'bolt' };
    expect(step(inPhase('received'), route, policy, LATER).remediation.pinnedAgent).toBe('bolt');
  });

  it('approves before anybody asked', () => {
    expect(step(inPhase('received'), said('approve'), policy, LATER).remediation.approvedBy).toBe('ada');
  });
});

describe('opening', () => {
  it('waits a moment for the other failures of the run', () => {
    const result = opened(aRemediation({ wakeAt: null, pullRequest: 12 }), policy, NOON, 'clippy is red.');
    expect(result.remediation).toMatchObject({ phase: 'received', wakeAt: NOON + policy.settleMs });
    expect(result.entries).toMatchObject([{ event: 'opened', message: 'clippy is red.' }]);
    expect(result.effects).toEqual([{ effect: { kind: 'comment' }, dueAt: NOON }]);
  });

  it('plans no comment while there is no pull request to say it in', () => {
    expect(opened(aRemediation({ pullRequest: null }), policy, NOON, 'clippy is red.').effects).toEqual([]);
  });
});

describe('counterexamples that properties found', () => {
  it('a gathering that fails in the millisecond it began is asked for again under a duty that can be due again', () => {
    const first = ring(inPhase('received'));
    const now = first.remediation.phaseSince;
    const second = step(first.remediation, gatherFailed, policy, now);
    expect(second.effects[0]?.effect).toEqual(first.effects[0]?.effect);
    expect(second.effects[0]?.dueAt).toBeGreaterThan(now);
  });

  it('a clock that is put back does not end a phase early nor break a timer', () => {
    const before = inPhase('verifying');
    const back = step(before, timer, policy, NOON - 10 * HOUR).remediation;
    expect(back).toBe(before);
    const verified = step(before, checksRead('red'), policy, NOON - 10 * HOUR).remediation;
    expect(verified.wakeAt).toBe(NOON - 10 * HOUR + policy.retryDelayMs);
  });
});
