import type { TestProject } from 'vitest/node';
import { connectCluster } from './connect.ts';
import { startProcesses } from './start.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    /** The folder of the cluster that all files of a run share. */
    clusterHome: string;
  }
}

/** One cluster for the whole run; ends with it. */
export default async function setup({ provide }: TestProject): Promise<() => Promise<void>> {
  const started = Date.now();
  const home = await startProcesses({});
  console.error(`Cluster ready after ${((Date.now() - started) / 1_000).toFixed(1)} s: ${home}`);
  provide('clusterHome', home);
  return () => connectCluster(home).stop();
}
