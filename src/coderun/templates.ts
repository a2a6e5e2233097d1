import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import Handlebars from 'handlebars';
import { parse as parseYaml } from 'yaml';
import { z } from 'zod';
import { messageOf, UserError } from '../lib/errors.ts';
import { shellQuote } from '../safety/names.ts';

/** How one agent CLI is called; a file of `prompts/coderun/clis/`. */
const cliSchema = z.strictObject({
  /** Words of the command line; see `words` in files.ts for the placeholders. */
  command: z.array(z.string()).min(1),
  /** Added to the command when a session is to be continued. */
  continue: z.array(z.string()).default([]),
  /** `stdin`: the prompt is written to the CLI; `none`: the command names the file. */
  prompt: z.enum(['stdin', 'none']),
  /** Names of the environment variables this CLI takes its credentials and settings from. */
  environment: z.array(z.string()).default([]),
  /** Files of the set that the CLI looks for under the home folder. */
  place: z.array(z.strictObject({ file: z.string(), at: z.string() })).default([]),
});

export type CliTemplate = z.output<typeof cliSchema>;
export type RenderTemplate = (data: Readonly<Record<string, unknown>>) => string;

/** What `prompts/coderun/` holds, read and compiled. */
export interface CodeRunTemplates {
  /** By the name of the file they make: `container.sh`, `CLAUDE.md`, `hooks-pre-push.sh`, … */
  readonly files: ReadonlyMap<string, RenderTemplate>;
  readonly clis: ReadonlyMap<string, CliTemplate>;
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
    clis.set(entry.slice(0, -'.yaml'.length), parseCli(path, await readFile(path, 'utf8')));
  }
  return { files, clis };
}

async function list(folder: string): Promise<string[]> {
  try {
    return (await readdir(folder)).sort();
  } catch (error) {
    throw new UserError(`Cannot read the folder of CodeRun templates ${folder}: ${messageOf(error)}`);
  }
}

function parseCli(path: string, text: string): CliTemplate {
  const parsed = cliSchema.safeParse(parseYaml(text));
  if (parsed.success) return parsed.data;
  throw new UserError(`The CLI description ${path} is not valid: ${z.prettifyError(parsed.error)}`);
}

function compile(path: string, text: string): RenderTemplate {
  const handlebars = Handlebars.create();
  // A helper's argument is not covered by Handlebars' strict mode, so the helpers refuse what is missing themselves.
  handlebars.registerHelper('sh', (value: unknown) => shellQuote(String(required(value, path))));
  handlebars.registerHelper('json', (value: unknown) => JSON.stringify(required(value, path), null, 2));
  const render = handlebars.compile<Readonly<Record<string, unknown>>>(text, {
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
