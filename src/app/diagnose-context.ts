import { z } from 'zod';
import { connectPeer, type PeerConfig } from '../brief/peer.ts';
import { fillSelector, fillTemplate, type QueryValues } from '../brief/query-language.ts';
import { clusterReads } from '../brief/sources/kubernetes/api.ts';
import type { KubernetesConfig } from '../brief/sources/kubernetes/index.ts';
import { openMemory } from '../learn/memories/openmemory/index.ts';
import { messageOf } from '../lib/errors.ts';
import type { HttpClient } from '../lib/http.ts';
import { contextSystems } from './context-systems.ts';
import type { Environment } from './environment.ts';
import type { Finding } from './finding.ts';
import type { Settings } from './settings.ts';

const TIMEOUT_MS = 5_000;
const ANSWER_BYTES = 4 * 1024 * 1024;
/** Stands for a failure; whether anything of that name exists does not matter for whether a query is understood. */
const SAMPLE: QueryValues = {
  repository: 'acme/shop',
  owner: 'acme',
  name: 'shop',
  service: 'shop',
  namespace: 'shop',
  branch: 'main',
};

/** Throws when the system refuses. */
type Ask = (path: readonly string[], query?: readonly (readonly [string, string])[]) => Promise<void>;

/** Asks every system once, all at the same time, as a gathering would. */
export function diagnoseContext(
  settings: Settings,
  http: HttpClient,
  now: number,
  env: Environment = {},
): Promise<readonly Finding[]> {
  const systems = contextSystems(settings, env);
  const { prometheus, loki, argoWorkflows } = settings;
  const questions: readonly Question[] = [
    {
      name: 'context argocd',
      config: systems.argocd,
      env: 'ARGOCD_SERVER',
      without: 'how applications stand',
      look: lookAtArgocd,
    },
    {
      name: 'context argo-workflows',
      config: systems.argoWorkflows,
      env: 'ARGO_SERVER',
      without: 'failed workflows and their logs',
      look: (ask) => lookAtWorkflows(ask, argoWorkflows),
    },
    {
      name: 'context prometheus',
      config: systems.prometheus,
      env: 'PROMETHEUS_URL',
      without: 'error rates, saturation and firing alerts',
      look: (ask) => lookAtPrometheus(ask, prometheus.queries),
    },
    {
      name: 'context loki',
      config: systems.loki,
      env: 'LOKI_URL',
      without: 'what the failing service logged',
      look: (ask) => lookAtLoki(ask, loki.queries, now),
    },
    {
      name: 'context grafana',
      config: systems.grafana,
      env: 'GRAFANA_URL',
      without: 'its alerts, annotations and dashboards',
      look: lookAtGrafana,
    },
  ];
  return Promise.all([
    ...questions.map((question) => findingOf(http, now, question)),
    lookAtCluster(systems.kubernetes, settings.cluster.namespaces),
    lookAtOpenMemory(http, settings.openMemory, now),
  ]);
}

async function lookAtOpenMemory(
  http: HttpClient,
  { url, token, userId }: Settings['openMemory'],
  now: number,
): Promise<Finding> {
  const name = 'memory openmemory';
  const without = 'briefs tell what Healer’s own store remembers; everything else works';
  if (url === undefined) return { name, status: 'missing', detail: 'no OPENMEMORY_URL', without };
  const memory = openMemory(http, { url, token: token ?? null, userId, clock: () => now });
  const question = { fingerprint: null, failureType: null, words: 'shop', limit: 1, exceptRemediation: '', now };
  try {
    await memory.recall({ ...question, repository: SAMPLE.repository }, AbortSignal.timeout(TIMEOUT_MS));
    return { name, status: 'ok', detail: `${url} answers; memories of ${userId} can be asked for`, without: null };
  } catch (error) {
    return { name, status: 'failed', detail: messageOf(error), without };
  }
}

async function lookAtCluster(config: KubernetesConfig | null, namespaces: readonly string[]): Promise<Finding> {
  const name = 'context kubernetes';
  const without = 'briefs do not tell pods, events and rollouts; everything else works';
  if (config === null) return { name, status: 'missing', detail: 'cluster.access is off', without };
  const reads = clusterReads(config.read, { signal: AbortSignal.timeout(TIMEOUT_MS) });
  try {
    for (const namespace of namespaces.length === 0 ? [''] : namespaces) {
      await Promise.all([
        reads.pods(namespace, null),
        reads.warnings(namespace),
        reads.replicaSets(namespace),
        reads.deployments(namespace),
      ]);
    }
    const where = namespaces.length === 0 ? 'every namespace' : namespaces.join(', ');
    return { name, status: 'ok', detail: `pods, events and rollouts of ${where} can be read`, without: null };
  } catch (error) {
    return { name, status: 'failed', detail: messageOf(error), without };
  }
}

async function lookAtArgocd(ask: Ask): Promise<string> {
  await ask(['api', 'v1', 'applications'], [['fields', 'items.metadata.name']]);
  return 'applications can be listed';
}

async function lookAtWorkflows(ask: Ask, { namespace, selector }: Settings['argoWorkflows']): Promise<string> {
  const { query } = fillSelector(selector, SAMPLE);
  await ask(
    ['api', 'v1', 'workflows', namespace],
    [
      ['listOptions.labelSelector', query ?? ''],
      ['listOptions.limit', '1'],
      ['fields', 'items.metadata.name'],
    ],
  );
  return `workflows of ${namespace === '' ? 'every namespace' : namespace} can be listed`;
}

async function lookAtPrometheus(ask: Ask, queries: Settings['prometheus']['queries']): Promise<string> {
  const templates = Object.entries(queries);
  await each(templates, (query) => ask(['api', 'v1', 'query'], [['query', query]]));
  return `all ${templates.length} queries are understood`;
}

async function lookAtLoki(ask: Ask, queries: readonly string[], now: number): Promise<string> {
  const range = [
    ['start', `${now - 60_000}000000`],
    ['end', `${now}000000`],
    ['limit', '1'],
  ] as const;
  const templates = queries.map((query, index) => [`query ${index + 1}`, query] as const);
  await each(templates, (query) => ask(['loki', 'api', 'v1', 'query_range'], [['query', query], ...range]));
  return `all ${templates.length} queries are understood`;
}

async function lookAtGrafana(ask: Ask): Promise<string> {
  await ask(['api', 'search'], [['limit', '1']]);
  await ask(['api', 'alertmanager', 'grafana', 'api', 'v2', 'alerts'], [['filter', 'service="shop"']]);
  return 'dashboards and alerts can be read';
}

/** Asks every query with sample values; says which one it was that is not understood. */
async function each(
  templates: readonly (readonly [name: string, template: string])[],
  ask: (query: string) => Promise<void>,
): Promise<void> {
  for (const [name, template] of templates) {
    try {
      await ask(fillTemplate(template, SAMPLE).query ?? '');
    } catch (error) {
      throw new Error(`${name}: ${messageOf(error)}`, { cause: error });
    }
  }
}

interface Question {
  readonly name: string;
  readonly config: PeerConfig | null;
  readonly env: string;
  /** What briefs do not tell without it. */
  readonly without: string;
  /** What can be said when it answers; throws when it does not. */
  readonly look: (ask: Ask) => Promise<string>;
}

async function findingOf(http: HttpClient, now: number, { config, ...question }: Question): Promise<Finding> {
  const { name, env, look } = question;
  const without = `briefs do not tell ${question.without}; everything else works`;
  if (config === null) return { name, status: 'missing', detail: `no ${env}`, without };
  const peer = connectPeer(http, config);
  const ask: Ask = async (path, query = []) => {
    const signal = AbortSignal.timeout(TIMEOUT_MS);
    await peer.get({ path, query, schema: z.unknown(), maxBytes: ANSWER_BYTES, signal, now });
  };
  try {
    return { name, status: 'ok', detail: `${config.url} answers; ${await look(ask)}`, without: null };
  } catch (error) {
    return { name, status: 'failed', detail: messageOf(error), without };
  }
}
