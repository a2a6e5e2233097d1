import type { LoadedAgent } from '../brief/agents.ts';
import { objectName } from '../coderun/names.ts';
import type { CliConfig } from '../coderun/schema.ts';
import { type TaskIdentity, taskBranch } from '../coderun/task.ts';
import type { ProblemPart } from '../lib/problem.ts';
import type { TaskInputs, TaskSubmission } from '../report/api/task-schemas.ts';
import { cloneUrls } from './github.ts';
import type { Settings } from './settings.ts';
import type { TaskPrompts } from './task-prompts.ts';

export interface InputDeps {
  readonly settings: Settings;
  readonly agents: readonly LoadedAgent[];
  readonly prompts: TaskPrompts;
  /** Names that `cli` may have. */
  readonly clis: readonly string[];
  /** Names that `local_tools` may have. */
  readonly localTools: readonly string[];
}

/** A submission with everything settled that it left open; the attempt is not known yet. */
export interface Resolved {
  readonly identity: TaskIdentity;
  readonly inputs: Omit<TaskInputs, 'context_version'>;
  readonly cliConfig: CliConfig;
}

/** Settles what a submission left open. Gives the faults that only this installation can know of. */
export function resolveInputs(submission: TaskSubmission, deps: InputDeps): Resolved | readonly ProblemPart[] {
  const { settings } = deps;
  const faults: ProblemPart[] = [];
  const repositoryAt = repositoryReader(settings);
  const read = (path: 'repository_url' | 'docs_repository_url' | 'platform_repository_url'): string | null => {
    const given = submission[path];
    if (given === undefined) return null;
    const repository = repositoryAt(given);
    if (repository === null)
      faults.push({ path, message: `is not a repository of ${hostOf(settings) ?? 'this installation'}` });
    return repository;
  };
  const repository = read('repository_url') ?? '';
  const docs = read('docs_repository_url');
  const platform = read('platform_repository_url');
  faults.push(...toolFaults(submission, deps), ...cliFaults(submission, deps));
  if (faults.length > 0) return faults;

  const agent = deps.agents.find(({ githubApp }) => same(githubApp, submission.github_app));
  const identity: TaskIdentity = {
    runType: submission.run_type,
    repository,
    service: submission.service,
    taskId: submission.task_id,
    agent: agent?.name ?? objectName(submission.github_app ?? submission.github_user ?? '', 30),
  };
  const cliConfig = cliConfigOf(submission, agent, settings);
  const urlOf = cloneUrls(settings);
  const branch = submission.branch ?? taskBranch(identity);
  return {
    identity,
    cliConfig,
    inputs: {
      run_type: submission.run_type,
      task_id: submission.task_id,
      service: submission.service,
      repository,
      repository_url: urlOf(repository),
      docs_repository_url: docs === null ? null : urlOf(docs),
      platform_repository_url: platform === null ? null : urlOf(platform),
      docs_project_directory: submission.docs_project_directory ?? null,
      docs_branch: submission.docs_branch,
      branch,
      working_directory: submission.working_directory,
      github_app: agent?.githubApp ?? submission.github_app ?? null,
      github_user: submission.github_user ?? null,
      agent: identity.agent,
      cli: cliConfig.cliType,
      model: cliConfig.model ?? settings.model,
      local_tools: submission.local_tools,
      remote_tools: submission.remote_tools,
      tool_config: submission.tool_config,
      prompt: deps.prompts({
        runType: submission.run_type,
        taskId: submission.task_id,
        service: submission.service,
        repository,
        branch,
        persona: agent?.persona ?? '',
        prompt: submission.prompt ?? '',
        hasDocuments: docs !== null || platform !== null,
        docsDirectory: submission.docs_project_directory ?? '',
      }),
      acceptance_criteria: submission.acceptance_criteria ?? null,
      continue_session: submission.continue_session,
      overwrite_memory: submission.overwrite_memory,
      fresh_workspace: submission.fresh_workspace,
      prompt_modification: submission.prompt_modification ?? null,
      prompt_mode: submission.prompt_mode ?? 'append',
      timeout_minutes: submission.timeout_minutes ?? settings.limits.runDeadlineMinutes,
      by: submission.by,
    },
  };
}

const same = (left: string, right: string | undefined): boolean => left.toLowerCase() === right?.toLowerCase();

function toolFaults({ local_tools, remote_tools }: TaskSubmission, deps: InputDeps): readonly ProblemPart[] {
  const faults: ProblemPart[] = [];
  const unknown = local_tools.filter((name) => !deps.localTools.includes(name));
  if (unknown.length > 0) {
    const message = `names ${unknown.join(', ')}; known are ${deps.localTools.join(', ')}`;
    faults.push({ path: 'local_tools', message });
  }
  if (remote_tools.length > 0 && deps.settings.toolsServerUrl === undefined) {
    const message = 'needs a tools server, and none is configured: set toolsServerUrl (TOOLS_SERVER_URL)';
    faults.push({ path: 'remote_tools', message });
  }
  return faults;
}

function cliFaults({ cli }: TaskSubmission, { settings, clis }: InputDeps): readonly ProblemPart[] {
  if (cli === undefined) return [];
  if (settings.agentCommand.length > 0) {
    return [{ path: 'cli', message: 'cannot be chosen: this service runs one command for all agents (agentCommand)' }];
  }
  if (clis.includes(cli.toLowerCase())) return [];
  return [{ path: 'cli', message: `is not known here; known are ${clis.join(', ')}` }];
}

function cliConfigOf(submission: TaskSubmission, agent: LoadedAgent | undefined, settings: Settings): CliConfig {
  const model = submission.model ?? agent?.model ?? settings.model;
  if (settings.agentCommand.length > 0) {
    return { cliType: 'command', model, settings: { command: [...settings.agentCommand] } };
  }
  const cliType = (submission.cli ?? agent?.cli ?? settings.cli).trim().toLowerCase();
  return { cliType, model, settings: {} };
}

/** The host that repositories are cloned from; null for a pattern without one (a path). */
function hostOf(settings: Settings): string | null {
  const url = cloneUrls(settings)('owner/name');
  return URL.canParse(url) && new URL(url).hostname !== '' ? new URL(url).hostname.toLowerCase() : null;
}

const WRITTEN = [
  /^(?<path>[\w.-]+\/[\w.-]+)$/,
  /^https?:\/\/(?<host>[^/@\s]+)\/(?<path>[\w.-]+\/[\w.-]+?)\/?$/,
  /^ssh:\/\/git@(?<host>[^/\s:]+)(?::\d+)?\/(?<path>[\w.-]+\/[\w.-]+?)$/,
  /^git@(?<host>[^:\s]+):(?<path>[\w.-]+\/[\w.-]+?)$/,
];

/**
 * Reads `owner/name` from a repository as people write it; null for one that is not on the host that Healer is connected
 * to: the agent's token must never be shown to another.
 */
export function repositoryReader(settings: Settings): (written: string) => string | null {
  const host = hostOf(settings);
  return (written) => {
    for (const pattern of WRITTEN) {
      const { path = '', host: given } = pattern.exec(written)?.groups ?? {};
      if (path === '') continue;
      const isHere = host === null || given === undefined || given.replace(/:\d+$/, '').toLowerCase() === host;
      const name = path.replace(/\.git$/, '');
      const isPlain = name.split('/').every((part) => part !== '' && part !== '.' && part !== '..');
      return isPlain && isHere ? name : null;
    }
    return null;
  };
}
