import type { KubernetesObject } from '../../../lib/kubernetes/objects.ts';
import type { Resource, Selector } from '../../../lib/kubernetes/resource.ts';
import type { CodeRun } from '../../schema.ts';
import { codeRunOf } from './decode.ts';
import { jobName, UID_LABEL } from './names.ts';
import { type KeptMap, type KeptRun, keptMap, keptRun, type Picture } from './picture.ts';
import type { Resources } from './resources.ts';
import { type JobView, jobView, type PodView, podView } from './views.ts';

/** What is there: from the picture while it is complete, asked of the API server otherwise. */
export interface World {
  run(name: string): Promise<KeptRun | null>;
  /** Asked of the API server, whatever the picture says, and with its texts. */
  runNow(name: string): Promise<KeptRun | null>;
  runs(): Promise<readonly KeptRun[]>;
  /** The Job of the attempt. With `isSure` a Job that the picture does not know is asked for. */
  job(codeRun: CodeRun, isSure: boolean): Promise<JobView | null>;
  jobsOf(uid: string): Promise<readonly JobView[]>;
  podsOf(job: JobView): Promise<readonly PodView[]>;
  mapsOf(uid: string): Promise<readonly KeptMap[]>;
}

export function createWorld(resources: Resources, picture: Picture): World {
  const runNow = async (name: string): Promise<KeptRun | null> => {
    const object = await resources.codeRuns.get(name);
    if (object === null) return null;
    picture.codeRuns.offer(object);
    return { ...keptRun(object), codeRun: codeRunOf(object) };
  };
  return {
    runNow,
    async run(name) {
      // One that is not known may be too new.
      return (picture.isComplete() ? picture.codeRuns.get(name) : undefined) ?? runNow(name);
    },
    async runs() {
      if (picture.isComplete()) return [...picture.codeRuns.values()];
      return all(resources.codeRuns, {}, keptRun);
    },
    async job(codeRun, isSure) {
      const name = jobName(codeRun);
      const kept = picture.isComplete() ? picture.jobs.get(name) : undefined;
      if (kept !== undefined || (picture.isComplete() && !isSure)) return kept ?? null;
      const object = await resources.jobs.get(name);
      if (object === null) return null;
      picture.jobs.offer(object);
      return jobView(object);
    },
    async jobsOf(uid) {
      return picture.isComplete() ? picture.jobsOf(uid) : all(resources.jobs, ofRun(uid), jobView);
    },
    async podsOf(job) {
      if (picture.isComplete()) return picture.podsOf(job.name);
      const pods = await all(resources.pods, ofRun(job.runUid), podView);
      return pods.filter((pod) => pod.jobName === job.name).toSorted((a, b) => a.createdAt - b.createdAt);
    },
    async mapsOf(uid) {
      if (picture.isComplete()) return picture.mapsOf(uid);
      return all(resources.configMaps, { ...ofRun(uid), metadataOnly: true }, keptMap);
    },
  };
}

function ofRun(uid: string): { readonly labels: string } {
  return { labels: `app.kubernetes.io/managed-by=healer,${UID_LABEL}=${uid}` };
}

async function all<T>(kind: Resource, selector: Selector, view: (object: KubernetesObject) => T): Promise<T[]> {
  const found: T[] = [];
  await kind.list((object) => found.push(view(object)), selector);
  return found;
}
