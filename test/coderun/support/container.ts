import { spawn } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { renderFiles } from '../../../src/coderun/files.ts';
import { parseResult, type RunResult } from '../../../src/coderun/result.ts';
import type { CodeRunSpec } from '../../../src/coderun/schema.ts';
import { codeRun, draft } from './drafts.ts';
import { Remote } from './git.ts';
import { TEMPLATES } from './templates.ts';

/** What a stand-in for an agent CLI saw. */
export interface Seen {
  readonly argv: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  readonly stdin: string;
}

export interface Ran {
  readonly code: number;
  readonly output: string;
  readonly result: RunResult | null;
  /** Null when the agent was never started. */
  readonly seen: Seen | null;
}

export interface RunOptions {
  readonly spec?: Partial<CodeRunSpec>;
  /** What the stand-in does, as lines of bash; it prints what is in `prints` afterwards. */
  readonly script?: string;
  readonly prints?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Runs the script through this command, for example `setpriv`. */
  readonly through?: readonly string[];
}

/** One workspace and home, in which the real script runs with a stand-in for an agent CLI on the PATH. */
export class Container {
  readonly folder: string;
  readonly remote: Remote;

  constructor() {
    this.folder = mkdtempSync(join(tmpdir(), 'healer-container-'));
    this.remote = new Remote(this.folder);
    for (const name of ['bin', 'work', 'home', 'tmp']) mkdirSync(join(this.folder, name));
  }

  path(...parts: string[]): string {
    return join(this.folder, ...parts);
  }

  /** The command lines of CLIs name their programs; all of them are this one stand-in. */
  standIn(program: string, script: string, prints: string): void {
    writeFileSync(this.path('prints'), prints);
    const lines = [
      '#!/usr/bin/env bash',
      `seen=${this.path('seen')}`,
      'mkdir -p "$seen"',
      'printf "%s\\0" "$@" >"$seen/argv"',
      'pwd >"$seen/cwd"',
      'env -0 >"$seen/env"',
      'cat >"$seen/stdin"',
      script,
      `cat ${this.path('prints')}`,
    ];
    writeFileSync(this.path('bin', program), `${lines.join('\n')}\n`);
    chmodSync(this.path('bin', program), 0o755);
  }

  run(options: RunOptions = {}): Promise<Ran> {
    const spec = { repositoryUrl: this.remote.url, ...options.spec };
    const from = draft();
    const whole = codeRun({}, { ...from, spec: { ...from.spec, ...spec } });
    const files = renderFiles(whole, TEMPLATES);
    rmSync(this.path('files'), { recursive: true, force: true });
    mkdirSync(this.path('files'));
    // As read-only as a mounted ConfigMap.
    for (const [name, text] of Object.entries(files)) writeFileSync(this.path('files', name), text, { mode: 0o444 });
    const cli = TEMPLATES.clis.get(whole.spec.cliConfig?.cliType ?? 'factory');
    this.standIn(cli?.command[0] ?? 'agent', options.script ?? '', options.prints ?? '');
    for (const name of ['result.json', 'seen']) rmSync(this.path(name), { recursive: true, force: true });
    const env = {
      PATH: `${this.path('bin')}:${process.env['PATH']}`,
      HOME: this.path('home'),
      TMPDIR: this.path('tmp'),
      HEALER_FILES: this.path('files'),
      HEALER_WORKSPACE: this.path('work'),
      HEALER_RESULT: this.path('result.json'),
      HEALER_RETRY_PAUSE: '0',
      ...options.env,
    };
    const [program = 'bash', ...before] = [...(options.through ?? []), 'bash'];
    return new Promise((resolve) => {
      const parameters = [...before, this.path('files', 'container.sh')];
      const child = spawn(program, parameters, { env, stdio: ['ignore', 'pipe', 'pipe'] });
      let output = '';
      for (const stream of [child.stdout, child.stderr]) {
        stream.setEncoding('utf8').on('data', (chunk: string) => {
          output += chunk;
        });
      }
      // Not when its pipes close: what the agent left running may hold them open.
      child.once('exit', (code) => {
        const text = existsSync(this.path('result.json')) ? readFileSync(this.path('result.json'), 'utf8') : null;
        resolve({
          code: code ?? -1,
          output,
          result: parseResult(text),
          seen: this.#seen(),
        });
      });
    });
  }

  #seen(): Seen | null {
    if (!existsSync(this.path('seen', 'stdin'))) return null;
    const read = (name: string): string => readFileSync(this.path('seen', name), 'utf8');
    const list = (name: string): string[] => read(name).split('\0').slice(0, -1);
    const env = list('env').map((entry) => [entry.slice(0, entry.indexOf('=')), entry.slice(entry.indexOf('=') + 1)]);
    return { argv: list('argv'), cwd: read('cwd').trim(), env: Object.fromEntries(env), stdin: read('stdin') };
  }

  close(): void {
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 10 });
  }
}
