import { sha256 } from '../lib/digest.ts';
import { PermanentError } from '../lib/errors.ts';
import { shellQuote } from '../safety/names.ts';
import { objectName } from './names.ts';
import type { CodeRun, CodeRunSpec } from './schema.ts';
import { taskBranch } from './task.ts';
import type { CliTemplate, CodeRunTemplates } from './templates.ts';
import { cliConfigFile, mcpServersOf, toolsOf } from './tools.ts';

/** File name to text; the data of a ConfigMap, or a folder with the local engine. */
export type FileSet = Readonly<Record<string, string>>;

/** What a CodeRun that names no CLI runs (CONTRACT section 3). */
const DEFAULT_CLI = 'factory';

/**
 * The files an agent finds (CONTRACT section 5). Pure: same CodeRun, same templates, same bytes. Throws PermanentError
 * when the CLI is unknown, UserError when a template asks for something that does not exist.
 */
export function renderFiles(codeRun: CodeRun, templates: CodeRunTemplates): FileSet {
  const data = dataOf(codeRun, templates);
  const { spec } = codeRun;
  const files: (readonly [string, string])[] = [...templates.files].map(([name, render]) => {
    const text = render(data);
    return [name, name === 'settings.json' ? withSettings(text, spec) : text];
  });
  files.push(['prompt.md', promptOf(spec)]);
  if (spec.acceptanceCriteria !== undefined) {
    files.push(['acceptance-criteria.md', `${spec.acceptanceCriteria.trimEnd()}\n`]);
  }
  const { config } = cliOf(spec, templates);
  if (config !== undefined) {
    const { name, text } = cliConfigFile(config.format, mcpServersOf(spec, templates));
    files.push([name, text]);
  }
  return Object.fromEntries(files.sort(byName));
}

/** The CLI's settings with those that came with the run laid over them. */
function withSettings(text: string, spec: CodeRunSpec): string {
  const { command: _, mcpServers: __, ...own } = spec.cliConfig?.settings ?? {};
  const common = JSON.parse(text) as { permissions: { deny: string[] } };
  if (spec.toolConfig === 'minimal') common.permissions.deny.push(...WEB_TOOLS);
  return `${JSON.stringify({ ...common, ...own }, null, 2)}\n`;
}

/** Claude Code's own tools that reach the network. */
const WEB_TOOLS = ['WebFetch', 'WebSearch'];

/** A name that says what is in it, so that a running job can never be given other files under the same name. */
export function fileSetName(codeRunName: string, digest: string): string {
  return objectName(`${codeRunName}-files-${digest.slice(0, 8)}`, 253);
}

export function fileSetDigest(files: FileSet): string {
  return sha256(JSON.stringify(Object.entries(files).sort(byName)));
}

/** The environment variables that the CLI of this run may be given, by name. */
export function cliEnvironment(spec: CodeRunSpec, templates: CodeRunTemplates): readonly string[] {
  return cliOf(spec, templates).environment;
}

function byName(a: readonly [string, string], b: readonly [string, string]): number {
  return a[0] < b[0] ? -1 : a[0] > b[0] ? 1 : 0;
}

function cliOf(spec: CodeRunSpec, templates: CodeRunTemplates): CliTemplate {
  const type = spec.cliConfig?.cliType ?? DEFAULT_CLI;
  if (type === 'command') return { ...explicitCommand(spec), ...NOTHING_MORE };
  const cli = templates.clis.get(type);
  if (cli !== undefined) return cli;
  const known = [...templates.clis.keys(), 'command'].join(', ');
  throw new PermanentError(`No CLI named ${type} is known; known are ${known}.`);
}

const NOTHING_MORE: Omit<CliTemplate, 'command'> = {
  resume: [],
  resumeCommand: [],
  prompt: 'stdin',
  provider: '',
  environment: [],
  place: [],
  keep: [],
};

/** `cliType: command` runs `settings.command`, a list of words, as it stands. */
function explicitCommand(spec: CodeRunSpec): Pick<CliTemplate, 'command'> {
  const command = spec.cliConfig?.settings['command'];
  const isWords = Array.isArray(command) && command.length > 0 && command.every((word) => typeof word === 'string');
  if (isWords) return { command };
  throw new PermanentError('cliConfig.cliType is command, but cliConfig.settings.command is not a list of words.');
}

function dataOf(codeRun: CodeRun, templates: CodeRunTemplates): Readonly<Record<string, unknown>> {
  const { spec } = codeRun;
  const cli = cliOf(spec, templates);
  const identity = spec.githubApp ?? spec.githubUser ?? 'healer';
  const targetBranch = targetOf(spec);
  return {
    name: codeRun.name,
    taskId: spec.taskId ?? '',
    taskFolder: objectName(`${spec.runType}-${spec.taskId ?? codeRun.name}`),
    runType: spec.runType,
    isTask: isTask(spec),
    repositoryUrl: spec.repositoryUrl,
    repositoryHost: hostOf(spec.repositoryUrl),
    targetBranch,
    baseBranch: spec.env['BASE_BRANCH'] ?? '',
    workingDirectory: spec.workingDirectory,
    ...documentsOf(spec),
    isFreshWorkspace: spec.freshWorkspace,
    isContinued: spec.continueSession,
    isMemoryOverwritten: spec.overwriteMemory,
    attempt: spec.contextVersion,
    authorName: spec.githubApp === undefined ? identity : `${identity}[bot]`,
    authorEmail: `${spec.githubApp === undefined ? identity : `${identity}[bot]`}@users.noreply.github.com`,
    ...commandsOf(spec, cli),
    cliType: spec.cliConfig?.cliType ?? DEFAULT_CLI,
    promptMode: cli.prompt,
    placements: cli.config === undefined ? cli.place : [...cli.place, placementOf(cli.config)],
    kept: cli.keep,
    sessionField: cli.output?.session ?? '',
    usageEvent: cli.output?.usage?.event ?? '',
    usageInput: cli.output?.usage?.input.join(' ') ?? '',
    usageOutput: cli.output?.usage?.output.join(' ') ?? '',
    usageCost: cli.output?.usage?.cost.join(' ') ?? '',
    hasCriteria: spec.acceptanceCriteria !== undefined,
    tools: toolsOf(spec, templates),
    mcpServers: mcpServersOf(spec, templates),
  };
}

/** Runs that somebody asked for: they work on a branch of their own, never on the default one. */
function isTask({ runType }: CodeRunSpec): boolean {
  return runType === 'implementation' || runType === 'documentation';
}

function targetOf(spec: CodeRunSpec): string {
  if (spec.branch !== undefined) return spec.branch;
  const { runType, service, taskId } = spec;
  if ((runType !== 'implementation' && runType !== 'documentation') || taskId === undefined) return '';
  return taskBranch({ runType, service, taskId });
}

/** Documents are read where they are said to be, else in the platform repository; one clone where both are the same. */
function documentsOf(spec: CodeRunSpec): Readonly<Record<string, string>> {
  const platformUrl = spec.platformRepositoryUrl ?? '';
  return {
    docsUrl: spec.docsRepositoryUrl ?? platformUrl,
    docsBranch: spec.docsBranch,
    docsDirectory: spec.docsProjectDirectory ?? '',
    platformUrl,
  };
}

function placementOf({ format, at }: NonNullable<CliTemplate['config']>): CliTemplate['place'][number] {
  return { file: cliConfigFile(format, {}).name, at };
}

/** The command lines that start the agent, as words of the shell; an empty `agentResume` when sessions cannot go on. */
function commandsOf(spec: CodeRunSpec, cli: CliTemplate): Readonly<Record<string, string>> {
  const names = {
    '{model}': spec.cliConfig?.model ?? spec.model ?? '',
    '{provider}': spec.cliConfig?.provider ?? cli.provider,
  };
  const isExplicit = spec.cliConfig?.cliType === 'command';
  const line = (command: readonly string[]): string =>
    command.map((word) => (isExplicit ? shellQuote(word) : shellWord(word, names))).join(' ');
  const resume = cli.resume.length > 0 ? [...cli.command, ...cli.resume] : cli.resumeCommand;
  return {
    agentCommand: line(cli.command),
    agentResume: line(resume),
    agentProgram: shellQuote(cli.command[0] ?? ''),
    model: names['{model}'],
  };
}

/** Placeholders in a CLI's command line and the shell expressions they stand for. */
const PLACEHOLDERS: Readonly<Record<string, string>> = {
  '{prompt}': '"$HEALER_PROMPT"',
  '{files}': '"$HEALER_FILES"',
  '{home}': '"$HOME"',
  '{session}': '"$session_id"',
};

/** One word of the command line. A model that names its provider itself (`provider/model`) keeps it. */
function shellWord(word: string, names: { readonly '{model}': string; readonly '{provider}': string }): string {
  const model = names['{model}'];
  const filled = (model.includes('/') ? word.replaceAll('{provider}/', '') : word)
    .split(/(\{model\}|\{provider\}|\{prompt\}|\{files\}|\{home\}|\{session\})/)
    .filter((part) => part !== '')
    .map((part) => PLACEHOLDERS[part] ?? shellQuote(part in names ? names[part as keyof typeof names] : part))
    .join('');
  return filled === '' ? "''" : filled;
}

/** The host that may be given the token; empty for a remote that takes none (a path, file://). */
function hostOf(url: string): string {
  return URL.canParse(url) && /^https?:/.test(url) ? new URL(url).host : '';
}

/** The prompt stays data: it is never rendered by a template and never becomes part of a script. */
function promptOf(spec: CodeRunSpec): string {
  const isReplaced = spec.promptModification !== undefined && spec.promptMode === 'replace';
  const parts = [
    isReplaced ? undefined : spec.prompt,
    spec.promptModification,
    spec.acceptanceCriteria === undefined ? undefined : `## Acceptance criteria\n\n${spec.acceptanceCriteria}`,
  ].filter((part) => part !== undefined && part.trim() !== '');
  return `${parts.join('\n\n').trimEnd()}\n`;
}
