import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** How often it is looked whether the launcher is still there, in milliseconds. */
const LOOK_MS = 250;

interface Process {
  readonly parent: number;
  readonly name: string;
}

/**
 * Ends this process at once when its launcher is gone. A launcher that is killed cannot tell its child; the operating
 * system gives the child another parent, and that can be seen. npm puts a shell between itself and its script; then
 * it is the shell's parent that has to stay.
 */
export function endWithLauncher(): void {
  const parent = process.ppid;
  const shell = processOf(parent);
  const isShell = shell !== null && /^(ba|da|z)?sh$/.test(shell.name);
  const isOrphaned = (): boolean => {
    if (process.ppid !== parent) return true;
    return isShell && processOf(parent)?.parent !== shell.parent;
  };
  setInterval(() => {
    if (isOrphaned()) process.kill(process.pid, 'SIGKILL');
  }, LOOK_MS).unref();
}

function processOf(pid: number): Process | null {
  try {
    if (process.platform === 'linux') {
      // The name stands in brackets and may itself hold brackets and blanks.
      const [, name = '', rest = ''] = /\((.*)\) \S (.*)$/s.exec(readFileSync(`/proc/${pid}/stat`, 'utf8')) ?? [];
      return { parent: Number(rest.split(' ')[0]), name };
    }
    const [parent = '', ...name] = execFileSync('ps', ['-o', 'ppid=,comm=', '-p', String(pid)], { encoding: 'utf8' })
      .trim()
      .split(/\s+/);
    return { parent: Number(parent), name: (name.join(' ').split('/').at(-1) ?? '').replace(/^-/, '') };
  } catch {
    return null;
  }
}
