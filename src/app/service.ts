import type { AddressInfo } from 'node:net';
import { resolve } from 'node:path';
import type { Engine } from '../coderun/engine.ts';
import { type Clock, systemClock } from '../lib/clock.ts';
import type { Machine } from '../remediate/machine.ts';
import { findListedDelivery } from '../store/delivery-list.ts';
import { openStore, type Store } from '../store/open.ts';
import { createRoutes, openAcceptor } from './doors.ts';
import type { Environment } from './environment.ts';
import { type Foundation, layFoundation, type Undo } from './foundation.ts';
import { openServiceInbox, readInbox } from './inbox.ts';
import { listenHost } from './load-settings.ts';
import type { Log } from './log.ts';
import { createLoops } from './loops.ts';
import { askForMissedDeliveries } from './missed-deliveries.ts';
import { startNotifications } from './notify-start.ts';
import { VERSION } from './paths.ts';
import { keepTidy } from './retention.ts';
import type { Settings } from './settings.ts';
import { openTracing } from './traces.ts';

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
  readonly engine: Engine;
  /** Takes no more, finishes what is under way, lets go of everything. CodeRuns go on and are adopted at the next start. */
  stop(): Promise<void>;
}

/** In a storm the worker begins a round only so often, milliseconds: senders wait ten seconds, repairs minutes. */
const YIELD_MS = 250;

/** The whole of Healer in one process: doors, decisions, the two loops, pages. */
export async function startService(options: ServiceOptions): Promise<Service> {
  const { settings, log, env, clock = systemClock } = options;
  const store = await openStore(storeOptions(settings));
  // What has to be let go of, in the order in which it was taken hold of.
  const undo: Undo = [() => store.close()];
  try {
    const inbox = await openServiceInbox(settings, log);
    undo.push(() => inbox?.close());
    return await compose({ settings, log, env, clock }, { store, inbox }, undo);
  } catch (error) {
    await letGo(undo);
    throw error;
  }
}

async function letGo(undo: Undo): Promise<void> {
  for (const step of undo.toReversed()) await step();
}

function storeOptions(settings: Settings) {
  if (settings.databaseUrl !== undefined) return { kind: 'postgres', url: settings.databaseUrl } as const;
  return { kind: 'sqlite', dir: resolve(settings.dataDir) } as const;
}

type Kept = Pick<Foundation, 'store' | 'inbox'>;

async function compose(options: Required<ServiceOptions>, kept: Kept, undo: Undo): Promise<Service> {
  const { settings, log } = options;
  const { store, inbox } = kept;
  const base = layFoundation({ ...options, ...kept, tracing: await openTracing(settings) }, undo);
  const loops = await createLoops(base, undo);
  const acceptor = openAcceptor(base, loops.worker, undo);
  let running = false;
  const app = await createRoutes(base, loops, acceptor, () => running);
  await app.listen({ host: listenHost(settings), port: settings.port });
  undo.push(() => app.close());
  await acceptor.decideLeftovers();
  loops.worker.start(() => acceptor.whenQuiet(YIELD_MS));
  askForMissedDeliveries(base, undo);
  keepTidy(base, undo);
  startNotifications(base, undo);
  undo.push(
    () => acceptor.drain(),
    () => loops.worker.stop(),
  );
  if (inbox !== null) {
    const isStored = async (digest: string) => (await findListedDelivery(store.db, digest)) !== null;
    const reader = readInbox({ ...base, inbox, isStored, accept: acceptor.accept, interpret: base.core.interpret });
    undo.push(() => reader.stop());
  }
  running = true;
  const url = addressOf(app.server.address() as AddressInfo);
  log.info({ url, mode: settings.mode, store: store.dialect, engine: settings.engine, version: VERSION }, 'listening');
  return {
    url,
    store,
    machine: base.core.machine,
    engine: loops.engine,
    stop: async () => {
      running = false;
      await app.close();
      await letGo(undo);
      log.info({}, 'stopped');
    },
  };
}

function addressOf({ address, family, port }: AddressInfo): string {
  const isWildcard = address === '0.0.0.0' || address === '::';
  const host = isWildcard ? '127.0.0.1' : family === 'IPv6' ? `[${address}]` : address;
  return `http://${host}:${port}`;
}
