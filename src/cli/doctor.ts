import type { Command } from 'commander';
import type { Tone } from '../report/words.ts';
import type { CliContext } from './context.ts';
import { CommandFailed } from './failure.ts';
import { createStyle, plain, type Style, withSpinner } from './output.ts';
import { printJson } from './remote.ts';

/** What one look at the installation found. */
export interface DoctorCheck {
  /** What was looked at: `store`, `github`, `context grafana`, … */
  readonly name: string;
  /** ok · warn: works, with a caveat · missing: not configured · failed: configured and not working. */
  readonly status: 'ok' | 'warn' | 'missing' | 'failed';
  /** What was found and, unless it is ok, what to do. */
  readonly detail: string;
  /** What works without it; null when nothing does or the question does not arise. */
  readonly without: string | null;
}

const WORDS: Readonly<Record<DoctorCheck['status'], readonly [string, Tone]>> = {
  ok: ['ok', 'good'],
  warn: ['caution', 'waiting'],
  missing: ['missing', 'waiting'],
  failed: ['FAILED', 'bad'],
};

/** Adds `doctor`; `collect` makes the checks. Exit code 1 when one failed: missing things are a choice, broken ones are not. */
export function registerDoctor(
  program: Command,
  context: CliContext,
  collect: (context: CliContext) => Promise<readonly DoctorCheck[]>,
): void {
  program
    .command('doctor')
    .description('Check settings, store, GitHub and sources of context; say what is missing and what works without it.')
    .option('--json', 'JSON, one check a line')
    .action(async (options: { json?: boolean }) => {
      const checks = await withSpinner(context, 'looking', collect(context));
      if (options.json) for (const check of checks) printJson(context, check);
      else context.stdout.write(renderDoctor(checks, createStyle(context)));
      const failed = checks.filter((check) => check.status === 'failed').map((check) => check.name);
      if (failed.length > 0) throw new CommandFailed(`not working: ${failed.join(', ')}`);
    });
}

/** One check a paragraph, and a verdict. */
export function renderDoctor(checks: readonly DoctorCheck[], style: Style): string {
  const width = Math.max(0, ...checks.map(({ name }) => name.length));
  const indent = ' '.repeat(10);
  const lines = checks.map(({ name, status, detail, without }) => {
    const [word, tone] = WORDS[status];
    const first = `${style.tone(tone, word.padEnd(8))}  ${style.bold(name.padEnd(width))}  ${plain(detail, 1_000)}\n`;
    return without === null || status === 'ok'
      ? first
      : `${first}${indent}${' '.repeat(width)}  ${style.dim(`Without it: ${plain(without, 1_000)}`)}\n`;
  });
  return `${lines.join('')}\n${verdict(checks)}\n`;
}

function verdict(checks: readonly DoctorCheck[]): string {
  const count = (status: DoctorCheck['status']): number => checks.filter((check) => check.status === status).length;
  if (count('failed') > 0) return `${count('failed')} of ${checks.length} checks failed; what they say comes first.`;
  const rest = count('missing') + count('warn');
  if (rest === 0) return checks.length === 1 ? 'The one check is well.' : `All ${checks.length} checks are well.`;
  return `Healer can work; ${rest} of ${checks.length} checks say what would make it better.`;
}
