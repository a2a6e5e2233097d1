import { statSync } from 'node:fs';
import { Worker } from 'node:worker_threads';
import { type Kysely, sql } from 'kysely';
import type { Database } from './schema.ts';

/** Pages in the log, and how many of them are in the database file as well. */
interface Report {
  readonly pages: number;
  readonly copied: number;
}

export interface Checkpoints {
  stop(): Promise<void>;
}

/**
 * Each copying ends with a sync that may hold up the syncs of commits for some milliseconds; rarely and much disturbs
 * fewer senders than often and little.
 */
const EVERY_MS = 5_000;
/** A log below this is left to the closing of the database; no thread is started for it. Bytes. */
const WORTH_A_THREAD = 4 * 1024 * 1024;
/**
 * A log longer than this is begun anew: while writers never rest, copying never catches up by itself. 128 MiB in pages
 * of 4 KiB; recovering so much after a crash takes well below a second.
 */
const MAX_PAGES = 32_768;
/** The thread holds a few strings, MiB. */
const HEAP = { maxYoungGenerationSizeMb: 1, maxOldGenerationSizeMb: 32 };
/** What may be left to copy while writers wait. */
const FEW_PAGES = 4_096;

/**
 * The thread that copies what was committed from SQLite's log into its database file. Copying waits for the disk longer
 * than a commit does; on the thread that answers senders it would show as a stall every few hundred deliveries.
 * JavaScript in a text, because a thread that has to strip types from a file of its own holds 15 MiB for it.
 */
const THREAD = `
const { setPriority } = require('node:os');
const { DatabaseSync } = require('node:sqlite');
const { parentPort, workerData } = require('node:worker_threads');
// Of this thread alone: whoever answers senders goes first, also where there is only one core.
try { setPriority(0, 19); } catch {}
const database = new DatabaseSync(workerData);
database.exec('pragma synchronous = full');
database.exec('pragma wal_autocheckpoint = 0');
const version = database.prepare('pragma data_version');
const checkpoint = database.prepare('pragma wal_checkpoint(passive)');
let seen = null;
parentPort.on('message', () => {
  const now = version.get().data_version;
  if (now === seen) return;
  seen = now;
  checkpoint.get();
  // What came meanwhile is copied at once, so that little is left when writers have to wait for the rest.
  const { log, checkpointed } = checkpoint.get();
  parentPort.postMessage({ pages: log, copied: checkpointed });
});
`;

/** Keeps the log of an embedded database short without making writers wait for the copying. */
export function keepLogShort(db: Kysely<Database>, path: string, everyMs = EVERY_MS): Checkpoints {
  const log = `${path}-wal`;
  let worker: Worker | null = null;

  const startAnew = async ({ pages, copied }: Report): Promise<void> => {
    if (pages < MAX_PAGES || pages - copied > FEW_PAGES) return;
    // Through the store's own queue: not inside of somebody's transaction.
    await sql`pragma wal_checkpoint(restart)`.execute(db);
  };

  const look = (): void => {
    if (worker === null && sizeOf(log) > WORTH_A_THREAD) {
      worker = new Worker(THREAD, { eval: true, workerData: path, resourceLimits: HEAP });
      worker.unref();
      // A checkpoint that failed is tried again with the next; a thread that ended is started again.
      worker.on('message', (report: Report) => void startAnew(report).catch(() => {}));
      worker.on('error', () => {});
      worker.on('exit', () => {
        worker = null;
      });
    }
    worker?.postMessage('look');
  };

  const timer = setInterval(look, everyMs);
  timer.unref();
  return {
    stop: async () => {
      clearInterval(timer);
      await worker?.terminate();
    },
  };
}

function sizeOf(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.size ?? 0;
}
