/** How often it is looked whether the parent is still there, in milliseconds. */
const LOOK_MS = 250;

/**
 * Ends this process at once when the one that started it is gone. A launcher that is killed cannot tell its child; the
 * operating system gives the child another parent, and that can be seen.
 */
export function endWithParent(): void {
  const parent = process.ppid;
  setInterval(() => {
    if (process.ppid !== parent) process.kill(process.pid, 'SIGKILL');
  }, LOOK_MS).unref();
}
