/**
 * Milliseconds of processor time that `work` takes at its best of some tries: what other processes do counts little. Only
 * for telling linear from exponential; how fast something is, a benchmark says.
 */
export function processorTime(work: () => unknown, tries = 5): number {
  const times = Array.from({ length: tries }, () => {
    const before = process.cpuUsage();
    work();
    const { user, system } = process.cpuUsage(before);
    return (user + system) / 1_000;
  });
  return Math.min(...times);
}
