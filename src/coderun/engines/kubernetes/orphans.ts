import { messageOf } from '../../../lib/errors.ts';
import type { Schedule } from '../../../lib/kubernetes/watch.ts';
import { JOB_FINALIZER } from './names.ts';
import type { Picture } from './picture.ts';
import { type Resources, takeFinalizerOff } from './resources.ts';
import type { JobView } from './views.ts';

/*
 * Jobs whose CodeRun is gone without its end having been seen to: somebody took the finalizer off by force. Nobody will
 * ever ask for such a Job again, and our finalizer on it would keep it for ever (R10).
 */

const EVERY_MS = 300_000;
/** Deletions come in crowds. */
const SOON_MS = 2_000;

export interface Orphans {
  start(): void;
  stop(): Promise<void>;
  /** A Job changed. */
  seen(job: JobView): void;
}

export interface OrphansDeps {
  readonly resources: Resources;
  readonly picture: Picture;
  readonly schedule: Schedule;
  readonly mayWrite: () => void;
  readonly onProblem: (what: string, message: string) => void;
}

export function createOrphans(deps: OrphansDeps): Orphans {
  const { picture, schedule, onProblem } = deps;
  let isRunning = false;
  let cancel: (() => void) | null = null;
  let isSoon = false;
  let sweeping: Promise<void> = Promise.resolve();

  const plan = (ms: number): void => {
    cancel?.();
    cancel = schedule(ms, () => {
      isSoon = false;
      sweeping = sweep()
        .catch((error: unknown) => onProblem('letting go of Jobs without a CodeRun', messageOf(error)))
        .finally(() => {
          if (isRunning && !isSoon) plan(EVERY_MS);
        });
    });
  };
  const sweep = async (): Promise<void> => {
    if (!picture.isComplete()) return;
    for (const job of [...picture.jobs.values()]) {
      if (isRunning && job.isHeld && !picture.hasRun(job.runUid)) await letGo(job, deps);
    }
  };
  return {
    start() {
      isRunning = true;
      plan(SOON_MS);
    },
    async stop() {
      isRunning = false;
      cancel?.();
      await sweeping;
    },
    seen(job) {
      if (!isRunning || isSoon || !job.isHeld || !job.isDeleting || picture.hasRun(job.runUid)) return;
      isSoon = true;
      plan(SOON_MS);
    },
  };
}

async function letGo(job: JobView, { resources, mayWrite }: OrphansDeps): Promise<void> {
  const owner = await resources.codeRuns.get(job.runName);
  if (owner !== null && owner.metadata.uid === job.runUid) return;
  await takeFinalizerOff(resources.jobs, job.name, job.uid, JOB_FINALIZER, mayWrite);
}
