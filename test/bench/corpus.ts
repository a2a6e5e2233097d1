import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

/** A labelled log of the development corpus. */
export interface LabelledLog {
  readonly file: string;
  readonly label: string;
  readonly failure_type: string;
  readonly ambiguous: boolean;
  readonly workflow_name: string | null;
  readonly changed_files: readonly string[];
}

/** A log with the part that a person marked as the cause. */
export interface Chunk {
  readonly log: string;
  readonly chunk_start_line: number;
  readonly chunk_lines: number;
  readonly total_lines: number;
}

/** The corpus' finer labels in Healer's names; several when any of them is right. */
const TYPES: Readonly<Record<string, readonly string[]>> = {
  js_install: ['frontend_deps'],
  js_types: ['frontend_types'],
  js_lint: ['frontend_lint'],
  js_test: ['frontend_test'],
  js_build: ['frontend_build'],
  helm: ['helm_template'],
  yaml: ['yaml_syntax'],
  dep_vuln: ['security_audit', 'security_dependabot'],
  code_scan: ['security_code_scan'],
  secret_leak: ['security_secret'],
  merge_conflict: ['git_merge_conflict'],
  gh_permission: ['git_permission'],
  workflow_syntax: ['github_workflow'],
  rate_limit: ['transient_rate_limit'],
  infra_runner: [
    'transient_network',
    'transient_runner',
    'transient_resources',
    'transient_timeout',
    'transient_rate_limit',
  ],
  timeout: ['transient_timeout'],
  java: ['jvm'],
  cpp: ['native'],
  other: ['general', 'dotnet', 'ruby', 'php'],
};

export const typesOf = (label: string): readonly string[] => TYPES[label] ?? [label];

/** The folder with the unpacked corpus: `--corpus DIR`, HEALER_CORPUS, or the archives beside the clone, unpacked to a temporary folder. */
export function findCorpus(argv: readonly string[]): string {
  const flag = argv.indexOf('--corpus');
  const named = flag >= 0 ? argv[flag + 1] : process.env['HEALER_CORPUS'];
  if (named) return resolve(named);
  const shared = resolve(import.meta.dirname, '../../../shared/corpus');
  const archives = ['ci-logs-dev.tar.xz', 'log-chunks-dev.tar.xz'].map((name) => join(shared, name));
  if (!archives.every((path) => existsSync(path))) {
    throw new Error(
      'No corpus: give --corpus DIR or HEALER_CORPUS with the unpacked logs, index.jsonl and chunks.jsonl.',
    );
  }
  const target = mkdtempSync(join(tmpdir(), 'healer-corpus-'));
  for (const archive of archives) execFileSync('tar', ['-xJf', archive, '-C', target]);
  return target;
}

export function readLines<T>(path: string): T[] {
  return readFileSync(path, 'utf8')
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line) => JSON.parse(line) as T);
}
