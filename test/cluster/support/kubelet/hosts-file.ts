import type { Api } from '../cluster-types.ts';
import type { Pod } from './kube-types.ts';
import { persist } from './persist.ts';

interface Named {
  readonly metadata: { readonly name: string; readonly namespace: string };
  readonly spec: { readonly clusterIP?: string };
}

interface Slice {
  readonly metadata: { readonly namespace: string; readonly labels?: Readonly<Record<string, string>> };
  readonly endpoints?: readonly {
    readonly addresses: readonly string[];
    readonly conditions?: { readonly ready?: boolean };
  }[];
}

/**
 * There is neither cluster DNS nor a proxy for cluster addresses: a container finds Services by its hosts file, which leads
 * to one of the Pods that were ready when it was started, so `port` and `targetPort` have to be the same.
 */
export async function hostsText(api: Api, pod: Pod, podIP: string): Promise<string> {
  const services = await persist(() => api.request<{ items: Named[] }>('GET', '/api/v1/services'));
  const slices = await persist(() =>
    api.request<{ items: Slice[] }>('GET', '/apis/discovery.k8s.io/v1/endpointslices'),
  );
  const lines = ['127.0.0.1 localhost', '::1 localhost', `${podIP} ${pod.spec.hostname ?? pod.metadata.name}`];
  for (const { metadata } of services?.items ?? []) {
    const address = (slices?.items ?? [])
      .filter((slice) => slice.metadata.namespace === metadata.namespace)
      .filter((slice) => slice.metadata.labels?.['kubernetes.io/service-name'] === metadata.name)
      .flatMap((slice) => slice.endpoints ?? [])
      .find((endpoint) => endpoint.conditions?.ready !== false)?.addresses[0];
    if (address === undefined) continue;
    const full = `${metadata.name}.${metadata.namespace}`;
    const short = metadata.namespace === pod.metadata.namespace ? [metadata.name] : [];
    lines.push([address, ...short, full, `${full}.svc`, `${full}.svc.cluster.local`].join(' '));
  }
  return `${lines.join('\n')}\n`;
}
