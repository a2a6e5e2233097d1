import { RetryableError } from '../../../lib/errors.ts';
import type { KubernetesClient } from '../../../lib/kubernetes/client.ts';
import type { JobState } from '../../engine.ts';
import { type CodeRun, isTerminalPhase } from '../../schema.ts';
import type { Hints } from './hints.ts';
import { isUntold, jobStateOf } from './job-state.ts';
import type { Picture } from './picture.ts';
import type { Resources } from './resources.ts';
import { AGENT_CONTAINER, type JobView, type PodView } from './views.ts';
import type { World } from './world.ts';

export interface ObserveDeps {
  readonly client: KubernetesClient;
  readonly resources: Resources;
  readonly world: World;
  readonly picture: Picture;
  readonly hints: Hints;
  readonly clock: () => number;
  readonly redact: (text: string) => string;
}

/** How much of a failed run's output is looked at for its cause, in bytes. */
const TAIL_BYTES = 16_384;
/** The log of a Pod whose node went away may never be had; a failure is told without it after so long. */
const LOG_PATIENCE_MS = 60_000;
const LOG_LINES = 5_000;

export async function observeJob(job: JobView, codeRun: CodeRun, deps: ObserveDeps): Promise<JobState> {
  const { world, clock, redact } = deps;
  const pods = await world.podsOf(job);
  const now = clock();
  const isOver = isTerminalPhase(codeRun.status.phase);
  const hint = !isOver && isUntold({ job, pods }, now) ? await deps.hints.of(pods.at(-1)?.uid ?? job.uid) : null;
  const outputTail = isOver ? '' : await tailOf(job, pods.at(-1), deps);
  return jobStateOf({ job, pods, hint, outputTail, redact }, now);
}

async function tailOf(job: JobView, pod: PodView | undefined, deps: ObserveDeps): Promise<string> {
  const code = pod?.terminated?.code ?? 0;
  if (job.end === null || pod === undefined || code === 0) return '';
  try {
    return (await logOf(pod, TAIL_BYTES, deps)) ?? '';
  } catch (error) {
    const isHopeless = deps.clock() > job.end.at + LOG_PATIENCE_MS;
    if (error instanceof RetryableError && !isHopeless) throw error;
    return '';
  }
}

/** The last `maxBytes` of what the agent's container wrote; null when it has not started or is gone. */
export function logOf(pod: PodView, maxBytes: number, { client, resources }: ObserveDeps): Promise<string | null> {
  return client.text(
    {
      path: `${resources.pods.path}/${pod.name}/log`,
      query: { container: AGENT_CONTAINER, tailLines: String(LOG_LINES) },
      // The log's own answers come in plain text, refusals as a Status.
      accept: '*/*',
      expect: [400, 404],
    },
    maxBytes,
  );
}
