import { DEFAULT_AGENT } from '../../model/agent.ts';
import { FAILURE_TYPES, type FailureType, isTransient } from '../../model/failure-type.ts';
import type { Judgement, RuleScore } from './judge.ts';

/** Two digits are as many as mean something. */
export const round = (value: number): number => Math.round(value * 100) / 100;

/** The answer, without the lines that show it. */
export interface Verdict {
  readonly agent: string;
  readonly failureType: FailureType;
  readonly transient: boolean;
  readonly confidence: number;
  readonly rule: string;
  readonly reason: string;
}

/** Below this the log says too little, and names decide. */
const WEAK = 2;

/** A name that says this much tells the type as well. */
const NAMED = 1;
/** A wrapper's words below this leave the failing step's command the say, if its name tells this much. */
const SPEAKS = 3.5;
const STRONG_NAME = 1.5;

/** @param hasLog false when only names are known, as at intake */
export function decide(judgement: Judgement, hasLog: boolean): Verdict {
  // What the log says comes before what names suggest.
  const first = bestOf(judgement.scores, ({ fromLog }) => fromLog > 0) ?? bestOf(judgement.scores, () => true);
  const { route } = judgement;
  const isWeak = first === undefined || first.fromLog < WEAK;
  if (isWeak && route) {
    const named = judgement.scores.filter(({ rule, fromNames }) => rule.agent === route.agent && fromNames >= NAMED);
    const [best] = named.sort((a, b) => b.fromNames + b.fromLog - a.fromNames - a.fromLog || b.score - a.score);
    return {
      agent: route.agent,
      failureType: best?.rule.failureType ?? route.failureType,
      transient: false,
      confidence: hasLog ? 0.45 : 0.4,
      rule: route.id,
      reason: `Names and changed files fit row ${route.row} of the routing matrix; ${settle(hasLog)}.`,
    };
  }
  if (first === undefined || first.score <= 0) {
    return {
      agent: DEFAULT_AGENT,
      failureType: 'general',
      transient: false,
      confidence: 0.2,
      rule: 'default',
      reason: `Nothing points at a special agent; ${settle(hasLog)}.`,
    };
  }
  return verdictOf(commanded(judgement, first) ?? first, judgement, hasLog);
}

/** When only weak words were found, the tool that the failing step ran says more. */
function commanded(judgement: Judgement, first: RuleScore): RuleScore | null {
  if (first.rule.failureType !== 'general' || !first.rule.isOuter || first.fromLog >= SPEAKS) return null;
  const named = judgement.scores.filter(({ rule, fromCommand }) => !rule.isOuter && fromCommand >= STRONG_NAME);
  return named.sort((a, b) => b.fromCommand + b.fromLog - a.fromCommand - a.fromLog || b.score - a.score)[0] ?? null;
}

/** The highest score among those that count; of equal ones the earlier rule's. */
function bestOf(scores: readonly RuleScore[], counts: (entry: RuleScore) => boolean): RuleScore | undefined {
  let best: RuleScore | undefined;
  for (const entry of scores) if ((best === undefined || entry.score > best.score) && counts(entry)) best = entry;
  return best;
}

const settle = (hasLog: boolean): string =>
  hasLog ? 'the log of the failing step alone, or the changed files, would settle it' : 'the log would settle it';

function verdictOf(first: RuleScore, judgement: Judgement, hasLog: boolean): Verdict {
  const rival = bestOf(judgement.scores, ({ rule }) => rule.agent !== first.rule.agent);
  const margin = first.score / (first.score + (rival?.score ?? 0));
  const strength = 1 - Math.exp(-first.score / 2.5);
  const confidence = hasLog ? round(Math.min(0.99, strength * Math.min(1, Math.max(0.3, margin * 1.6 - 0.25)))) : 0.35;
  const type = first.rule.failureType;
  const title = FAILURE_TYPES[type].title;
  const rivalText = rival && rival.score > 0 ? ` (next: ${rival.rule.id})` : '';
  return {
    agent: first.rule.agent,
    failureType: type,
    transient: isTransient(type) || looksTransient(judgement, first),
    confidence,
    rule: first.rule.id,
    reason:
      confidence < 0.5
        ? `Probably ${title}${rivalText}; ${settle(hasLog)}.`
        : `The log says ${title}, by rule ${first.rule.id}${rivalText}.`,
  };
}

/** Something fleeting was printed in the failing step, and it weighs at least as much as what cannot be fleeting. */
function looksTransient(judgement: Judgement, first: RuleScore): boolean {
  let [fleeting, lasting] = [0, 0];
  for (const { hit, weight } of judgement.weighed) {
    if (hit.pattern.isTransient) fleeting = Math.max(fleeting, weight);
    else if (hit.pattern.rule === first.rule.index) lasting = Math.max(lasting, weight);
  }
  return fleeting >= 3 && fleeting >= lasting;
}
