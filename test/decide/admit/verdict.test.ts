import { describe, expect, it } from 'vitest';
import { commitToRepair, type GatheredFacts, judgeEvidence } from '../../../src/decide/admit/verdict.ts';
import type { Remediation } from '../../../src/model/remediation.ts';
import { anAttempt, aRemediation, SHA } from '../../support/builders.ts';
import { NOON } from '../../support/clock.ts';

const NEWER = 'd'.repeat(40);
const red = (sha = SHA) => ({ sha, state: 'red' as const });
const fine: GatheredFacts = {
  branch: { exists: true, headSha: SHA },
  pullRequest: null,
  commitMessage: 'Change the cart',
  checksNow: red(),
  baseRed: false,
};
const pull = (changes: object = {}) => ({
  number: 12,
  state: 'open' as const,
  merged: false,
  fromFork: false,
  labels: [],
  ...changes,
});
const tried = [anAttempt({ endedAt: NOON, outcome: 'agent_failed' })];
const alert = { kind: 'play_failed' } as unknown as Remediation['causes'][number];

interface Row {
  readonly name: string;
  readonly facts?: Partial<GatheredFacts>;
  readonly remediation?: Partial<Remediation>;
  readonly gives: string;
}

const TABLE: readonly Row[] = [
  { name: 'a red build', gives: 'proceed' },
  {
    name: 'nothing could be found out',
    facts: { branch: null, checksNow: null, commitMessage: null, baseRed: null },
    gives: 'proceed',
  },
  { name: 'the branch is gone', facts: { branch: { exists: false, headSha: null } }, gives: 'cancelled branch_gone' },
  {
    name: 'its pull request was closed',
    facts: { pullRequest: pull({ state: 'closed' }) },
    remediation: { pullRequest: 12 },
    gives: 'cancelled pull_request_closed',
  },
  {
    name: 'another pull request was closed',
    facts: { pullRequest: pull({ state: 'closed' }) },
    remediation: { pullRequest: 9 },
    gives: 'proceed',
  },
  {
    name: 'the fork’s pull request was closed that a person spoke for',
    facts: { pullRequest: pull({ state: 'closed', fromFork: true }) },
    remediation: { branch: 'refs/pull/12/head', approvedBy: 'ada', pullRequest: 13 },
    gives: 'cancelled pull_request_closed',
  },
  {
    name: 'a skip flag in the head commit, which no event carried',
    facts: { commitMessage: 'wip [healer skip]' },
    gives: 'cancelled opted_out',
  },
  { name: 'the label', facts: { pullRequest: pull({ labels: ['bug', 'skip-healer'] }) }, gives: 'cancelled opted_out' },
  {
    name: 'the label of the platform',
    facts: { pullRequest: pull({ labels: ['healer.platform/exclude'] }) },
    gives: 'cancelled opted_out',
  },
  {
    name: 'a fork, as only the pull request tells',
    facts: { pullRequest: pull({ fromFork: true }) },
    gives: 'cancelled fork',
  },
  {
    name: 'a fork that a maintainer spoke for',
    facts: { pullRequest: pull({ fromFork: true }) },
    remediation: { approvedBy: 'ada' },
    gives: 'proceed',
  },
  { name: 'green meanwhile', facts: { checksNow: { sha: SHA, state: 'green' } }, gives: 'succeeded already_green' },
  {
    name: 'green, but an alert asks',
    facts: { checksNow: { sha: SHA, state: 'green' } },
    remediation: { causes: [alert] },
    gives: 'proceed',
  },
  {
    name: 'a newer commit whose checks run',
    facts: { branch: { exists: true, headSha: NEWER }, checksNow: { sha: NEWER, state: 'pending' } },
    gives: 'superseded newer_commit',
  },
  {
    name: 'a newer commit that is red as well',
    facts: { branch: { exists: true, headSha: NEWER }, checksNow: red(NEWER) },
    gives: 'proceed',
  },
  {
    name: 'a newer commit after an agent was sent',
    facts: { branch: { exists: true, headSha: NEWER }, checksNow: null },
    remediation: { attempts: tried },
    gives: 'proceed',
  },
  { name: 'the base is red in the same way', facts: { baseRed: true }, gives: 'cancelled base_red' },
  {
    name: 'the base turned red after an agent was sent',
    facts: { baseRed: true },
    remediation: { attempts: tried },
    gives: 'proceed',
  },
  {
    name: 'the base is red, but an alert asks',
    facts: { baseRed: true },
    remediation: { causes: [alert] },
    gives: 'proceed',
  },
];

describe('whether an agent is worth its money', () => {
  it.each(TABLE)('$name: $gives', ({ facts, remediation, gives }) => {
    const verdict = judgeEvidence(aRemediation(remediation), { ...fine, ...facts });
    expect(verdict.kind === 'stop' ? `${verdict.phase} ${verdict.reason.code}` : verdict.kind).toBe(gives);
  });

  it('repairs the branch’s head when that is red as well', () => {
    expect(commitToRepair(aRemediation(), { ...fine, checksNow: red(NEWER) })).toBe(NEWER);
    expect(commitToRepair(aRemediation(), { ...fine, checksNow: { sha: NEWER, state: 'pending' } })).toBe(SHA);
  });
});
