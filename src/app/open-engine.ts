import { resolve } from 'node:path';
import type { Engine } from '../coderun/engine.ts';
import { createLocalEngine } from '../coderun/engines/local/engine.ts';
import type { LeasePort } from '../coderun/reconcile/leader.ts';
import { refuseUnlessLeader } from '../coderun/reconcile/leader-fence.ts';
import { kubernetesLease } from '../coderun/reconcile/leader-lease.ts';
import { storeLease } from '../coderun/reconcile/leader-store.ts';
import type { CodeRun } from '../coderun/schema.ts';
import type { CodeRunTemplates } from '../coderun/templates.ts';
import type { Clock } from '../lib/clock.ts';
import type { ReadinessCheck } from '../report/api.ts';
import { registerClusterGauges } from '../report/cluster-gauges.ts';
import type { Metrics } from '../report/metrics.ts';
import type { OpenGate } from '../safety/index.ts';
import { codeRunRows } from '../store/coderuns.ts';
import { type Store, writeOne } from '../store/open.ts';
import { definitionState, wantedDefinition } from './cluster-definition.ts';
import { createClusterHealth, leaderCheck } from './cluster-health.ts';
import { refusedRights } from './cluster-rights.ts';
import type { Environment } from './environment.ts';
import { type ClusterConnection, clusterEngine, connectCluster } from './kubernetes-engine.ts';
import type { Leading } from './leadership.ts';
import type { Log } from './log.ts';
import type { Settings } from './settings.ts';

export interface EngineDeps {
  readonly settings: Settings;
  readonly log: Log;
  readonly env: Environment;
  readonly clock: Clock;
  readonly store: Store;
  readonly metrics: Metrics;
  readonly templates: CodeRunTemplates;
  readonly gitToken: (
    codeRun: CodeRun,
  ) => Promise<{ readonly token: string; readonly expiresAt: number | null } | null>;
  readonly gate: OpenGate;
}

/** An engine on its way: who leads is settled before it is there, since it asks before each write. */
export interface EngineToOpen {
  /** Null when no other process can drive the same CodeRuns. */
  readonly lease: LeasePort | null;
  open(leading: Leading): OpenedEngine;
}

export interface OpenedEngine {
  readonly engine: Engine;
  readonly checks: () => Promise<readonly ReadinessCheck[]>;
  close(): Promise<void>;
  /** After the lease was given back: lets go of what the lease itself needed. */
  disconnect(): void;
}

/** The engine that the settings name. SettingsError when there is no way to it. */
export async function engineOf(deps: EngineDeps): Promise<EngineToOpen> {
  if (deps.settings.engine === 'local') return localEngine(deps);
  return inCluster(await connectCluster(deps.settings, deps.env), deps);
}

function localEngine({ settings, log, env, clock, store, templates, gitToken, gate }: EngineDeps): EngineToOpen {
  // Replicas on one database would each start what the others have started: one of them leads.
  const lease = store.dialect === 'postgres' ? storeLease(store, clock) : null;
  const engine = createLocalEngine({
    rows: codeRunRows(store.db, (statement) => writeOne(store, statement)),
    dataDir: resolve(settings.dataDir),
    templates,
    clock,
    baseEnv: env,
    gitToken,
    redact: gate.text,
    onMalformed: (name, why) => log.error({ coderun: name, error: why }, 'CodeRun is malformed'),
  });
  return {
    lease,
    open: (leading) => ({
      engine,
      checks: async () => (lease === null ? [] : [leaderCheck(leading.view(), settings.leaseSeconds * 1_000)]),
      close: async () => engine.close(),
      disconnect: () => {},
    }),
  };
}

function inCluster(connection: ClusterConnection, deps: EngineDeps): EngineToOpen {
  const { settings, clock, metrics, gate } = deps;
  const { client, namespace } = connection;
  return {
    lease: kubernetesLease(client, namespace),
    open(leading) {
      const engine = clusterEngine(connection, {
        ...deps,
        redact: gate.text,
        mayWrite: () => refuseUnlessLeader(leading, 'A write to the cluster'),
      });
      registerClusterGauges(metrics.registry, clock, engine);
      const checks = createClusterHealth({
        ask: {
          rights: () => refusedRights(client, namespace),
          definition: () => definitionState(client, wantedDefinition()),
          isLeading: () => leading.isLeader(),
          lastHeardAt: () => engine.lastEventAt(),
          leader: () => leading.view(),
        },
        namespace,
        clock,
        leaseMs: settings.leaseSeconds * 1_000,
      });
      return { engine, checks, close: () => engine.close(), disconnect: () => client.close() };
    },
  };
}
