import { z } from 'zod';

/** What a task of one's own takes and gives, in the API, the MCP server and the terminal alike. Names are snake_case. */

const RUN_TYPES = ['implementation', 'documentation'] as const;
const TOOL_CONFIGS = ['default', 'minimal', 'advanced'] as const;
const PROMPT_MODES = ['append', 'replace'] as const;

/** What git and a shell both take as a plain word. */
const BRANCH = /^(?![-/])(?!.*(?:\.\.|\/\/|@\{))[^\s~^:?*[\\\x00-\x1f\x7f]+(?<![./])$/;
/** A folder inside the clone. */
const FOLDER = /^(?!\/)(?!(?:.*\/)?\.\.(?:\/|$))[^\x00-\x1f\x7f]+$/;
/** Repositories as people write them; which host is allowed, the service knows. */
const REPOSITORY = /^(?:[\w.-]+\/[\w.-]+|https?:\/\/[^\s/@]+\/\S+|ssh:\/\/git@[^\s/]+\/\S+|git@[^\s:]+:\S+)$/;
const TASK_ID = /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/;
const TOOL = /^[A-Za-z0-9][A-Za-z0-9._:/-]{0,99}$/;

const text = (max: number) => z.string().trim().min(1).max(max);
const repository = z
  .string()
  .trim()
  .max(2048)
  .regex(REPOSITORY, 'is not a repository: write owner/name, or the address git clones from');
const folder = z.string().trim().max(1024).regex(FOLDER, 'is not a folder inside the repository');
const branch = z.string().trim().max(200).regex(BRANCH, 'is not a branch name that git takes');
/** A list, or one text with commas. */
const tools = z
  .union([z.array(z.string()).max(100), z.string().max(4096)])
  .transform((value) =>
    (typeof value === 'string' ? value.split(',') : value).map((word) => word.trim()).filter((word) => word !== ''),
  )
  .pipe(z.array(z.string().regex(TOOL, 'is not the name of a tool')));

/** The fields of a submission, without the rules that tie them together. */
export const taskFields = {
  task_id: z
    .union([z.string().regex(TASK_ID, 'takes letters, digits, ".", "_" and "-", at most 63'), z.int().nonnegative()])
    .transform(String)
    .describe('Which task, for example 7: attempts of the same task share branch, session and memory'),
  service: z
    .string()
    .regex(/^[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?$/, 'takes lower-case letters, digits and dashes, at most 40')
    .describe('The service that the task is about; part of the name of the workspace'),
  repository_url: repository.describe(
    'The repository to work on: owner/name, or its address on the GitHub that Healer is connected to',
  ),
  docs_repository_url: repository
    .optional()
    .describe('Where the documents about the task are; the platform repository when left out'),
  platform_repository_url: repository.optional().describe('The platform repository, cloned beside for reading'),
  docs_project_directory: folder.optional().describe('The folder in the documents that is about this project'),
  docs_branch: branch.default('main').describe('The branch that documents are read from'),
  branch: branch
    .optional()
    .describe(
      'The branch to work on; made from the default branch when it does not exist. healer/<service>-<task_id> when left out',
    ),
  working_directory: folder.default('.').describe('The folder to work in'),
  github_app: text(100)
    .optional()
    .describe('The GitHub App to work as, for example 5DLabs-Rex; this or github_user has to be given'),
  github_user: text(100).optional().describe('The GitHub user to work as; this or github_app has to be given'),
  cli: text(63)
    .optional()
    .describe(
      'The CLI to work with (claude, codex, cursor, factory, gemini, opencode); the agent’s, or the service’s, when left out',
    ),
  model: text(200).optional().describe('The model to work with; the agent’s, or the service’s, when left out'),
  local_tools: tools
    .default([])
    .describe('MCP servers to start beside the agent, by name; a list or a text with commas'),
  remote_tools: tools
    .default([])
    .describe('Tools of the platform’s tools server, by name; a list or a text with commas'),
  tool_config: z
    .enum(TOOL_CONFIGS)
    .default('default')
    .describe('default: the tools that are named; minimal: none, and no web access; advanced: all local ones as well'),
  prompt: text(200_000)
    .optional()
    .describe('What to do. When left out, the agent is told to find the task in the documents by its id'),
  acceptance_criteria: text(100_000).optional().describe('What has to hold when the work is done'),
  context_version: z
    .int()
    .min(1)
    .max(1000)
    .optional()
    .describe(
      'The attempt. Left out: 1 for a new task, the next one for a retry (continue_session or prompt_modification)',
    ),
  continue_session: z
    .boolean()
    .default(false)
    .describe('Go on in the session of the attempt before, with everything it learnt'),
  overwrite_memory: z.boolean().default(false).describe('Forget the notes that earlier attempts left for this one'),
  fresh_workspace: z.boolean().default(false).describe('Clone anew and forget sessions and notes'),
  prompt_modification: text(100_000)
    .optional()
    .describe('What this attempt has to know or do differently, for example after a failed one'),
  prompt_mode: z
    .enum(PROMPT_MODES)
    .optional()
    .describe('How prompt_modification meets the prompt: append (default) or replace'),
  timeout_minutes: z
    .int()
    .min(1)
    .max(24 * 60)
    .optional()
    .describe('How long it may take; the service’s run deadline when left out'),
  by: z.string().trim().min(1).max(100).default('the API').describe('Who asks, for the record'),
} as const;

type Fields = z.output<z.ZodObject<typeof taskFields>>;

/** Rules between fields, each at the field that has to change. */
function tie(value: Fields, context: z.RefinementCtx): void {
  const fault = (path: keyof Fields, message: string): void =>
    context.addIssue({ code: 'custom', path: [path], message });
  if (value.github_app === undefined && value.github_user === undefined) {
    fault('github_app', 'is missing: give github_app or github_user, so that it is clear who works');
  }
  if (value.github_app !== undefined && value.github_user !== undefined) {
    fault('github_user', 'cannot be given beside github_app: an agent works as one of them');
  }
  if (value.prompt_mode !== undefined && value.prompt_modification === undefined) {
    fault('prompt_mode', 'says how prompt_modification is used, and there is none');
  }
  if (value.fresh_workspace && value.continue_session) {
    fault('fresh_workspace', 'forgets the session that continue_session wants to go on with: give one of them');
  }
  if (value.tool_config === 'minimal' && value.local_tools.length + value.remote_tools.length > 0) {
    fault('tool_config', 'minimal gives no tools, but local_tools or remote_tools name some');
  }
}

export const taskBody = z
  .strictObject({ run_type: z.enum(RUN_TYPES).default('implementation'), ...taskFields })
  .superRefine(tie);

export type TaskSubmission = z.output<typeof taskBody>;

export const nameParams = z.object({ name: z.string().regex(/^[a-z0-9-]{1,63}$/, 'is not the name of a CodeRun') });

export const taskParams = z.object({
  name: z.string().regex(TASK_ID, 'is neither the name of a CodeRun nor a task id'),
});

const time = z.string().describe('RFC 3339, UTC');

/** Every effective input of a run, defaults included. */
export const taskInputsSchema = z.object({
  run_type: z.enum(RUN_TYPES),
  task_id: z.string(),
  service: z.string(),
  repository: z.string().describe('owner/name'),
  repository_url: z.string().describe('Where git clones from'),
  docs_repository_url: z.string().nullable(),
  platform_repository_url: z.string().nullable(),
  docs_project_directory: z.string().nullable(),
  docs_branch: z.string(),
  branch: z.string(),
  working_directory: z.string(),
  github_app: z.string().nullable(),
  github_user: z.string().nullable(),
  agent: z.string(),
  cli: z.string(),
  model: z.string(),
  local_tools: z.array(z.string()),
  remote_tools: z.array(z.string()),
  tool_config: z.enum(TOOL_CONFIGS),
  prompt: z.string().describe('What the agent is told, before prompt_modification'),
  acceptance_criteria: z.string().nullable(),
  context_version: z.int(),
  continue_session: z.boolean(),
  overwrite_memory: z.boolean(),
  fresh_workspace: z.boolean(),
  prompt_modification: z.string().nullable(),
  prompt_mode: z.enum(PROMPT_MODES),
  timeout_minutes: z.number(),
  by: z.string(),
});

export type TaskInputs = z.output<typeof taskInputsSchema>;

export const codeRunSchema = z.object({
  name: z.string(),
  run_type: z.string(),
  task_id: z.string().nullable(),
  remediation: z.string().nullable().describe('Task id of the remediation it belongs to; null for a task of one’s own'),
  repository: z.string().nullable(),
  branch: z.string().nullable(),
  agent: z.string().nullable(),
  attempt: z.int(),
  phase: z.enum(['Pending', 'Running', 'Succeeded', 'Failed', 'Cancelled']),
  live: z.boolean(),
  cancel_requested: z.boolean(),
  message: z.string().nullable().describe('Where it stands, or how it ended, in a sentence'),
  created_at: time,
  started_at: time.nullable(),
  finished_at: time.nullable(),
  ended_as: z
    .enum(['succeeded', 'failed', 'deadline', 'cancelled', 'infrastructure'])
    .nullable()
    .describe('Null while it is under way; infrastructure: the agent never really ran'),
  result: z
    .object({ status: z.enum(['fixed', 'no_change_needed', 'blocked']), summary: z.string() })
    .nullable()
    .describe('What the agent itself said; a claim until CI or a person has looked'),
  commit_sha: z.string().nullable(),
  pull_request_url: z.string().nullable(),
  session_id: z.string().nullable(),
  usage: z.object({ input_tokens: z.number(), output_tokens: z.number(), cost_usd: z.number() }).nullable(),
  output_tail: z.string().nullable().describe('The end of what the agent wrote, secrets removed'),
  inputs: taskInputsSchema
    .nullable()
    .describe('Every effective input, defaults included; null for runs of remediations'),
  status_url: z.string(),
});

export type CodeRunView = z.output<typeof codeRunSchema>;
