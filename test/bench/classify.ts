/**
 * How right the classifier is on the development logs, how much of the marked causes its excerpts hold, and how fast
 * it reads beside ripgrep: `npm run bench:classify [-- --corpus DIR] [--misses] [--half A|B] [--no-speed]`.
 */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { classify } from '../../src/decide/classify/index.ts';
import { loadRules } from '../../src/decide/route/load.ts';
import type { Classification } from '../../src/model/evidence.ts';
import { measureSpeed } from './classify-speed.ts';
import { type Chunk, findCorpus, type LabelledLog, readLines, typesOf } from './corpus.ts';

interface Judged {
  readonly log: LabelledLog;
  readonly got: Classification;
  readonly rightAgent: boolean;
  readonly rightType: boolean;
}

const argv = process.argv.slice(2);
const rules = loadRules(join(import.meta.dirname, '../../routing-rules'));
const corpus = findCorpus(argv);
const half = argv.includes('--half') ? argv[argv.indexOf('--half') + 1] : null;
const wantsMisses = argv.includes('--misses');

/** The development set falls into two halves by name, so that work on one can be checked on the other. */
const halfOf = (name: string): string => (createHash('md5').update(name).digest()[15]! % 2 === 0 ? 'A' : 'B');
const isWanted = (name: string): boolean => half === null || halfOf(name) === half;
const percent = (part: number, whole: number): string => (whole === 0 ? '-' : `${((100 * part) / whole).toFixed(1)} %`);

function judgeLogs(): Judged[] {
  return readLines<LabelledLog>(join(corpus, 'index.jsonl'))
    .filter((log) => isWanted(log.file))
    .map((log) => {
      const got = classify(
        { log: readFileSync(join(corpus, log.file)), workflow: log.workflow_name, changedFiles: log.changed_files },
        rules,
      );
      return {
        log,
        got,
        rightAgent: got.agent === log.label,
        rightType: typesOf(log.failure_type).includes(got.failureType),
      };
    });
}

function printAccuracy(judged: readonly Judged[]): void {
  const clear = judged.filter(({ log }) => !log.ambiguous);
  console.log(`\nLabelled logs: ${judged.length}, unambiguous: ${clear.length}`);
  for (const name of half === null ? ['A', 'B', null] : [half]) {
    const part = clear.filter(({ log }) => name === null || halfOf(log.file) === name);
    const agents = part.filter((entry) => entry.rightAgent).length;
    const types = part.filter((entry) => entry.rightType).length;
    console.log(
      `  ${name ? `half ${name}` : 'all   '}: agent ${agents}/${part.length} ${percent(agents, part.length)}, type ${types}/${part.length} ${percent(types, part.length)}`,
    );
  }
  for (const [title, key] of [
    ['agent', 'label'],
    ['type', 'failure_type'],
  ] as const) {
    console.log(`\nBy ${title} (unambiguous): right agent, right type`);
    for (const value of [...new Set(clear.map(({ log }) => log[key]))].sort()) {
      const part = clear.filter(({ log }) => log[key] === value);
      const [agents, types] = [
        part.filter((entry) => entry.rightAgent).length,
        part.filter((entry) => entry.rightType).length,
      ];
      console.log(
        `  ${value.padEnd(18)} ${String(part.length).padStart(3)}  ${percent(agents, part.length).padStart(8)}  ${percent(types, part.length).padStart(8)}`,
      );
    }
  }
}

function printConfusion(judged: readonly Judged[]): void {
  const agents = [...new Set(judged.flatMap(({ log, got }) => [log.label, got.agent]))].sort();
  console.log(
    `\nConfusion (unambiguous; rows: label, columns: answer)\n${''.padEnd(10)}${agents.map((name) => name.padStart(8)).join('')}`,
  );
  for (const label of agents) {
    const row = agents.map(
      (answer) => judged.filter(({ log, got }) => !log.ambiguous && log.label === label && got.agent === answer).length,
    );
    console.log(`${label.padEnd(10)}${row.map((count) => String(count).padStart(8)).join('')}`);
  }
}

function printCalibration(judged: readonly Judged[]): void {
  console.log('\nCalibration (unambiguous): confidence, logs, right agent');
  const bounds = [0, 0.5, 0.6, 0.7, 0.8, 0.9, 1.01];
  for (let i = 0; i + 1 < bounds.length; i++) {
    const part = judged.filter(
      ({ log, got }) => !log.ambiguous && got.confidence >= bounds[i]! && got.confidence < bounds[i + 1]!,
    );
    const right = part.filter((entry) => entry.rightAgent).length;
    console.log(
      `  ${bounds[i]!.toFixed(1)}–${Math.min(1, bounds[i + 1]!).toFixed(1)}  ${String(part.length).padStart(3)}  ${percent(right, part.length)}`,
    );
  }
}

function printMisses(judged: readonly Judged[]): void {
  for (const { log, got, rightAgent, rightType } of judged) {
    if ((rightAgent && rightType) || log.ambiguous) continue;
    console.log(
      `MISS ${log.file} is ${log.failure_type}, got ${got.agent}/${got.failureType} by ${got.rule} at ${got.confidence}`,
    );
    for (const entry of got.evidence.slice(0, 3))
      console.log(`     ${entry.line} [${entry.weight}] ${entry.text.slice(0, 140)}`);
  }
}

function printRecall(): void {
  const chunks = readLines<Chunk>(join(corpus, 'chunks.jsonl')).filter(
    ({ log }) => isWanted(log) && existsSync(join(corpus, 'logs', log)),
  );
  const held: string[] = [];
  let tooLong = 0;
  for (const chunk of chunks) {
    const { excerpt } = classify({ log: readFileSync(join(corpus, 'logs', chunk.log)) }, rules, { maxLines: 150 });
    if (excerpt.lines > 150 || excerpt.ranges.reduce((sum, [from, to]) => sum + to - from + 1, 0) > 150) tooLong++;
    const isHeld = excerpt.ranges.some(([from, to]) => chunk.chunk_start_line >= from && chunk.chunk_start_line <= to);
    if (isHeld) held.push(chunk.log);
    else if (wantsMisses)
      console.log(
        `CUT ${chunk.log} starts at ${chunk.chunk_start_line} of ${chunk.total_lines}; excerpt has ${JSON.stringify(excerpt.ranges)}`,
      );
  }
  console.log(
    `\nExcerpt recall at 150 lines: ${held.length}/${chunks.length} ${percent(held.length, chunks.length)}; over budget: ${tooLong}`,
  );
  for (const name of ['A', 'B']) {
    const all = chunks.filter(({ log }) => halfOf(log) === name);
    console.log(`  half ${name}: ${percent(held.filter((log) => halfOf(log) === name).length, all.length)}`);
  }
}

const judged = judgeLogs();
printAccuracy(judged);
printConfusion(judged);
printCalibration(judged);
if (wantsMisses) printMisses(judged);
printRecall();
if (!argv.includes('--no-speed')) measureSpeed(rules, corpus);
