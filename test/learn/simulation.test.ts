import { describe, expect, it } from 'vitest';
import { type AgentRate, chooseAgent } from '../../src/decide/agent-choice.ts';
import { agentRates, type SkillSample } from '../../src/learn/rates.ts';
import { FAILURE_TYPES, type FailureType } from '../../src/model/failure-type.ts';
import type { Attempt } from '../../src/model/remediation.ts';
import { anAttempt } from '../support/builders.ts';

const AGENTS = ['atlas', 'blaze', 'bolt', 'cipher', 'rex'];
const REMEDIATIONS = 2_000;
const WINDOW = 200;
const HOUR = 3_600_000;

/** Who is really best at what. The rules are right about most, wrong about four, and wrong about one of security. */
const BEST: Partial<Record<FailureType, string>> = {
  rust_build: 'rex',
  rust_test: 'rex',
  rust_deps: 'bolt',
  frontend_build: 'blaze',
  frontend_lint: 'blaze',
  frontend_deps: 'atlas',
  docker_build: 'bolt',
  helm_template: 'bolt',
  platform_alert: 'atlas',
  github_workflow: 'atlas',
  python: 'blaze',
  go: 'atlas',
  security_audit: 'atlas',
};
const TYPES = Object.keys(BEST) as FailureType[];
const SKILL = { best: 0.75, other: 0.2 };

/** A small generator with a seed (mulberry32). */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

interface Life {
  readonly failureType: FailureType;
  /** Whom the first attempt went to. */
  readonly first: string;
  readonly isBest: boolean;
  readonly rulesAreRight: boolean;
  readonly fixed: boolean;
}

/** Lives of remediations one after another, each with what was learned from those before it, or with nothing. */
function simulate(seed: number, learns: boolean): readonly Life[] {
  const draw = random(seed);
  const memory = new Map<FailureType, SkillSample[]>();
  return Array.from({ length: REMEDIATIONS }, (_, n): Life => {
    const now = n * HOUR;
    const failureType = TYPES[Math.floor(draw() * TYPES.length)] ?? 'general';
    const samples = memory.get(failureType) ?? [];
    memory.set(failureType, samples);
    const classified = FAILURE_TYPES[failureType].owner;
    const rates: readonly AgentRate[] = agentRates(samples, now);
    const attempts: Attempt[] = [];
    // Each life draws as often as any other, so that lives with and without memory meet the same luck.
    const luck = [draw(), draw(), draw()];
    for (const [at, chance] of luck.entries()) {
      const { agent } = chooseAgent({
        classified,
        pinned: null,
        attempts,
        agents: AGENTS,
        failureType,
        ...(learns ? { rates } : {}),
      });
      const success = chance < (agent === BEST[failureType] ? SKILL.best : SKILL.other);
      const outcome = success ? 'success' : 'ci_still_failing';
      attempts.push(anAttempt({ number: at + 1, agent, outcome }));
      samples.push({ agent, outcome, changed: true, endedAt: now });
      if (success) break;
    }
    const first = attempts[0]?.agent ?? '';
    return {
      failureType,
      first,
      isBest: first === BEST[failureType],
      rulesAreRight: classified === BEST[failureType],
      fixed: attempts.at(-1)?.outcome === 'success',
    };
  });
}

const share = (lives: readonly Life[], is: (life: Life) => boolean) => lives.filter(is).length / lives.length;
const windows = (lives: readonly Life[]) =>
  Array.from({ length: REMEDIATIONS / WINDOW }, (_, n) => lives.slice(n * WINDOW, (n + 1) * WINDOW));

describe.each([1, 2026, 77_777])('2,000 remediations with what was learned before (seed %i)', (seed) => {
  const lives = simulate(seed, true);
  const rulesAlone = simulate(seed, false);

  it('go to the best agent more and more often', () => {
    const shares = windows(lives).map((window) => share(window, ({ isBest }) => isBest));
    const early = shares[0] ?? 1;
    const late = (shares.at(-1) ?? 0) / 2 + (shares.at(-2) ?? 0) / 2;
    expect(late).toBeGreaterThan(early + 0.15);
    expect(late).toBeGreaterThan(0.85);
  });

  it('never go to the best agent less often than by the rules alone', () => {
    for (const window of windows(lives)) {
      expect(share(window, ({ isBest }) => isBest)).toBeGreaterThanOrEqual(
        share(window, ({ rulesAreRight }) => rulesAreRight),
      );
    }
    // Where the rules are right, experience takes nothing away from them.
    expect(lives.filter(({ rulesAreRight, isBest }) => rulesAreRight && !isBest)).toEqual([]);
  });

  it('go by the rules for security, whatever experience says', () => {
    const security = lives.filter(({ failureType }) => failureType === 'security_audit');
    expect(security.length).toBeGreaterThan(50);
    expect(new Set(security.map(({ first }) => first))).toEqual(new Set(['cipher']));
  });

  it('are fixed within three attempts more often', () => {
    expect(share(lives, ({ fixed }) => fixed)).toBeGreaterThan(share(rulesAlone, ({ fixed }) => fixed) + 0.03);
  });
});
