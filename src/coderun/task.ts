import { digestOf } from '../lib/digest.ts';
import { branchSegment } from '../safety/names.ts';
import { draftOf, LABELS } from './draft.ts';
import { objectName } from './names.ts';
import type { CliConfig, CodeRunDraft, CodeRunSpecInput } from './schema.ts';

/** Set on CodeRuns that somebody asked for; those of remediations do not carry it. */
export const TASK_ANNOTATION = 'healer/task';

export type TaskRunType = 'implementation' | 'documentation';

/** What stays the same over the attempts of one task. */
export interface TaskIdentity {
  readonly runType: TaskRunType;
  /** `owner/name`. */
  readonly repository: string;
  readonly service: string;
  readonly taskId: string;
  /** Who works on it, for example `rex`. */
  readonly agent: string;
}

/** Everything one attempt of a task needs to become a CodeRun. */
export interface TaskRunInput extends TaskIdentity {
  /** The attempt, from 1; becomes `contextVersion`. */
  readonly attempt: number;
  /** Where git clones from; holds no credentials. */
  readonly repositoryUrl: string;
  readonly branch: string;
  readonly cliConfig: CliConfig;
  readonly deadlineSeconds: number;
  /** The address behind which remote tools are found; null when there is none. */
  readonly toolsUrl: string | null;
  /** Everything that is handed on as it was asked for. */
  readonly spec: Pick<
    CodeRunSpecInput,
    | 'docsRepositoryUrl'
    | 'platformRepositoryUrl'
    | 'docsProjectDirectory'
    | 'docsBranch'
    | 'workingDirectory'
    | 'githubApp'
    | 'githubUser'
    | 'model'
    | 'continueSession'
    | 'overwriteMemory'
    | 'freshWorkspace'
    | 'prompt'
    | 'promptModification'
    | 'promptMode'
    | 'acceptanceCriteria'
    | 'localTools'
    | 'remoteTools'
    | 'toolConfig'
  >;
}

/** The same task has the same key whoever asks for it. */
export function taskKey({ runType, repository, service, taskId, agent }: TaskIdentity): string {
  return digestOf({ runType, repository: repository.toLowerCase(), service, taskId, agent });
}

/** `healer-task-<agent>-<8 hex>` or `healer-docs-…`: the same attempt of the same task has the same name, always. */
export function taskRunName(identity: TaskIdentity, attempt: number): string {
  const prefix = identity.runType === 'documentation' ? 'healer-docs-' : 'healer-task-';
  const hex = digestOf({ key: taskKey(identity), attempt }).slice(0, 8);
  return `${prefix}${objectName(identity.agent, 63 - prefix.length - hex.length - 1)}-${hex}`;
}

/** The branch of a task that names none; all of its attempts share it. */
export function taskBranch(task: Pick<TaskIdentity, 'runType' | 'service' | 'taskId'>): string {
  const { runType, service, taskId } = task;
  return `healer/${branchSegment(`${runType === 'documentation' ? 'docs-' : ''}${service}-${taskId}`)}`;
}

/** The CodeRun of one attempt. Pure: the same input gives the same draft. PermanentError when it is not valid. */
export function draftTaskRun(input: TaskRunInput): CodeRunDraft {
  const name = taskRunName(input, input.attempt);
  const exact: Record<string, string> = {
    [LABELS.agent]: input.agent,
    [LABELS.branch]: input.branch,
    [LABELS.taskId]: input.taskId,
    [LABELS.attempt]: String(input.attempt),
    [LABELS.repository]: input.repository,
    [TASK_ANNOTATION]: input.runType,
  };
  return draftOf(name, exact, specOf(input, name));
}

function specOf(input: TaskRunInput, name: string): CodeRunSpecInput {
  return {
    ...input.spec,
    runType: input.runType,
    taskId: input.taskId,
    service: input.service,
    repositoryUrl: input.repositoryUrl,
    branch: input.branch,
    contextVersion: input.attempt,
    cliConfig: input.cliConfig,
    activeDeadlineSeconds: input.deadlineSeconds,
    env: {
      HEALER_TASK_ID: input.taskId,
      FAILURE_TYPE: '',
      WORKFLOW_RUN_ID: '',
      PR_NUMBER: '',
      TARGET_BRANCH: input.branch,
      BASE_BRANCH: '',
      REPOSITORY: input.repository,
      CODERUN_NAME: name,
      ...(input.toolsUrl === null ? {} : { TOOLS_SERVER_URL: input.toolsUrl }),
    },
  };
}
