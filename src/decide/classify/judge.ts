import type { Route, Rule, RuleSet } from '../route/rule-set.ts';
import type { Hit, Reading } from './reading.ts';
import type { Step } from './steps.ts';

/** What is known besides the log. */
export interface Names {
  readonly workflow: string | null;
  readonly job: string | null;
  readonly failedSteps: readonly string[];
  readonly changedFiles: readonly string[];
  /** Commands of the steps that the log shows as failed. */
  readonly commands: readonly string[];
}

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

interface Spoken {
  readonly text: string;
  readonly factor: number;
}

export interface Judgement {
  readonly scores: readonly RuleScore[];
  /** The row of the routing matrix that names and files suggest. */
  readonly route: Route | null;
  /** Best first. */
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

/** Every hit with its weight, best first. */
export function weigh(reading: Reading, greenTexts: ReadonlySet<string>): WeighedHit[] {
  const place = placeWeights(reading);
  return reading.hits
    .map((hit) => {
      const { step, along, toEnd } = place(hit);
      const interest = hit.pattern.weight * step * (greenTexts.has(hit.text) ? KNOWN_FROM_GREEN : 1);
      const survived = hit.pattern.isTransient && toEnd > SURVIVED_LINES ? SURVIVED : 1;
      return { hit, interest, weight: interest * (0.7 + 0.3 * along) * survived };
    })
    .sort((a, b) => b.weight - a.weight || a.hit.line - b.hit.line);
}

/** @param said reads the part of the log that matters, for the words of the routing matrix */
export function judge(
  weighed: readonly WeighedHit[],
  counts: ReadonlyMap<number, number>,
  names: Names,
  rules: RuleSet,
  said: () => string,
): Judgement {
  const byRule = groupByRule(weighed, rules.rules.length);
  const route = routeFor(rules, names, said);
  const spoken = spokenNames(names);
  const scores = rules.rules.map((rule) => scoreOf(rule, byRule[rule.index]!, counts, { names, spoken, route }));
  const settled = yieldToInner(scores).sort((a, b) => b.score - a.score || a.rule.index - b.rule.index);
  return { scores: settled, route, weighed };
}

function groupByRule(weighed: readonly WeighedHit[], count: number): readonly (readonly WeighedHit[])[] {
  const groups: WeighedHit[][] = Array.from({ length: count }, () => []);
  for (const entry of weighed) groups[entry.hit.pattern.rule]?.push(entry);
  return groups;
}

function scoreOf(
  rule: Rule,
  finds: readonly WeighedHit[],
  counts: ReadonlyMap<number, number>,
  known: { readonly names: Names; readonly spoken: readonly Spoken[]; readonly route: Route | null },
): RuleScore {
  const { fromLog, against } = logScore(finds, counts);
  const { fromNames, fromCommand } = namePriors(rule, known.spoken);
  const named = Math.min(fromNames, 1 + NAMES_SHARE * fromLog);
  const prior = named + filePrior(rule, known.names) + (known.route?.agent === rule.agent ? ROUTE_PRIOR : 0);
  return {
    rule,
    fromLog,
    fromNames,
    fromCommand,
    score: fromLog > 0 ? fromLog + prior : against < 0 ? 0 : Math.min(prior, 1.5) * 0.8,
  };
}

/** What the finds say for a rule, and how much the strongest of them says against it. */
function logScore(
  finds: readonly WeighedHit[],
  counts: ReadonlyMap<number, number>,
): { fromLog: number; against: number } {
  if (finds.length === 0) return { fromLog: 0, against: 0 };
  const best = new Map<number, number>();
  for (const { hit, weight } of finds) {
    const known = best.get(hit.pattern.index) ?? 0;
    if (Math.abs(weight) > Math.abs(known)) best.set(hit.pattern.index, weight);
  }
  const speaking = [...best]
    .filter(([, weight]) => weight > 0)
    .map(([index, weight]) => weight * (1 + 0.05 * Math.min(5, Math.log2(counts.get(index) ?? 1))))
    .sort((a, b) => b - a);
  const against = Math.min(0, ...[...best.values()]);
  const fromLog = Math.max(0, speaking.reduce((sum, weight, i) => sum + weight * (DIMINISHING[i] ?? 0.1), 0) + against);
  return { fromLog, against };
}

/** Names by how much they say: what failed, the job around it, the workflow around that. */
function spokenNames(names: Names): readonly Spoken[] {
  return [
    { text: [...names.commands, ...names.failedSteps].join('\n'), factor: 1 },
    { text: names.job ?? '', factor: 0.7 },
    { text: names.workflow ?? '', factor: 0.5 },
  ].filter(({ text }) => text !== '');
}

function namePriors(rule: Rule, spoken: readonly Spoken[]): { fromNames: number; fromCommand: number } {
  let [fromNames, fromCommand] = [0, 0];
  for (const { test, weight } of rule.names) {
    for (const { text, factor } of spoken) {
      const says = weight * factor;
      const isCommand = factor === 1;
      if (says <= fromNames && !(isCommand && says > fromCommand)) continue;
      if (!test(text)) continue;
      fromNames = Math.max(fromNames, says);
      if (isCommand) fromCommand = Math.max(fromCommand, says);
    }
  }
  return { fromNames, fromCommand };
}

function filePrior(rule: Rule, names: Names): number {
  if (rule.files.length === 0 || names.changedFiles.length === 0) return 0;
  const matching = names.changedFiles.filter((path) => rule.files.some((glob) => glob.test(path)));
  return FILES_PRIOR * (matching.length / names.changedFiles.length);
}

function yieldToInner(scores: readonly RuleScore[]): RuleScore[] {
  const inner = Math.max(0, ...scores.filter(({ rule }) => !rule.isOuter).map(({ fromLog }) => fromLog));
  if (inner < INNER_SPEAKS) return [...scores];
  return scores.map((entry) => (entry.rule.isOuter ? { ...entry, score: entry.score * OUTER_YIELDS } : entry));
}

/** The first row of the matrix that applies to names and files, or to what the failing step said. */
export function routeFor(rules: RuleSet, names: Names, said: () => string): Route | null {
  const workflow = names.workflow ?? '';
  const spoken = [...names.commands, ...names.failedSteps, names.job ?? '', workflow].join('\n').toLowerCase();
  let heard: string | null = null;
  const inLog = (word: string): boolean => {
    heard ??= said().toLowerCase();
    return mentions(heard, word);
  };
  const applies = (route: Route, isNameEnough: boolean): boolean => {
    if (route.workflows.length > 0 && !route.workflows.some((glob) => glob.test(workflow))) return false;
    const hasFile = names.changedFiles.some((path) => route.files.some((glob) => glob.test(path)));
    if (route.needsBoth && !hasFile) return false;
    if (hasFile && !route.needsBoth) return true;
    const isNamed = route.workflows.length > 0;
    if (isNameEnough && isNamed) return true;
    return route.mentions.some((word) => mentions(spoken, word) || ((isNamed || route.needsBoth) && inLog(word)));
  };
  return (
    rules.routes.find((route) => applies(route, false)) ?? rules.routes.find((route) => applies(route, true)) ?? null
  );
}

/** The word stands in the text, and not as the end of a longer one. */
function mentions(text: string, word: string): boolean {
  for (let at = text.indexOf(word); at >= 0; at = text.indexOf(word, at + 1)) {
    if (at === 0 || !/[a-z]/.test(text[at - 1]!)) return true;
  }
  return false;
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

interface Place {
  /** How much the step counts. */
  readonly step: number;
  /** How far along the step the hit is, 0 to 1. */
  readonly along: number;
  /** Lines from the hit to the step's end. */
  readonly toEnd: number;
}

/** Where a hit stands. */
function placeWeights(reading: Reading): (hit: Hit) => Place {
  const failing = failingSteps(reading.steps);
  const last = failing[failing.length - 1];
  const lastWork = reading.steps.findLast((step) => !step.isCleanup);
  const ofStep = (step: Step): number => {
    if (step.isCleanup) return 0.05;
    if (last === undefined) return step === lastWork ? 1 : step.passed ? 0.15 : 0.6;
    if (step === last) return 1;
    if (failing.includes(step)) return step.isStated ? 0.95 : 0.6;
    return step.passed ? 0.08 : step.index < last.index ? 0.15 : 0.1;
  };
  const weights = reading.steps.map(ofStep);
  return (hit) => {
    const step = reading.steps[hit.step]!;
    const end = step.failLine ?? step.endLine;
    const isAfter = step.failLine !== null && hit.line > step.failLine;
    const isTolerated = hit.marker === 'warning' || hit.marker === 'notice' || saysWarning(hit.text);
    return {
      step: weights[hit.step]! * (isAfter ? 0.5 : 1) * (isTolerated ? 0.3 : 1),
      toEnd: Math.max(0, end - hit.line),
      along: Math.min(1, (hit.line - step.startLine + 1) / Math.max(1, end - step.startLine + 1)),
    };
  };
}
