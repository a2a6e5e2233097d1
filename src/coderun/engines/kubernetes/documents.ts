import { PermanentError } from '../../../lib/errors.ts';
import { assertSameAttempt, type CodeRuns, type StatusPatch } from '../../engine.ts';
import { PRESERVE_ANNOTATION } from '../../reconcile/assess.ts';
import { API_VERSION, type CodeRun, isTerminalPhase, KIND, statusSchema } from '../../schema.ts';
import { codeRunOf } from './decode.ts';
import type { Events } from './events.ts';
import { CANCEL_ANNOTATION, RUN_FINALIZER } from './names.ts';
import { type KeptRun, needsDriving, type Picture } from './picture.ts';
import type { Resources } from './resources.ts';
import type { World } from './world.ts';

export interface DocumentsDeps {
  readonly resources: Resources;
  readonly namespace: string;
  readonly picture: Picture;
  readonly world: World;
  readonly events: Events;
  readonly mayWrite: () => void;
  readonly keepCodeRunsMs: number;
}

/** What etcd takes in one object is 1.5 MiB; a request that is refused for its size says nothing useful. */
const MAX_BYTES = 1_400_000;

/** CodeRuns as custom resources. */
export function customResources(deps: DocumentsDeps): Omit<CodeRuns, 'watch'> {
  const { resources, world, picture, events, mayWrite } = deps;
  return {
    async create(draft) {
      const body = objectOf(draft, deps.namespace);
      const bytes = Buffer.byteLength(JSON.stringify(body));
      if (bytes > MAX_BYTES) {
        throw new PermanentError(
          `The CodeRun ${draft.name} has ${bytes} bytes; the API server keeps no more than ${MAX_BYTES}. Shorten the prompt.`,
        );
      }
      const { object, existed } = await resources.codeRuns.create(body);
      const codeRun = codeRunOf(object);
      assertSameAttempt(codeRun, draft);
      picture.codeRuns.offer(object);
      return { codeRun, existed };
    },
    get: async (name) => (await world.runNow(name))?.codeRun ?? null,
    glance: async (name) => (await world.run(name))?.codeRun ?? null,
    async listActive() {
      const runs = (await everything(deps)).filter(needsDriving);
      return runs.map(({ codeRun }) => codeRun).toSorted((a, b) => a.createdAt - b.createdAt);
    },
    async listExpired(now) {
      const due = (await everything(deps)).filter((run) => !needsDriving(run) && isDue(run, deps, now));
      return due.map(({ codeRun }) => codeRun.name);
    },
    async requestCancel(name) {
      const codeRun = (await world.runNow(name))?.codeRun;
      if (codeRun === undefined || codeRun.cancelRequested || isTerminalPhase(codeRun.status.phase)) return;
      const annotations = { [CANCEL_ANNOTATION]: String(codeRun.spec.contextVersion) };
      const answer = await resources.codeRuns.patch(name, { metadata: { uid: codeRun.uid, annotations } });
      if (typeof answer !== 'string') picture.codeRuns.offer(answer);
    },
    async patchStatus(name, resourceVersion, patch, isWhole = false) {
      const before = await world.run(name);
      if (before === null || before.codeRun.resourceVersion !== resourceVersion) {
        // What was judged is outdated; so may the picture be.
        await world.runNow(name);
        return null;
      }
      mayWrite();
      const status = statusPatch(before, patch, isWhole);
      const answer = await resources.codeRuns.patch(name, { metadata: { resourceVersion }, status }, 'status');
      if (typeof answer === 'string') {
        await world.runNow(name);
        return null;
      }
      picture.codeRuns.offer(answer);
      const after = codeRunOf(answer);
      events.between(before.codeRun, after);
      return after;
    },
  };
}

/** Every CodeRun; while a watch begins, what it finds; nothing when it is stopped meanwhile. */
async function everything({ picture, world }: DocumentsDeps): Promise<readonly KeptRun[]> {
  if (!picture.isWatching()) return world.runs();
  await picture.complete();
  return picture.isComplete() ? world.runs() : [];
}

function objectOf(draft: Parameters<CodeRuns['create']>[0], namespace: string) {
  const { name, labels, annotations, spec } = draft;
  return {
    apiVersion: API_VERSION,
    kind: KIND,
    metadata: { name, namespace, labels, annotations, finalizers: [RUN_FINALIZER] },
    spec,
  };
}

/** A JSON merge patch: only what is named, no null unless the whole is replaced (R12). */
function statusPatch(before: KeptRun, patch: StatusPatch, isWhole: boolean): Readonly<Record<string, unknown>> {
  const named = Object.entries(patch).filter(([, value]) => value !== undefined && value !== null);
  const present: Record<string, unknown> = Object.fromEntries(named);
  // A merge patch replaces lists as they are, so other controllers' conditions go along.
  if (patch.conditions !== undefined) present['conditions'] = [...patch.conditions, ...before.foreignConditions];
  if (!isWhole) return present;
  const gone = Object.keys(statusSchema.shape).filter((key) => !(key in present));
  return { ...Object.fromEntries(gone.map((key) => [key, null])), ...present };
}

/** Whether an ended run has something that is to be removed by now: what it left, or later itself. */
function isDue(run: KeptRun, { picture, keepCodeRunsMs }: DocumentsDeps, now: number): boolean {
  const { codeRun } = run;
  const expireAt = expiryOf(codeRun);
  if (expireAt === null || now < expireAt) return false;
  const hasRemains = picture.mapsOf(codeRun.uid).length > 0 || picture.jobsOf(codeRun.uid).length > 0;
  return hasRemains || now >= expireAt + keepCodeRunsMs;
}

/** When what the run left may go, in milliseconds since the epoch; null when it is to be kept. */
export function expiryOf({ annotations, status }: CodeRun): number | null {
  if (status.expireAt === undefined || annotations[PRESERVE_ANNOTATION] === 'true') return null;
  return Date.parse(status.expireAt);
}
