/** Milliseconds of this thread's own processor time that `work` takes: what other programs do meanwhile does not count. */
export function cpuMs(work: () => void): number {
  const before = process.threadCpuUsage();
  work();
  const { user, system } = process.threadCpuUsage(before);
  return (user + system) / 1_000;
}
