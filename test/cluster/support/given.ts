import { existsSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { UserError } from '../../../src/lib/errors.ts';
import type { ClusterOptions } from './cluster-types.ts';
import { daemonsOf } from './control-plane/daemons.ts';
import { NODE_NAME, pathsIn, writeCluster, writeIdentity, writeKubeconfig } from './control-plane/layout.ts';
import { nodeCommand } from './kubelet/command.ts';
import { provideTools } from './provision/programs.ts';
import { run } from './run.ts';
import { newHome } from './start.ts';

/** A cluster that was there before the tests. */
export interface Given {
  readonly home: string;
  /** Takes back what was added to it. */
  release(): Promise<void>;
}

interface ConfigView {
  readonly clusters: readonly {
    readonly cluster: { readonly server: string; readonly 'certificate-authority-data'?: string };
  }[];
}

const ACCOUNT = 'healer-tests';

/**
 * The cluster that a kubeconfig file names. One kept by `keep.ts` is used as it is. Any other gets the stand-in node, which
 * its API server must be able to reach on this machine; it must have no nodes of its own, so that nobody's work shares a
 * cluster with tests. There is no audit log, and no process of it can be stopped.
 */
export async function useGiven(kubeconfig: string, options: ClusterOptions = {}): Promise<Given> {
  const kept = dirname(kubeconfig);
  if (existsSync(pathsIn(kept).cluster)) return { home: kept, release: async () => undefined };
  const programs = await provideTools();
  const kubectl = (args: readonly string[]) => run(programs.kubectl, args, { KUBECONFIG: kubeconfig });
  await refuseNodes(kubectl, kubeconfig);
  const view = JSON.parse(
    await kubectl(['config', 'view', '--raw', '--minify', '--flatten', '-o', 'json']),
  ) as ConfigView;
  const { server, 'certificate-authority-data': authority } = view.clusters[0]?.cluster ?? { server: '' };
  if (authority === undefined) throw new UserError(`${kubeconfig} names no certificate authority; the tests need one.`);
  const token = await adminToken(kubectl);
  const home = newHome();
  const paths = pathsIn(home);
  writeIdentity(home, Date.now());
  writeFileSync(paths.ca, Buffer.from(authority, 'base64'));
  const tokens = { admin: token, controllerManager: token, node: token };
  writeCluster(home, { server, etcd: '', tokens, programs });
  writeKubeconfig(paths.kubeconfig, server, paths.ca, token);
  const { node } = daemonsOf(home);
  if (options.withNode !== false) await node.start(nodeCommand(home, options));
  return {
    home,
    async release() {
      await node.kill();
      await kubectl(['delete', 'node', NODE_NAME, '--ignore-not-found']);
      await kubectl(['delete', 'clusterrolebinding', ACCOUNT, '--ignore-not-found']);
      await kubectl(['-n', 'kube-system', 'delete', 'serviceaccount', ACCOUNT, '--ignore-not-found']);
    },
  };
}

type Kubectl = (args: readonly string[]) => Promise<string>;

async function refuseNodes(kubectl: Kubectl, kubeconfig: string): Promise<void> {
  const nodes = (await kubectl(['get', 'nodes', '-o', 'jsonpath={.items[*].metadata.name}'])).split(' ');
  const others = nodes.filter((name) => name !== '' && name !== NODE_NAME);
  if (others.length === 0) return;
  throw new UserError(
    `The cluster of KUBECONFIG (${kubeconfig}) has nodes of its own (${others.join(', ')}). The tests run Pods on a node of ` +
      'theirs and would get in the way: name a cluster without nodes, or unset KUBECONFIG and the tests start their own.',
  );
}

/** The tests speak with a token, whatever the file authenticates by. */
async function adminToken(kubectl: Kubectl): Promise<string> {
  const inSystem = ['-n', 'kube-system'];
  const objects = [
    [...inSystem, 'create', 'serviceaccount', ACCOUNT],
    ['create', 'clusterrolebinding', ACCOUNT, '--clusterrole=cluster-admin', `--serviceaccount=kube-system:${ACCOUNT}`],
  ];
  for (const args of objects) {
    await kubectl(args).catch((error: unknown) => {
      if (!String(error).includes('AlreadyExists')) throw error;
    });
  }
  return (await kubectl([...inSystem, 'create', 'token', ACCOUNT, '--duration=24h'])).trim();
}
