import type { Container, Pod, ResourceFieldRef } from './kube-types.ts';

/** Bytes, cores and the like that a suffix stands for. */
const SUFFIXES: Readonly<Record<string, number>> = {
  m: 0.001,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
};
/** What a container without limits may use: the node's own size. */
export const NODE_CAPACITY: Readonly<Record<string, string>> = {
  cpu: '64',
  memory: '256Gi',
  'ephemeral-storage': '1Ti',
};

/** A field of the Pod as the downward API gives it. */
export function fieldOf(pod: Pod, path: string, podIP: string): string {
  const { metadata, spec } = pod;
  const keyed = /^metadata\.(labels|annotations)\['(.+)'\]$/.exec(path);
  if (keyed !== null) return metadata[keyed[1] as 'labels' | 'annotations']?.[keyed[2] ?? ''] ?? '';
  const fields: Readonly<Record<string, () => string>> = {
    'metadata.name': () => metadata.name,
    'metadata.namespace': () => metadata.namespace,
    'metadata.uid': () => metadata.uid,
    'metadata.labels': () => listed(metadata.labels),
    'metadata.annotations': () => listed(metadata.annotations),
    'spec.nodeName': () => spec.nodeName ?? '',
    'spec.serviceAccountName': () => spec.serviceAccountName ?? 'default',
    'status.hostIP': () => '127.0.0.1',
    'status.hostIPs': () => '127.0.0.1',
    'status.podIP': () => podIP,
    'status.podIPs': () => podIP,
  };
  const field = fields[path];
  if (field === undefined) throw new Error(`unsupported fieldPath: ${path}`);
  return field();
}

/** A limit or request in units of the divisor, rounded up. */
export function resourceOf(pod: Pod, container: Container, ref: ResourceFieldRef): string {
  const owner =
    ref.containerName === undefined
      ? container
      : [...(pod.spec.initContainers ?? []), ...pod.spec.containers].find(({ name }) => name === ref.containerName);
  const [kind = '', name = ''] = ref.resource.split(/\.(.*)/s);
  const stated = kind === 'limits' ? owner?.resources?.limits?.[name] : owner?.resources?.requests?.[name];
  const amount = stated ?? (kind === 'limits' ? NODE_CAPACITY[name] : undefined) ?? '0';
  const divisor = ref.divisor === undefined || ref.divisor === '0' ? 1 : quantity(ref.divisor);
  return String(Math.ceil(quantity(amount) / divisor));
}

/** Kubernetes' notation for amounts (500m, 1.5Gi) as a number. */
export function quantity(text: string): number {
  const match = /^([0-9.]+(?:[eE][+-]?\d+)?)([a-zA-Z]*)$/.exec(text);
  return Number(match?.[1] ?? Number.NaN) * (SUFFIXES[match?.[2] ?? ''] ?? 1);
}

function listed(values: Readonly<Record<string, string>> | undefined): string {
  return Object.entries(values ?? {})
    .map(([key, value]) => `${key}=${JSON.stringify(value)}`)
    .join('\n');
}
