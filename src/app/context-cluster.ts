import { z } from 'zod';
import { selectorProblem } from '../brief/query-language.ts';
import type { ReadCluster } from '../brief/sources/kubernetes/api.ts';
import { DEFAULT_SELECTORS, type KubernetesConfig } from '../brief/sources/kubernetes/index.ts';
import { type AccessOptions, findAccess } from '../lib/kubernetes/access.ts';
import { createKubernetesClient, type KubernetesClient } from '../lib/kubernetes/client.ts';
import type { Environment } from './environment.ts';
import { VERSION } from './paths.ts';

const words = z
  .union([z.array(z.string()), z.string()])
  .transform((value) => (typeof value === 'string' ? value.split(',') : value).map((word) => word.trim()))
  .transform((list) => list.filter((word) => word !== ''));

const namespace = z.string().regex(/^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/, 'is not the name of a namespace');

/** One selector a line; commas are part of the language. */
const selectors = z
  .union([z.array(z.string()), z.string()])
  .transform((value) => (typeof value === 'string' ? value.split('\n') : value).map((line) => line.trim()))
  .transform((lines) => lines.filter((line) => line !== ''))
  .superRefine((lines, context) => {
    for (const line of lines) {
      const problem = selectorProblem(line);
      if (problem !== null) context.addIssue({ code: 'custom', message: problem });
    }
  });

/** The cluster that briefs tell of; independent of where CodeRuns run. */
export const clusterSettings = {
  cluster: z
    .strictObject({
      access: z.enum(['off', 'in-cluster', 'kubeconfig']).default('off').meta({
        description: 'How pods, events and rollouts are read for briefs; off does not ask the cluster.',
      }),
      kubeconfig: z.string().optional().meta({
        env: 'KUBECONFIG',
        description: 'File that `access: kubeconfig` reads.',
      }),
      context: z.string().optional().meta({ description: 'Context of the kubeconfig; its current one otherwise.' }),
      namespaces: words
        .pipe(z.array(namespace))
        .default([])
        .meta({ description: 'Namespaces that may be read; empty for all that the account may read.' }),
      selectors: selectors
        .default([...DEFAULT_SELECTORS])
        .meta({ description: 'Label selectors of a service’s pods, one a line.' }),
    })
    .superRefine(({ access, kubeconfig }, context) => {
      if (access !== 'kubeconfig' || kubeconfig !== undefined) return;
      context.addIssue({ code: 'custom', path: ['kubeconfig'], message: 'is missing; access: kubeconfig reads it' });
    })
    .prefault({}),
};

export type ClusterSettings = z.output<(typeof clusterSettings)['cluster']>;

/** What the settings say of the cluster; null when it is not to be asked. Connects with the first question. */
export function contextCluster(settings: ClusterSettings, env: Environment): KubernetesConfig | null {
  if (settings.access === 'off') return null;
  return {
    read: readerOf({
      kubeconfig: settings.access === 'kubeconfig' ? (settings.kubeconfig ?? null) : null,
      context: settings.context ?? null,
      env,
    }),
    namespaces: settings.namespaces,
    selectors: settings.selectors,
  };
}

/** GET and nothing else. A connection that could not be made is tried again with the next question. */
function readerOf(options: AccessOptions): ReadCluster {
  let client: Promise<KubernetesClient> | null = null;
  const connect = async (): Promise<KubernetesClient> =>
    createKubernetesClient({ access: await findAccess(options), userAgent: `healer/${VERSION}` });
  return async ({ path, query, signal }) => {
    client ??= connect();
    const connected = await client.catch((error: unknown) => {
      client = null;
      throw error;
    });
    const { body } = await connected.request({
      path: `/${path.map((part) => encodeURIComponent(part)).join('/')}`,
      query,
      signal,
    });
    return body;
  };
}
