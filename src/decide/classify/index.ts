import type { Classification } from '../../model/evidence.ts';
import { FAILURE_TYPES } from '../../model/failure-type.ts';
import type { RuleSet } from '../route/rule-set.ts';
import { makeExcerpt } from './excerpt.ts';
import { fingerprint } from './fingerprint.ts';
import { byInterest, byWeight, failingSteps, type Judgement, judge, type WeighedHit, weigh } from './judge.ts';
import { plainLine } from './line.ts';
import type { Names } from './matrix.ts';
import { type Hit, LogReader, type Reading } from './reading.ts';
import type { Step } from './steps.ts';
import type { TextStore } from './text-store.ts';
import { decide, round, type Verdict } from './verdict.ts';

export interface ClassifyInput {
  /** Any size; null when only names are known. */
  readonly log: Uint8Array | string | null;
  readonly workflow?: string | null;
  readonly job?: string | null;
  readonly failedSteps?: readonly string[];
  readonly changedFiles?: readonly string[];
  readonly annotations?: readonly string[];
  /** The last green run of the same job: what also stands there weighs less. */
  readonly lastGreenLog?: Uint8Array | string | null;
}

export interface ClassifyOptions {
  /** Lines of the excerpt; 150 when not given. */
  readonly maxLines?: number;
}

export interface StreamingClassifier {
  push(chunk: Uint8Array): void;
  finish(names: Omit<ClassifyInput, 'log'>): Classification;
}

const DEFAULT_MAX_LINES = 150;
const MAX_EVIDENCE = 12;

/** Says what broke and who should repair it. Pure: same input, same answer. */
export function classify(input: ClassifyInput, rules: RuleSet, options: ClassifyOptions = {}): Classification {
  const reader = new LogReader(rules);
  if (input.log !== null) reader.readWhole(bytesOf(input.log));
  return conclude(reader.finish(), input, rules, options, input.log !== null);
}

/** For logs of any size: memory stays bounded, whatever is pushed. */
export function createClassifier(rules: RuleSet, options: ClassifyOptions = {}): StreamingClassifier {
  const reader = new LogReader(rules);
  return {
    push: (chunk) => reader.push(chunk),
    finish: (names) => conclude(reader.finish(), names, rules, options, true),
  };
}

const bytesOf = (log: Uint8Array | string): Uint8Array => (typeof log === 'string' ? Buffer.from(log) : log);

function conclude(
  reading: Reading,
  input: Omit<ClassifyInput, 'log'>,
  rules: RuleSet,
  options: ClassifyOptions,
  hasLog: boolean,
): Classification {
  const failing = failingSteps(reading.steps);
  const names: Names = {
    workflow: input.workflow ?? null,
    job: input.job ?? null,
    failedSteps: input.failedSteps ?? [],
    changedFiles: input.changedFiles ?? [],
    commands: commandsOf(reading, failing),
  };
  const hits = withAnnotations(reading, failing, input.annotations ?? [], rules);
  const weighed = weigh(hits, reading.steps, failing, greenTexts(input.lastGreenLog ?? null, rules));
  const judgement = judge(weighed, reading.counts, names, rules, () => saidIn(reading, failing, weighed));
  const verdict = decide(judgement, hasLog);
  const { deciding, preferred } = choose(judgement, verdict, rules);
  const excerpt = makeExcerpt(reading, failing, preferred, Math.max(5, options.maxLines ?? DEFAULT_MAX_LINES));
  const lines = deciding.length > 0 ? deciding.map(({ hit }) => hit.text) : lastLines(excerpt.text);
  return {
    agent: verdict.agent,
    failureType: verdict.failureType,
    category: FAILURE_TYPES[verdict.failureType].category,
    transient: verdict.transient,
    confidence: verdict.confidence,
    rule: verdict.rule,
    reason: verdict.reason,
    fingerprint: fingerprint(verdict.agent, verdict.failureType, lines),
    evidence: deciding.slice(0, MAX_EVIDENCE).map(({ hit, interest }) => ({
      line: hit.line,
      text: hit.text,
      rule: ruleIdOf(rules, hit),
      weight: round(interest),
    })),
    excerpt,
  };
}

function ruleIdOf(rules: RuleSet, hit: Hit): string {
  return rules.rules[hit.pattern.rule]?.id ?? 'unknown';
}

/** The commands of the steps that failed, with the first lines of their scripts. */
function commandsOf({ store }: Reading, failing: readonly Step[]): string[] {
  const commands: string[] = [];
  for (const step of failing.slice(-3)) {
    commands.push(step.title === '' ? promptIn(store, step.offset) : step.title);
    const end = Math.min(step.echoEndLine, step.startLine + 12);
    let line = step.startLine < end ? store.lineAt(step.offset) : null;
    for (let i = step.startLine; line && i < end; i++, line = store.next(line)) commands.push(store.read(line, 300));
  }
  return commands.filter((text) => text !== '');
}

/** The command behind a shell prompt in the first lines of a part that has no name. */
function promptIn(store: TextStore, offset: number): string {
  let line = store.lineAt(offset);
  for (let i = 0; line && i < 6; i++, line = store.next(line)) {
    const text = plainLine(store.read(line, 400));
    if (text.startsWith('$ ')) return text.slice(2);
  }
  return '';
}

/** The hits of the log, and those in GitHub's own annotations on the failed check: words of the failing step as well. */
function withAnnotations(
  { hits, steps }: Reading,
  failing: readonly Step[],
  annotations: readonly string[],
  rules: RuleSet,
): readonly Hit[] {
  if (annotations.length === 0) return hits;
  const step = (failing[failing.length - 1] ?? steps[steps.length - 1])?.index ?? 0;
  const line = steps[step]?.failLine ?? 1;
  const annotated = annotations.slice(0, 50).flatMap((text) =>
    rules.patterns
      .filter((pattern) => pattern.test(text.slice(0, 2048)))
      .map((pattern) => ({
        line,
        offset: -1,
        pattern,
        step,
        text: text.slice(0, 600),
        marker: null,
        isInner: false,
      })),
  );
  return [...hits, ...annotated];
}

function greenTexts(log: Uint8Array | string | null, rules: RuleSet): ReadonlySet<string> | null {
  if (log === null) return null;
  const reader = new LogReader(rules);
  reader.readWhole(bytesOf(log));
  return new Set(reader.finish().hits.map((hit) => hit.text));
}

/** What decided is shown before what did not. */
const DECIDING_BONUS = 1.5;

interface Choice {
  /** Evidence of the deciding type, strongest and earliest first, one entry a line. */
  readonly deciding: readonly WeighedHit[];
  /** All finds as the excerpt prefers them. */
  readonly preferred: readonly WeighedHit[];
}

function choose({ weighed }: Judgement, { failureType }: Verdict, { rules }: RuleSet): Choice {
  const deciding: WeighedHit[] = [];
  const preferred: WeighedHit[] = [];
  const lines = new Set<number>();
  for (const entry of [...weighed].sort(byInterest)) {
    const { hit, interest, weight } = entry;
    if (interest < 0.4 || rules[hit.pattern.rule]!.failureType !== failureType || lines.has(hit.line)) {
      preferred.push(entry);
      continue;
    }
    lines.add(hit.line);
    deciding.push(entry);
    preferred.push({ hit, interest: interest * DECIDING_BONUS, weight });
  }
  return { deciding, preferred: preferred.sort(byInterest) };
}

/** The words of the failing step that matter: what was found, and the lines above its end. */
function saidIn({ store, totalBytes }: Reading, failing: readonly Step[], weighed: readonly WeighedHit[]): string {
  const said = [...weighed]
    .sort(byWeight)
    .slice(0, 40)
    .map(({ hit }) => hit.text);
  let line = store.lineAt(failing[failing.length - 1]?.failOffset ?? totalBytes - 1);
  for (let i = 0; line && i < 30; i++, line = store.previous(line)) said.push(store.read(line, 300));
  return said.join('\n');
}

function lastLines(text: string): string[] {
  return text
    .split('\n')
    .filter((line) => line.trim() !== '' && !line.startsWith('…'))
    .slice(-5);
}
