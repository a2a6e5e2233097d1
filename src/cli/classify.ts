import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Command } from 'commander';
import { type ClassifyInput, type ClassifyOptions, createClassifier } from '../decide/classify/index.ts';
import { loadRules } from '../decide/route/load.ts';
import type { RuleSet } from '../decide/route/rule-set.ts';
import { messageOf } from '../lib/errors.ts';
import type { Classification } from '../model/evidence.ts';
import type { CliContext } from './context.ts';
import { CommandFailed } from './failure.ts';

/** The rules that come with Healer. */
export const DEFAULT_RULES_DIR = resolve(import.meta.dirname, '../../routing-rules');
const CHUNK_BYTES = 256 * 1024;

interface Flags {
  readonly workflow?: string;
  readonly job?: string;
  readonly step?: readonly string[];
  readonly changedFiles?: string;
  readonly maxLines?: string;
  readonly rules: string;
  readonly json?: boolean;
}

/** Adds `classify`; exit code 1 when a file could not be read, 2 for wrong use. Touches no network and no store. */
export function registerClassify(program: Command, context: CliContext): void {
  program
    .command('classify')
    .description('say what broke in a log, who should repair it, and why')
    .argument('[files...]', 'logs of any size; "-" reads standard input')
    .option('--workflow <name>', 'name of the workflow')
    .option('--job <name>', 'name of the job')
    .option('--step <name...>', 'names of the steps that failed')
    .option('--changed-files <list>', 'paths of the files that the change touches, separated by commas')
    .option('--max-lines <n>', 'lines of the excerpt', '150')
    .option('--rules <dir>', 'folder of routing rules', DEFAULT_RULES_DIR)
    .option('--json', 'one JSON document a file')
    .action(async (files: string[], flags: Flags, command: Command) => {
      const maxLines = Number(flags.maxLines);
      if (files.length === 0)
        command.error('error: name at least one log file, or "-" for standard input', { exitCode: 2 });
      if (!Number.isInteger(maxLines) || maxLines < 5 || maxLines > 10_000) {
        command.error(`error: --max-lines takes a whole number from 5 to 10000, not "${flags.maxLines}"`, {
          exitCode: 2,
        });
      }
      await classifyFiles(files, flags, { maxLines }, context);
    });
}

async function classifyFiles(
  files: readonly string[],
  flags: Flags,
  options: ClassifyOptions,
  context: CliContext,
): Promise<void> {
  let unread = 0;
  const rules = loadRules(flags.rules);
  const names = namesOf(flags);
  for (const file of files) {
    try {
      const result =
        file === '-'
          ? await classifyStream(context.stdin, names, rules, options)
          : classifyFile(file, names, rules, options);
      await print(context, `${flags.json ? JSON.stringify(toJson(file, result)) : toText(file, result)}\n`);
    } catch (error) {
      context.stderr.write(`${file}: ${describe(error)}\n`);
      unread++;
    }
  }
  if (unread > 0) throw new CommandFailed(`${unread} of ${files.length} logs could not be read`);
}

function namesOf(flags: Flags): Omit<ClassifyInput, 'log'> {
  return {
    workflow: flags.workflow ?? null,
    job: flags.job ?? null,
    failedSteps: flags.step ?? [],
    changedFiles: (flags.changedFiles ?? '')
      .split(/[,\n]/)
      .map((path) => path.trim())
      .filter((path) => path !== ''),
  };
}

function classifyFile(
  path: string,
  names: Omit<ClassifyInput, 'log'>,
  rules: RuleSet,
  options: ClassifyOptions,
): Classification {
  const file = openSync(path, 'r');
  try {
    if (fstatSync(file).isDirectory()) throw new Error('is a folder; name the log files inside it');
    const classifier = createClassifier(rules, options);
    const chunk = sharedChunk();
    for (;;) {
      const length = readSync(file, chunk, 0, chunk.length, null);
      if (length === 0) return classifier.finish(names);
      classifier.push(chunk.subarray(0, length));
    }
  } finally {
    closeSync(file);
  }
}

let chunkBuffer: Buffer | null = null;
/** One buffer for all files: the classifier copies what it keeps. */
function sharedChunk(): Buffer {
  chunkBuffer ??= Buffer.allocUnsafeSlow(CHUNK_BYTES);
  return chunkBuffer;
}

async function classifyStream(
  input: CliContext['stdin'],
  names: Omit<ClassifyInput, 'log'>,
  rules: RuleSet,
  options: ClassifyOptions,
): Promise<Classification> {
  const classifier = createClassifier(rules, options);
  for await (const chunk of input) classifier.push(chunk as Buffer);
  return classifier.finish(names);
}

/** Waits when the reader of our output is slower than we are. */
function print({ stdout }: CliContext, text: string): Promise<void> | void {
  if (stdout.write(text)) return;
  return new Promise((done) => stdout.once('drain', done));
}

function describe(error: unknown): string {
  const code = (error as NodeJS.ErrnoException).code;
  if (code === 'ENOENT') return 'no such file';
  if (code === 'EACCES') return 'may not be read (permission denied)';
  if (code === 'EISDIR') return 'is a folder; name the log files inside it';
  return messageOf(error);
}

/** The line of `classify --json` (CONTRACT section 6). */
export function toJson(file: string, result: Classification): Record<string, unknown> {
  const { excerpt } = result;
  return {
    file,
    agent: result.agent,
    failure_type: result.failureType,
    category: result.category,
    transient: result.transient,
    confidence: result.confidence,
    rule: result.rule,
    reason: result.reason,
    fingerprint: result.fingerprint,
    evidence: result.evidence,
    excerpt: { text: excerpt.text, ranges: excerpt.ranges, lines: excerpt.lines, total_lines: excerpt.totalLines },
  };
}

function toText(file: string, result: Classification): string {
  const evidence = result.evidence
    .slice(0, 5)
    .map(({ line, text, rule }) => `  ${line}: ${text.slice(0, 160)}  [${rule}]`);
  return [
    `${file}: ${result.agent} · ${result.failureType} · ${Math.round(result.confidence * 100)} %${result.transient ? ' · worth a re-run' : ''}`,
    `  ${result.reason}`,
    ...evidence,
    `  excerpt: ${result.excerpt.lines} of ${result.excerpt.totalLines} lines · fingerprint ${result.fingerprint.slice(0, 12)}`,
  ].join('\n');
}
