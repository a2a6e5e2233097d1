import { type ChildProcess, spawn } from 'node:child_process';
import { resolve } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';

const PARENT = resolve(import.meta.dirname, '../../src/app/parent.ts');
/** Says its pid and stays, longer than anybody waits for its end. */
const CHILD = `import { endWithLauncher } from ${JSON.stringify(PARENT)}; endWithLauncher(); console.log(process.pid); setTimeout(() => {}, 300_000);`;

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

describe('a process that ends with its launcher', () => {
  let launcher: ChildProcess | null = null;
  let pid = 0;

  afterEach(() => {
    launcher?.kill('SIGKILL');
    if (pid > 0 && isAlive(pid)) process.kill(pid, 'SIGKILL');
  });

  /** Starts a launcher as npm is one: a process that starts a shell that starts the program. */
  async function launch(command: string): Promise<void> {
    const script = `require('node:child_process').spawn('sh', ['-c', ${JSON.stringify(command)}], { stdio: 'inherit' })`;
    const started = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'ignore'] });
    launcher = started;
    pid = await new Promise((done) => started.stdout.once('data', (chunk) => done(Number(String(chunk)))));
  }

  const child = `"${process.execPath}" --disable-warning=ExperimentalWarning --input-type=module-typescript -e '${CHILD}'`;

  it.each([
    ['behind a shell that stays', `${child}; true`],
    ['behind a shell that becomes the program', `exec ${child}`],
  ])('is gone after the launcher was killed, %s', async (_, command) => {
    await launch(command);
    expect(isAlive(pid)).toBe(true);
    launcher?.kill('SIGKILL');
    await expect.poll(() => isAlive(pid)).toBe(false);
  });
});
