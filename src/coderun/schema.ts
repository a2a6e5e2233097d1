import { z } from 'zod';

/** The API group and version of the custom resource; the local engine keeps the same documents in the store. */
export const API_VERSION = 'agents.platform/v1';
export const KIND = 'CodeRun';

const name = (max: number) => z.string().min(1).max(max);
/** An environment variable's name as POSIX shells accept it. */
const ENV_NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;
/**
 * A branch that git and a shell both take as a plain word; what git itself refuses is left to git. The API server reads
 * the pattern with Go's engine, which knows no look-ahead, so that the two dots have a rule of their own.
 */
const branch = z
  .string()
  .regex(/^[^\s~^:?*[\\\x00-\x1f\x7f-][^\s~^:?*[\\\x00-\x1f\x7f]*$/)
  .max(255)
  .refine((text) => !text.includes('..'), 'must not contain two dots in a row')
  .meta({
    'x-kubernetes-validations': [{ rule: "!self.contains('..')", message: 'must not contain two dots in a row' }],
  });

export const RUN_TYPES = ['implementation', 'documentation', 'intake', 'review', 'remediate'] as const;
export const TOOL_CONFIGS = ['default', 'minimal', 'advanced'] as const;
export const PROMPT_MODES = ['append', 'replace'] as const;

export const cliConfigSchema = z.object({
  /** The name of a file in `prompts/coderun/clis/`, or `command`: then `settings.command` is the command line. */
  cliType: z.string().regex(/^[a-z][a-z0-9-]{0,62}$/),
  model: z.string().max(200).optional(),
  provider: z.string().max(100).optional(),
  maxTokens: z.int().positive().optional(),
  temperature: z.number().min(0).max(2).optional(),
  settings: z.record(z.string(), z.unknown()).default({}),
});

/** What somebody wants run. A superset of the schema in use, so that objects written for it stay valid. */
export const specSchema = z.object({
  runType: z.enum(RUN_TYPES).default('implementation'),
  taskId: z.union([z.string().max(253), z.int().nonnegative().transform(String)]).optional(),
  service: name(63),
  repositoryUrl: name(2048),
  docsRepositoryUrl: z.string().max(2048).optional(),
  platformRepositoryUrl: z.string().max(2048).optional(),
  docsProjectDirectory: z.string().max(1024).optional(),
  docsBranch: branch.default('main'),
  branch: branch.optional(),
  workingDirectory: z.string().min(1).max(1024).default('.'),
  githubApp: z.string().max(100).optional(),
  githubUser: z.string().max(100).optional(),
  model: z.string().max(200).optional(),
  /** The attempt; only grows. */
  contextVersion: z.int().positive().default(1),
  continueSession: z.boolean().default(false),
  overwriteMemory: z.boolean().default(false),
  freshWorkspace: z.boolean().default(false),
  prompt: z.string().max(900_000).optional(),
  promptModification: z.string().max(100_000).optional(),
  promptMode: z.enum(PROMPT_MODES).default('append'),
  acceptanceCriteria: z.string().max(100_000).optional(),
  env: z.record(z.string().regex(ENV_NAME), z.string().max(32_768)).default({}),
  envFromSecrets: z
    .array(z.object({ name: z.string().regex(ENV_NAME), secretName: name(253), secretKey: name(253) }))
    .default([]),
  localTools: z.string().max(4096).optional(),
  remoteTools: z.string().max(4096).optional(),
  toolConfig: z.enum(TOOL_CONFIGS).default('default'),
  enableDocker: z.boolean().default(false),
  serviceAccountName: z.string().max(253).optional(),
  cliConfig: cliConfigSchema.optional(),
  escalationPolicy: z
    .object({
      mode: z.string().max(63).optional(),
      allow: z.array(z.string().max(253)).default([]),
      deny: z.array(z.string().max(253)).default([]),
    })
    .optional(),
  activeDeadlineSeconds: z.int().positive().optional(),
  ttlSecondsAfterFinished: z.int().nonnegative().optional(),
});

export const CODERUN_PHASES = ['Pending', 'Running', 'Succeeded', 'Failed', 'Cancelled'] as const;
/** `Reported` is true once whoever asked for the run has been told how it ended. */
export const CONDITION_TYPES = ['Accepted', 'ContextReady', 'JobCreated', 'Succeeded', 'Reported'] as const;

/** RFC 3339 in UTC, as Kubernetes writes times. */
const time = z.iso.datetime();

export const conditionSchema = z.object({
  type: z.enum(CONDITION_TYPES),
  status: z.enum(['True', 'False', 'Unknown']),
  reason: z.string().regex(/^[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?$/),
  message: z.string().max(32_768),
  observedGeneration: z.int().nonnegative(),
  lastTransitionTime: time,
});

export const usageSchema = z.object({
  inputTokens: z.int().nonnegative(),
  outputTokens: z.int().nonnegative(),
  costUsd: z.number().nonnegative(),
});

/** How far it came. Every path that is ever written is here: unknown ones are pruned in a cluster. */
export const statusSchema = z.object({
  /** The attempt (spec.contextVersion) that all of this is about. */
  contextVersion: z.int().positive().optional(),
  phase: z.enum(CODERUN_PHASES).default('Pending'),
  conditions: z.array(conditionSchema).default([]),
  message: z.string().max(32_768).optional(),
  jobName: z.string().max(63).optional(),
  configmapName: z.string().max(253).optional(),
  pullRequestUrl: z.string().max(2048).optional(),
  commitSha: z.string().max(64).optional(),
  sessionId: z.string().max(253).optional(),
  /** Times that starting the job failed. */
  retryCount: z.int().nonnegative().default(0),
  startedAt: time.optional(),
  finishedAt: time.optional(),
  /** When workspace and files may be removed. */
  expireAt: time.optional(),
  workCompleted: z.boolean().optional(),
  usage: usageSchema.optional(),
  /** What the agent itself stated. */
  result: z
    .object({ status: z.enum(['fixed', 'no_change_needed', 'blocked']), summary: z.string().max(16_384) })
    .optional(),
});

export type CodeRunSpec = z.output<typeof specSchema>;
export type CodeRunSpecInput = z.input<typeof specSchema>;
export type CodeRunStatus = z.output<typeof statusSchema>;
export type CodeRunPhase = CodeRunStatus['phase'];
export type Condition = z.output<typeof conditionSchema>;
export type ConditionType = Condition['type'];
export type CliConfig = z.output<typeof cliConfigSchema>;

/** One agent run, whatever engine keeps it. */
export interface CodeRun {
  /** Derived from what is healed and the attempt: the name is the lock. */
  readonly name: string;
  /** Given by the engine; never reused, also not when the name is. */
  readonly uid: string;
  /** Grows with every change of the spec. */
  readonly generation: number;
  /** Opaque; a write on an older version is refused. */
  readonly resourceVersion: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly spec: CodeRunSpec;
  readonly status: CodeRunStatus;
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
  readonly cancelRequested: boolean;
  /** The spec asks for a further attempt, with this number; `spec.contextVersion` is the one before it until it ended. */
  readonly supersededBy?: number;
  /** It is to go: nothing is kept for later. */
  readonly isDeleting?: boolean;
  /** What is wrong with an object that cannot be read as a CodeRun; its spec holds what could be read. */
  readonly problem?: string;
}

/** A CodeRun before an engine took it. */
export interface CodeRunDraft {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly spec: CodeRunSpec;
}

export const INITIAL_STATUS: CodeRunStatus = statusSchema.parse({});

const TERMINAL: readonly CodeRunPhase[] = ['Succeeded', 'Failed', 'Cancelled'];

export function isTerminalPhase(phase: CodeRunPhase): boolean {
  return TERMINAL.includes(phase);
}

export function conditionOf(status: CodeRunStatus, type: ConditionType): Condition | null {
  return status.conditions.find((condition) => condition.type === type) ?? null;
}

export function isTrue(status: CodeRunStatus, type: ConditionType): boolean {
  return conditionOf(status, type)?.status === 'True';
}

/** Whether a reconciler still has something to bring about: it runs, or its end has not been reported yet. */
export function isActive(status: CodeRunStatus): boolean {
  return !isTerminalPhase(status.phase) || !isTrue(status, 'Reported');
}
