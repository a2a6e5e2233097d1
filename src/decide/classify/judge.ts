import type { Route, Rule, RuleSet } from '../route/rule-set.ts';
import { type Names, routeFor } from './matrix.ts';
import type { Hit } from './reading.ts';
import type { Step } from './steps.ts';

export interface WeighedHit {
  readonly hit: Hit;
  /** Weight of the pattern times how much its place in the log counts. */
  readonly weight: number;
  /** The same without regard to how far along the step it stands: what a reader wants to see, first failure first. */
  readonly interest: number;
}

export interface RuleScore {
  readonly rule: Rule;
  readonly score: number;
  /** The part of the score that the log's own words gave. */
  readonly fromLog: number;
  /** What names of workflow, job, steps and commands say for it. */
  readonly fromNames: number;
  /** What the failing step and its command alone say. */
  readonly fromCommand: number;
}

export interface Judgement {
  /** Of each rule that anything speaks for, in the order of the rules. */
  readonly scores: readonly RuleScore[];
  /** The row of the routing matrix that names and files suggest. */
  readonly route: Route | null;
  readonly weighed: readonly WeighedHit[];
}

/** A repeated find adds a little, a second kind of find adds less than the first. */
const DIMINISHING = [1, 0.6, 0.4, 0.3, 0.2];
/** What a wrapper's words are worth beside words of the tool it wraps. */
const OUTER_YIELDS = 0.4;
const INNER_SPEAKS = 3;
const FILES_PRIOR = 0.8;
/** Names strengthen what the log says and do not replace it. */
const NAMES_SHARE = 0.3;
const ROUTE_PRIOR = 1;
/** A line that the last green run printed as well did not break this one. */
const KNOWN_FROM_GREEN = 0.15;
/** A network fault with so many lines behind it in the same step was tried again or tolerated. */
const SURVIVED_LINES = 80;
const SURVIVED = 0.35;

/**
 * Every hit with its weight, in the order of the reading.
 * @param failing the steps that made the run red
 * @param greenTexts lines of the last green run; null when there is none
 */
export function weigh(
  hits: readonly Hit[],
  steps: readonly Step[],
  failing: readonly Step[],
  greenTexts: ReadonlySet<string> | null,
): WeighedHit[] {
  const weights = stepWeights(steps, failing);
  return hits.map((hit) => {
    const step = steps[hit.step]!;
    const end = step.failLine ?? step.endLine;
    const isAfter = step.failLine !== null && hit.line > step.failLine;
    const place = weights[hit.step]! * (isAfter ? 0.5 : 1) * (isTolerated(hit) ? 0.3 : 1);
    const interest = hit.pattern.weight * place * (greenTexts?.has(hit.text) ? KNOWN_FROM_GREEN : 1);
    const along = Math.min(1, (hit.line - step.startLine + 1) / Math.max(1, end - step.startLine + 1));
    const survived = hit.pattern.isTransient && end - hit.line > SURVIVED_LINES ? SURVIVED : 1;
    return { hit, interest, weight: interest * (0.7 + 0.3 * along) * survived };
  });
}

/** The heaviest first. */
export const byWeight = (a: WeighedHit, b: WeighedHit): number => b.weight - a.weight || a.hit.line - b.hit.line;

/** What a reader wants to see first; of one line the heaviest. */
export const byInterest = (a: WeighedHit, b: WeighedHit): number =>
  b.interest - a.interest || a.hit.line - b.hit.line || b.weight - a.weight;

/** @param said reads the part of the log that matters, for the words of the routing matrix */
export function judge(
  weighed: readonly WeighedHit[],
  counts: ReadonlyMap<number, number>,
  names: Names,
  rules: RuleSet,
  said: () => string,
): Judgement {
  const route = routeFor(rules.routes, names, said);
  const finds = findsByRule(weighed, counts, rules);
  const known: Known = { finds, named: namedRules(rules, spokenNames(names)), names, route };
  const outerShare = innerSpeaks(rules, finds) ? OUTER_YIELDS : 1;
  const scores: RuleScore[] = [];
  for (const rule of rules.rules) {
    const score = scoreOf(rule, known, rule.isOuter ? outerShare : 1);
    if (score !== null) scores.push(score);
  }
  return { scores, route, weighed };
}

/** What the log says for a rule. */
interface Finds {
  /** Of each pattern that speaks for it. */
  readonly weights: number[];
  /** The strongest word against it; 0 when there is none. */
  against: number;
  fromLog: number;
}

/** By index of the rule. */
type ByRule<T> = readonly (T | undefined)[];

function findsByRule(
  weighed: readonly WeighedHit[],
  counts: ReadonlyMap<number, number>,
  { rules, patterns }: RuleSet,
): ByRule<Finds> {
  const strongest = new Map<number, number>();
  for (const { hit, weight } of weighed) {
    const { index } = hit.pattern;
    if (Math.abs(weight) > Math.abs(strongest.get(index) ?? 0)) strongest.set(index, weight);
  }
  const byRule = new Array<Finds | undefined>(rules.length);
  for (const [index, weight] of strongest) {
    const { rule } = patterns[index]!;
    byRule[rule] ??= { weights: [], against: 0, fromLog: 0 };
    const finds = byRule[rule];
    if (weight > 0) finds.weights.push(weight * (1 + 0.05 * Math.min(5, Math.log2(counts.get(index) ?? 1))));
    else finds.against = Math.min(finds.against, weight);
  }
  for (const finds of byRule) if (finds) finds.fromLog = Math.max(0, diminishing(finds.weights) + finds.against);
  return byRule;
}

function diminishing(weights: number[]): number {
  weights.sort((a, b) => b - a);
  let sum = 0;
  for (let i = 0; i < weights.length; i++) sum += weights[i]! * (DIMINISHING[i] ?? 0.1);
  return sum;
}

function innerSpeaks({ rules }: RuleSet, finds: ByRule<Finds>): boolean {
  return finds.some((found, rule) => found !== undefined && found.fromLog >= INNER_SPEAKS && !rules[rule]!.isOuter);
}

interface Known {
  readonly finds: ByRule<Finds>;
  readonly named: ByRule<Named>;
  readonly names: Names;
  readonly route: Route | null;
}

/** What names say for a rule. */
interface Named {
  fromNames: number;
  fromCommand: number;
}

const NO_FINDS: Pick<Finds, 'fromLog' | 'against'> = { fromLog: 0, against: 0 };
const NOT_NAMED: Readonly<Named> = { fromNames: 0, fromCommand: 0 };

/** @returns null when nothing speaks for the rule */
function scoreOf(rule: Rule, known: Known, share: number): RuleScore | null {
  const { fromLog, against } = known.finds[rule.index] ?? NO_FINDS;
  const { fromNames, fromCommand } = known.named[rule.index] ?? NOT_NAMED;
  const named = Math.min(fromNames, 1 + NAMES_SHARE * fromLog);
  const prior = named + filePrior(rule, known.names) + (known.route?.agent === rule.agent ? ROUTE_PRIOR : 0);
  if (fromLog === 0 && prior === 0) return null;
  const score = fromLog > 0 ? fromLog + prior : against < 0 ? 0 : Math.min(prior, 1.5) * 0.8;
  return { rule, fromLog, fromNames, fromCommand, score: score * share };
}

interface Spoken {
  readonly text: string;
  readonly factor: number;
}

const COMMAND = 1;

/** Names by how much they say: what failed, the job around it, the workflow around that. */
function spokenNames(names: Names): readonly Spoken[] {
  return [
    { text: [...names.commands, ...names.failedSteps].join('\n'), factor: COMMAND },
    { text: names.job ?? '', factor: 0.7 },
    { text: names.workflow ?? '', factor: 0.5 },
  ].filter(({ text }) => text !== '');
}

function namedRules({ rules, names }: RuleSet, spoken: readonly Spoken[]): ByRule<Named> {
  const byRule = new Array<Named | undefined>(rules.length);
  for (const { text, factor } of spoken) {
    for (const { rule, weight } of names.namesIn(text)) {
      byRule[rule] ??= { fromNames: 0, fromCommand: 0 };
      const named = byRule[rule];
      named.fromNames = Math.max(named.fromNames, weight * factor);
      if (factor === COMMAND) named.fromCommand = Math.max(named.fromCommand, weight);
    }
  }
  return byRule;
}

function filePrior(rule: Rule, names: Names): number {
  if (rule.files.length === 0 || names.changedFiles.length === 0) return 0;
  const matching = names.changedFiles.filter((path) => rule.files.some((glob) => glob.test(path)));
  return FILES_PRIOR * (matching.length / names.changedFiles.length);
}

/** The steps that made the run red; the last one is where it stopped. */
export function failingSteps(steps: readonly Step[]): readonly Step[] {
  const work = steps.filter((step) => !step.isCleanup && step.failLine !== null && !step.passed);
  const hard = work.filter((step) => step.exitCode !== null);
  return hard.length > 0 ? work.filter((step) => step.exitCode !== null || step.index >= hard[0]!.index) : work;
}

/** Tools mark what they tolerate near the start of a line. */
const SAYS_WARNING = /^.{0,160}?(?:^|[\s[:(])(?:[Ww]arning|WARN(?:ING)?)(?:[\]:)]|\s|$)/;

const saysWarning = (text: string): boolean =>
  (text.includes('arning') || text.includes('WARN')) && SAYS_WARNING.test(text);

const isTolerated = ({ marker, text }: Hit): boolean =>
  marker === 'warning' || marker === 'notice' || saysWarning(text);

/** How much each step counts. */
function stepWeights(steps: readonly Step[], failing: readonly Step[]): number[] {
  const last = failing[failing.length - 1];
  const lastWork = steps.findLast((step) => !step.isCleanup);
  return steps.map((step) => {
    if (step.isCleanup) return 0.05;
    if (last === undefined) return step === lastWork ? 1 : step.passed ? 0.15 : 0.6;
    if (step === last) return 1;
    if (failing.includes(step)) return step.isStated ? 0.95 : 0.6;
    return step.passed ? 0.08 : step.index < last.index ? 0.15 : 0.1;
  });
}
