import { z } from 'zod';
import { digestOf } from '../lib/digest.ts';
import { PermanentError } from '../lib/errors.ts';
import type { FailureType } from '../model/failure-type.ts';
import type { RemediationKind } from '../model/remediation.ts';
import { labelValue } from '../safety/names.ts';
import { objectName } from './names.ts';
import { type CliConfig, type CodeRunDraft, type CodeRunSpecInput, specSchema } from './schema.ts';

/** Everything one attempt of a remediation needs to become a CodeRun. */
export interface DraftInput {
  readonly kind: RemediationKind;
  /** What is healed, for example `ci:acme/shop:main`. */
  readonly subjectKey: string;
  readonly lineageId: string;
  readonly taskId: string;
  /** `owner/name`. */
  readonly repository: string;
  /** Where git clones from; holds no credentials. */
  readonly repositoryUrl: string;
  /** The target branch: what the agent works on and pushes to. */
  readonly branch: string;
  /** The branch to create the target from while it does not exist on the remote; null when it must exist. */
  readonly baseBranch: string | null;
  readonly agent: { readonly name: string; readonly githubApp: string };
  readonly failureType: FailureType;
  readonly runId: number | null;
  readonly pullRequest: number | null;
  /** Counts every CodeRun of the lineage from 1; becomes `contextVersion`. */
  readonly ordinal: number;
  readonly prompt: string;
  /** A CLI by any case (`Factory`), or a whole CLI configuration. */
  readonly cli: string | CliConfig;
  readonly model: string;
  readonly deadlineSeconds: number;
  /** Sets apart what would otherwise take the same name; empty as a rule. */
  readonly salt: string;
}

export const LABELS = {
  agent: 'healer/agent',
  failureType: 'healer/failure-type',
  runId: 'healer/workflow-run-id',
  branch: 'healer/branch',
  taskId: 'healer/task-id',
  attempt: 'healer/attempt',
  repository: 'healer/repository',
} as const;

/** `healer-<kind>-<agent>-<8 hex>`; the same attempt has the same name whenever and wherever it is asked for. */
export function codeRunName(
  input: Pick<DraftInput, 'kind' | 'subjectKey' | 'lineageId' | 'ordinal' | 'salt'> & { readonly agent: string },
): string {
  const { subjectKey, lineageId, ordinal, salt } = input;
  const hex = digestOf({ subjectKey, lineageId, ordinal, salt }).slice(0, 8);
  const prefix = `healer-${input.kind}-`;
  return `${prefix}${objectName(input.agent, 63 - prefix.length - hex.length - 1)}-${hex}`;
}

/** The CodeRun of one attempt. Pure: the same input gives the same draft, byte for byte. PermanentError when invalid. */
export function draftCodeRun(input: DraftInput): CodeRunDraft {
  const name = codeRunName({ ...input, agent: input.agent.name });
  const exact: Record<string, string> = {
    [LABELS.agent]: input.agent.name,
    [LABELS.failureType]: input.failureType,
    [LABELS.branch]: input.branch,
    [LABELS.taskId]: input.taskId,
    [LABELS.attempt]: String(input.ordinal),
    [LABELS.repository]: input.repository,
    ...(input.runId === null ? {} : { [LABELS.runId]: String(input.runId) }),
  };
  return draftOf(name, exact, specOf(input, name));
}

/**
 * A CodeRun of this name: `exact` as annotations, and as labels made valid. Pure. PermanentError when the spec is not valid.
 */
export function draftOf(name: string, exact: Readonly<Record<string, string>>, given: CodeRunSpecInput): CodeRunDraft {
  const labels = Object.fromEntries(Object.entries(exact).map(([key, text]) => [key, labelValue(text)]));
  const spec = specSchema.safeParse(given);
  if (!spec.success) {
    throw new PermanentError(`The CodeRun ${name} cannot be made: ${z.prettifyError(spec.error)}`);
  }
  return {
    name,
    labels: { 'app.kubernetes.io/name': 'healer', 'app.kubernetes.io/managed-by': 'healer', ...labels },
    annotations: exact,
    spec: spec.data,
  };
}

function specOf(input: DraftInput, name: string): CodeRunSpecInput {
  return {
    runType: 'remediate',
    taskId: input.taskId,
    service: objectName(input.repository.split('/').at(-1) ?? input.repository, 40),
    repositoryUrl: input.repositoryUrl,
    branch: input.branch,
    githubApp: input.agent.githubApp,
    model: input.model,
    contextVersion: input.ordinal,
    prompt: input.prompt,
    cliConfig: cliConfigOf(input),
    activeDeadlineSeconds: input.deadlineSeconds,
    env: {
      HEALER_TASK_ID: input.taskId,
      FAILURE_TYPE: input.failureType,
      WORKFLOW_RUN_ID: input.runId === null ? '' : String(input.runId),
      PR_NUMBER: input.pullRequest === null ? '' : String(input.pullRequest),
      TARGET_BRANCH: input.branch,
      BASE_BRANCH: input.baseBranch ?? '',
      REPOSITORY: input.repository,
      CODERUN_NAME: name,
    },
  };
}

function cliConfigOf(input: DraftInput): CliConfig {
  if (typeof input.cli !== 'string') return { ...input.cli, model: input.cli.model ?? input.model };
  return { cliType: input.cli.trim().toLowerCase(), model: input.model, settings: {} };
}
