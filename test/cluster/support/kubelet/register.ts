import { arch, hostname } from 'node:os';
import { ApiError } from '../api.ts';
import type { Api } from '../cluster-types.ts';
import { NODE_NAME } from '../control-plane/layout.ts';
import { NODE_CAPACITY } from './downward.ts';
import { persist } from './persist.ts';
import { timestamp } from './status-writer.ts';

const LEASE_SECONDS = 40;
const RENEW_MS = 10_000;
const NODE_PATH = `/api/v1/nodes/${NODE_NAME}`;
const LEASES = '/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases';
/** Go's names of processors. */
const ARCHITECTURES: Readonly<Record<string, string>> = { x64: 'amd64', arm64: 'arm64' };

export const NODE_LABELS: Readonly<Record<string, string>> = {
  'kubernetes.io/hostname': NODE_NAME,
  'kubernetes.io/os': 'linux',
  'kubernetes.io/arch': ARCHITECTURES[arch()] ?? arch(),
  'node.kubernetes.io/instance-type': 'stand-in',
};

/** Makes the Node object, ready and without taints, and keeps its lease fresh until stopped. */
export async function registerNode(api: Api, port: number, maxPods: number): Promise<() => void> {
  const metadata = { name: NODE_NAME, labels: NODE_LABELS };
  await ignoringConflict(() => api.request('POST', '/api/v1/nodes', { metadata }));
  const size = { ...NODE_CAPACITY, pods: String(maxPods) };
  const now = timestamp();
  const condition = (type: string, status: string, reason: string) => ({
    type,
    status,
    reason,
    message: reason,
    lastHeartbeatTime: now,
    lastTransitionTime: now,
  });
  const status = {
    capacity: size,
    allocatable: size,
    addresses: [
      { type: 'InternalIP', address: '127.0.0.1' },
      { type: 'Hostname', address: NODE_NAME },
    ],
    daemonEndpoints: { kubeletEndpoint: { Port: port } },
    nodeInfo: {
      machineID: hostname(),
      systemUUID: hostname(),
      bootID: '',
      kernelVersion: '',
      osImage: 'this machine',
      containerRuntimeVersion: 'process://1',
      kubeletVersion: 'v1.0.0-stand-in',
      kubeProxyVersion: '',
      operatingSystem: 'linux',
      architecture: NODE_LABELS['kubernetes.io/arch'],
    },
    conditions: [
      condition('MemoryPressure', 'False', 'KubeletHasSufficientMemory'),
      condition('DiskPressure', 'False', 'KubeletHasNoDiskPressure'),
      condition('PIDPressure', 'False', 'KubeletHasSufficientPID'),
      condition('Ready', 'True', 'KubeletReady'),
    ],
  };
  await persist(() => api.request('PATCH', `${NODE_PATH}/status`, { status }));
  // The API server gives every new node a taint that another controller would take away.
  const patch = { metadata: { annotations: { 'healer/process': String(process.pid) } }, spec: { taints: null } };
  await persist(() => api.request('PATCH', NODE_PATH, patch));
  return keepLease(api);
}

function keepLease(api: Api): () => void {
  const renew = async (): Promise<void> => {
    const spec = {
      holderIdentity: NODE_NAME,
      leaseDurationSeconds: LEASE_SECONDS,
      renewTime: `${new Date().toISOString().slice(0, -1)}000Z`,
    };
    try {
      await api.request('PATCH', `${LEASES}/${NODE_NAME}`, { spec });
    } catch (error) {
      if (!(error instanceof ApiError) || error.status !== 404) return;
      await api.request('POST', LEASES, { metadata: { name: NODE_NAME }, spec }).catch(() => undefined);
    }
  };
  void renew();
  const timer = setInterval(() => void renew(), RENEW_MS);
  return () => clearInterval(timer);
}

async function ignoringConflict(create: () => Promise<unknown>): Promise<void> {
  await persist(create).catch((error: unknown) => {
    if (!(error instanceof ApiError) || error.status !== 409) throw error;
  });
}
