import { createApi } from '../api.ts';
import type { Daemon } from '../cluster-types.ts';
import { type DaemonCommand, daemonAt, type ReadyCheck } from './daemon.ts';
import { adminAccess, NODE_NAME, readCluster } from './layout.ts';

/** In the order in which they are ended. */
export const DAEMONS = ['node', 'controller-manager', 'apiserver', 'etcd'] as const;

export type Startable = Daemon & { start(command: DaemonCommand): Promise<void> };

interface Daemons {
  readonly etcd: Startable;
  readonly apiserver: Startable;
  readonly controllerManager: Startable;
  readonly node: Startable;
}

/** The processes of the cluster in this folder, each with what tells that it works. */
export function daemonsOf(home: string): Daemons {
  const api = () => createApi(adminAccess(home));
  const etcdAnswers: ReadyCheck = async () => {
    const answer = await fetch(`${readCluster(home).etcd}/health`, { signal: AbortSignal.timeout(2_000) });
    return ((await answer.json()) as { health?: string }).health === 'true';
  };
  const apiserverAnswers: ReadyCheck = async () => {
    await api().request('GET', '/readyz', undefined, { asText: true, timeoutMs: 2_000 });
    return true;
  };
  const controllersAct: ReadyCheck = async () => {
    await api().request('GET', '/api/v1/namespaces/default/serviceaccounts/default');
    await api().request('GET', '/api/v1/namespaces/default/configmaps/kube-root-ca.crt');
    return true;
  };
  const nodeIsReady: ReadyCheck = async () => {
    const node = await api().request<KubeNode>('GET', `/api/v1/nodes/${NODE_NAME}`);
    return node.metadata.annotations?.['healer/process'] === String(daemons.node.pid());
  };
  const daemons = {
    etcd: daemonAt(home, 'etcd', etcdAnswers),
    apiserver: daemonAt(home, 'apiserver', apiserverAnswers),
    controllerManager: daemonAt(home, 'controller-manager', controllersAct),
    node: daemonAt(home, 'node', nodeIsReady),
  };
  return daemons;
}

interface KubeNode {
  readonly metadata: { readonly annotations?: Readonly<Record<string, string>> };
}
