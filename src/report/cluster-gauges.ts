import { Gauge, type Registry } from 'prom-client';
import type { Clock } from '../lib/clock.ts';

/** What the engine of a cluster knows without asking anybody. */
export interface ClusterFigures {
  /** When the longest silent of its watches last heard anything, milliseconds since the epoch; null while none watches. */
  lastEventAt(): number | null;
  countByPhase(): Readonly<Record<string, number>>;
}

const CODERUNS = 'healer_coderuns';
const WATCH = 'healer_watch_last_event_seconds';
/** CONTRACT section 5: the phases of a CodeRun. */
const PHASES = ['Pending', 'Running', 'Succeeded', 'Failed', 'Cancelled'] as const;

/** Gauges whose figures come from a cluster; CodeRuns are counted there and no longer in the store. */
export function registerClusterGauges(registry: Registry, clock: Clock, figures: ClusterFigures): void {
  registry.removeSingleMetric(CODERUNS);
  new Gauge({
    name: CODERUNS,
    help: 'CodeRuns that are kept, by phase; counted by the replica that leads.',
    labelNames: ['phase'],
    registers: [registry],
    collect() {
      const counts = figures.countByPhase();
      for (const phase of PHASES) this.set({ phase }, counts[phase] ?? 0);
    },
  });
  const help = 'Time since the API server last said anything to a watch of this process, bookmarks included.';
  new Gauge({
    name: WATCH,
    help,
    // A replica that does not watch says nothing: a figure that nobody measured would set off alerts.
    labelNames: ['watch'],
    registers: [registry],
    collect() {
      this.reset();
      const at = figures.lastEventAt();
      if (at !== null) this.set({}, Math.max(0, clock() - at) / 1000);
    },
  });
}
