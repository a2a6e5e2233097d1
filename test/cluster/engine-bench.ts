import { chownSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { type EndedRun, endedOf } from '../../src/coderun/ended.ts';
import { createKubernetesEngine, type KubernetesEngine } from '../../src/coderun/engines/kubernetes/engine.ts';
import {
  type KubernetesEngineOptions,
  MAX_START_FAILURES,
  type PodSettings,
} from '../../src/coderun/engines/kubernetes/options.ts';
import { DEFAULT_RECONCILE_POLICY, type ReconcilePolicy } from '../../src/coderun/reconcile/policy.ts';
import { createReconciler, type Reconciler } from '../../src/coderun/reconcile/reconciler.ts';
import type { CodeRun, CodeRunDraft } from '../../src/coderun/schema.ts';
import { tokenAccess } from '../../src/lib/kubernetes/access.ts';
import { createKubernetesClient, type KubernetesClient } from '../../src/lib/kubernetes/client.ts';
import { POD_SETTINGS } from '../coderun/engines/kubernetes/support/settings.ts';
import { scripted } from '../coderun/support/drafts.ts';
import { Remote } from '../coderun/support/git.ts';
import { TEMPLATES } from '../coderun/support/templates.ts';
import type { EngineBench } from '../contract/engine-suite.ts';
import { type Cluster, until } from './support/cluster.ts';

/** The user that agents run as; git refuses a repository that belongs to somebody else. */
const AGENT_UID = 1000;
const PATIENCE_MS = 90_000;
/**
 * Not below /tmp, over which every agent's container has a folder of its own; and one folder for all, since what is shared
 * with the node has to stay for as long as the node does.
 */
const REMOTES = '/var/tmp/healer-cluster-remotes';

/** A bare repository that agents can clone and push to, under the same path in every container. */
export async function sharedRemote(cluster: Cluster): Promise<{ readonly remote: Remote; readonly folder: string }> {
  mkdirSync(REMOTES, { recursive: true });
  await cluster.node.share(REMOTES);
  const folder = mkdtempSync(join(REMOTES, 'remote-'));
  const remote = new Remote(folder);
  giveAway(folder);
  return { remote, folder };
}

function giveAway(path: string): void {
  chownSync(path, AGENT_UID, AGENT_UID);
  for (const entry of readdirSync(path, { withFileTypes: true })) {
    if (entry.isDirectory()) giveAway(join(path, entry.name));
    else chownSync(join(path, entry.name), AGENT_UID, AGENT_UID);
  }
}

export { installDefinition } from './engine-definition.ts';

export interface KubernetesBench extends EngineBench {
  readonly engine: KubernetesEngine;
  readonly client: KubernetesClient;
  readonly cluster: Cluster;
  readonly namespace: string;
  readonly remote: Remote;
  readonly reconciler: Reconciler;
  readonly ended: { readonly codeRun: CodeRun; readonly ended: EndedRun }[];
  readonly errors: string[];
  /** A second engine with a reconciler of its own on the same namespace. */
  another(): { readonly engine: KubernetesEngine; readonly reconciler: Reconciler };
  /** Creates a CodeRun and waits for its end; the reconciler must have been started. */
  finish(draft: CodeRunDraft): Promise<{ readonly codeRun: CodeRun; readonly ended: EndedRun }>;
  /** Waits until something is so of a CodeRun. */
  reach(name: string, isSo: (codeRun: CodeRun) => boolean, what: string): Promise<CodeRun>;
}

export interface BenchChange {
  readonly engine?: Partial<KubernetesEngineOptions>;
  readonly pods?: Partial<PodSettings>;
  readonly policy?: Partial<ReconcilePolicy>;
}

/** An engine and a reconciler (not started) in a namespace of their own. */
export async function openKubernetesBench(cluster: Cluster, change: BenchChange = {}): Promise<KubernetesBench> {
  const namespace = await cluster.namespace('engine');
  const { remote, folder } = await sharedRemote(cluster);
  const client = createKubernetesClient({
    access: tokenAccess(adminOf(cluster)),
    userAgent: `healer/${namespace}`,
  });
  const errors: string[] = [];
  const ended: KubernetesBench['ended'][number][] = [];
  const opened: KubernetesEngine[] = [];
  const reconcilers: Reconciler[] = [];
  const another = () => {
    const engine = createKubernetesEngine({
      client,
      namespace,
      templates: TEMPLATES,
      clock: () => Date.now(),
      pods: { ...POD_SETTINGS, ...change.pods },
      retentionSeconds: 3600,
      keepCodeRunsMs: 86_400_000,
      onProblem: (what, message) => errors.push(`${what}: ${message}`),
      ...change.engine,
    });
    const reconciler = createReconciler({
      engine,
      clock: () => Date.now(),
      policy: { ...DEFAULT_RECONCILE_POLICY, maxStartFailures: MAX_START_FAILURES, pollMs: 1000, ...change.policy },
      onEnded: async (codeRun, how) => void ended.push({ codeRun, ended: how }),
      onError: ({ name, message }) => errors.push(`${name}: ${message}`),
    });
    opened.push(engine);
    reconcilers.push(reconciler);
    return { engine, reconciler };
  };
  const { engine, reconciler } = another();
  const reach: KubernetesBench['reach'] = async (name, isSo, what) => {
    let last: CodeRun | null = null;
    await until(PATIENCE_MS, `${what}: ${name}`, async () => {
      // The API server may be away: that is what some tests are about.
      last = await engine.get(name).catch(() => last);
      return last !== null && isSo(last);
    }).catch((error: unknown) => {
      throw new Error(`${String(error)}\nlast seen: ${JSON.stringify(last, null, 1)}\nerrors: ${errors.join('\n')}`);
    });
    if (last === null) throw new Error(`${name} is gone`);
    return last;
  };
  return {
    engine,
    reconciler,
    another,
    client,
    cluster,
    namespace,
    remote,
    ended,
    errors,
    reach,
    draft: (script, more) => scripted(script, { repositoryUrl: remote.url, ...more }),
    async finish(draft) {
      await engine.create(draft);
      const codeRun = await reach(draft.name, (run) => endedOf(run) !== null, 'does not end');
      const end = endedOf(codeRun);
      if (end === null) throw new Error('not ended');
      return { codeRun, ended: end };
    },
    async close() {
      for (const each of reconcilers) await each.stop();
      for (const run of await engine.listActive()) await engine.stopJob(run, 'cancelled');
      for (const each of opened) await each.close();
      client.close();
      rmSync(folder, { recursive: true, force: true, maxRetries: 10 });
    },
  };
}

export function adminOf(cluster: Cluster): { server: string; token: string; ca: string } {
  return { server: cluster.server, token: cluster.adminToken, ca: readFileSync(cluster.caFile, 'utf8') };
}
