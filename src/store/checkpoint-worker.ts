/**
 * The thread that copies what was committed from SQLite's log into its database file. Copying waits for the disk longer
 * than a commit does; on the thread that answers senders it would show as a stall every few hundred deliveries.
 */
import { constants, setPriority } from 'node:os';
import { DatabaseSync } from 'node:sqlite';
import { parentPort, workerData } from 'node:worker_threads';

/** Pages in the log, and how many of them are in the database file as well. */
export interface CheckpointReport {
  readonly pages: number;
  readonly copied: number;
}

try {
  // Of this thread alone: whoever answers senders goes first, also where there is only one core.
  setPriority(0, constants.priority.PRIORITY_LOW);
} catch {
  // Where it may not be changed, it stays as it is.
}
const database = new DatabaseSync(workerData as string);
database.exec('pragma synchronous = full');
database.exec('pragma wal_autocheckpoint = 0');
const version = database.prepare('pragma data_version');
const checkpoint = database.prepare('pragma wal_checkpoint(passive)');
let seen: unknown = null;

parentPort?.on('message', () => {
  const now = version.get()?.['data_version'];
  if (now === seen) return;
  seen = now;
  checkpoint.get();
  // What came meanwhile is copied at once, so that little is left when writers have to wait for the rest.
  const { log, checkpointed } = checkpoint.get() as { log: number; checkpointed: number };
  const report: CheckpointReport = { pages: log, copied: checkpointed };
  parentPort?.postMessage(report);
});
