import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Cluster, connectCluster, startCluster } from './support/cluster.ts';
import { useGiven } from './support/given.ts';
import { createPod, podInPhase, shell } from './support/objects.ts';

/** An API server without nodes, as another tool would have started it. */
let foreign: Cluster;
let folder = '';
let kubeconfig = '';

beforeAll(async () => {
  foreign = await startCluster({ withNode: false });
  folder = mkdtempSync(join(tmpdir(), 'healer-given-'));
  kubeconfig = join(folder, 'config');
  copyFileSync(foreign.kubeconfig, kubeconfig);
});

afterAll(async () => {
  await foreign.stop();
  rmSync(folder, { recursive: true });
});

describe('a cluster that KUBECONFIG names', () => {
  it('gets the stand-in node and runs Pods, and is left as it was', async () => {
    const { home, release } = await useGiven(kubeconfig);
    const cluster = connectCluster(home);
    const namespace = await cluster.namespace();
    await createPod(cluster, namespace, 'guest', shell('echo here'));
    await podInPhase(cluster, namespace, 'guest', 'Succeeded');
    expect(await cluster.kubectl(['-n', namespace, 'logs', 'guest'])).toBe('here\n');
    await expect(cluster.auditEvents()).rejects.toThrow('KUBECONFIG');
    await release();
    await cluster.stop();
    expect(await foreign.kubectl(['get', 'nodes', '-o', 'name'])).toBe('');
    const bindings = await foreign.kubectl(['get', 'clusterrolebindings', '-o', 'name']);
    expect(bindings).not.toContain('healer-tests');
  });

  it('is refused when it has nodes that do somebody else’s work', async () => {
    await foreign.api.request('POST', '/api/v1/nodes', { metadata: { name: 'worker-1' } });
    await expect(useGiven(kubeconfig)).rejects.toThrow('has nodes of its own (worker-1)');
    await foreign.kubectl(['delete', 'node', 'worker-1']);
  });

  it('is used whole when it is one that was kept by hand', async () => {
    const { home } = await useGiven(foreign.kubeconfig);
    expect(home).toBe(foreign.home);
  });
});
