import { join } from 'node:path';
import type { ClusterOptions } from '../cluster-types.ts';
import type { DaemonCommand } from '../control-plane/daemon.ts';

/** As many as a kubelet takes by default. */
const MAX_PODS = 110;

export function nodeCommand(home: string, options: ClusterOptions): DaemonCommand {
  const main = join(import.meta.dirname, 'main.ts');
  const args = ['--disable-warning=ExperimentalWarning', main, home, String(options.maxPods ?? MAX_PODS)];
  return { command: process.execPath, args };
}
