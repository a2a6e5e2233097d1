import { describe, expect, it } from 'vitest';
import { admitPullRequestChange } from '../../../src/decide/admit/pull-request.ts';
import type { Remediation } from '../../../src/model/remediation.ts';
import type { PullRequestChanged } from '../../../src/model/signal.ts';
import { inPhase } from '../../remediate/phases.ts';
import { SHA } from '../../support/builders.ts';
import { NOON } from '../../support/clock.ts';
import { policy } from './policy.ts';

const NEWER = 'd'.repeat(40);
const FORK = 'refs/pull/12/head';
const live = (changes: Partial<Remediation> = {}) => inPhase('deferred', { pullRequest: 12, ...changes });

interface Row {
  readonly name: string;
  readonly signal: Partial<PullRequestChanged>;
  readonly live?: Remediation | null;
  readonly gives: string;
}

const TABLE: readonly Row[] = [
  { name: 'a closed pull request', signal: { change: 'closed' }, gives: 'cancelled pull_request_closed' },
  { name: 'a merged one', signal: { change: 'merged' }, gives: 'cancelled pull_request_closed' },
  { name: 'another one of the same branch', signal: { change: 'closed', number: 9 }, gives: 'looked at' },
  { name: 'a deleted branch', signal: { change: 'branch_deleted' }, gives: 'cancelled branch_gone' },
  { name: 'the opt-out label', signal: { change: 'labeled', label: 'skip-healer' }, gives: 'cancelled opted_out' },
  { name: 'another label', signal: { change: 'labeled', label: 'bug' }, gives: 'looked at' },
  { name: 'a newer commit', signal: { change: 'head_moved', headSha: NEWER }, gives: 'superseded newer_commit' },
  { name: 'the same commit', signal: { change: 'head_moved', headSha: SHA }, gives: 'looked at' },
  {
    name: 'a newer commit while an agent is at work',
    signal: { change: 'head_moved', headSha: NEWER },
    live: inPhase('working'),
    gives: 'looked at',
  },
  { name: 'nothing under way', signal: { change: 'closed' }, live: null, gives: 'ignored not_a_failure' },
  {
    name: 'the repair, merged by people',
    signal: { change: 'merged', branch: 'fix/x', number: 13 },
    live: live({ targetBranch: 'fix/x' }),
    gives: 'superseded pull_request_closed',
  },
  {
    name: 'the repair, closed by people',
    signal: { change: 'closed', branch: 'fix/x', number: 13 },
    live: live({ targetBranch: 'fix/x' }),
    gives: 'cancelled pull_request_closed',
  },
  {
    name: 'a fork’s branch that is called like ours',
    signal: { change: 'closed', fromFork: true },
    gives: 'ignored fork',
  },
  {
    name: 'a fork’s pull request that a person spoke for',
    signal: { change: 'closed', fromFork: true, branch: FORK },
    live: live({ branch: FORK, pullRequest: 13 }),
    gives: 'cancelled pull_request_closed',
  },
  {
    name: 'a newer commit in that fork',
    signal: { change: 'head_moved', fromFork: true, branch: FORK, headSha: NEWER },
    live: live({ branch: FORK, pullRequest: null }),
    gives: 'superseded newer_commit',
  },
];

describe('what a change of a pull request means for what is under way', () => {
  it.each(TABLE)('$name: $gives', (row) => {
    const signal: PullRequestChanged = {
      kind: 'pull_request_changed',
      repository: 'acme/shop',
      change: 'opened',
      branch: 'feature',
      number: 12,
      headSha: SHA,
      actor: null,
      fromFork: false,
      baseRef: 'main',
      label: null,
      labels: null,
      draft: false,
      ...row.signal,
    };
    const known = {
      ofRun: null,
      live: row.live === undefined ? live() : row.live,
      lastEnded: null,
      lineageAttempts: null,
    };
    const answer = admitPullRequestChange(signal, known, policy, NOON);
    const words =
      answer.kind === 'pass'
        ? `${answer.status} ${answer.reason.code}`
        : answer.kind === 'tell' && answer.fact.kind === 'withdrawn'
          ? `${answer.fact.phase} ${answer.fact.reason.code}`
          : 'looked at';
    expect(words).toBe(row.gives);
  });
});
