import { describe, expect, it } from 'vitest';
import { type Admission, admissionGates, admitCi } from '../../../src/decide/admit/admission.ts';
import { admitReview } from '../../../src/decide/admit/causes.ts';
import type { KnownFacts } from '../../../src/decide/admit/known.ts';
import type { AdmissionPolicy } from '../../../src/decide/admit/policy.ts';
import type { Remediation } from '../../../src/model/remediation.ts';
import type { CiSignal, ReviewSignal } from '../../../src/model/signal.ts';
import { inPhase } from '../../remediate/phases.ts';
import { AGENT_SHA, aCheck, aCiSignal, anAttempt, aReport } from '../../support/builders.ts';
import { NOON } from '../../support/clock.ts';

import { MINUTE, policy } from './policy.ts';

const nothing: KnownFacts = { ofRun: null, live: null, lastEnded: null, lineageAttempts: null };
const bot = (login: string) => ({ login, type: 'Bot' as const });

interface Row {
  readonly name: string;
  readonly signal?: Partial<CiSignal>;
  readonly known?: Partial<KnownFacts>;
  readonly policy?: Partial<AdmissionPolicy>;
  /** Minutes after noon. */
  readonly after?: number;
  readonly gives: string;
}

/** `kind reason`, and what tells two answers of a kind apart. */
function inWords(admission: Admission): string {
  const { kind, reason } = admission;
  if (kind === 'open') return `open ${reason.code}${admission.continues ? ' continues' : ''}`;
  if (kind === 'tell') return `tell ${admission.fact.kind} ${reason.code}`;
  return `${admission.status} ${reason.code}${admission.healthy ? ' healthy' : ''}`;
}

const ended = (changes: Partial<Remediation> = {}) => inPhase('escalated', { spawned: 1, ...changes });
const lastCommit = [anAttempt({ endedAt: NOON, outcome: 'ci_still_failing', report: aReport() })];

const TABLE: readonly Row[] = [
  { name: 'a failure that nobody knows', gives: 'open new_failure' },
  {
    name: 'a repository that is not listed',
    policy: { repositories: ['acme/till'] },
    gives: 'skipped repository_not_allowed',
  },
  { name: 'a repository listed in another case', policy: { repositories: ['ACME/Shop'] }, gives: 'open new_failure' },
  { name: 'a repository of a listed owner', policy: { repositories: ['acme/*'] }, gives: 'open new_failure' },
  {
    name: 'a repository whose owner begins alike',
    policy: { repositories: ['ac/*'] },
    gives: 'skipped repository_not_allowed',
  },
  { name: 'a fork', signal: { fromFork: true }, gives: 'skipped fork' },
  {
    name: 'a fork whose branch is called like one that is worked on',
    signal: { fromFork: true },
    known: { live: inPhase('working') },
    gives: 'skipped fork',
  },
  { name: 'no branch', signal: { branch: null }, gives: 'ignored no_branch' },
  { name: 'another job of the same run', known: { ofRun: inPhase('received') }, gives: 'tell failure_joined same_run' },
  {
    name: 'another run of the same branch',
    known: { live: inPhase('gathering') },
    gives: 'tell failure_joined same_branch',
  },
  {
    name: 'a red run while an agent’s commit is verified',
    known: { live: inPhase('verifying') },
    gives: 'tell ci_event_seen verification_event',
  },
  {
    name: 'a red run while jobs are re-run',
    known: { live: inPhase('rerunning') },
    gives: 'tell ci_event_seen verification_event',
  },
  { name: 'a run that was dealt with', known: { ofRun: ended() }, gives: 'skipped already_decided' },
  {
    name: 'a run that a person ran again after it was dealt with',
    signal: { runAttempt: 2 },
    known: { ofRun: ended() },
    gives: 'open new_failure',
  },
  {
    name: 'the run that we re-ran ourselves',
    signal: { runAttempt: 2 },
    known: { ofRun: ended({ rerunAt: NOON }) },
    gives: 'skipped already_decided',
  },
  { name: 'a skip flag', signal: { commitMessage: 'wip [Skip-Healer]' }, gives: 'skipped opted_out' },
  { name: 'the other skip flag', signal: { commitMessage: '[healer skip] later' }, gives: 'skipped opted_out' },
  { name: 'the old skip flag', signal: { commitMessage: 'x [skip-ci-remediation]' }, gives: 'skipped opted_out' },
  {
    name: 'a message that only speaks of it',
    signal: { commitMessage: 'document skip-healer' },
    gives: 'open new_failure',
  },
  { name: 'a bot', signal: { actor: bot('stranger[bot]') }, gives: 'skipped bot_author' },
  { name: 'a listed bot', signal: { actor: bot('Dependabot[bot]') }, gives: 'open new_failure' },
  { name: 'a bot listed by its App’s name', signal: { actor: bot('renovate[bot]') }, gives: 'open new_failure' },
  {
    name: 'a person who is called like a bot',
    signal: { actor: { login: 'mallory[bot]', type: 'User' } },
    gives: 'open new_failure',
  },
  { name: 'nobody in particular', signal: { actor: null }, gives: 'open new_failure' },
  {
    name: 'a remediation that ended nine minutes ago',
    known: { lastEnded: ended() },
    after: 9,
    gives: 'skipped recent_remediation',
  },
  {
    name: 'a remediation that ended ten minutes ago',
    known: { lastEnded: ended() },
    after: 10,
    gives: 'open new_failure',
  },
  {
    name: 'a commit that took the place of another just now',
    known: { lastEnded: inPhase('superseded') },
    after: 1,
    gives: 'open new_failure',
  },
  {
    name: 'a lineage that has spent its attempts',
    known: { lastEnded: ended(), lineageAttempts: 3 },
    after: 60,
    gives: 'skipped attempts_spent',
  },
  {
    name: 'a lineage with an attempt left',
    known: { lastEnded: ended(), lineageAttempts: 2 },
    after: 60,
    gives: 'open new_failure',
  },
  {
    name: 'an agent’s reported commit',
    signal: { headSha: AGENT_SHA },
    known: { lastEnded: ended({ attempts: lastCommit }) },
    after: 1,
    gives: 'open new_failure continues',
  },
  {
    name: 'an agent’s reported commit when all is spent',
    signal: { headSha: AGENT_SHA },
    known: { lastEnded: ended({ attempts: lastCommit }), lineageAttempts: 3 },
    gives: 'skipped attempts_spent',
  },
  {
    name: 'a commit that an agent’s App pushed without reporting it',
    signal: { actor: bot('5DLabs-Rex[bot]'), branch: 'fix/x' },
    known: { lastEnded: ended({ targetBranch: 'fix/x' }) },
    after: 60,
    gives: 'open new_failure continues',
  },
  {
    name: 'a person’s commit on the branch that an agent made',
    signal: { branch: 'fix/x' },
    known: { lastEnded: ended({ targetBranch: 'fix/x' }) },
    after: 60,
    gives: 'open new_failure',
  },
  {
    name: 'green while something is under way',
    signal: { kind: 'ci_passed' },
    known: { live: inPhase('verifying') },
    gives: 'tell ci_event_seen progress_noted',
  },
  { name: 'green when nothing is', signal: { kind: 'ci_passed' }, gives: 'ignored not_a_failure' },
  {
    name: 'green of a fork',
    signal: { kind: 'ci_passed', fromFork: true },
    known: { live: inPhase('verifying') },
    gives: 'ignored fork',
  },
  {
    name: 'green of the one check that was red',
    signal: { kind: 'ci_passed' },
    known: { lastEnded: ended(), lineageAttempts: 1 },
    gives: 'ignored not_a_failure healthy',
  },
  {
    name: 'green of another check',
    signal: { kind: 'ci_passed', check: aCheck('fmt') },
    known: { lastEnded: ended(), lineageAttempts: 1 },
    gives: 'ignored not_a_failure',
  },
];

describe('what becomes of a red or green build', () => {
  it.each(TABLE)('$name: $gives', (row) => {
    const signal = aCiSignal(row.signal);
    const known = { ...nothing, ...row.known };
    const admission = admitCi(signal, known, { ...policy, ...row.policy }, NOON + (row.after ?? 0) * MINUTE);
    expect(inWords(admission)).toBe(row.gives);
  });

  it.each(TABLE.filter(({ signal }) => signal?.kind !== 'ci_passed'))('the gates tell the same: $name', (row) => {
    const known = { ...nothing, ...row.known };
    const now = NOON + (row.after ?? 0) * MINUTE;
    const gates = admissionGates(aCiSignal(row.signal), known, { ...policy, ...row.policy }, now);
    expect(gates.slice(0, -1).every(({ passed }) => passed)).toBe(true);
    expect(gates.at(-1)?.passed).toBe(row.gives.startsWith('open'));
  });

  it('keeps every gate apart: each decides in at least one row', () => {
    const deciding = TABLE.map(
      (row) =>
        admissionGates(
          aCiSignal(row.signal),
          { ...nothing, ...row.known },
          { ...policy, ...row.policy },
          NOON + (row.after ?? 0) * MINUTE,
        ).find(({ passed }) => !passed)?.gate,
    );
    expect(new Set(deciding.filter(Boolean)).size).toBe(9);
  });
});

describe('whose review is repaired', () => {
  const review = (app: ReviewSignal['app']): ReviewSignal => ({
    kind: 'review_requested',
    repository: 'acme/shop',
    defaultBranch: 'main',
    pullRequest: 12,
    headRef: 'topic',
    headSha: 'a'.repeat(40),
    baseRef: 'main',
    fromFork: false,
    source: 'button',
    reviewer: null,
    app,
    actor: null,
    authorAssociation: null,
    state: null,
    reviewId: null,
    commentId: null,
    button: { identifier: 'fix', checkRunId: 1, checkName: 'review', externalId: null, isOwn: false },
    findings: [],
    body: '',
    url: null,
  });

  it.each([
    ['an App that is listed by its slug', { id: 5, slug: 'stitch' }, 'open'],
    ['an App that is listed by its id, whatever it is called', { id: 77, slug: 'renamed' }, 'open'],
    ['an App that is not listed', { id: 6, slug: 'other' }, 'pass'],
    ['nobody known', null, 'pass'],
  ] as const)('%s', (_, app, kind) => {
    expect(admitReview(review(app), nothing, policy, NOON).kind).toBe(kind);
  });
});
