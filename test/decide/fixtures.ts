import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { classify } from '../../src/decide/classify/index.ts';
import { loadRules } from '../../src/decide/route/load.ts';
import type { RuleSet } from '../../src/decide/route/rule-set.ts';
import type { Classification } from '../../src/model/evidence.ts';

export const RULES_DIR = resolve(import.meta.dirname, '../../routing-rules');

/** The rules that come with Healer. */
export const rules: RuleSet = loadRules(RULES_DIR);

const FOLDER = join(import.meta.dirname, 'fixtures');

export interface Fixture {
  readonly log: string;
  readonly agent: string;
  readonly failure_type: string;
}

/** Logs of real tools on small broken projects, made by scripts/fixtures/make.ts. */
export const fixtures = JSON.parse(readFileSync(join(FOLDER, 'index.json'), 'utf8')) as readonly Fixture[];

export const readFixture = (log: string): string => readFileSync(join(FOLDER, 'logs', log), 'utf8');

/** Classifies text with nothing else known. */
export const classifyText = (log: string): Classification => classify({ log }, rules);

/** A log as GitHub Actions keeps it, with one step a command. */
export function actionsLog(...steps: { run: string; output: string; exit?: number }[]): string {
  return steps
    .flatMap(({ run, output, exit }) => [
      `##[group]Run ${run}`,
      run,
      'shell: /usr/bin/bash -e {0}',
      '##[endgroup]',
      ...output.split('\n'),
      ...(exit ? [`##[error]Process completed with exit code ${exit}.`] : []),
    ])
    .concat('Post job cleanup.', 'Cleaning up orphan processes')
    .map((line, i) => `2026-01-15T10:00:${String(i % 60).padStart(2, '0')}.1234567Z ${line}`)
    .join('\n');
}
