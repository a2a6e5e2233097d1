import type { AddressInfo } from 'node:net';
import { resolve } from 'node:path';
import { loadTemplates } from '../brief/prompt/load.ts';
import { createSources } from '../brief/sources/index.ts';
import type { LocalEngine } from '../coderun/engines/local/engine.ts';
import { SOURCES } from '../intake/sources/index.ts';
import { readInsights } from '../learn/insights.ts';
import { type Clock, systemClock } from '../lib/clock.ts';
import { messageOf } from '../lib/errors.ts';
import { appDeliveries } from '../lib/github/app-deliveries.ts';
import type { GitHub } from '../lib/github/client.ts';
import type { Machine } from '../remediate/machine.ts';
import { createWorker, type Worker } from '../remediate/worker.ts';
import { createMetrics, type Metrics } from '../report/metrics.ts';
import { releaseAllCommands } from '../store/commands.ts';
import { keptSenderIds } from '../store/deliveries.ts';
import { releaseAllEffects } from '../store/effects.ts';
import { openStore, type Store } from '../store/open.ts';
import { similarOutcomes } from '../store/outcomes.ts';
import { type Acceptor, createAcceptor } from './accept.ts';
import { createCommands } from './commands.ts';
import { contextHttp, contextSystems } from './context-systems.ts';
import { type Core, createCore } from './core.ts';
import { commandChore } from './effects/commands.ts';
import { createHandlers } from './effects/index.ts';
import type { Environment } from './environment.ts';
import { connectGitHub } from './github.ts';
import { authorize, createHttp, credentialsOf, httpLimits } from './http.ts';
import { newId } from './ids.ts';
import { listenHost, secretValues } from './load-settings.ts';
import { type Log, logSteps } from './log.ts';
import { PROMPTS_DIR, VERSION } from './paths.ts';
import { createReadiness } from './readiness.ts';
import { createRedelivery, type Redelivery, type RedeliveryOptions } from './redelivery.ts';
import { watchedRules } from './rules.ts';
import { startRuns } from './runs.ts';
import type { Settings } from './settings.ts';

export interface ServiceOptions {
  readonly settings: Settings;
  readonly log: Log;
  readonly env: Environment;
  readonly clock?: Clock;
}

export interface Service {
  /** Where it listens, for example `http://127.0.0.1:8080`. */
  readonly url: string;
  readonly store: Store;
  readonly machine: Machine;
  readonly engine: LocalEngine;
  /** Takes no more, finishes what is under way, lets go of everything. CodeRuns go on and are adopted at the next start. */
  stop(): Promise<void>;
}

/** How often deliveries that could not be decided are taken up again, in milliseconds. */
const LEFTOVERS_MS = 15_000;
const CONCURRENT_EFFECTS = 8;
/** Steps within this time wake the worker once, milliseconds: under a storm it would look after every batch. */
const WAKE_MS = 10;

/** The whole of Healer in one process: doors, decisions, the two loops, pages. */
export async function startService(options: ServiceOptions): Promise<Service> {
  const { settings, log, env, clock = systemClock } = options;
  const store = await openStore(storeOptions(settings));
  const undo: (() => Promise<unknown> | unknown)[] = [() => store.close()];
  try {
    return await compose({ settings, log, env, clock }, store, undo);
  } catch (error) {
    for (const step of undo.toReversed()) await step();
    throw error;
  }
}

/** Calls `work` once for all calls within `ms`. */
function once(work: () => void, ms: number): () => void {
  let isPlanned = false;
  return () => {
    if (isPlanned) return;
    isPlanned = true;
    setTimeout(() => {
      isPlanned = false;
      work();
    }, ms);
  };
}

function storeOptions(settings: Settings) {
  if (settings.databaseUrl !== undefined) return { kind: 'postgres', url: settings.databaseUrl } as const;
  return { kind: 'sqlite', dir: resolve(settings.dataDir) } as const;
}

async function compose(
  options: Required<ServiceOptions>,
  store: Store,
  undo: (() => Promise<unknown> | unknown)[],
): Promise<Service> {
  const { settings, log, clock } = options;
  const onError = (message: string, fields: Readonly<Record<string, unknown>>): void => log.error(fields, message);
  const metrics = createMetrics({ version: VERSION, store, clock });
  const templates = loadTemplates(PROMPTS_DIR);
  const rules = watchedRules(settings, log);
  undo.push(rules.stop);
  const github = connectGitHub(settings, log, metrics);
  const self = { appId: settings.github.appId ?? null };
  const core = createCore({ store, settings, rules: rules.current, agents: templates.agents, clock, newId, self });
  core.machine.subscribe(logSteps(log));
  core.machine.subscribe((step) => metrics.remediationChanged(step));

  // Nobody else uses an embedded store: what the process before us held is free.
  if (store.dialect === 'sqlite') {
    await releaseAllEffects(store.db);
    await releaseAllCommands(store.db);
  }
  const runs = await startRuns({ ...options, store, machine: core.machine, github, metrics });
  undo.push(runs.stop);
  const worker = createWorker({
    store,
    machine: core.machine,
    clock,
    concurrency: CONCURRENT_EFFECTS,
    onError,
    handlers: createHandlers({
      store,
      settings,
      clock,
      newId,
      github,
      engine: runs.engine,
      templates,
      sources: createSources({
        github,
        http: contextHttp(),
        systems: contextSystems(settings),
        recall: (query) => similarOutcomes(store.db, query),
      }),
      rules: rules.current,
      metrics,
      secrets: secretValues(settings),
    }),
    chores: [
      commandChore({
        store,
        github,
        machine: core.machine,
        clock,
        newId,
        agents: templates.agents.map(({ name }) => name),
        maxAttempts: settings.maxAttempts,
        commandBots: settings.commandBots,
        onError,
      }),
    ],
  });
  // Whatever moved may have planned something.
  const wakeSoon = once(worker.wake, WAKE_MS);
  core.machine.subscribe(wakeSoon);
  const acceptor = createAcceptor({ ...ports(core, worker, metrics, log), store, clock, onError });
  const leftovers = setInterval(() => {
    acceptor
      .decideLeftovers()
      .catch((error: unknown) => onError('undecided deliveries could not be read', { error: messageOf(error) }));
  }, LEFTOVERS_MS);
  undo.push(() => clearInterval(leftovers));

  let running = false;
  const app = await createHttp({
    limits: httpLimits(settings),
    log,
    intake: {
      credentials: credentialsOf(settings),
      clock,
      newId,
      self,
      accept: acceptor.accept,
      onRefused: metrics.deliveryRejected,
    },
    report: {
      store,
      clock,
      metrics,
      info: { version: VERSION, mode: settings.mode, engine: settings.engine, startedAt: clock() },
      authorizeRead: authorize(credentialsOf(settings), 'read'),
      authorizeWrite: authorize(credentialsOf(settings), 'write'),
      command: createCommands({ store, machine: core.machine, clock, newId, wake: worker.wake }),
      readiness: createReadiness({ store, isRunning: () => running }),
      insights: (since) => readInsights(store, since, clock()),
      codeRunPhase: async (name) => (await runs.engine.get(name))?.status.phase ?? null,
      pausesChanged: worker.wake,
    },
  });
  await app.listen({ host: listenHost(settings), port: settings.port });
  undo.push(() => app.close());
  await acceptor.decideLeftovers();
  worker.start();
  const redelivery = missedDeliveries(options, store, github, onError);
  redelivery?.start();
  undo.push(() => redelivery?.stop());
  undo.push(
    () => acceptor.drain(),
    () => worker.stop(),
  );
  running = true;
  const url = addressOf(app.server.address() as AddressInfo);
  log.info({ url, mode: settings.mode, store: store.dialect, engine: settings.engine, version: VERSION }, 'listening');

  return {
    url,
    store,
    machine: core.machine,
    engine: runs.engine,
    stop: async () => {
      running = false;
      await app.close();
      for (const step of undo.toReversed()) await step();
      log.info({}, 'stopped');
    },
  };
}

/** Asking for what could not be delivered needs an App: nobody else may read what GitHub tried. */
function missedDeliveries(
  { settings, log, clock }: Required<ServiceOptions>,
  store: Store,
  github: GitHub,
  onError: RedeliveryOptions['onError'],
): Redelivery | null {
  if (settings.github.appId === undefined) return null;
  const wanted: ReadonlySet<string> = new Set(SOURCES.github.events);
  return createRedelivery({
    deliveries: appDeliveries(github.asApp, clock),
    kept: (guids) => keptSenderIds(store.db, guids),
    isWanted: (event) => wanted.has(event),
    clock,
    random: Math.random,
    onAsked: (fields) => log.info(fields, 'asked GitHub for missed deliveries'),
    onError,
  });
}

function ports(
  core: Core,
  worker: Worker,
  metrics: Metrics,
  log: Log,
): Omit<Parameters<typeof createAcceptor>[0], 'store' | 'clock' | 'onError'> {
  return {
    machine: core.machine,
    decide: core.decide,
    interpret: core.interpret,
    wake: worker.wake,
    onDecided: (delivery, disposition) => {
      // A command moves nothing yet, but somebody waits for it.
      if (disposition.reason.code.startsWith('command_')) worker.wake();
      metrics.deliveryDecided(delivery.origin, delivery.event, disposition);
      const { status, dedupStatus, remediationId, reason } = disposition;
      log.info(
        {
          delivery: delivery.id,
          origin: delivery.origin,
          event: delivery.event,
          status,
          dedup: dedupStatus,
          remediation: remediationId,
          reason: reason.code,
          detail: reason.detail,
        },
        'delivery decided',
      );
    },
  };
}

function addressOf({ address, family, port }: AddressInfo): string {
  const isWildcard = address === '0.0.0.0' || address === '::';
  const host = isWildcard ? '127.0.0.1' : family === 'IPv6' ? `[${address}]` : address;
  return `http://${host}:${port}`;
}

export type { Acceptor };
