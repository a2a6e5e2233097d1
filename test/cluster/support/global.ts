import type { TestProject } from 'vitest/node';
import { connectCluster } from './connect.ts';
import { useGiven } from './given.ts';
import { startProcesses } from './start.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    /** The folder of the cluster that all files of a run share. */
    clusterHome: string;
  }
}

/** One cluster for the whole run; ends with it, unless it was there before (KUBECONFIG). */
export default async function setup({ provide }: TestProject): Promise<() => Promise<void>> {
  const kubeconfig = process.env['KUBECONFIG'];
  if (kubeconfig !== undefined && kubeconfig !== '') {
    const { home, release } = await useGiven(kubeconfig);
    console.error(`The cluster of KUBECONFIG is used: ${kubeconfig}`);
    provide('clusterHome', home);
    return release;
  }
  const started = Date.now();
  const home = await startProcesses({});
  console.error(`Cluster ready after ${((Date.now() - started) / 1_000).toFixed(1)} s: ${home}`);
  provide('clusterHome', home);
  return () => connectCluster(home).stop();
}
