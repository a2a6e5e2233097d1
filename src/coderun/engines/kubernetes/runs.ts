import { PermanentError, RetryableError } from '../../../lib/errors.ts';
import type { Observed, Runs } from '../../engine.ts';
import { renderFiles } from '../../files.ts';
import { type CodeRun, isTerminalPhase, isTrue } from '../../schema.ts';
import type { Credentials } from './credentials.ts';
import { expiryOf } from './documents.ts';
import type { Events } from './events.ts';
import { configMaps, type FileSetNames, isSameFileSet, namesOf, planFileSet } from './file-set.ts';
import { jobManifest } from './manifest.ts';
import { JOB_FINALIZER, jobName, RUN_FINALIZER, STOP_ANNOTATION, UID_LABEL } from './names.ts';
import { type ObserveDeps, observeJob } from './observe.ts';
import type { KubernetesEngineOptions } from './options.ts';
import type { KeptRun } from './picture.ts';
import { type Resources, takeFinalizerOff } from './resources.ts';
import type { JobView } from './views.ts';
import { claimWorkspace, removeWorkspaces, type WorkspaceDeps } from './workspace.ts';

export interface RunsDeps extends ObserveDeps {
  readonly options: KubernetesEngineOptions;
  readonly resources: Resources;
  readonly credentials: Credentials;
  readonly events: Events;
  readonly mayWrite: () => void;
}

/** Runs as Jobs: one for each attempt of each CodeRun, ever. */
export function jobRuns(deps: RunsDeps): Omit<Runs, 'output'> {
  return {
    observe: (codeRun) => observe(codeRun, deps),
    ensureFiles: (codeRun) => ensureFiles(codeRun, deps),
    refreshCredentials: (codeRun) => deps.credentials.refresh(codeRun),
    ensureJob: (codeRun, deadlineSeconds) => ensureJob(codeRun, deadlineSeconds, deps),
    stopJob: (codeRun, why) => stopJob(codeRun, why, deps),
    release: (codeRun) => release(codeRun, deps),
    cleanUp: (codeRun) => cleanUp(codeRun, deps),
  };
}

async function observe(codeRun: CodeRun, deps: RunsDeps): Promise<Observed> {
  const { world, picture, credentials, clock } = deps;
  const isOver = isTerminalPhase(codeRun.status.phase);
  // "It is gone" ends a run for good: it is not believed to a picture that may be behind.
  const job = await world.job(codeRun, !isOver && isTrue(codeRun.status, 'JobCreated'));
  const maps = await world.mapsOf(codeRun.uid);
  const state = job === null ? ({ state: 'none' } as const) : await observeJob(job, codeRun, deps);
  const isAlive = state.state === 'running' || state.state === 'pending';
  const expiry = isAlive ? await credentials.expiry(codeRun) : 'none';
  const expireAt = expiryOf(codeRun);
  const isPreserved = isOver && expireAt === null;
  const isItselfDue = expireAt !== null && clock() >= expireAt + deps.options.keepCodeRunsMs;
  const isHeld = isOver && (job?.isHeld === true || picture.codeRuns.get(codeRun.name)?.isHeld === true);
  return {
    fileSet: job?.fileSet ?? currentFileSet(maps.map(({ fileSet }) => fileSet)),
    hasRemains: !isPreserved && (maps.length > 0 || (isOver && job !== null) || isItselfDue),
    credentialsExpireAt: expiry === 'none' ? null : expiry,
    job: state,
    ...(isHeld ? { isHeld } : {}),
  };
}

/** Several attempts of one CodeRun leave several sets; without a Job the newest is not known, and it is written anew. */
function currentFileSet(names: readonly string[]): string | null {
  const different = new Set(names);
  return different.size === 1 ? (names[0] ?? null) : null;
}

async function ensureFiles(codeRun: CodeRun, deps: RunsDeps): Promise<void> {
  const { resources, options, credentials, picture, clock, mayWrite } = deps;
  const at = clock();
  const found = await startable(codeRun, deps);
  if (found === null) return;
  const plan = planFileSet(codeRun, renderFiles(found.codeRun, options.templates));
  if (!found.isHeld) await hold(codeRun, deps);
  for (const manifest of configMaps(codeRun, plan, options.namespace).toReversed()) {
    if (picture.configMaps.get(manifest.metadata.name)?.runUid === codeRun.uid) continue;
    mayWrite();
    const { object, existed } = await resources.configMaps.create(manifest, { metadataOnly: true });
    if (existed && object.metadata.labels?.[UID_LABEL] !== codeRun.uid) {
      throw new RetryableError(`The ConfigMap ${object.metadata.name} of an earlier CodeRun is still being removed.`);
    }
    if (existed && !isSameFileSet(object.metadata.annotations, plan)) {
      throw new PermanentError(`The ConfigMap ${object.metadata.name} is there with other files in it.`);
    }
    picture.configMaps.offer(object);
  }
  await credentials.ensure(codeRun);
  prepared.set(codeRun, { at, files: namesOf(plan) });
}

/** What a Job is started with: the files that were made for it, and when it was last seen that it may be started. */
interface Prepared {
  readonly at: number;
  readonly files: FileSetNames;
}

/** Between the files and the Job of one look; not known after a restart. */
const prepared = new WeakMap<CodeRun, Prepared>();
/** A Job is started by what was read no longer ago, in milliseconds. */
const FRESH_MS = 5_000;

/**
 * The CodeRun with all its texts, asked of the API server: what the picture says may be a moment old, and a Job that is
 * started wrongly is not to be taken back. Null when it is not any more what was judged: it is to be judged again.
 */
async function startable(codeRun: CodeRun, { world }: RunsDeps): Promise<KeptRun | null> {
  const found = await world.runNow(codeRun.name);
  if (found?.codeRun.uid !== codeRun.uid) throw new RetryableError(`The CodeRun ${codeRun.name} is gone.`);
  const now = found.codeRun;
  if (now.generation !== codeRun.generation || now.problem !== undefined) return null;
  if (now.cancelRequested || now.spec.contextVersion !== codeRun.spec.contextVersion) return null;
  return isTerminalPhase(now.status.phase) || isTrue(now.status, 'JobCreated') ? null : found;
}

async function preparedFor(codeRun: CodeRun, deps: RunsDeps): Promise<Prepared | null> {
  const known = prepared.get(codeRun);
  const now = deps.clock();
  if (known !== undefined && now - known.at < FRESH_MS) return known;
  const found = await startable(codeRun, deps);
  if (found === null) return null;
  return known ?? { at: now, files: namesOf(planFileSet(codeRun, renderFiles(found.codeRun, deps.options.templates))) };
}

/** A CodeRun that was written by hand brings no finalizer; it gets it before there is anything to see to. */
async function hold(codeRun: CodeRun, { resources, picture, mayWrite }: RunsDeps): Promise<void> {
  const object = await resources.codeRuns.get(codeRun.name);
  if (object === null || object.metadata.uid !== codeRun.uid || object.metadata.deletionTimestamp !== undefined) {
    throw new RetryableError(`The CodeRun ${codeRun.name} is being deleted.`);
  }
  const { finalizers = [], resourceVersion } = object.metadata;
  if (finalizers.includes(RUN_FINALIZER)) return;
  mayWrite();
  const answer = await resources.codeRuns.patch(codeRun.name, {
    metadata: { resourceVersion, finalizers: [...finalizers, RUN_FINALIZER] },
  });
  if (typeof answer === 'string') throw new RetryableError(`The CodeRun ${codeRun.name} was changed meanwhile.`);
  picture.codeRuns.offer(answer);
}

async function ensureJob(codeRun: CodeRun, deadlineSeconds: number, deps: RunsDeps): Promise<void> {
  const { resources, options, picture, credentials, mayWrite } = deps;
  if (picture.isComplete() && picture.jobs.get(jobName(codeRun)) !== undefined) return;
  const start = await preparedFor(codeRun, deps);
  if (start === null) return;
  const isPersistent = options.pods.workspace.kind === 'persistent';
  const manifest = jobManifest({
    codeRun,
    namespace: options.namespace,
    pods: options.pods,
    templates: options.templates,
    files: start.files,
    workspace: isPersistent ? await claimWorkspace(codeRun, workspaceDeps(deps)) : null,
    hasToken: (await credentials.expiry(codeRun)) !== 'none',
    deadlineSeconds,
    retentionSeconds: options.retentionSeconds,
  });
  mayWrite();
  // 409 is no failure: whoever was faster, before a crash of ours or beside us, started this very attempt (R7).
  const { object } = await resources.jobs.create(manifest);
  if (object.metadata.labels?.[UID_LABEL] !== codeRun.uid) {
    throw new PermanentError(`The Job ${manifest.metadata.name} is there and belongs to something else.`);
  }
  picture.jobs.offer(object);
}

/** Ends the Job by its own deadline: unlike deletion that leaves the Job, and its name, where they are. */
async function stopJob(codeRun: CodeRun, why: 'cancelled' | 'deadline', deps: RunsDeps): Promise<void> {
  const { resources, world, picture, events, mayWrite } = deps;
  const job = await world.job(codeRun, true);
  if (job === null || job.end !== null || job.stop !== null) return;
  mayWrite();
  const answer = await resources.jobs.patch(job.name, {
    metadata: { uid: job.uid, annotations: { [STOP_ANNOTATION]: why } },
    spec: { activeDeadlineSeconds: 1 },
  });
  if (typeof answer === 'string') return;
  picture.jobs.offer(answer);
  events.tell(
    codeRun,
    'Normal',
    'Stopping',
    why === 'cancelled' ? 'The run is cancelled.' : 'The deadline has passed.',
  );
}

async function release(codeRun: CodeRun, deps: RunsDeps): Promise<void> {
  const { resources, credentials, world, mayWrite } = deps;
  const job = await world.job(codeRun, true);
  if (job?.isHeld === true) await takeFinalizerOff(resources.jobs, job.name, job.uid, JOB_FINALIZER, mayWrite);
  await credentials.remove(codeRun);
  await takeFinalizerOff(resources.codeRuns, codeRun.name, codeRun.uid, RUN_FINALIZER, mayWrite);
}

async function cleanUp(codeRun: CodeRun, deps: RunsDeps): Promise<void> {
  const { resources, credentials, world, options, clock, mayWrite } = deps;
  const jobs = await world.jobsOf(codeRun.uid);
  const alive = jobs.find((job) => job.end === null && !job.isDeleting);
  if (alive !== undefined) throw new RetryableError(`The Job ${alive.name} of ${codeRun.name} is not over.`);
  for (const job of jobs) await removeJob(job, deps);
  for (const { name } of await world.mapsOf(codeRun.uid)) {
    mayWrite();
    await resources.configMaps.remove(name);
  }
  await credentials.remove(codeRun);
  if (options.pods.workspace.kind === 'persistent') await removeWorkspaces(codeRun, workspaceDeps(deps));
  const expireAt = expiryOf(codeRun);
  const isItselfDue = expireAt !== null && clock() >= expireAt + options.keepCodeRunsMs;
  if (!isItselfDue || !isTerminalPhase(codeRun.status.phase)) return;
  await takeFinalizerOff(resources.codeRuns, codeRun.name, codeRun.uid, RUN_FINALIZER, mayWrite);
  mayWrite();
  await resources.codeRuns.remove(codeRun.name, { uid: codeRun.uid });
}

async function removeJob(job: JobView, { resources, mayWrite }: RunsDeps): Promise<void> {
  if (job.isHeld) await takeFinalizerOff(resources.jobs, job.name, job.uid, JOB_FINALIZER, mayWrite);
  mayWrite();
  await resources.jobs.remove(job.name, { uid: job.uid });
}

function workspaceDeps({ resources, options, world, mayWrite }: RunsDeps): WorkspaceDeps {
  return {
    claims: resources.claims,
    namespace: options.namespace,
    settings: options.pods.workspace,
    mayWrite,
    async isAtWork(name, uid) {
      const jobs = await world.jobsOf(uid);
      if (jobs.some(({ end }) => end === null)) return true;
      const holder = (await world.run(name))?.codeRun ?? null;
      return holder !== null && holder.uid === uid && !isTerminalPhase(holder.status.phase);
    },
  };
}
