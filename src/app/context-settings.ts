import { z } from 'zod';
import { selectorProblem, templateProblem } from '../brief/query-language.ts';
import { DEFAULT_LOKI_QUERIES } from '../brief/sources/loki/index.ts';
import { DEFAULT_QUERIES } from '../brief/sources/prometheus/figures.ts';
import { clusterSettings } from './context-cluster.ts';

/** Names inside the cluster, which only the cluster's own network resolves: `grafana`, `grafana.monitoring.svc.cluster.local`. */
const IN_CLUSTER = /^(?:[a-z0-9-]+|[a-z0-9.-]+\.svc(?:\.[a-z0-9.-]+)?)$/i;
const LOOPBACK = /^(?:127\.\d+\.\d+\.\d+|\[::1\]|localhost)$/i;

/** An address; a bare host, as `argocd` and `argo` take it, means https. */
const address = z
  .string()
  .trim()
  .min(1)
  .transform((value) => (/^[a-z]+:\/\//i.test(value) ? value : `https://${value}`))
  .refine((value) => URL.canParse(value) && /^https?:$/.test(new URL(value).protocol), {
    error: 'is not an address like https://host or https://host/path',
    abort: true,
  })
  .refine((value) => new URL(value).username === '' && new URL(value).password === '', {
    error: 'has credentials in it; set the token beside it instead',
  })
  .refine((value) => new URL(value).search === '' && new URL(value).hash === '', {
    error: 'has a query or a fragment; only host and path belong to it',
  });

/** The `argo` program wants `Bearer ` in front of its token; here it may stand there. */
const token = z
  .string()
  .trim()
  .transform((value) => value.replace(/^bearer\s+/i, ''))
  .pipe(z.string().regex(/^[\x21-\x7e]+$/, 'is not a token: it has spaces or odd characters'));

const query = z
  .string()
  .trim()
  .min(1)
  .superRefine((value, context) => {
    const problem = templateProblem(value);
    if (problem !== null) context.addIssue({ code: 'custom', message: problem });
  });

/** One query a line; commas are part of the language. */
const queries = z
  .union([z.array(z.string()), z.string()])
  .transform((value) => (typeof value === 'string' ? value.split('\n') : value).map((line) => line.trim()))
  .transform((lines) => lines.filter((line) => line !== ''))
  .pipe(z.array(query));

const selector = z
  .string()
  .trim()
  .superRefine((value, context) => {
    const problem = selectorProblem(value);
    if (problem !== null) context.addIssue({ code: 'custom', message: problem });
  });

/** A token travels encrypted, or not beyond this machine or the cluster. */
function mayCarryToken(url: string): boolean {
  const { protocol, hostname } = new URL(url);
  return protocol === 'https:' || LOOPBACK.test(hostname) || IN_CLUSTER.test(hostname);
}

function keepTokenSafe(
  group: { url?: string | undefined; token?: string | undefined },
  context: z.RefinementCtx,
): void {
  if (group.token === undefined || group.url === undefined || mayCarryToken(group.url)) return;
  context.addIssue({ code: 'custom', path: ['url'], message: 'would send the token unencrypted; use https' });
}

const url = (env: string, description: string) => address.optional().meta({ env, description });
const secretToken = (env: string, description: string) =>
  token.optional().meta({ secret: true, env, description: `${description} Sent to that host only.` });
const template = (preset: string, description: string) => query.default(preset).meta({ description });

/** The systems beyond GitHub that are asked for context. None is needed; one without an address is not asked. */
export const contextSettings = {
  prometheus: z
    .strictObject({
      url: url('PROMETHEUS_URL', 'Prometheus, or what answers like it (Thanos, Mimir with its path).'),
      token: secretToken('PROMETHEUS_TOKEN', 'Bearer token for it.'),
      alertmanagerUrl: url('ALERTMANAGER_URL', 'Alertmanager: which alerts are silenced, and their annotations.'),
      queries: z
        .strictObject({
          errorRate: template(DEFAULT_QUERIES.errorRate, 'PromQL: share of requests that fail, 0 to 1.'),
          cpu: template(DEFAULT_QUERIES.cpu, 'PromQL: CPU used of its limit, 0 to 1.'),
          memory: template(DEFAULT_QUERIES.memory, 'PromQL: memory used of its limit, 0 to 1.'),
          restarts: template(DEFAULT_QUERIES.restarts, 'PromQL: restarts in the last 15 minutes.'),
          alerts: template(
            DEFAULT_QUERIES.alerts,
            'PromQL: firing alerts; the value may be the time since when, in seconds since the epoch.',
          ),
        })
        .prefault({}),
    })
    .superRefine(keepTokenSafe)
    .prefault({}),
  loki: z
    .strictObject({
      url: url('LOKI_URL', 'Loki.'),
      token: secretToken('LOKI_TOKEN', 'Bearer token for it.'),
      tenant: z
        .string()
        .regex(/^[A-Za-z0-9!._*'()|-]{1,150}$/, 'is not the name of a tenant')
        .optional()
        .meta({ description: 'Sent as X-Scope-OrgID.' }),
      queries: queries
        .default([...DEFAULT_LOKI_QUERIES])
        .meta({ description: 'LogQL, one query a line: the lines of errors of the failing service.' }),
    })
    .superRefine(keepTokenSafe)
    .prefault({}),
  argocd: z
    .strictObject({
      url: url('ARGOCD_SERVER', 'Argo CD’s API server.'),
      token: secretToken('ARGOCD_TOKEN', 'Token of an account that may get applications.'),
    })
    .superRefine(keepTokenSafe)
    .prefault({}),
  argoWorkflows: z
    .strictObject({
      url: url('ARGO_SERVER', 'Argo Workflows’ server.'),
      token: secretToken('ARGO_TOKEN', 'Token of an account that may get workflows and logs.'),
      namespace: z
        .string()
        .regex(/^(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)?$/, 'is not the name of a namespace')
        .default('argo')
        .meta({ description: 'Where workflows run; empty for every namespace.' }),
      selector: selector
        .default('repository={repository}')
        .meta({ description: 'Labels of a repository’s workflows.' }),
    })
    .superRefine(keepTokenSafe)
    .prefault({}),
  grafana: z
    .strictObject({
      url: url('GRAFANA_URL', 'Grafana.'),
      token: secretToken('GRAFANA_TOKEN', 'Token of a service account with the role Viewer.'),
    })
    .superRefine(keepTokenSafe)
    .prefault({}),
  openMemory: z
    .strictObject({
      url: url('OPENMEMORY_URL', 'OpenMemory (CaviraOSS) beside the store’s own memory.'),
      token: secretToken('OPENMEMORY_API_KEY', 'Its OM_API_KEY.'),
      userId: z
        .string()
        .regex(/^[\w.@-]{1,100}$/, 'is not an id: letters, digits, dots, dashes, underscores and @')
        .default('healer')
        .meta({ description: 'Under which user Healer’s memories are kept there.' }),
      timeMs: z.coerce
        .number()
        .int()
        .min(50)
        .max(10_000)
        .default(1_500)
        .meta({ description: 'How long it may take to answer, in milliseconds; a brief goes on without it.' }),
    })
    .superRefine(keepTokenSafe)
    .prefault({}),
  ...clusterSettings,
  contextRedirectHosts: z
    .union([z.array(z.string()), z.string()])
    .transform((value) =>
      (typeof value === 'string' ? value.split(',') : value).map((word) => word.trim()).filter(Boolean),
    )
    .pipe(z.array(z.string().regex(/^[a-z0-9.-]+(?::\d+)?$/i, 'is not a host or host:port')))
    .default([])
    .meta({ description: 'Hosts that a system’s redirect may lead to besides its own; no token is sent there.' }),
};
