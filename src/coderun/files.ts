import { sha256 } from '../lib/digest.ts';
import { PermanentError } from '../lib/errors.ts';
import { shellQuote } from '../safety/names.ts';
import { objectName } from './names.ts';
import type { CodeRun, CodeRunSpec } from './schema.ts';
import type { CliTemplate, CodeRunTemplates } from './templates.ts';

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
  const rendered = [...templates.files].map(([name, render]) => {
    const text = render(data);
    return [name, name === 'settings.json' ? withSettings(text, codeRun.spec) : text] as const;
  });
  return Object.fromEntries([...rendered, ['prompt.md', promptOf(codeRun.spec)] as const].sort(byName));
}

/** The CLI's settings with those that came with the run laid over them. */
function withSettings(text: string, spec: CodeRunSpec): string {
  const { command: _, mcpServers: __, ...own } = spec.cliConfig?.settings ?? {};
  return `${JSON.stringify({ ...JSON.parse(text), ...own }, null, 2)}\n`;
}

/** A name that says what is in it, so that a running job can never be given other files under the same name. */
export function fileSetName(codeRunName: string, files: FileSet): string {
  return objectName(`${codeRunName}-files-${fileSetDigest(files).slice(0, 8)}`, 253);
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
  if (type === 'command')
    return { ...explicitCommand(spec), continue: [], prompt: 'stdin', environment: [], place: [] };
  const cli = templates.clis.get(type);
  if (cli !== undefined) return cli;
  const known = [...templates.clis.keys(), 'command'].join(', ');
  throw new PermanentError(`No CLI named ${type} is known; known are ${known}.`);
}

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
  const isExplicit = spec.cliConfig?.cliType === 'command';
  const command = spec.continueSession ? [...cli.command, ...cli.continue] : cli.command;
  const model = spec.cliConfig?.model ?? spec.model ?? '';
  const identity = spec.githubApp ?? spec.githubUser ?? 'healer';
  return {
    name: codeRun.name,
    taskId: spec.taskId ?? '',
    runType: spec.runType,
    repositoryUrl: spec.repositoryUrl,
    repositoryHost: hostOf(spec.repositoryUrl),
    targetBranch: spec.branch ?? '',
    baseBranch: spec.env['BASE_BRANCH'] ?? '',
    workingDirectory: spec.workingDirectory,
    isFreshWorkspace: spec.freshWorkspace,
    attempt: spec.contextVersion,
    authorName: spec.githubApp === undefined ? identity : `${identity}[bot]`,
    authorEmail: `${spec.githubApp === undefined ? identity : `${identity}[bot]`}@users.noreply.github.com`,
    agentCommand: command.map((word) => (isExplicit ? shellQuote(word) : shellWord(word, model))).join(' '),
    agentProgram: shellQuote(command[0] ?? ''),
    promptMode: cli.prompt,
    placements: cli.place,
    model,
    tools: toolsOf(spec),
    mcpServers: mcpServersOf(spec),
  };
}

/** Placeholders in a CLI's command line and the shell expressions they stand for. */
const PLACEHOLDERS: Readonly<Record<string, string>> = {
  '{prompt}': '"$HEALER_PROMPT"',
  '{files}': '"$HEALER_FILES"',
  '{home}': '"$HOME"',
};

function shellWord(word: string, model: string): string {
  const text = word.replaceAll('{model}', model);
  if (text === '') return "''";
  return text
    .split(/(\{prompt\}|\{files\}|\{home\})/)
    .filter((part) => part !== '')
    .map((part) => PLACEHOLDERS[part] ?? shellQuote(part))
    .join('');
}

/** The host that may be given the token; empty for a remote that takes none (a path, file://). */
function hostOf(url: string): string {
  return URL.canParse(url) && /^https?:/.test(url) ? new URL(url).host : '';
}

function toolsOf(spec: CodeRunSpec): Readonly<Record<string, unknown>> {
  return {
    localTools: words(spec.localTools),
    remoteTools: words(spec.remoteTools),
    toolConfig: spec.toolConfig,
  };
}

function words(list: string | undefined): readonly string[] {
  return (list ?? '')
    .split(',')
    .map((word) => word.trim())
    .filter((word) => word !== '');
}

/** MCP servers stated with the run (`cliConfig.settings.mcpServers`); none by default. */
function mcpServersOf(spec: CodeRunSpec): unknown {
  return spec.cliConfig?.settings['mcpServers'] ?? {};
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
