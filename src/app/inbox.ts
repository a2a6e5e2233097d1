import { mkdir, readdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { faultText, type Interpretation } from '../intake/interpret.ts';
import { messageOf } from '../lib/errors.ts';
import type { Delivery } from '../model/delivery.ts';
import { reason } from '../model/reason.ts';
import { type Inbox, InboxFullError, openInbox } from '../store/inbox.ts';
import { syncFolder } from '../store/inbox-files.ts';
import type { Acceptor } from './accept.ts';
import type { Foundation } from './foundation.ts';
import type { Log } from './log.ts';
import type { Settings } from './settings.ts';

const MEBIBYTE = 1024 * 1024;
/** Decided in one transaction: fewer while senders wait for the processor, more when nobody does. */
const [BATCH_IN_STORM, BATCH] = [16, 32];
/**
 * After a batch during which something arrived, senders are left alone with processor and disk for `LOOK_MS`. When more
 * arrive in that time than are decided in the same, it is a storm, and they are left alone for longer: what was acknowledged
 * can wait, and a sender gives up after ten seconds.
 */
const [LOOK_MS, REST_MS] = [5, 250];
/** Between two tries while the store does not take anything, milliseconds. */
const RETRY_MS = 1_000;

/** The inbox in the data folder, which one process holds. PostgreSQL is shared, and its replicas' folders may not last. */
export async function openServiceInbox(settings: Settings, log: Pick<Log, 'error'>): Promise<Inbox | null> {
  const dataDir = resolve(settings.dataDir);
  const dir = join(dataDir, 'inbox');
  if (settings.databaseUrl !== undefined) {
    await tellLeft(dir, log);
    return null;
  }
  await mkdir(dir, { recursive: true, mode: 0o700 });
  // Where folders cannot be synced no file of the inbox is made either, and every sender waits for decisions.
  await syncFolder(dataDir).catch((error: unknown) =>
    log.error(
      { dataDir, error: messageOf(error) },
      'the data folder cannot be synced, so that the inbox takes nothing',
    ),
  );
  return openInbox({
    dir,
    maxBytes: settings.limits.inboxMegabytes * MEBIBYTE,
    onError: (message, fields) => log.error(fields, message),
  });
}

/** Who changes to PostgreSQL leaves behind what the embedded store had not taken yet: people have to know. */
async function tellLeft(dir: string, log: Pick<Log, 'error'>): Promise<void> {
  const names = await readdir(dir).catch(() => []);
  const files = names.filter((name) => name.endsWith('.inbox')).map((name) => join(dir, name));
  if (files.length === 0) return;
  log.error(
    { files },
    'acknowledged deliveries may be left in the inbox: start once without DATABASE_URL to decide them',
  );
}

/** Puts a delivery into the inbox; false when it is full or the disk does not take it, and the usual way is open. */
export function putInto(inbox: Inbox, onError: Foundation['onError']): (delivery: Delivery) => Promise<boolean> {
  return (delivery) =>
    inbox.put(delivery).then(
      () => true,
      (error: unknown) => {
        if (!(error instanceof InboxFullError))
          onError('the inbox did not take a delivery, which is decided about at once', { error: messageOf(error) });
        return false;
      },
    );
}

export interface InboxReader {
  /** Finishes the batch under way. What is left comes out at the next start. */
  stop(): Promise<void>;
}

/** Takes deliveries out of the inbox and has them decided, the oldest first, for as long as the process runs. */
export function readInbox(options: {
  readonly inbox: Inbox;
  readonly accept: Acceptor['accept'];
  readonly interpret: (delivery: Delivery) => Interpretation;
  /** Whether a delivery with this body is in the store. */
  readonly isStored: (digest: string) => Promise<boolean>;
  readonly onError: Foundation['onError'];
}): InboxReader {
  const { inbox, onError } = options;
  const stopped = new AbortController();
  const { signal } = stopped;

  const decideAll = async (deliveries: readonly Delivery[]): Promise<void> => {
    for (let left = deliveries; left.length > 0; ) {
      const outcomes = await Promise.allSettled(left.map((delivery) => decideOne(options, delivery)));
      const failed = outcomes.find((outcome) => outcome.status === 'rejected');
      left = left.filter((_, index) => outcomes[index]?.status === 'rejected');
      if (failed === undefined) return;
      onError('deliveries of the inbox wait for the store', { count: left.length, error: messageOf(failed.reason) });
      await pause(RETRY_MS, undefined, { signal });
    }
  };

  /** How many arrive in a millisecond. */
  const arrivals = async (): Promise<number> => {
    const [before, began] = [inbox.arrived, performance.now()];
    await pause(LOOK_MS, undefined, { signal });
    return (inbox.arrived - before) / (performance.now() - began);
  };

  let isStorm = false;
  const decideNext = async (): Promise<void> => {
    const before = inbox.arrived;
    const { deliveries, done } = await inbox.take(isStorm ? BATCH_IN_STORM : BATCH, signal);
    const began = performance.now();
    await decideAll(deliveries);
    await done();
    const pace = deliveries.length / (performance.now() - began);
    isStorm = inbox.arrived > before && (await arrivals()) > pace;
    if (isStorm) await pause(REST_MS, undefined, { signal });
  };

  const run = async (): Promise<void> => {
    while (!signal.aborted) {
      await decideNext().catch(async (error: unknown) => {
        if (signal.aborted) return;
        onError('the inbox cannot be read', { error: messageOf(error) });
        await pause(RETRY_MS, undefined, { signal }).catch(() => {});
      });
    }
  };

  const running = run();
  return {
    stop: async () => {
      stopped.abort();
      await running;
    },
  };
}

async function decideOne(
  { interpret, accept, isStored }: Pick<Parameters<typeof readInbox>[0], 'interpret' | 'accept' | 'isStored'>,
  delivery: Delivery,
): Promise<void> {
  const { signals, ignored, event, externalId, fault } = interpret(delivery);
  const why = fault === null ? ignored : reason('unreadable', faultText(fault));
  const { deliveryId } = await accept({ ...delivery, event, externalId }, { signals, ignored: why, preferWaitMs: 0 });
  if (deliveryId === delivery.id || (await isStored(delivery.digest))) return;
  // Another body came before under this id. Who was told that this one is kept can look it up all the same.
  const known = reason('known_id', `Another delivery came before under the id ${externalId}; that one counts.`);
  await accept({ ...delivery, event, externalId: null }, { signals: [], ignored: known, preferWaitMs: 0 });
}
