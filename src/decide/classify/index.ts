import type { Classification } from '../../model/evidence.ts';
import { FAILURE_TYPES } from '../../model/failure-type.ts';
import type { RuleSet } from '../route/rule-set.ts';
import { makeExcerpt } from './excerpt.ts';
import { fingerprint } from './fingerprint.ts';
import { failingSteps, type Judgement, judge, type Names, type WeighedHit, weigh } from './judge.ts';
import { plainLine } from './line.ts';
import { type Hit, LogReader, type Reading } from './reading.ts';
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
  const names: Names = {
    workflow: input.workflow ?? null,
    job: input.job ?? null,
    failedSteps: input.failedSteps ?? [],
    changedFiles: input.changedFiles ?? [],
    commands: commandsOf(reading),
  };
  const all = { ...reading, hits: [...reading.hits, ...annotationHits(input.annotations ?? [], rules, reading)] };
  const weighed = weigh(all, greenTexts(input.lastGreenLog ?? null, rules));
  const judgement = judge(weighed, reading.counts, names, rules, () => saidIn(reading, weighed));
  const verdict = decide(judgement, hasLog);
  const deciding = decidingHits(judgement, verdict);
  const excerpt = makeExcerpt(
    reading,
    preferred(weighed, deciding),
    Math.max(5, options.maxLines ?? DEFAULT_MAX_LINES),
  );
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
function commandsOf(reading: Reading): string[] {
  return failingSteps(reading.steps)
    .slice(-3)
    .flatMap((step) => {
      const script: string[] = [];
      let line = reading.store.lineAt(step.offset);
      for (let i = step.startLine; line && i < step.echoEndLine && i < step.startLine + 12; i++) {
        script.push(reading.store.read(line, 300));
        line = reading.store.next(line);
      }
      return [step.title === '' ? promptIn(reading, step.offset) : step.title, ...script].filter((text) => text !== '');
    });
}

/** The command behind a shell prompt in the first lines of a part that has no name. */
function promptIn(reading: Reading, offset: number): string {
  let line = reading.store.lineAt(offset);
  for (let i = 0; line && i < 6; i++, line = reading.store.next(line)) {
    const text = plainLine(reading.store.read(line, 400));
    if (text.startsWith('$ ')) return text.slice(2);
  }
  return '';
}

/** GitHub's own annotations on the failed check count as words of the failing step. */
function annotationHits(annotations: readonly string[], rules: RuleSet, reading: Reading): Hit[] {
  const failing = failingSteps(reading.steps);
  const step = (failing[failing.length - 1] ?? reading.steps[reading.steps.length - 1])?.index ?? 0;
  const line = reading.steps[step]?.failLine ?? 1;
  return annotations.slice(0, 50).flatMap((text) =>
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
}

function greenTexts(log: Uint8Array | string | null, rules: RuleSet): ReadonlySet<string> {
  if (log === null) return new Set();
  const reader = new LogReader(rules);
  reader.readWhole(bytesOf(log));
  return new Set(reader.finish().hits.map((hit) => hit.text));
}

/** Evidence of the deciding type, strongest and earliest first, one entry a line. */
function decidingHits(judgement: Judgement, verdict: Verdict): WeighedHit[] {
  const deciding = new Set(
    judgement.scores.filter(({ rule }) => rule.failureType === verdict.failureType).map(({ rule }) => rule.index),
  );
  const seen = new Set<number>();
  return judgement.weighed
    .filter(({ hit, interest }) => deciding.has(hit.pattern.rule) && interest >= 0.4)
    .sort((a, b) => b.interest - a.interest || a.hit.line - b.hit.line)
    .filter(({ hit }) => {
      if (seen.has(hit.line)) return false;
      seen.add(hit.line);
      return true;
    });
}

/** What decided is shown before what did not. */
const DECIDING_BONUS = 1.5;

function preferred(weighed: readonly WeighedHit[], deciding: readonly WeighedHit[]): WeighedHit[] {
  const chosen = new Set(deciding);
  return weighed.map((entry) => (chosen.has(entry) ? { ...entry, interest: entry.interest * DECIDING_BONUS } : entry));
}

/** The words of the failing step that matter: what was found, and the lines above its end. */
function saidIn(reading: Reading, weighed: readonly WeighedHit[]): string {
  const said = weighed.slice(0, 40).map(({ hit }) => hit.text);
  const failing = failingSteps(reading.steps);
  let line = reading.store.lineAt(failing[failing.length - 1]?.failOffset ?? reading.totalBytes - 1);
  for (let i = 0; line && i < 30; i++, line = reading.store.previous(line)) said.push(reading.store.read(line, 300));
  return said.join('\n');
}

function lastLines(text: string): string[] {
  return text
    .split('\n')
    .filter((line) => line.trim() !== '' && !line.startsWith('…'))
    .slice(-5);
}
