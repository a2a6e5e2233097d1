import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { type Command, Option } from 'commander';
import { messageOf, UserError } from '../lib/errors.ts';
import type { CodeRunView } from '../report/api/task-schemas.ts';
import { CODERUN_TONES } from '../report/words.ts';
import { type CommandDeps, clockOf, personName } from './client.ts';
import type { CliContext } from './context.ts';
import { CommandFailed } from './failure.ts';
import { ago, createStyle, pairs, plain, type Style } from './output.ts';
import { printJson, type RemoteOptions, remote, withService } from './remote.ts';

interface SubmitOptions extends RemoteOptions {
  readonly type: string;
  readonly task: string;
  readonly service: string;
  readonly repo: string;
  readonly [flag: string]: unknown;
}

/** Flags that go over as they are: commander's name of the option to the field of the API. */
const FIELDS: readonly (readonly [flag: string, argument: string, field: string, description: string])[] = [
  ['docs-repo', '<repository>', 'docs_repository_url', 'where the documents about the task are'],
  ['platform-repo', '<repository>', 'platform_repository_url', 'the platform repository, cloned beside for reading'],
  ['docs-directory', '<folder>', 'docs_project_directory', 'the folder in the documents that is about this project'],
  ['docs-branch', '<branch>', 'docs_branch', 'the branch that documents are read from (main)'],
  ['branch', '<branch>', 'branch', 'the branch to work on (healer/<service>-<task>)'],
  ['working-directory', '<folder>', 'working_directory', 'the folder to work in (.)'],
  ['github-app', '<name>', 'github_app', 'the GitHub App to work as; this or --github-user'],
  ['github-user', '<name>', 'github_user', 'the GitHub user to work as; this or --github-app'],
  ['cli', '<name>', 'cli', 'claude, codex, cursor, factory, gemini or opencode'],
  ['model', '<name>', 'model', 'the model to work with'],
  ['local-tools', '<names>', 'local_tools', 'MCP servers beside the agent, separated by commas'],
  ['remote-tools', '<names>', 'remote_tools', 'tools of the tools server, separated by commas'],
  ['prompt', '<text>', 'prompt', 'what to do; otherwise the agent finds the task in the documents'],
  ['acceptance-criteria', '<text>', 'acceptance_criteria', 'what has to hold when the work is done'],
  ['prompt-modification', '<text>', 'prompt_modification', 'what this attempt has to know or do differently'],
];
const SWITCHES: readonly (readonly [flag: string, field: string, description: string])[] = [
  ['continue-session', 'continue_session', 'go on in the session of the attempt before'],
  ['overwrite-memory', 'overwrite_memory', 'forget the notes that earlier attempts left'],
  ['fresh-workspace', 'fresh_workspace', 'clone anew and forget sessions and notes'],
];
const NUMBERS: readonly (readonly [flag: string, field: string, description: string])[] = [
  ['context-version', 'context_version', 'the attempt; the next one for a retry when left out'],
  ['timeout-minutes', 'timeout_minutes', 'how long it may take'],
];

/** Adds `task submit|show|cancel`: work of one's own for an agent (CONTRACT section 7), against a running service. */
export function registerTask(program: Command, context: CliContext, deps: CommandDeps = {}): void {
  const group = program.command('task').description('Have an agent work on a task of your own.');
  addSubmit(group, context);
  addShow(group, context, deps);
  addRetry(group, context);
  addCancel(group, context);
}

function addSubmit(group: Command, context: CliContext): void {
  const command = remote(group.command('submit'))
    .description('Submit a task; a text that begins with @ is read from that file.')
    .requiredOption('--task <id>', 'which task, for example 7')
    .requiredOption('--service <name>', 'the service that it is about')
    .requiredOption('--repo <repository>', 'the repository to work on: owner/name, or its address')
    .addOption(
      new Option('--type <type>', 'what kind of work')
        .choices(['implementation', 'documentation'])
        .default('implementation'),
    );
  for (const [flag, argument, , description] of FIELDS) command.option(`--${flag} ${argument}`, description);
  command.addOption(new Option('--tool-config <set>', 'which tools').choices(['default', 'minimal', 'advanced']));
  command.addOption(
    new Option('--prompt-mode <mode>', 'how --prompt-modification is used').choices(['append', 'replace']),
  );
  for (const [flag, , description] of SWITCHES) command.option(`--${flag}`, description);
  for (const [flag, , description] of NUMBERS) command.option(`--${flag} <n>`, description);
  command.action((options: SubmitOptions, own: Command) =>
    withService(own, context, options, async (client) => {
      const codeRun = await client.post<CodeRunView>('/api/coderuns', bodyOf(options, context));
      if (options.json) return printJson(context, codeRun);
      const style = createStyle(context);
      context.stdout.write(
        `${style.bold(codeRun.name)} was accepted as attempt ${codeRun.attempt}. It works with:\n${inputsText(codeRun, style)}See how it goes: healer task show ${codeRun.name}  (${client.url}${codeRun.status_url})\n`,
      );
    }),
  );
}

function bodyOf(options: SubmitOptions, context: CliContext): object {
  const given = (flag: string): unknown => options[camel(flag)];
  const text = (flag: string): unknown => {
    const value = given(flag);
    return typeof value === 'string' && value.startsWith('@') ? readText(context.cwd, value.slice(1)) : value;
  };
  return {
    run_type: options.type,
    task_id: options.task,
    service: options.service,
    repository_url: options.repo,
    ...Object.fromEntries(FIELDS.map(([flag, , field]) => [field, text(flag)])),
    ...Object.fromEntries(SWITCHES.map(([flag, field]) => [field, given(flag)])),
    ...Object.fromEntries(
      NUMBERS.map(([flag, field]) => [field, given(flag) === undefined ? undefined : Number(given(flag))]),
    ),
    tool_config: options['toolConfig'],
    prompt_mode: options['promptMode'],
    by: personName(context),
  };
}

/** `docs-repo` as commander keeps it: `docsRepo`. */
function camel(flag: string): string {
  return flag.replaceAll(/-(\w)/g, (_, letter: string) => letter.toUpperCase());
}

function readText(cwd: string, path: string): string {
  try {
    return readFileSync(resolve(cwd, path), 'utf8');
  } catch (error) {
    throw new UserError(`${path} cannot be read: ${messageOf(error)}`, { cause: error });
  }
}

function addShow(group: Command, context: CliContext, deps: CommandDeps): void {
  remote(group.command('show'))
    .description('One CodeRun: where it stands, what the agent wrote, its pull request.')
    .argument('<name>', 'the name that task submit gave (healer-task-…)')
    .option('--output', 'only what the agent wrote')
    .option('--wait', 'wait until it has ended; exit code 1 when it did not succeed')
    .action((name: string, options: RemoteOptions & { output?: boolean; wait?: boolean }, command: Command) =>
      withService(command, context, options, async (client) => {
        let codeRun = await client.get<CodeRunView>(pathOf(name));
        while (options.wait && codeRun.live) {
          await new Promise((done) => setTimeout(done, POLL_MS));
          codeRun = await client.get<CodeRunView>(pathOf(name));
        }
        if (options.json) printJson(context, codeRun);
        else if (options.output) context.stdout.write(`${codeRun.output_tail ?? ''}\n`);
        else context.stdout.write(codeRunText(codeRun, createStyle(context), clockOf(deps)()));
        if (options.wait && codeRun.ended_as !== 'succeeded')
          throw new CommandFailed(`${name} ended as ${codeRun.ended_as}.`);
      }),
    );
}

function addRetry(group: Command, context: CliContext): void {
  remote(group.command('retry'))
    .description('Have the next attempt made, in the session of the one before; it reads your guidance.')
    .argument('<task>', 'the name of a run (healer-task-…), or the task id')
    .option('--guidance <text>', 'what the agent should know or do differently')
    .addOption(new Option('--mode <mode>', 'how the guidance meets the prompt').choices(['append', 'replace']))
    .action((task: string, options: RemoteOptions & { guidance?: string; mode?: string }, command: Command) =>
      withService(command, context, options, async (client) => {
        const body = { by: personName(context), guidance: options.guidance, mode: options.mode };
        const codeRun = await client.post<CodeRunView>(`${pathOf(task)}/retry`, body);
        if (options.json) return printJson(context, codeRun);
        context.stdout.write(`${codeRun.name} was accepted as attempt ${codeRun.attempt}.\n`);
      }),
    );
}

function addCancel(group: Command, context: CliContext): void {
  remote(group.command('cancel'))
    .description('Stop a run of your own.')
    .argument('<name>', 'the name that task submit gave (healer-task-…)')
    .action((name: string, options: RemoteOptions, command: Command) =>
      withService(command, context, options, async (client) => {
        const codeRun = await client.post<CodeRunView>(`${pathOf(name)}/cancel`, { by: personName(context) });
        if (options.json) return printJson(context, codeRun);
        context.stdout.write(`${codeRun.name} is being cancelled.\n`);
      }),
    );
}

/** Between two looks at a run that is waited for. */
const POLL_MS = 1_000;

function pathOf(name: string): string {
  return `/api/coderuns/${encodeURIComponent(name)}`;
}

function codeRunText(codeRun: CodeRunView, style: Style, now: number): string {
  const { usage, result } = codeRun;
  const rows: [string, string][] = [
    [
      'state',
      style.tone(CODERUN_TONES[codeRun.phase], codeRun.phase) +
        (codeRun.ended_as === null ? '' : ` (${codeRun.ended_as})`),
    ],
    ['says', plain(codeRun.message, 400)],
    ['for', codeRun.remediation ?? `task ${plain(codeRun.task_id)}, attempt ${codeRun.attempt}`],
    ['repository', `${plain(codeRun.repository)} ${plain(codeRun.branch)}`],
    ['agent', plain(codeRun.agent)],
    ['created', ago(codeRun.created_at, now)],
    ['agent says', result === null ? '–' : `${result.status}: ${plain(result.summary, 600)}`],
    ['commit', plain(codeRun.commit_sha)],
    ['pull request', plain(codeRun.pull_request_url)],
    ['session', plain(codeRun.session_id)],
    [
      'used',
      usage === null ? '–' : `${usage.input_tokens} in, ${usage.output_tokens} out, $${usage.cost_usd.toFixed(2)}`,
    ],
  ];
  const tail = (codeRun.output_tail ?? '')
    .split('\n')
    .slice(-20)
    .map((line) => `  ${plain(line, 300)}`);
  const output = tail.join('').trim() === '' ? '' : `\n${style.dim('the end of the output')}\n${tail.join('\n')}\n`;
  return `${style.bold(codeRun.name)}\n${pairs(rows, style)}${output}`;
}

function inputsText({ inputs }: CodeRunView, style: Style): string {
  const rows = Object.entries(inputs ?? {})
    .filter(([name]) => name !== 'prompt')
    .map(([name, value]): [string, string] => [
      name,
      plain(value === null ? null : Array.isArray(value) ? value.join(', ') : String(value), 200),
    ]);
  return pairs(rows, style);
}
