import { hostname } from 'node:os';
import { createKubernetesEngine, type KubernetesEngine } from '../coderun/engines/kubernetes/engine.ts';
import type { GitToken } from '../coderun/engines/kubernetes/options.ts';
import type { CodeRun } from '../coderun/schema.ts';
import type { CodeRunTemplates } from '../coderun/templates.ts';
import type { Clock } from '../lib/clock.ts';
import { findAccess } from '../lib/kubernetes/access.ts';
import { createKubernetesClient, type KubernetesClient } from '../lib/kubernetes/client.ts';
import type { Environment } from './environment.ts';
import { podSettings } from './kubernetes-settings.ts';
import { SettingsError } from './load-settings.ts';
import type { Log } from './log.ts';
import { VERSION } from './paths.ts';
import type { Settings } from './settings.ts';

export interface ClusterConnection {
  readonly client: KubernetesClient;
  /** Where CodeRuns live. */
  readonly namespace: string;
}

/** Connects to the cluster that CodeRuns live in. SettingsError when there is none, or no namespace is known. */
export async function connectCluster({ kubernetes }: Settings, env: Environment): Promise<ClusterConnection> {
  const isInPod = env['KUBERNETES_SERVICE_HOST'] !== undefined;
  const kubeconfig = kubernetes.kubeconfig ?? (isInPod ? null : (env['KUBECONFIG'] ?? null));
  const access = await findAccess({ kubeconfig, context: kubernetes.context ?? null, env });
  const namespace = kubernetes.namespace ?? access.namespace;
  if (namespace === null) {
    access.close();
    throw new SettingsError('No namespace is known for CodeRuns: set HEALER_NAMESPACE.');
  }
  return { client: createKubernetesClient({ access, userAgent: `healer/${VERSION}` }), namespace };
}

export interface ClusterEngineDeps {
  readonly settings: Settings;
  readonly log: Log;
  readonly clock: Clock;
  readonly templates: CodeRunTemplates;
  readonly gitToken: (codeRun: CodeRun) => Promise<GitToken | null>;
  readonly redact: (text: string) => string;
  /** Throws when this process may not write for the reconciler any more. */
  readonly mayWrite: () => void;
}

export function clusterEngine({ client, namespace }: ClusterConnection, deps: ClusterEngineDeps): KubernetesEngine {
  const { settings, log, clock, templates, gitToken, redact, mayWrite } = deps;
  const { retentionHours, keepCodeRunsHours } = settings.kubernetes;
  return createKubernetesEngine({
    client,
    namespace,
    templates,
    clock,
    pods: podSettings(settings.kubernetes),
    gitToken,
    redact,
    mayWrite,
    retentionSeconds: retentionHours * 3600,
    keepCodeRunsMs: keepCodeRunsHours * 3_600_000,
    instance: hostname(),
    onProblem: (what, error) => log.warn({ what, error }, 'the cluster does not answer as it should'),
  });
}
