import { join } from 'node:path';
import { loadAgents } from '../brief/agents.ts';
import { LABELS } from '../coderun/draft.ts';
import type { Engine } from '../coderun/engine.ts';
import { type CodeRunDraft, isTerminalPhase } from '../coderun/schema.ts';
import { draftTaskRun, taskKey } from '../coderun/task.ts';
import { type CodeRunTemplates, localToolNames } from '../coderun/templates.ts';
import type { Clock } from '../lib/clock.ts';
import { sha256 } from '../lib/digest.ts';
import { messageOf, PermanentError } from '../lib/errors.ts';
import type { CodeRunPort, TaskAnswer, TaskChange } from '../report/api/task-port.ts';
import type { CodeRunView, TaskInputs, TaskSubmission } from '../report/api/task-schemas.ts';
import { lockSpending } from '../store/attempts.ts';
import type { Store, Tx } from '../store/open.ts';
import type { TaskRunTable } from '../store/task-run-table.ts';
import {
  deleteTaskRun,
  findTaskRun,
  findTasksCalled,
  insertTaskRun,
  listAttemptsOfTask,
  taskRunCreated,
} from '../store/task-runs.ts';
import type { Log } from './log.ts';
import { PROMPTS_DIR } from './paths.ts';
import type { Settings } from './settings.ts';
import { refuseByLimits, refuseByMode, refuseRepository } from './task-admission.ts';
import { chooseAttempt } from './task-attempt.ts';
import { OUTPUT_TAIL_BYTES } from './task-ends.ts';
import { type InputDeps, type Resolved, resolveInputs } from './task-inputs.ts';
import { loadTaskPrompts } from './task-prompts.ts';
import { codeRunView } from './task-view.ts';

export interface TaskDeps {
  readonly store: Store;
  readonly engine: Engine;
  readonly settings: Settings;
  readonly clock: Clock;
  readonly log: Log;
  readonly codeRunTemplates: CodeRunTemplates;
}

/** What was submitted for the attempt before, in its session, with what is to be different. */
function againWith(latest: TaskRunTable, { guidance, mode, by }: TaskChange): TaskSubmission {
  const { prompt_modification: _, prompt_mode: __, ...before } = JSON.parse(latest.submission) as TaskSubmission;
  return {
    ...before,
    by,
    fresh_workspace: false,
    continue_session: true,
    context_version: latest.attempt + 1,
    ...(guidance === undefined ? {} : { prompt_modification: guidance, prompt_mode: mode ?? 'append' }),
  } as TaskSubmission;
}

type Refused = Exclude<TaskAnswer, { kind: 'accepted' }>;

/** Tasks of one's own, and a look at any CodeRun (CONTRACT section 7). */
export function createTasks(deps: TaskDeps): CodeRunPort {
  const { store, engine, settings, codeRunTemplates } = deps;
  const inputDeps: InputDeps = {
    settings,
    agents: loadAgents(PROMPTS_DIR),
    prompts: loadTaskPrompts(join(PROMPTS_DIR, 'coderun', 'tasks')),
    clis: [...codeRunTemplates.clis.keys()],
    localTools: localToolNames(codeRunTemplates),
  };
  const view = async (name: string): Promise<CodeRunView | null> => {
    const codeRun = await engine.get(name);
    if (codeRun === null) return null;
    return codeRunView(codeRun, await findTaskRun(store.db, name), await engine.output(name, OUTPUT_TAIL_BYTES));
  };
  return {
    get: view,
    submit: (submission) => submit(submission, deps, inputDeps, view),
    async retry(nameOrTaskId, change) {
      const named = await findTaskRun(store.db, nameOrTaskId);
      const found = named === null ? await findTasksCalled(store.db, nameOrTaskId) : [named];
      const [run] = found;
      if (run === undefined) return null;
      if (found.length > 1) {
        const names = found.map(({ name, repository }) => `${name} (${repository})`).join(', ');
        return {
          kind: 'exists',
          name: run.name,
          detail: `Several tasks are called ${nameOrTaskId}: ${names}. Name the run.`,
        };
      }
      const [latest = run] = await listAttemptsOfTask(store.db, run.task_key);
      return submit(againWith(latest, change), deps, inputDeps, view);
    },
    async cancel(name, by) {
      const codeRun = await engine.get(name);
      if (codeRun === null) return { kind: 'not_found' };
      if (codeRun.spec.runType === 'remediate') {
        const task = codeRun.annotations[LABELS.taskId] ?? 'a remediation';
        return { kind: 'refused', detail: `${name} belongs to ${task}; cancel that remediation instead.` };
      }
      if (isTerminalPhase(codeRun.status.phase)) {
        return { kind: 'refused', detail: `${name} has ended (${codeRun.status.phase}). There is nothing to stop.` };
      }
      await engine.requestCancel(name);
      deps.log.info({ coderun: name, by }, 'task run cancelled');
      return { kind: 'done', codeRun: (await view(name)) as CodeRunView };
    },
  };
}

async function submit(
  submission: TaskSubmission,
  deps: TaskDeps,
  inputDeps: InputDeps,
  view: (name: string) => Promise<CodeRunView | null>,
): Promise<TaskAnswer> {
  const { settings, store, engine, log } = deps;
  const resolved = resolveInputs(submission, inputDeps);
  if (!('identity' in resolved)) {
    const first = resolved[0];
    const detail = `The submission cannot be used here: ${first?.path} ${first?.message}.`;
    return { kind: 'refused', status: 400, detail, errors: resolved };
  }
  const refusal = refuseRepository(resolved.identity.repository, settings) ?? refuseByMode(settings);
  if (refusal !== null) return refusal;
  const draftOf = (attempt: number): CodeRunDraft => draftFor(resolved, attempt, settings);
  const admitted = await store.transaction((tx) => admit(tx, submission, resolved, draftOf, deps));
  if ('kind' in admitted) return admitted;
  try {
    await engine.create(admitted);
    await taskRunCreated(store.db, admitted.name);
  } catch (error) {
    // Nothing runs, so nothing stands in the way of sending it again.
    await deleteTaskRun(store.db, admitted.name);
    log.error({ coderun: admitted.name, error: messageOf(error) }, 'the engine did not take a task run');
    if (error instanceof PermanentError) return { kind: 'refused', status: 409, detail: messageOf(error) };
    const detail = `The engine did not take ${admitted.name}; nothing was started. Send it again.`;
    return { kind: 'refused', status: 503, detail, retryAfter: 10 };
  }
  log.info({ coderun: admitted.name, task: submission.task_id, by: submission.by }, 'task run accepted');
  return { kind: 'accepted', codeRun: (await view(admitted.name)) as CodeRunView };
}

/** Which attempt it is and whether there is room for it, decided and written in one transaction. */
async function admit(
  tx: Tx,
  submission: TaskSubmission,
  resolved: Resolved,
  draftOf: (attempt: number) => CodeRunDraft,
  { store, settings, clock }: TaskDeps,
): Promise<CodeRunDraft | Refused> {
  await lockSpending(tx, store.dialect);
  const { identity } = resolved;
  const now = clock();
  const key = taskKey(identity);
  const { by: _, context_version: __, ...asked } = submission;
  const digest = sha256(JSON.stringify(asked));
  const choice = chooseAttempt(submission, digest, await listAttemptsOfTask(tx, key));
  if (choice.kind === 'exists') return choice;
  const refusal = await refuseByLimits(tx, identity.repository, settings, now);
  if (refusal !== null) return refusal;
  const draft = draftOf(choice.attempt);
  const inputs: TaskInputs = { ...resolved.inputs, context_version: choice.attempt };
  const isNew = await insertTaskRun(tx, {
    name: draft.name,
    task_key: key,
    attempt: choice.attempt,
    task_id: submission.task_id,
    submission: JSON.stringify(submission),
    repository: identity.repository,
    digest,
    submitted_by: submission.by,
    inputs: JSON.stringify(inputs),
    draft: JSON.stringify(draft),
    created_at: now,
  });
  if (isNew) return draft;
  const detail = `The name ${draft.name} is taken by another task. Give this one another task_id.`;
  return { kind: 'exists', name: draft.name, detail };
}

function draftFor({ identity, inputs, cliConfig }: Resolved, attempt: number, settings: Settings): CodeRunDraft {
  return draftTaskRun({
    ...identity,
    attempt,
    repositoryUrl: inputs.repository_url,
    branch: inputs.branch,
    cliConfig,
    deadlineSeconds: Math.round(inputs.timeout_minutes * 60),
    toolsUrl: inputs.remote_tools.length > 0 ? (settings.toolsServerUrl ?? null) : null,
    spec: {
      ...(inputs.docs_repository_url === null ? {} : { docsRepositoryUrl: inputs.docs_repository_url }),
      ...(inputs.platform_repository_url === null ? {} : { platformRepositoryUrl: inputs.platform_repository_url }),
      ...(inputs.docs_project_directory === null ? {} : { docsProjectDirectory: inputs.docs_project_directory }),
      docsBranch: inputs.docs_branch,
      workingDirectory: inputs.working_directory,
      ...(inputs.github_app === null ? {} : { githubApp: inputs.github_app }),
      ...(inputs.github_user === null ? {} : { githubUser: inputs.github_user }),
      model: inputs.model,
      continueSession: inputs.continue_session,
      overwriteMemory: inputs.overwrite_memory,
      freshWorkspace: inputs.fresh_workspace,
      prompt: inputs.prompt,
      ...(inputs.prompt_modification === null ? {} : { promptModification: inputs.prompt_modification }),
      promptMode: inputs.prompt_mode,
      ...(inputs.acceptance_criteria === null ? {} : { acceptanceCriteria: inputs.acceptance_criteria }),
      ...(inputs.local_tools.length === 0 ? {} : { localTools: inputs.local_tools.join(',') }),
      ...(inputs.remote_tools.length === 0 ? {} : { remoteTools: inputs.remote_tools.join(',') }),
      toolConfig: inputs.tool_config,
    },
  });
}
