import { LABELS } from '../coderun/draft.ts';
import type { EndedRun } from '../coderun/ended.ts';
import type { Engine } from '../coderun/engine.ts';
import type { CodeRun, CodeRunDraft } from '../coderun/schema.ts';
import { TASK_ANNOTATION } from '../coderun/task.ts';
import type { Clock } from '../lib/clock.ts';
import { messageOf, PermanentError, RetryableError } from '../lib/errors.ts';
import type { GitHub } from '../lib/github/client.ts';
import { githubError, splitRepository } from '../lib/github/errors.ts';
import { codeSpan, markdownText } from '../safety/index.ts';
import type { Store } from '../store/open.ts';
import { endTaskRun, listLiveTaskRuns, taskRunCreated } from '../store/task-runs.ts';
import type { Log } from './log.ts';

/** How much of the output outlives the workspace, in bytes. */
export const OUTPUT_TAIL_BYTES = 16 * 1024;

export interface TaskEndDeps {
  readonly store: Store;
  readonly engine: Engine;
  readonly github: GitHub;
  readonly clock: Clock;
  readonly log: Log;
}

/**
 * Keeps how a run of one's own ended, and opens the pull request for what it pushed. May be called again: what was done
 * stays done. Throws RetryableError when GitHub or the engine should be asked again.
 */
export function taskEnder(deps: TaskEndDeps): (codeRun: CodeRun, ended: EndedRun) => Promise<void> {
  return async (codeRun, ended) => {
    const { store, engine, clock, log } = deps;
    const { name } = codeRun;
    log.info({ coderun: name, task: codeRun.spec.taskId, how: ended.how, detail: ended.detail }, 'task run ended');
    await endTaskRun(store.db, name, {
      at: clock(),
      how: ended.how,
      detail: ended.detail,
      output: await engine.output(name, OUTPUT_TAIL_BYTES),
      costUsd: ended.report?.usage?.costUsd ?? 0,
    });
    if (!wantsPullRequest(codeRun, ended)) return;
    const url = await openPullRequest(codeRun, ended, deps).catch((error: unknown) => {
      if (!(error instanceof PermanentError)) throw error;
      log.error({ coderun: name, error: messageOf(error) }, 'no pull request was opened for a task run');
      return null;
    });
    if (url === null) return;
    const patched = await engine.patchStatus(name, codeRun.resourceVersion, { pullRequestUrl: url });
    if (patched === null) throw new RetryableError(`The CodeRun ${name} was written meanwhile.`);
  };
}

/** What was pushed for a task of ours and has no pull request yet; a blocked agent's half work is left to people. */
function wantsPullRequest({ annotations, status }: CodeRun, { report }: EndedRun): boolean {
  const isOurs = annotations[TASK_ANNOTATION] !== undefined;
  return isOurs && report?.status === 'fixed' && report.commitSha !== null && status.pullRequestUrl === undefined;
}

async function openPullRequest(codeRun: CodeRun, { report }: EndedRun, deps: TaskEndDeps): Promise<string> {
  const { annotations, spec, name } = codeRun;
  const repository = annotations[LABELS.repository] ?? '';
  const { owner, repo } = splitRepository(repository);
  const { pulls, repos } = deps.github.forRepository(repository).rest;
  const head = spec.branch ?? '';
  try {
    const { data: open } = await pulls.list({ owner, repo, state: 'open', head: `${owner}:${head}` });
    if (open[0] !== undefined) return open[0].html_url;
    const base = (await repos.get({ owner, repo })).data.default_branch;
    const what = spec.runType === 'documentation' ? 'Document' : 'Implement';
    const title = `${what} task ${spec.taskId} of ${spec.service}`.slice(0, 240);
    const body = [
      `An agent (${codeSpan(annotations[LABELS.agent] ?? 'agent')}) worked on task ${codeSpan(spec.taskId ?? '')} in ${codeSpan(name)}. People review and merge.`,
      ...(report?.summary ? [`**What the agent says it did**\n\n${markdownText(report.summary)}`] : []),
      `<!-- healer:${name} -->`,
    ].join('\n\n');
    return (await pulls.create({ owner, repo, head, base, title, body })).data.html_url;
  } catch (error) {
    throw githubError(error, `open the pull request of ${name} in ${repository}`, deps.clock());
  }
}

/** A CodeRun that was just created may not be in sight everywhere yet; one that is gone after this time, in ms, is gone. */
const IN_SIGHT_MS = 10 * 60_000;

/**
 * Sees to runs that have not ended: creates the CodeRun of one that was accepted just before a crash, and ends one whose
 * CodeRun somebody deleted, so that it holds nothing back. What the engine cannot say now is looked at next time.
 */
export async function tendTaskRuns(deps: Pick<TaskEndDeps, 'store' | 'engine' | 'clock' | 'log'>): Promise<void> {
  const { store, engine, clock, log } = deps;
  try {
    for (const { name, draft, created, created_at: since } of await listLiveTaskRuns(store.db)) {
      if ((await engine.get(name)) !== null) continue;
      if (created === 0) {
        await engine.create(JSON.parse(draft) as CodeRunDraft);
        await taskRunCreated(store.db, name);
      } else if (clock() - since > IN_SIGHT_MS) {
        const detail = 'The CodeRun was deleted before it ended.';
        await endTaskRun(store.db, name, { at: clock(), how: 'infrastructure', detail, output: null, costUsd: 0 });
      }
    }
  } catch (error) {
    log.error({ error: messageOf(error) }, 'task runs could not be looked after');
  }
}

/** How often they are seen to, in milliseconds. */
const TEND_MS = 60_000;

/** Sees to them now and from now on; ends when called. */
export async function keepTendingTaskRuns(deps: Parameters<typeof tendTaskRuns>[0]): Promise<() => void> {
  await tendTaskRuns(deps);
  const timer = setInterval(() => void tendTaskRuns(deps), TEND_MS);
  return () => clearInterval(timer);
}
