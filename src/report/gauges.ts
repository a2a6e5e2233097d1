import { Gauge, type Registry } from 'prom-client';
import type { Clock } from '../lib/clock.ts';
import { isTerminal, PHASES } from '../model/remediation.ts';
import { oldestUndecided } from '../store/deliveries.ts';
import type { Store } from '../store/open.ts';
import { readPauses } from '../store/pauses.ts';
import { countCodeRuns, countLive } from '../store/statistics.ts';

export interface Gauges {
  readonly store: Store;
  readonly clock: Clock;
  /** How long a reading of the store serves further scrapes, milliseconds; 5 s when left out. */
  readonly cacheMs?: number;
  /** Deliveries that are kept and not in the store yet: their bytes, and when the oldest came. */
  readonly inbox?: () => { readonly bytes: number; readonly oldest: number | null };
  /** What the breaker says at the moment. */
  readonly breaker?: () => Promise<BreakerState>;
  /** CodeRuns by phase from another engine than the embedded one. */
  readonly countCodeRuns?: () => Promise<Readonly<Record<string, number>>>;
}

const BREAKER_STATES = ['closed', 'half_open', 'open'] as const;
export type BreakerState = (typeof BREAKER_STATES)[number];

const NOTHING_WAITS = { bytes: 0, oldest: null } as const;
const DEFAULT_CACHE_MS = 5_000;

/** CONTRACT section 5: the phases of a CodeRun. */
const CODERUN_PHASES = ['Pending', 'Running', 'Succeeded', 'Failed', 'Cancelled'] as const;

/** Gauges that read the store when Prometheus asks, so that they are right after a restart and with several replicas. */
export function registerGauges(registry: Registry, options: Gauges): void {
  const { store, clock, cacheMs = DEFAULT_CACHE_MS, inbox = () => NOTHING_WAITS } = options;
  const cached = <T>(read: () => Promise<T>) => cache(read, clock, cacheMs);

  const live = cached(() => countLive(store));
  gauge(registry, 'healer_remediations_live', 'Remediations under way, by phase.', ['phase'], live, (self, counts) => {
    for (const phase of PHASES) if (!isTerminal(phase)) self.set({ phase }, counts[phase] ?? 0);
  });

  const codeRuns = cached(options.countCodeRuns ?? (() => countCodeRuns(store)));
  gauge(registry, 'healer_coderuns', 'CodeRuns that are kept, by phase.', ['phase'], codeRuns, (self, counts) => {
    for (const phase of CODERUN_PHASES) self.set({ phase }, counts[phase] ?? 0);
  });

  const oldest = cached(() => oldestUndecided(store.db));
  const ageHelp = 'Age of the oldest delivery without a final word; 0 when there is none.';
  gauge(registry, 'healer_delivery_oldest_unprocessed_seconds', ageHelp, [], oldest, (self, at) => {
    const first = Math.min(at ?? Number.POSITIVE_INFINITY, inbox().oldest ?? Number.POSITIVE_INFINITY);
    self.set(Number.isFinite(first) ? Math.max(0, clock() - first) / 1000 : 0);
  });

  const bytesHelp = 'Bytes of deliveries that are acknowledged and not in the store yet.';
  gauge(
    registry,
    'healer_inbox_bytes',
    bytesHelp,
    [],
    async () => inbox().bytes,
    (self, bytes) => self.set(bytes),
  );

  const pauses = cached(() => readPauses(store.db));
  const pauseHelp = '1 while a person has stopped spending: everywhere, or in at least one repository.';
  gauge(registry, 'healer_paused', pauseHelp, ['scope'], pauses, (self, known) => {
    self.set({ scope: 'everywhere' }, known.some((pause) => pause.repository === null) ? 1 : 0);
    self.set({ scope: 'repository' }, known.some((pause) => pause.repository !== null) ? 1 : 0);
  });

  if (options.breaker === undefined) return;
  const breakerHelp = '1 for the state that the breaker is in; open holds spending back by itself.';
  gauge(registry, 'healer_breaker', breakerHelp, ['state'], cached(options.breaker), (self, is) => {
    for (const state of BREAKER_STATES) self.set({ state }, state === is ? 1 : 0);
  });
}

function gauge<T, L extends string>(
  registry: Registry,
  name: string,
  help: string,
  labelNames: readonly L[],
  read: () => Promise<T>,
  apply: (self: Gauge<L>, value: T) => void,
): void {
  const self: Gauge<L> = new Gauge<L>({
    name,
    help,
    labelNames: [...labelNames],
    registers: [registry],
    async collect() {
      try {
        apply(self, await read());
      } catch {
        // Without the store there is no value, and a missing series says so; the process's own metrics must still come.
        if (labelNames.length > 0) self.reset();
        else self.remove();
      }
    },
  });
}

/** One reading serves everybody who asks within `cacheMs`, also those who ask while it is under way. */
function cache<T>(read: () => Promise<T>, clock: Clock, cacheMs: number): () => Promise<T> {
  let held: { readonly at: number; readonly value: Promise<T> } | null = null;
  return () => {
    const now = clock();
    if (held !== null && now - held.at < cacheMs) return held.value;
    const value = read();
    held = { at: now, value };
    value.catch(() => {
      // A failed reading must not be served again; whoever asked for it sees the error.
      if (held?.value === value) held = null;
    });
    return value;
  };
}
