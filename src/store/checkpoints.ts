import { statSync } from 'node:fs';
import { Worker } from 'node:worker_threads';
import { type Kysely, sql } from 'kysely';
import type { CheckpointReport } from './checkpoint-worker.ts';
import type { Database } from './schema.ts';

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

/** Keeps the log of an embedded database short without making writers wait for the copying. */
export function keepLogShort(db: Kysely<Database>, path: string): Checkpoints {
  const log = `${path}-wal`;
  let worker: Worker | null = null;

  const startAnew = async ({ pages, copied }: CheckpointReport): Promise<void> => {
    if (pages < MAX_PAGES || pages - copied > FEW_PAGES) return;
    // Through the store's own queue: not inside of somebody's transaction.
    await sql`pragma wal_checkpoint(restart)`.execute(db);
  };

  const look = (): void => {
    if (worker === null && sizeOf(log) > WORTH_A_THREAD) {
      // Compiled or not, the thread's file lies beside this one and ends alike.
      const file = new URL(`./checkpoint-worker${import.meta.url.endsWith('.ts') ? '.ts' : '.js'}`, import.meta.url);
      worker = new Worker(file, { workerData: path, resourceLimits: HEAP });
      worker.unref();
      // A checkpoint that failed is tried again with the next; a thread that ended is started again.
      worker.on('message', (report: CheckpointReport) => void startAnew(report).catch(() => {}));
      worker.on('error', () => {});
      worker.on('exit', () => {
        worker = null;
      });
    }
    worker?.postMessage('look');
  };

  const timer = setInterval(look, EVERY_MS);
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
