import type { KubernetesObject } from '../../../lib/kubernetes/objects.ts';
import { createReflector, type Reflector, type ReflectorOptions } from '../../../lib/kubernetes/watch.ts';
import { type CodeRun, isActive } from '../../schema.ts';
import { codeRunOf, foreignConditions } from './decode.ts';
import { FILE_SET_ANNOTATION, isExcluded, NAME_ANNOTATION, OWN_SELECTOR, RUN_FINALIZER, UID_LABEL } from './names.ts';
import type { Resources } from './resources.ts';
import { type JobView, jobView, type PodView, podView } from './views.ts';

/** What is kept of a CodeRun. */
export interface KeptRun {
  /** Without its long texts: ten thousand prompts are more than the process may take, and only a start needs one. */
  readonly codeRun: CodeRun;
  readonly isHeld: boolean;
  readonly isExcluded: boolean;
  readonly foreignConditions: readonly object[];
}

export interface KeptMap {
  readonly name: string;
  readonly runUid: string;
  readonly runName: string;
  readonly fileSet: string;
}

/** Everything the engine has to know of the cluster without asking, kept up to date by four watches. */
export interface Picture {
  readonly codeRuns: Reflector<KeptRun>;
  readonly jobs: Reflector<JobView>;
  readonly pods: Reflector<PodView>;
  readonly configMaps: Reflector<KeptMap>;
  /** Says that a start is coming: whoever needs everything may wait for it from now on. */
  expect(): void;
  start(): void;
  stop(): Promise<void>;
  /** Between `expect` and `stop`. */
  isWatching(): boolean;
  /** False before everything was listed once, and when nothing is watched. */
  isComplete(): boolean;
  complete(): Promise<void>;
  podsOf(jobName: string): readonly PodView[];
  mapsOf(uid: string): readonly KeptMap[];
  jobsOf(uid: string): readonly JobView[];
  hasRun(uid: string): boolean;
  /** When the watch that was silent for longest last heard anything; null before all of them did. */
  lastEventAt(): number | null;
}

export interface PictureOptions
  extends Pick<ReflectorOptions<unknown>, 'clock' | 'schedule' | 'random' | 'idleMs' | 'resyncMs'> {
  readonly resources: Resources;
  /** A CodeRun may have changed, in itself or in what it runs. */
  readonly onRun: (name: string) => void;
  readonly onJob: (job: JobView) => void;
  readonly onProblem: (what: string, message: string) => void;
}

export function createPicture(options: PictureOptions): Picture {
  const { resources, onJob, onProblem } = options;
  // Before everything was listed a look would have to ask for what is just being read; after it all are told of at once.
  const onRun = (name: string): void => {
    if (isComplete()) options.onRun(name);
  };
  const podsByJob = index<PodView>(({ jobName }) => jobName);
  const mapsByRun = index<KeptMap>(({ runUid }) => runUid);
  const jobsByRun = index<JobView>(({ runUid }) => runUid);
  const runsByUid = index<KeptRun>(({ codeRun }) => codeRun.uid);
  const mine = { labels: OWN_SELECTOR };
  const reflect = <T>(
    what: string,
    source: ReflectorOptions<T>['source'],
    keep: (object: KubernetesObject) => T,
    onChange: ReflectorOptions<T>['onChange'],
  ): Reflector<T> =>
    createReflector({
      ...options,
      source,
      keep,
      onChange,
      onProblem: (message) => onProblem(`watching ${what}`, message),
    });

  const codeRuns = reflect('CodeRuns', resources.codeRuns.source(), keptRun, (name, now, before) => {
    runsByUid.move(before, now);
    if (now === null || !now.isExcluded || now.codeRun.isDeleting === true) onRun(name);
  });
  const jobs = reflect('Jobs', resources.jobs.source(mine), jobView, (_name, now, before) => {
    jobsByRun.move(before, now);
    const job = now ?? before;
    if (job === null) return;
    onRun(job.runName);
    if (now !== null) onJob(now);
  });
  const pods = reflect('Pods', resources.pods.source(mine), podView, (_name, now, before) => {
    podsByJob.move(before, now);
    const pod = now ?? before;
    if (pod !== null) onRun(pod.runName);
  });
  const configMaps = reflect(
    'ConfigMaps',
    resources.configMaps.source({ ...mine, metadataOnly: true }),
    keptMap,
    (_name, now, before) => mapsByRun.move(before, now),
  );
  const all = [codeRuns, jobs, pods, configMaps];
  const isComplete = (): boolean => all.every(({ isSynced }) => isSynced);
  const complete = async (): Promise<void> => {
    await Promise.all(all.map((reflector) => reflector.synced()));
  };
  let isWatching = false;
  return {
    codeRuns,
    jobs,
    pods,
    configMaps,
    expect: () => {
      isWatching = true;
    },
    isWatching: () => isWatching,
    start: () => {
      for (const reflector of all) reflector.start();
      void complete().then(() => {
        // Ended runs that only wait for their time are found by asking for those; there may be many.
        for (const run of codeRuns.values()) if (needsDriving(run)) onRun(run.codeRun.name);
      });
    },
    stop: async () => {
      isWatching = false;
      await Promise.all(all.map((reflector) => reflector.stop()));
      for (const known of [podsByJob, mapsByRun, jobsByRun, runsByUid]) known.clear();
    },
    isComplete,
    complete,
    podsOf: (jobName) => podsByJob.of(jobName).toSorted((a, b) => a.createdAt - b.createdAt),
    mapsOf: (uid) => mapsByRun.of(uid),
    jobsOf: (uid) => jobsByRun.of(uid),
    hasRun: (uid) => runsByUid.of(uid).length > 0,
    lastEventAt: () => {
      const times = all.map(({ lastEventAt }) => lastEventAt);
      return times.includes(null) ? null : Math.min(...(times as number[]));
    },
  };
}

/** What is kept under a key of its own, besides its name. */
function index<T>(keyOf: (value: T) => string) {
  const known = new Map<string, Set<T>>();
  const without = (value: T): void => {
    const key = keyOf(value);
    const set = known.get(key);
    set?.delete(value);
    if (set?.size === 0) known.delete(key);
  };
  return {
    move(before: T | null, now: T | null): void {
      if (before !== null) without(before);
      if (now === null) return;
      const key = keyOf(now);
      const set = known.get(key);
      if (set === undefined) known.set(key, new Set([now]));
      else set.add(now);
    },
    of: (key: string): readonly T[] => [...(known.get(key) ?? [])],
    clear: () => known.clear(),
  };
}

/** Whether a reconciler still has something to bring about for it. */
export function needsDriving({ codeRun, isExcluded }: Pick<KeptRun, 'codeRun' | 'isExcluded'>): boolean {
  if (codeRun.isDeleting === true) return true;
  return !isExcluded && (isActive(codeRun.status) || codeRun.supersededBy !== undefined);
}

export function keptRun(object: KubernetesObject): KeptRun {
  const codeRun = codeRunOf(object);
  const { prompt: _, promptModification: __, acceptanceCriteria: ___, ...spec } = codeRun.spec;
  return {
    codeRun: { ...codeRun, spec },
    isHeld: object.metadata.finalizers?.includes(RUN_FINALIZER) ?? false,
    isExcluded: isExcluded(object.metadata.labels),
    foreignConditions: foreignConditions(object),
  };
}

export function keptMap({ metadata }: KubernetesObject): KeptMap {
  return {
    name: metadata.name,
    runUid: metadata.labels?.[UID_LABEL] ?? '',
    runName: metadata.annotations?.[NAME_ANNOTATION] ?? '',
    fileSet: metadata.annotations?.[FILE_SET_ANNOTATION] ?? metadata.name,
  };
}
