import { inject } from 'vitest';
import type { Cluster, ClusterOptions } from './cluster-types.ts';
import { connectCluster } from './connect.ts';
import type {} from './global.ts';
import { startProcesses } from './start.ts';

export { ApiError } from './api.ts';
export type * from './cluster-types.ts';
export { connectCluster } from './connect.ts';
export { until } from './control-plane/daemon.ts';
export { CommandFailed } from './run.ts';

/** The cluster of this test run, started before the first test. Use a namespace of your own, and leave its processes alone. */
export function sharedCluster(): Cluster {
  return connectCluster(inject('clusterHome'));
}

/** A cluster of one's own, for tests that kill, pause or configure it. Takes seconds; call `stop` at the end. */
export async function startCluster(options: ClusterOptions = {}): Promise<Cluster> {
  return connectCluster(await startProcesses(options));
}
