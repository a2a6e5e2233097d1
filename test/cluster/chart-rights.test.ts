import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { RULES } from '../../src/app/cluster-rights.ts';
import { endedOf } from '../../src/coderun/ended.ts';
import { createKubernetesEngine, type KubernetesEngine } from '../../src/coderun/engines/kubernetes/engine.ts';
import type { KubernetesEngineOptions } from '../../src/coderun/engines/kubernetes/options.ts';
import { createElection, type Election } from '../../src/coderun/reconcile/leader.ts';
import { createMonotonicClock } from '../../src/coderun/reconcile/leader-clock.ts';
import { DEFAULT_ELECTION_POLICY } from '../../src/coderun/reconcile/leader-decision.ts';
import { kubernetesLease } from '../../src/coderun/reconcile/leader-lease.ts';
import { DEFAULT_RECONCILE_POLICY } from '../../src/coderun/reconcile/policy.ts';
import { systemSchedule } from '../../src/coderun/reconcile/queue.ts';
import { createReconciler, type Reconciler } from '../../src/coderun/reconcile/reconciler.ts';
import { type CodeRunDraft, isTerminalPhase } from '../../src/coderun/schema.ts';
import { tokenAccess } from '../../src/lib/kubernetes/access.ts';
import { createKubernetesClient, type KubernetesClient } from '../../src/lib/kubernetes/client.ts';
import { CHART } from '../charts/documents.ts';
import { POD_SETTINGS } from '../coderun/engines/kubernetes/support/settings.ts';
import { scripted } from '../coderun/support/drafts.ts';
import { TEMPLATES } from '../coderun/support/templates.ts';
import { sharedRemote } from './engine-bench.ts';
import { type AuditEvent, type Cluster, startCluster, until } from './support/cluster.ts';

const NAMESPACE = 'healer';
const ACCOUNT = `system:serviceaccount:${NAMESPACE}:healer`;
const PATIENCE_MS = 120_000;
/** Long enough that the next run finds what the last one left. */
const RETENTION_SECONDS = 6;
/** What is asked of the API server that no Role gives: everybody who is authenticated may. */
const FOR_EVERYBODY = new Set(['selfsubjectaccessreviews', 'selfsubjectreviews']);

const rightOf = (verb: string, group: string, resource: string): string => `${verb} ${resource} (${group || 'core'})`;

/** A request as the right that it needed; null for discovery and the like. */
function usedRight({ verb, objectRef }: AuditEvent): string | null {
  if (objectRef?.resource === undefined || FOR_EVERYBODY.has(objectRef.resource)) return null;
  const { resource, subresource, apiGroup = '' } = objectRef;
  return rightOf(verb, apiGroup, subresource === undefined ? resource : `${resource}/${subresource}`);
}

const RIGHTS = new Set(
  RULES.flatMap(({ group, resource, verbs }) => verbs.map((verb) => rightOf(verb, group, resource))),
);

describe('the chart’s Role', () => {
  let cluster: Cluster;
  let client: KubernetesClient;
  let remoteUrl = '';
  let count = 0;

  beforeAll(async () => {
    cluster = await startCluster();
    await cluster.helm([
      ...['install', 'healer', CHART, '-n', NAMESPACE, '--create-namespace'],
      // The rights are what this is about; the service itself is another test's.
      ...['--set', 'settings.kubernetes.image=agents:1', '--set', 'image.pullPolicy=Never'],
    ]);
    await cluster.node.tell(
      { namespace: NAMESPACE, name: 'healer-*', image: 'ghcr.io/5dlabs/healer:*' },
      { kind: 'unschedulable' },
    );
    const token = await cluster.tokenFor(NAMESPACE, 'healer');
    const ca = readFileSync(cluster.caFile, 'utf8');
    client = createKubernetesClient({
      access: tokenAccess({ server: cluster.server, token, ca }),
      userAgent: 'healer',
    });
    remoteUrl = (await sharedRemote(cluster)).remote.url;
  });
  afterAll(async () => {
    client?.close();
    await cluster?.stop();
  });

  const open = (
    change: Partial<KubernetesEngineOptions> = {},
  ): { engine: KubernetesEngine; reconciler: Reconciler } => {
    const engine = createKubernetesEngine({
      client,
      namespace: NAMESPACE,
      templates: TEMPLATES,
      clock: () => Date.now(),
      pods: POD_SETTINGS,
      retentionSeconds: RETENTION_SECONDS,
      keepCodeRunsMs: 1_000,
      // One that has to be replaced while the run lasts.
      gitToken: async () => ({ token: 'a-token-of-the-remote', expiresAt: Date.now() + 5_000 }),
      ...change,
    });
    const reconciler = createReconciler({
      engine,
      clock: () => Date.now(),
      policy: { ...DEFAULT_RECONCILE_POLICY, pollMs: 500, retentionSeconds: RETENTION_SECONDS },
      resyncMs: 1_000,
      onEnded: async () => {},
    });
    return { engine, reconciler };
  };
  const draft = (script: string, more: Partial<Parameters<typeof scripted>[1]> = {}): CodeRunDraft => {
    count += 1;
    return {
      ...scripted(script, { repositoryUrl: remoteUrl, ...more }),
      name: `healer-ci-rex-${count.toString(16).padStart(8, '0')}`,
    };
  };
  const used = async (): Promise<ReadonlySet<string>> => {
    const events = await cluster.auditEvents({ user: ACCOUNT });
    return new Set(events.map(usedRight).filter((right) => right !== null));
  };

  it('allows everything that is done in the life of CodeRuns, nothing that is not, and goes with an uninstall that leaves no finalizer', {
    timeout: 300_000,
  }, async () => {
    const { engine, reconciler } = open();
    const election: Election = createElection({
      lease: kubernetesLease(client, NAMESPACE),
      self: 'one',
      policy: DEFAULT_ELECTION_POLICY,
      monotonic: createMonotonicClock(),
      clock: Date.now,
      schedule: systemSchedule,
      random: Math.random,
      onError: () => {},
    });
    election.start();
    // Asked before anything is watched, as a replica does that does not lead.
    const early = draft('echo "no result"; exit 3');
    await engine.create(early);
    await engine.get(early.name);
    await engine.listActive();
    reconciler.start();
    const phaseOf = async (name: string) => (await engine.get(name))?.status.phase;
    // The next takes over the workspace of one that has ended.
    await until(PATIENCE_MS, 'the first does not end', async () => (await phaseOf(early.name)) === 'Failed');
    // Two at once in one workspace, one that is cancelled, one that cannot start, one that lasts beyond its token.
    const lasting = draft('sleep 8; echo \'{"status":"no_change_needed","summary":"fine"}\' >"$HEALER_RESULT"');
    const cancelled = draft('sleep 100');
    const stuck = draft('true', {});
    await cluster.node.tell(
      { namespace: NAMESPACE, name: `${stuck.name}*` },
      { kind: 'waiting', reason: 'ErrImagePull' },
    );
    for (const one of [lasting, cancelled, stuck]) await engine.create(one);
    await until(PATIENCE_MS, 'it does not run', async () => (await phaseOf(cancelled.name)) === 'Running');
    await engine.output(cancelled.name, 1_000);
    await engine.requestCancel(cancelled.name);
    await engine.requestCancel(stuck.name);
    await until(PATIENCE_MS, 'not all of them end and are cleaned up', async () => {
      const left = await Promise.all([early, lasting, cancelled, stuck].map(({ name }) => engine.get(name)));
      return left.every((run) => run === null || (isTerminalPhase(run.status.phase) && endedOf(run) !== null));
    });
    await until(PATIENCE_MS, 'CodeRuns stay', async () => {
      const { items } = await cluster.api.request<{ items: object[] }>(
        'GET',
        `/apis/agents.platform/v1/namespaces/${NAMESPACE}/coderuns`,
      );
      return items.length === 0;
    });
    // One that looks with nothing in its picture: a replica that has just become the leader.
    const { engine: another } = open({ clock: () => Date.now() + 60_000 });
    const late = draft('true');
    // It waits without a word, so that the platform's Events are asked for.
    const wordless = { kind: 'waiting', reason: 'ContainerCreating' } as const;
    await cluster.node.tell({ namespace: NAMESPACE, name: `${late.name}*` }, wordless);
    await another.create(late);
    const run = await another.get(late.name);
    if (run === null) throw new Error('It is not there.');
    await another.ensureFiles(run);
    await another.observe(run);
    await another.ensureFiles(run);
    await another.ensureJob(run, 60);
    // Its Pod may not be there yet, or wait for a node, which says why.
    await until(PATIENCE_MS, 'Events are not asked for', async () => {
      await another.observe(run);
      return (await used()).has('list events (core)');
    });
    await another.stopJob(run, 'cancelled');
    await another.close();
    await until(PATIENCE_MS, 'it is not cleaned up', async () => (await engine.get(late.name)) === null);
    await until(PATIENCE_MS, 'the lease is not renewed', async () =>
      (await used()).has('update leases (coordination.k8s.io)'),
    );
    await reconciler.stop();
    await engine.close();
    await election.stop();

    const events = await cluster.auditEvents({ user: ACCOUNT });
    const refused = events.filter(({ responseStatus }) => responseStatus?.code === 403);
    expect(refused.map(usedRight)).toEqual([]);
    const seen = await used();
    expect(
      [...seen].filter((right) => !RIGHTS.has(right)),
      'done and not in the Role',
    ).toEqual([]);
    expect([...RIGHTS].filter((right) => !seen.has(right)).toSorted(), 'in the Role and never done').toEqual([]);

    await uninstalled(cluster);
  });
});

/** Takes the release away and looks at what it left. */
async function uninstalled(cluster: Cluster): Promise<void> {
  await cluster.helm(['uninstall', 'healer', '-n', NAMESPACE, '--wait', '--timeout', '60s']);
  const kinds =
    'coderuns,jobs,pods,configmaps,secrets,persistentvolumeclaims,leases,roles,rolebindings,serviceaccounts';
  const text = await cluster.kubectl(['get', kinds, '-n', NAMESPACE, '-o', 'json']);
  const { items } = JSON.parse(text) as {
    items: { kind: string; metadata: { name: string; finalizers?: string[] } }[];
  };
  const held = items.filter(({ metadata }) => metadata.finalizers?.some((name) => name.startsWith('healer')));
  expect(held).toEqual([]);
  const own = items.filter(({ metadata }) => metadata.name === 'healer').map(({ kind }) => kind);
  expect(own).toEqual([]);
}
