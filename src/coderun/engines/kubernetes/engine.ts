import type { Engine } from '../../engine.ts';
import { systemSchedule } from '../../reconcile/queue.ts';
import { createCredentials } from './credentials.ts';
import { customResources } from './documents.ts';
import { createEvents } from './events.ts';
import { createHints } from './hints.ts';
import { logOf } from './observe.ts';
import type { KubernetesEngineOptions } from './options.ts';
import { createOrphans } from './orphans.ts';
import { createPicture } from './picture.ts';
import { resourcesOf } from './resources.ts';
import { jobRuns } from './runs.ts';
import { createWorld } from './world.ts';

export type { KubernetesEngineOptions, PodSettings } from './options.ts';

export interface KubernetesEngine extends Engine {
  readonly kind: 'kubernetes';
  /** When the longest silent of the watches last heard anything; null while nothing is watched or all is not read yet. */
  lastEventAt(): number | null;
  /** CodeRuns by phase; empty while nothing is watched: of several replicas the one that leads counts. */
  countByPhase(): Readonly<Record<string, number>>;
  /** Stops watching. Jobs go on. */
  close(): Promise<void>;
}

/** CodeRuns as custom resources, run as Jobs of the same namespace. */
export function createKubernetesEngine(options: KubernetesEngineOptions): KubernetesEngine {
  const { client, namespace, clock, redact = (text) => text, mayWrite = () => {}, onProblem = () => {} } = options;
  const { schedule = systemSchedule, random = Math.random } = options;
  const resources = resourcesOf(client, namespace);
  const listeners = new Set<(name: string) => void>();
  const picture = createPicture({
    resources,
    clock,
    schedule,
    random,
    onProblem,
    onRun: (name) => {
      for (const listener of [...listeners]) listener(name);
    },
    onJob: (job) => orphans.seen(job),
    ...options.watch,
  });
  const world = createWorld(resources, picture);
  const orphans = createOrphans({ resources, picture, schedule, mayWrite, onProblem });
  const instance = options.instance ?? 'healer';
  const events = createEvents({ events: resources.events, namespace, instance, clock, mayWrite, onProblem });
  const gitToken = options.gitToken ?? null;
  const credentials = createCredentials({ secrets: resources.secrets, namespace, gitToken, clock, mayWrite });
  const keepCodeRunsMs = options.keepCodeRunsMs;
  const hints = createHints({ resources, clock });
  const observing = { client, resources, world, picture, hints, clock, redact };
  let stopped: Promise<void> = Promise.resolve();

  const stopWatching = (): void => {
    stopped = Promise.all([orphans.stop(), picture.stop()]).then(() => {});
  };
  return {
    kind: 'kubernetes',
    ...customResources({ resources, namespace, picture, world, events, mayWrite, keepCodeRunsMs }),
    ...jobRuns({ ...observing, options, credentials, events, mayWrite }),
    async output(name, maxBytes) {
      const codeRun = (await world.run(name))?.codeRun ?? null;
      const job = codeRun === null ? null : await world.job(codeRun, true);
      const pod = job === null ? undefined : (await world.podsOf(job)).at(-1);
      const text = pod === undefined ? null : await logOf(pod, maxBytes, observing);
      return text === null || text === '' ? null : redact(text);
    },
    watch(onChange) {
      // Two listeners that are one function are still two.
      const listener = (name: string): void => onChange(name);
      listeners.add(listener);
      if (listeners.size === 1) {
        const before = stopped;
        picture.expect();
        void before.then(() => {
          if (listeners.size === 0) return;
          picture.start();
          orphans.start();
        });
      }
      return () => {
        if (listeners.delete(listener) && listeners.size === 0) stopWatching();
      };
    },
    lastEventAt: () => picture.lastEventAt(),
    countByPhase() {
      const counts: Record<string, number> = {};
      for (const { codeRun } of picture.codeRuns.values()) {
        counts[codeRun.status.phase] = (counts[codeRun.status.phase] ?? 0) + 1;
      }
      return counts;
    },
    async close() {
      listeners.clear();
      stopWatching();
      await stopped;
      await events.settled();
    },
  };
}
