import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { chooseAgent } from '../../src/decide/agent-choice.ts';
import { type Asked, alreadyTold, knowledgeOf, type Situation } from '../../src/decide/repeat.ts';
import { OUTCOMES, type Outcome } from '../../src/model/outcome.ts';
import type { Attempt } from '../../src/model/remediation.ts';
import { anAttempt, aReport } from '../support/builders.ts';

const SITUATION: Situation = { failureType: 'rust_test', fingerprint: 'f', red: ['build'], guidance: null };
const ended = (number: number, changes: Partial<Attempt>): Attempt =>
  anAttempt({ number, ordinal: number, endedAt: number, outcome: 'timeout', report: null, detail: null, ...changes });

describe('what a brief can tell', () => {
  it('grows by what an attempt showed', () => {
    const failed = ended(1, { outcome: 'ci_still_failing', stillRed: ['build'], report: aReport() });
    expect(knowledgeOf(SITUATION, [failed])).not.toBe(knowledgeOf(SITUATION, []));
    const other = ended(2, { outcome: 'ci_still_failing', stillRed: ['lint'], report: aReport() });
    expect(knowledgeOf(SITUATION, [failed, other])).not.toBe(knowledgeOf(SITUATION, [failed]));
  });

  it.each<[string, Partial<Situation>]>([
    ['another failure', { fingerprint: 'g' }],
    ['another type of failure', { failureType: 'rust_build' }],
    ['another red check', { red: ['build', 'lint'] }],
    ['words of a person', { guidance: 'Look at build.rs.' }],
  ])('changes with %s', (_, changes) => {
    expect(knowledgeOf({ ...SITUATION, ...changes }, [])).not.toBe(knowledgeOf(SITUATION, []));
  });

  it('does not grow by an attempt that ended just like an earlier one, nor by one that never ran', () => {
    const first = ended(1, {
      outcome: 'ci_still_failing',
      detail: 'Still red on 0a1b2c3d: build.',
      stillRed: ['build'],
    });
    const again = ended(2, { ...first, number: 2, ordinal: 2, detail: 'Still red on 4e5f6a7b: build.' });
    expect(knowledgeOf(SITUATION, [first, again])).toBe(knowledgeOf(SITUATION, [first]));
    const lost = ended(3, { outcome: 'infrastructure', detail: 'The node is gone.' });
    expect(knowledgeOf(SITUATION, [first, lost])).toBe(knowledgeOf(SITUATION, [first]));
    expect(knowledgeOf({ ...SITUATION, red: ['build', 'build'] }, [])).toBe(knowledgeOf(SITUATION, []));
  });
});

const AGENTS = ['atlas', 'blaze', 'bolt', 'cipher', 'rex'];

interface Ending {
  readonly outcome: Outcome;
  readonly summary: string | null;
  readonly stillRed: readonly string[];
}

const ending: fc.Arbitrary<Ending> = fc.record({
  outcome: fc.constantFrom(...OUTCOMES.filter((outcome) => outcome !== 'success' && outcome !== 'cancelled')),
  summary: fc.constantFrom(null, 'Removed a borrow.', 'Updated the lock file.'),
  stillRed: fc.constantFrom(['build'], ['build', 'lint']),
});

interface Life {
  readonly sent: readonly { readonly agent: string; readonly knowledge: string }[];
  readonly nothingNew: boolean;
}

/** A lineage without a limit of attempts: each ends as told until there are no more endings, or nothing new to tell. */
function live(endings: readonly Ending[], agents: readonly string[], pinned: string | null): Life {
  const sent: { agent: string; knowledge: string }[] = [];
  const asked: Asked[] = [];
  const attempts: Attempt[] = [];
  for (const [index, { outcome, summary, stillRed }] of endings.entries()) {
    const knowledge = knowledgeOf(SITUATION, attempts);
    const told = alreadyTold(asked, knowledge);
    const choice = { classified: 'rex', pinned, attempts, agents, told };
    const { agent, nothingNew } = chooseAgent(choice);
    if (nothingNew) return { sent, nothingNew };
    const report = summary === null ? null : aReport({ summary });
    attempts.push(ended(index + 1, { agent, outcome, report, stillRed }));
    if (outcome === 'infrastructure') continue;
    sent.push({ agent, knowledge });
    asked.push({ agent, knowledge });
  }
  return { sent, nothingNew: false };
}

describe('the same agent', () => {
  const lives = fc.tuple(
    fc.array(ending, { maxLength: 24 }),
    fc.uniqueArray(fc.constantFrom(...AGENTS), { minLength: 1 }),
    fc.option(fc.constantFrom(...AGENTS), { nil: null }),
  );

  it('is never sent twice with the same brief, however attempts end', () => {
    fc.assert(
      fc.property(lives, ([endings, agents, pinned]) => {
        const { sent } = live(endings, agents, pinned);
        const keys = sent.map(({ agent, knowledge }) => `${agent} ${knowledge}`);
        expect(new Set(keys).size).toBe(keys.length);
      }),
      { numRuns: 1_000 },
    );
  });

  it('is not sent for ever when nothing is learned: after everybody was told, people are asked', () => {
    const same: Ending = { outcome: 'timeout', summary: null, stillRed: ['build'] };
    const { sent, nothingNew } = live(Array(60).fill(same), AGENTS, null);
    expect(nothingNew).toBe(true);
    expect(new Set(sent.map(({ agent }) => agent))).toEqual(new Set(AGENTS));
    expect(sent.length).toBeLessThanOrEqual(AGENTS.length * (AGENTS.length + 1));
  });

  it('gives way to another who was not told yet, with the reason', () => {
    const asked = ended(1, { agent: 'rex', outcome: 'timeout' });
    const told = new Set(['rex']);
    const choice = chooseAgent({ classified: 'rex', pinned: null, attempts: [asked], agents: AGENTS, told });
    expect(choice).toEqual({ agent: 'atlas', why: 'there is nothing new to tell rex', nothingNew: false });
  });

  it('is not replaced when a person asked for it: people are asked again instead', () => {
    const choice = { classified: 'rex', pinned: 'rex', attempts: [], agents: AGENTS, told: new Set(['rex']) };
    expect(chooseAgent(choice)).toMatchObject({ agent: 'rex', nothingNew: true });
  });
});
