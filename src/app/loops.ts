import { createSources } from '../brief/sources/index.ts';
import type { Engine } from '../coderun/engine.ts';
import { createWorker, type Worker } from '../remediate/worker.ts';
import type { CodeRunPort } from '../report/api/task-port.ts';
import type { ReadinessCheck } from '../report/api.ts';
import { releaseAllCommands } from '../store/commands.ts';
import { releaseAllEffects } from '../store/effects.ts';
import { contextHttp, contextSystems } from './context-systems.ts';
import { commandChore } from './effects/commands.ts';
import { createHandlers } from './effects/index.ts';
import type { Foundation, Undo } from './foundation.ts';
import { newId } from './ids.ts';
import { secretValues } from './load-settings.ts';
import { memoriesOf } from './memories.ts';
import { startRuns } from './runs.ts';

/** Nearly all of them wait for other systems: a gathering for half a second. Their logs share what they may hold. */
const CONCURRENT_EFFECTS = 48;
/** Steps within this time wake the worker once, milliseconds: under a storm it would look after every batch. */
const WAKE_MS = 10;

/** The two loops: the worker, which carries out what was planned, and the reconciler, which drives CodeRuns. */
export interface Loops {
  /** Not started yet: it begins when deliveries can be taken. */
  readonly worker: Worker;
  readonly engine: Engine;
  readonly codeRuns: CodeRunPort;
  /** What `/ready` asks of the engine, and of who leads. */
  readonly checks: () => Promise<readonly ReadinessCheck[]>;
}

export async function createLoops(base: Foundation, undo: Undo, begin = startRuns): Promise<Loops> {
  const { store, core, github, metrics } = base;
  // Nobody else uses an embedded store: what the process before us held is free.
  if (store.dialect === 'sqlite') {
    await releaseAllEffects(store.db);
    await releaseAllCommands(store.db);
  }
  const runs = await begin({ ...base, machine: core.machine, github, metrics });
  undo.push(runs.stop);
  const worker = createWorker({
    store,
    machine: core.machine,
    clock: base.clock,
    concurrency: CONCURRENT_EFFECTS,
    onError: base.onError,
    handlers: handlers(base, runs.engine),
    chores: [commands(base)],
  });
  // Whatever moved may have planned something.
  core.machine.subscribe(once(worker.wake, WAKE_MS));
  return { worker, engine: runs.engine, codeRuns: runs.codeRuns, checks: runs.checks };
}

function handlers(base: Foundation, engine: Engine): ReturnType<typeof createHandlers> {
  const { store, settings, clock, github, templates, rules, metrics, tracing } = base;
  const memories = memoriesOf(base);
  const keep = memories.remember;
  const sources = createSources({
    github,
    http: contextHttp(settings),
    systems: contextSystems(settings, base.env),
    recall: memories.recall,
  });
  const secrets = secretValues(settings);
  return createHandlers({
    store,
    settings,
    clock,
    newId,
    github,
    engine,
    templates,
    sources,
    rules,
    metrics,
    tracing,
    secrets,
    keep,
  });
}

function commands({
  store,
  github,
  core,
  clock,
  templates,
  settings,
  onError,
}: Foundation): ReturnType<typeof commandChore> {
  const { maxAttempts, commandBots } = settings;
  const agents = templates.agents.map(({ name }) => name);
  return commandChore({
    store,
    github,
    machine: core.machine,
    clock,
    newId,
    agents,
    maxAttempts,
    commandBots,
    onError,
  });
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
