import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { type RunningService, startService } from '../support/service.ts';
import type { StartVictim, Victim } from './kill-harness.ts';

const QUIET = '--disable-warning=ExperimentalWarning';

/** The doors, decisions and store alone. The next process loads its code while the one before it is still at work. */
export function quickVictims(): StartVictim & { end(): void } {
  const load = () =>
    spawn(process.execPath, [QUIET, join(import.meta.dirname, 'kill-target.ts')], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
  let next = load();
  const start = async (dir: string): Promise<Victim> => {
    const child = next;
    next = load();
    child.stdin.write(`${dir}\n`);
    const exited = once(child, 'exit');
    const lines = createInterface({ input: child.stdout });
    const [line] = (await Promise.race([
      once(lines, 'line'),
      exited.then(() => Promise.reject(new Error('It ended before it listened.'))),
    ])) as [string];
    return {
      url: (JSON.parse(line) as { url: string }).url,
      kill: async () => {
        child.kill('SIGKILL');
        await exited;
      },
    };
  };
  return Object.assign(start, { end: () => void next.kill('SIGKILL') });
}

/** The whole of `healer server`. */
export function wholeVictims(env: Readonly<Record<string, string>>): StartVictim {
  return async (dir) => {
    const service: RunningService = await startService({ HEALER_DATA_DIR: dir, ...env });
    return service;
  };
}
