import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import Handlebars from 'handlebars';
import { parse as parseYaml } from 'yaml';
import { z } from 'zod';
import { messageOf, UserError } from '../lib/errors.ts';
import { shellQuote } from '../safety/names.ts';

/** A field of JSON, as it stands between quotes. */
const field = z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/);
/** A path under the home folder. */
const underHome = z.string().regex(/^(?!\/)(?!(?:.*\/)?\.\.(?:\/|$))\S+$/, 'must lie under the home folder');
const words = z.array(z.string());

/** How one agent CLI is called; a file of `prompts/coderun/clis/`. */
const cliSchema = z
  .strictObject({
    /** Words of the command line; see `PLACEHOLDERS` in files.ts. */
    command: words.min(1),
    /** Added to the command to continue the session `{session}`. */
    resume: words.default([]),
    /** The whole command line to continue a session, where words at the end will not do. */
    resumeCommand: words.default([]),
    /** `stdin`: the prompt is written to the CLI; `none`: the command names the file. */
    prompt: z.enum(['stdin', 'none']),
    /** What `{provider}` stands for when the run names none. */
    provider: z.string().default(''),
    /** Names of the environment variables this CLI takes its credentials and settings from. */
    environment: words.default([]),
    /** Files of the set that the CLI looks for under the home folder. */
    place: z.array(z.strictObject({ file: z.string(), at: underHome })).default([]),
    /** A file of its own in which the CLI looks for MCP servers, in its own format. */
    config: z.strictObject({ format: z.enum(['codex', 'gemini', 'opencode']), at: underHome }).optional(),
    /** What under the home folder holds its sessions: kept from one attempt of a task to the next. */
    keep: z.array(underHome).default([]),
    /** Which fields of the JSON lines it prints say what the result should know; without it the output is text. */
    output: z
      .strictObject({
        session: field,
        /** Over all lines of type `event`, the first value of each field is added up. */
        usage: z
          .strictObject({
            event: z.string().regex(/^[A-Za-z_.-]+$/),
            input: z.array(field),
            output: z.array(field),
            cost: z.array(field),
          })
          .optional(),
      })
      .optional(),
  })
  .refine((cli) => cli.resume.length === 0 || cli.resumeCommand.length === 0, {
    message: 'gives resume or resumeCommand, not both',
  });

/** An MCP server that runs beside the agent. */
const serverSchema = z.strictObject({
  command: z.string().min(1),
  args: words.default([]),
  env: z.record(z.string(), z.string()).optional(),
});

export type CliTemplate = z.output<typeof cliSchema>;
export type McpServer = z.output<typeof serverSchema>;
export type RenderTemplate = (data: Readonly<Record<string, unknown>>) => string;

/** What `prompts/coderun/` holds, read and compiled. */
export interface CodeRunTemplates {
  /** By the name of the file they make: `container.sh`, `CLAUDE.md`, `hooks-pre-push.sh`, … */
  readonly files: ReadonlyMap<string, RenderTemplate>;
  readonly clis: ReadonlyMap<string, CliTemplate>;
  /** MCP servers by the name that `localTools` gives them. */
  readonly tools: ReadonlyMap<string, McpServer>;
}

/**
 * Reads and compiles every template of a folder (`prompts/coderun`). Files of `hooks/` become `hooks-<name>`, so a new
 * hook is a new file and nothing else. Throws UserError naming the file that cannot be read or compiled.
 */
export async function loadCodeRunTemplates(folder: string): Promise<CodeRunTemplates> {
  const files = new Map<string, RenderTemplate>();
  for (const [sub, prefix] of [
    ['.', ''],
    ['hooks', 'hooks-'],
  ] as const) {
    for (const entry of (await list(join(folder, sub))).filter((name) => name.endsWith('.hbs'))) {
      const path = join(folder, sub, entry);
      files.set(`${prefix}${entry.slice(0, -'.hbs'.length)}`, compile(path, await readFile(path, 'utf8')));
    }
  }
  const clis = new Map<string, CliTemplate>();
  for (const entry of (await list(join(folder, 'clis'))).filter((name) => name.endsWith('.yaml'))) {
    const path = join(folder, 'clis', entry);
    clis.set(entry.slice(0, -'.yaml'.length), parseWith(cliSchema, 'CLI description', path, await text(path)));
  }
  return { files, clis, tools: await loadTools(folder) };
}

/** A folder without `tools.yaml` has no tools. */
async function loadTools(folder: string): Promise<ReadonlyMap<string, McpServer>> {
  if (!(await list(folder)).includes('tools.yaml')) return new Map();
  const path = join(folder, 'tools.yaml');
  const schema = z.record(z.string().regex(/^[a-z][a-z0-9-]*$/), serverSchema);
  return new Map(Object.entries(parseWith(schema, 'list of tools', path, await text(path))));
}

/** The names that `localTools` can give. */
export function localToolNames({ tools }: CodeRunTemplates): readonly string[] {
  return [...tools.keys()];
}

const text = (path: string): Promise<string> => readFile(path, 'utf8');

async function list(folder: string): Promise<string[]> {
  try {
    return (await readdir(folder)).sort();
  } catch (error) {
    throw new UserError(`Cannot read the folder of CodeRun templates ${folder}: ${messageOf(error)}`);
  }
}

function parseWith<T>(schema: z.ZodType<T>, what: string, path: string, yaml: string): T {
  const parsed = schema.safeParse(parseYaml(yaml));
  if (parsed.success) return parsed.data;
  throw new UserError(`The ${what} ${path} is not valid: ${z.prettifyError(parsed.error)}`);
}

function compile(path: string, source: string): RenderTemplate {
  const handlebars = Handlebars.create();
  // A helper's argument is not covered by Handlebars' strict mode, so the helpers refuse what is missing themselves.
  handlebars.registerHelper('sh', (value: unknown) => shellQuote(String(required(value, path))));
  handlebars.registerHelper('json', (value: unknown) => JSON.stringify(required(value, path), null, 2));
  const render = handlebars.compile<Readonly<Record<string, unknown>>>(source, {
    strict: true,
    noEscape: true,
    knownHelpersOnly: true,
    knownHelpers: { sh: true, json: true },
  });
  return (data) => {
    try {
      return render(data);
    } catch (error) {
      throw new UserError(`The template ${path} cannot be rendered: ${messageOf(error)}`);
    }
  };
}

function required<T>(value: T, path: string): T {
  if (value === undefined) throw new Error(`a helper of ${path} was given a value that does not exist`);
  return value;
}
