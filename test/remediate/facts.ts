import fc from 'fast-check';
import type { Fact } from '../../src/model/fact.ts';
import type { AgentReport } from '../../src/model/outcome.ts';
import { reason } from '../../src/model/reason.ts';
import type { Remediation } from '../../src/model/remediation.ts';
import { DEFAULT_POLICY, type IncidentLoad, type Load, type Policy } from '../../src/remediate/policy.ts';
import { AGENT_SHA, aCheck, aReport, checksRead, codeRunEnded, evidence, SHA } from '../support/builders.ts';

/** A fact that depends on the state it meets: facts about the attempt under way are the ones that move things. */
export type Event = (remediation: Remediation, now: number) => { readonly fact: Fact; readonly now: number };

const LATER_SHA = 'c'.repeat(40);
const sha = fc.constantFrom(SHA, AGENT_SHA, LATER_SHA);
const checks = fc
  .uniqueArray(fc.constantFrom('clippy', 'test', 'fmt', 'docs'), { maxLength: 3 })
  .map((names) => names.map((name) => aCheck(name)));
/** Mostly the current one; sometimes one that is over or has not begun. */
const shift = fc.oneof(
  { weight: 8, arbitrary: fc.constant(0) },
  { weight: 1, arbitrary: fc.constant(-1) },
  { weight: 1, arbitrary: fc.constant(1) },
);

const report = fc.oneof(
  {
    weight: 3,
    arbitrary: sha.map((commitSha): Partial<AgentReport> | null => ({ status: 'fixed', commitSha })),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom<Partial<AgentReport> | null>(
      null,
      { status: 'fixed', commitSha: null },
      { status: 'no_change_needed', commitSha: null },
      { status: 'blocked', commitSha: null },
    ),
  },
);

const verdict = fc.oneof(
  { weight: 20, arbitrary: fc.constant({ kind: 'proceed' as const }) },
  {
    weight: 1,
    arbitrary: fc.constant({ kind: 'needs_approval' as const, reason: reason('approval_required') }),
  },
  {
    weight: 1,
    arbitrary: fc
      .constantFrom('cancelled' as const, 'superseded' as const, 'succeeded' as const)
      .map((phase) => ({ kind: 'stop' as const, phase, reason: reason('already_green') })),
  },
);

const evidenceFact = fc
  .record({
    agent: fc.constantFrom('rex', 'blaze'),
    transient: mostly(false, true),
    headSha: sha,
    failedChecks: checks,
    verdict,
    brief: fc.nat(50),
  })
  .map(
    ({ brief, ...changes }) =>
      (): Fact =>
        evidence({ ...changes, briefId: `brief-${brief}` }),
  );

const ended = fc
  .record({
    how: fc.constantFrom(
      ...Array(8).fill('succeeded'),
      'failed',
      'deadline',
      'infrastructure',
      'infrastructure',
      'cancelled',
    ),
    report,
    shift,
  })
  .map(
    ({ how, report: said, shift: by }) =>
      (remediation: Remediation): Fact =>
        codeRunEnded(remediation.spawned + by, {
          how: how as 'succeeded',
          detail: `ended: ${how}`,
          report: said && aReport(said),
        }),
  );

const read = fc
  .record({
    state: fc.constantFrom('green' as const, 'red' as const, 'pending' as const),
    sha,
    red: checks,
    problem: fc.option(fc.constant('the commit is not on the branch'), { nil: null, freq: 6 }),
    refusal: fc.option(fc.constant('the change skips tests'), { nil: null, freq: 6 }),
  })
  .map((changes) => (): Fact => checksRead(changes.state, changes));

const created = fc.record({ shift, name: fc.constantFrom('run-a', 'run-b') }).map(
  ({ shift: by, name }) =>
    (remediation: Remediation): Fact => ({ kind: 'coderun_created', ordinal: remediation.spawned + by, name }),
);

const simple = fc
  .oneof(
    fc.record({ kind: fc.constant('failure_joined' as const), checks, runId: fc.constant(41), headSha: sha }),
    fc.record({ kind: fc.constant('ci_event_seen' as const), headSha: sha, conclusion: fc.constant('failure') }),
    fc.record({ kind: fc.constant('gather_failed' as const), detail: fc.constant('GitHub answered 502') }),
    fc.record({ kind: fc.constant('rerun_requested' as const), accepted: fc.boolean(), detail: fc.constant('x') }),
    fc.record({ kind: fc.constant('pull_request_opened' as const), number: fc.constantFrom(12, 13) }),
  )
  .map((fact) => (): Fact => fact);

const timer = fc.constant((): Fact => ({ kind: 'timer_rang' }));

const withdrawn = fc
  .constantFrom('cancelled' as const, 'superseded' as const)
  .map((phase) => (): Fact => ({ kind: 'withdrawn', phase, reason: reason('newer_commit') }));

const person = fc
  .oneof(
    fc.constantFrom('cancel' as const, 'approve' as const, 'approve' as const).map((verb) => ({ verb })),
    fc.constant({ verb: 'retry' as const, guidance: { text: 'look there', mode: 'append' as const, by: 'ada' } }),
    fc.constant({ verb: 'retry' as const, guidance: null }),
    fc.constant({ verb: 'route' as const, agent: 'blaze' }),
  )
  .map((command) => (): Fact => ({ kind: 'person_commanded', by: 'ada', ...command }) as Fact);

/** Time passes: not at all, a little, until the timer rings, much, or backwards as a clock that is put right. */
const HOUR = 3_600_000;
type Passes = (remediation: Remediation, now: number) => number;
const clock: fc.Arbitrary<Passes> = fc.oneof(
  { weight: 20, arbitrary: fc.constant<Passes>((_, now) => now) },
  {
    weight: 6,
    arbitrary: fc.integer({ min: 1, max: 4_000 }).map(
      (ms): Passes =>
        (_, now) =>
          now + ms,
    ),
  },
  { weight: 30, arbitrary: fc.constant<Passes>(({ wakeAt }, now) => Math.max(now, wakeAt ?? now)) },
  { weight: 1, arbitrary: fc.constant<Passes>((_, now) => now + 100 * HOUR) },
  {
    weight: 1,
    arbitrary: fc.integer({ min: 1, max: HOUR }).map(
      (ms): Passes =>
        (_, now) =>
          now - ms,
    ),
  },
);

type Makes = fc.Arbitrary<(remediation: Remediation) => Fact>;

/** The fact that the phase waits for: without it most lives would end before an agent was ever sent. */
const fitting: Makes = fc
  .record({ evidence: evidenceFact, ended, read, created, timer, isNamed: fc.boolean(), isApproved: fc.boolean() })
  .map(({ isNamed, isApproved, ...facts }) => (remediation: Remediation): Fact => {
    switch (remediation.phase) {
      case 'gathering':
        return facts.evidence();
      case 'working':
        return isNamed ? facts.created(remediation) : facts.ended(remediation);
      case 'verifying':
      case 'rerunning':
        return facts.read();
      case 'awaiting_approval':
        return isApproved ? { kind: 'person_commanded', verb: 'approve', by: 'ada' } : facts.timer();
      default:
        return facts.timer();
    }
  });

function events(...kinds: { readonly weight: number; readonly arbitrary: Makes }[]): fc.Arbitrary<Event> {
  return fc.tuple(fc.oneof(...kinds), clock).map(
    ([makes, passes]): Event =>
      (remediation, before) => {
        const now = passes(remediation, before);
        return { fact: makes(remediation), now };
      },
  );
}

const work = [
  { weight: 80, arbitrary: fitting },
  { weight: 4, arbitrary: timer as Makes },
  { weight: 4, arbitrary: evidenceFact as Makes },
  { weight: 4, arbitrary: ended as Makes },
  { weight: 4, arbitrary: read as Makes },
  { weight: 2, arbitrary: created as Makes },
  { weight: 6, arbitrary: simple as Makes },
];

/** Anything at all. */
export const anyEvent = events(
  ...work,
  { weight: 1, arbitrary: withdrawn as Makes },
  { weight: 4, arbitrary: person as Makes },
);
/** Anything but a person or a reason to stop: what could keep Healer busy by itself. */
export const machineEvent = events(...work);

/** `usual` most of the time: what is rare must not end most lives before they begin. */
function mostly<T>(usual: T, ...rare: readonly T[]): fc.Arbitrary<T> {
  return fc.oneof({ weight: 20, arbitrary: fc.constant(usual) }, { weight: 1, arbitrary: fc.constantFrom(...rare) });
}

export const anyLoad: fc.Arbitrary<Load> = fc.record({
  running: mostly(0, 5),
  maxRunning: fc.constant(5),
  paused: mostly(false, true),
  breakerUntil: mostly<number | null>(null, Number.MAX_SAFE_INTEGER),
  allowances: mostly<Load['allowances']>(
    [],
    [{ code: 'daily_attempts', used: 3, limit: 4, what: 'attempts were begun today' }],
    [{ code: 'daily_cost', used: 4, limit: 4, what: 'US dollars were spent today' }],
  ),
  incident: mostly<Load['incident']>(
    null,
    anIncident(),
    anIncident({ isLead: true }),
    anIncident({ escalatedAs: 'ci-7' }),
  ),
});

/** A wave in which another one goes ahead; `changes` make it another standing. */
export function anIncident(changes: Partial<IncidentLoad> = {}): IncidentLoad {
  return {
    what: 'red because of a network failure',
    lead: 'ci-1',
    isLead: false,
    escalatedAs: null,
    until: Number.MAX_SAFE_INTEGER,
    ...changes,
  };
}

export const anyPolicy: fc.Arbitrary<Policy> = fc
  .record({
    maxAttempts: fc.integer({ min: 1, max: 4 }),
    maxInfrastructureFailures: fc.integer({ min: 1, max: 3 }),
    maxGatherFailures: fc.integer({ min: 1, max: 4 }),
    mode: mostly<Policy['mode']>('live', 'shadow', 'paused'),
  })
  .map((changes) => ({ ...DEFAULT_POLICY, maxDeferredMs: 600_000, approvalTimeoutMs: 600_000, ...changes }));
