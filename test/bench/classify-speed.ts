import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { classify } from '../../src/decide/classify/index.ts';
import type { RuleSet } from '../../src/decide/route/rule-set.ts';
import { createRedactor, safeText } from '../../src/safety/index.ts';

const BIG_BYTES = 100_000_000;
const SMALL_COUNT = 10_000;
const SMALL_BYTES = 64 * 1024;
const ROUNDS = 5;
/** V8 compiles the last of what a log passes through after some 20,000 of them; how fast the first ones are is in a column of its own. */
const WARM_UP = 3;
/** What the table is held against, in MB/s. */
const TARGET = { log: 300, redacted: 50 };

/** Prints throughput over one large and many small logs beside ripgrep's, the memory of a 500 MB log, and the cost of one hostile line. */
export function measureSpeed(rules: RuleSet, corpus: string): void {
  const logs = readdirSync(corpus, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.log'))
    .map((name) => readFileSync(join(corpus, name)));
  const folder = mkdtempSync(join(tmpdir(), 'healer-speed-'));
  try {
    const big = repeated(logs, BIG_BYTES);
    const small = smallLogs(logs);
    const smallBytes = small.reduce((sum, log) => sum + log.length, 0);
    console.log(
      `\nThroughput on one core (median of ${ROUNDS} rounds after ${WARM_UP} to warm up, the first of which is “cold”; the machine may be shared)`,
    );
    console.log(`  ${''.padEnd(46)}processor       best       wall       cold     target`);
    const onBig = report('classify, one log of 100 MB', big.length, TARGET.log, () => classify({ log: big }, rules));
    const kilobytes = Math.round(smallBytes / SMALL_COUNT / 1000);
    const onSmall = report(`classify, ${SMALL_COUNT} logs of ${kilobytes} kB`, smallBytes, TARGET.log, () => {
      for (const log of small) classify({ log }, rules);
    });
    measureRedacted(small, rules);
    measureRipgrep(rules, folder, big, { big: onBig, small: onSmall });
    measureMemory(folder, big);
    measureLine(rules);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function measureRedacted(small: readonly Buffer[], rules: RuleSet): void {
  const part = small.slice(0, SMALL_COUNT / 10);
  const bytes = part.reduce((sum, log) => sum + log.length, 0);
  const redactor = createRedactor();
  report('the same with evidence and excerpt redacted', bytes, TARGET.redacted, () => {
    for (const log of part) {
      const { evidence, excerpt } = classify({ log }, rules);
      safeText(excerpt.text, redactor);
      safeText(evidence.map(({ text }) => text).join('\n'), redactor);
    }
  });
}

function repeated(logs: readonly Buffer[], bytes: number): Buffer {
  const parts: Buffer[] = [];
  for (let total = 0, i = 0; total < bytes; i++) {
    const log = logs[i % logs.length]!;
    parts.push(log);
    total += log.length;
  }
  return Buffer.concat(parts).subarray(0, bytes);
}

/** Whole logs where they are short, the end of the others. */
const smallLogs = (logs: readonly Buffer[]): Buffer[] =>
  Array.from({ length: SMALL_COUNT }, (_, i) => {
    const log = logs[i % logs.length]!;
    return log.subarray(Math.max(0, log.length - SMALL_BYTES));
  });

const median = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[values.length >> 1]!;

/** @returns MB/s: the median by processor time, by wall clock */
function report(title: string, bytes: number, target: number, work: () => unknown): { cpu: number; wall: number } {
  const all = Array.from({ length: WARM_UP + ROUNDS }, () => {
    const [start, used] = [performance.now(), process.cpuUsage()];
    work();
    const { user, system } = process.cpuUsage(used);
    return { cpu: bytes / (user + system), wall: bytes / 1000 / (performance.now() - start) };
  });
  const rounds = all.slice(WARM_UP);
  const [cpu, wall] = [median(rounds.map((round) => round.cpu)), median(rounds.map((round) => round.wall))];
  const best = Math.max(...rounds.map((round) => round.cpu));
  const cells = [cpu, best, wall, all[0]!.cpu].map((speed) => `${Math.round(speed)} MB/s`.padStart(11)).join('');
  const isMet = cpu >= target ? 'met' : 'missed';
  console.log(`  ${title.padEnd(44)}${cells}   ≥ ${target} MB/s ${isMet}`);
  return { cpu, wall };
}

/** Ripgrep with all patterns at once runs at a few MB/s, so it gets a part of the log. */
const RIPGREP_BYTES = 4_000_000;
const RIPGREP_TIMEOUT_MS = 120_000;

interface Speed {
  readonly cpu: number;
  readonly wall: number;
}

function measureRipgrep(
  rules: RuleSet,
  folder: string,
  big: Buffer,
  own: { readonly big: Speed; readonly small: Speed },
): void {
  const sources = rules.patterns.map(({ source }) => source);
  const literals = [...new Set(rules.patterns.flatMap((pattern) => pattern.literals))];
  const limits = ['--dfa-size-limit=1G', '--regex-size-limit=1G'];
  const same = ripgrep(`ripgrep, the same ${sources.length} patterns`, folder, big.subarray(0, RIPGREP_BYTES), [
    sources,
    limits,
  ]);
  ripgrep(`ripgrep, only their ${literals.length} fixed texts`, folder, big, [literals, ['-F']]);
  if (same === null) return;
  const times = (speed: Speed): string => `${(speed.wall / same).toFixed(1)} times`;
  console.log(
    `  ${'classify beside ripgrep with the same patterns'.padEnd(48)} ${times(own.big)} as fast on the large log, ${times(own.small)} on small ones (wall)`,
  );
}

/** @returns MB/s by wall clock without what it takes to start; null when ripgrep is not there or failed */
function ripgrep(
  title: string,
  folder: string,
  bytes: Buffer,
  [lines, flags]: readonly [readonly string[], readonly string[]],
): number | null {
  const [log, patterns] = [join(folder, 'rg.log'), join(folder, 'patterns.txt')];
  writeFileSync(patterns, `${lines.join('\n')}\n`);
  const seconds = (content: Buffer): number | string => {
    writeFileSync(log, content);
    const args = ['--no-config', '-j1', '-a', '-c', ...flags, '-f', patterns, log];
    const start = performance.now();
    const done = spawnSync('rg', args, { encoding: 'utf8', timeout: RIPGREP_TIMEOUT_MS });
    if (done.error && 'code' in done.error && done.error.code === 'ENOENT') return 'ripgrep (rg) is not installed';
    if (done.error || (done.status ?? 2) > 1) return done.error?.message ?? done.stderr.split('\n')[0] ?? 'failed';
    return (performance.now() - start) / 1000;
  };
  const [whole, startUp] = [seconds(bytes), seconds(bytes.subarray(0, 100))];
  if (typeof whole === 'string' || typeof startUp === 'string') {
    console.log(`  ${title.padEnd(44)} not measured: ${whole}`);
    return null;
  }
  const speed = bytes.length / 1e6 / Math.max(0.001, whole - startUp);
  console.log(
    `  ${title.padEnd(44)}${''.padEnd(22)}${`${speed.toFixed(1)} MB/s`.padStart(11)}              (and ${startUp.toFixed(1)} s to start)`,
  );
  return speed;
}

/** A process of its own streams 500 MB; its greatest resident size is what the operating system saw. */
function measureMemory(folder: string, big: Buffer): void {
  const log = join(folder, 'huge.log');
  for (let i = 0; i < 5; i++) writeFileSync(log, big, { flag: i === 0 ? 'w' : 'a' });
  const script = join(import.meta.dirname, 'classify-memory.ts');
  const done = spawnSync(process.execPath, ['--disable-warning=ExperimentalWarning', script, log], {
    encoding: 'utf8',
  });
  console.log(`  ${'streaming a log of 500 MB'.padEnd(44)} ${(done.stdout || done.stderr).trim()}`);
}

function measureLine(rules: RuleSet): void {
  const all = rules.patterns.flatMap(({ literals }) => literals).join(' ');
  const lines = [all.slice(0, 2048), 'error '.repeat(340), 'a'.repeat(2048)];
  const slowest = lines.map((line) => {
    const times = Array.from({ length: 20 }, () => {
      const start = performance.now();
      classify({ log: line }, rules);
      return performance.now() - start;
    });
    return times.sort((a, b) => a - b)[10]!;
  });
  console.log(
    `  ${'one line of 2 KB against every rule'.padEnd(44)} ${Math.max(...slowest).toFixed(2)} ms at worst (median of 20)`,
  );
  const sweep = performance.now();
  for (const { test } of rules.patterns) test(lines[0]!);
  console.log(
    `  ${'the same line through every pattern at once'.padEnd(44)} ${(performance.now() - sweep).toFixed(2)} ms`,
  );
}
