import { LABELS } from '../../draft.ts';
import { cliEnvironment } from '../../files.ts';
import { objectName } from '../../names.ts';
import type { CodeRun } from '../../schema.ts';
import type { CodeRunTemplates } from '../../templates.ts';

/** Where things are in the agent's container. Nothing is mounted under the workspace, which scripts clear (R16). */
export const PATHS = {
  files: '/healer/files',
  /** The pieces of a file set that is too large for one ConfigMap. */
  parts: '/healer/parts',
  credentials: '/healer/credentials',
  docker: '/healer/docker',
  workspace: '/workspace',
  tmp: '/tmp',
  result: '/dev/termination-log',
} as const;

export interface EnvVar {
  readonly name: string;
  readonly value?: string;
  readonly valueFrom?: { readonly secretKeyRef: SecretKey };
}

interface SecretKey {
  readonly name: string;
  readonly key: string;
  readonly optional?: boolean;
}

export interface EnvironmentOptions {
  readonly templates: CodeRunTemplates;
  readonly cliSecret: string | null;
  readonly hasToken: boolean;
  readonly hasDocker: boolean;
}

/**
 * The whole environment of a run (CONTRACT section 5), in order of names. What the engine sets wins over the CodeRun's
 * own, secrets are single keys by reference, never whole Secrets and never values (R20).
 */
export function environmentOf(codeRun: CodeRun, options: EnvironmentOptions): readonly EnvVar[] {
  const { spec } = codeRun;
  const cli = options.cliSecret;
  const variables = new Map<string, Omit<EnvVar, 'name'>>();
  if (cli !== null) {
    for (const key of cliEnvironment(spec, options.templates)) {
      variables.set(key, { valueFrom: { secretKeyRef: { name: cli, key, optional: true } } });
    }
  }
  for (const [name, value] of Object.entries({ ...described(codeRun), ...spec.env })) variables.set(name, { value });
  for (const { name, secretName, secretKey } of spec.envFromSecrets) {
    variables.set(name, { valueFrom: { secretKeyRef: { name: secretName, key: secretKey } } });
  }
  for (const [name, value] of Object.entries(fixed(codeRun, options))) variables.set(name, { value });
  return [...variables].sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, source]) => ({ name, ...source }));
}

/** What a CodeRun says of itself, for those that were written by hand; remediations bring all of it in `spec.env`. */
function described({ spec, annotations }: CodeRun): Record<string, string> {
  return {
    HEALER_TASK_ID: spec.taskId ?? '',
    FAILURE_TYPE: annotations[LABELS.failureType] ?? '',
    WORKFLOW_RUN_ID: annotations[LABELS.runId] ?? '',
    PR_NUMBER: '',
    TARGET_BRANCH: spec.branch ?? '',
    REPOSITORY: annotations[LABELS.repository] ?? repositoryOf(spec.repositoryUrl),
  };
}

/** `owner/name` of an address, as far as it has one. */
function repositoryOf(url: string): string {
  return /([^/:]+\/[^/]+?)(?:\.git)?\/?$/.exec(url)?.[1] ?? '';
}

function fixed(codeRun: CodeRun, { hasToken, hasDocker }: EnvironmentOptions): Record<string, string> {
  return {
    CODERUN_NAME: codeRun.name,
    HEALER_ATTEMPT: String(codeRun.spec.contextVersion),
    HEALER_CONTINUE: String(codeRun.spec.continueSession),
    HEALER_FILES: PATHS.files,
    HEALER_PROMPT: `${PATHS.files}/prompt.md`,
    HEALER_WORKSPACE: PATHS.workspace,
    HEALER_RESULT: PATHS.result,
    ...(hasToken ? { HEALER_TOKEN_FILE: `${PATHS.credentials}/token` } : {}),
    ...(hasDocker ? { DOCKER_HOST: `unix://${PATHS.docker}/docker.sock` } : {}),
    HOME: `${PATHS.workspace}/home/${homeOf(codeRun)}`,
    TMPDIR: PATHS.tmp,
  };
}

/**
 * Sessions live in the home folder, and a task's later attempts may go on with them. Another task never finds what an
 * earlier one left there: settings and hooks that an agent was talked into would outlive it.
 */
function homeOf({ name, spec }: CodeRun): string {
  return objectName(spec.taskId ?? name, 63);
}
