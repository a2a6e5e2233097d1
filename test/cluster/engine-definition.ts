import { codeRunDefinitionYaml } from '../../src/coderun/crd.ts';
import type { Cluster } from './support/cluster.ts';

/** Installs the definition as people do, and waits until the API server serves it. */
export async function installDefinition(cluster: Cluster): Promise<void> {
  await cluster.kubectl(['apply', '--server-side', '--force-conflicts', '-f', '-'], codeRunDefinitionYaml());
  await cluster.kubectl(['wait', '--for=condition=Established', '--timeout=60s', 'crd/coderuns.agents.platform']);
}
