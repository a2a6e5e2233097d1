import type { PeerConfig } from '../brief/peer.ts';
import type { Systems } from '../brief/sources/index.ts';
import { createHttpClient, type HttpClient } from '../lib/http.ts';
import { contextCluster } from './context-cluster.ts';
import type { Environment } from './environment.ts';
import { VERSION } from './paths.ts';
import type { Settings } from './settings.ts';

/** The client for systems beyond GitHub: redirects stay on listed hosts, certificates are verified, nothing is repeated. */
export function contextHttp({ contextRedirectHosts }: Pick<Settings, 'contextRedirectHosts'>): HttpClient {
  return createHttpClient({ userAgent: `healer/${VERSION}`, redirectHosts: contextRedirectHosts });
}

/** What the settings say of the systems beyond GitHub; null for one that has no address. */
export function contextSystems(
  { prometheus, loki, argocd, argoWorkflows, grafana, cluster }: Settings,
  env: Environment = {},
): Required<Systems> {
  const withAddress = <T extends object>(
    { url, token }: { readonly url?: string | undefined; readonly token?: string | undefined },
    more: T,
  ): (PeerConfig & T) | null => (url === undefined ? null : { url, token: token ?? null, ...more });
  const { alertmanagerUrl } = prometheus;
  return {
    prometheus: withAddress(prometheus, {
      queries: prometheus.queries,
      alertmanager: alertmanagerUrl === undefined ? null : { url: alertmanagerUrl },
    }),
    loki: withAddress(loki, {
      queries: loki.queries,
      headers: loki.tenant === undefined ? {} : { 'x-scope-orgid': loki.tenant },
    }),
    argocd: withAddress(argocd, {}),
    argoWorkflows: withAddress(argoWorkflows, {
      namespace: argoWorkflows.namespace,
      selector: argoWorkflows.selector,
    }),
    grafana: withAddress(grafana, {}),
    kubernetes: contextCluster(cluster, env),
  };
}
