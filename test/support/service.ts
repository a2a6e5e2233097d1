import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';

const MAIN = resolve(import.meta.dirname, '../../src/main.ts');

export interface RunningService {
  readonly url: string;
  readonly child: ChildProcess;
  /** As the operating system would end it when the machine dies: no chance to tidy up. */
  kill(): Promise<void>;
  /** As an operator stops it. Gives the exit code. */
  stop(): Promise<number | null>;
}

export function temporaryFolder(): { readonly path: string; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), 'healer-test-'));
  return { path, remove: () => rmSync(path, { recursive: true, force: true, maxRetries: 10 }) };
}

/** Starts `healer server` as a process of its own on a free port and waits until it listens. */
export async function startService(env: Readonly<Record<string, string>>): Promise<RunningService> {
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', MAIN, 'server'], {
    env: { PATH: process.env['PATH'] ?? '', HOST: '127.0.0.1', PORT: '0', LOG_LEVEL: 'info', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const exited = new Promise<number | null>((done) => child.once('exit', (code) => done(code)));
  let errors = '';
  child.stderr.on('data', (chunk) => {
    errors += String(chunk);
  });
  const url = await new Promise<string>((done, fail) => {
    const lines = createInterface({ input: child.stdout });
    lines.on('line', (line) => {
      const entry = parse(line);
      if (entry?.msg === 'listening') done(String(entry.url));
    });
    void exited.then((code) => fail(new Error(`healer server ended with ${code}: ${errors}`)));
  });
  const end = async (signal: NodeJS.Signals): Promise<number | null> => {
    child.kill(signal);
    return exited;
  };
  return {
    url,
    child,
    kill: async () => {
      await end('SIGKILL');
    },
    stop: () => end('SIGTERM'),
  };
}

function parse(line: string): { msg?: unknown; url?: unknown } | null {
  try {
    return JSON.parse(line) as { msg?: unknown; url?: unknown };
  } catch {
    return null;
  }
}
