import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';
import { messageOf, UserError } from '../lib/errors.ts';
import { type Agent, DEFAULT_AGENT } from '../model/agent.ts';

/** An agent with the words that introduce it. */
export interface LoadedAgent extends Agent {
  /** Markdown; who the agent is and how it works. Written by us, so trusted. */
  readonly persona: string;
}

const AGENT = z.strictObject({
  name: z.string().regex(/^[a-z][a-z0-9-]{0,30}$/, 'must be a short lower-case word'),
  githubApp: z.string().min(1),
  specialty: z.string().trim().min(1),
  cli: z.string().min(1).nullable().default(null),
  model: z.string().min(1).nullable().default(null),
  template: z.string().regex(/^[a-z0-9-]+\/[a-z0-9-]+\.hbs$/, 'must look like ci/rust-fix.hbs'),
});

/**
 * Every agent in `agents/` of the prompts' folder, by name. Each is a folder of its own with `agent.yaml` and `persona.md`. Throws `UserError`
 * for a file that is missing or wrong, and when the default agent is not among them.
 */
export function loadAgents(prompts: string): readonly LoadedAgent[] {
  const directory = join(prompts, 'agents');
  const folders = readdirSync(directory, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name)
    .sort();
  const agents = folders.map((folder) => loadAgent(directory, folder));
  if (!agents.some((agent) => agent.name === DEFAULT_AGENT)) {
    throw new UserError(`${directory} has no agent "${DEFAULT_AGENT}", which takes what nobody else owns.`);
  }
  return agents;
}

function loadAgent(directory: string, folder: string): LoadedAgent {
  const file = join(directory, folder, 'agent.yaml');
  const persona = join(directory, folder, 'persona.md');
  for (const needed of [file, persona]) {
    if (!existsSync(needed)) throw new UserError(`The agent "${folder}" is incomplete: ${needed} is missing.`);
  }
  const parsed = AGENT.safeParse(readYaml(file));
  if (!parsed.success) {
    const what = parsed.error.issues
      .map((issue) => `${issue.path.join('.') || 'the file'}: ${issue.message}`)
      .join('; ');
    throw new UserError(`${file} does not describe an agent: ${what}`);
  }
  if (parsed.data.name !== folder) {
    throw new UserError(`${file} says name: ${parsed.data.name}, but its folder is ${folder}. They must be the same.`);
  }
  return { ...parsed.data, persona: readFileSync(persona, 'utf8').trim() };
}

function readYaml(file: string): unknown {
  try {
    return parse(readFileSync(file, 'utf8'));
  } catch (error) {
    throw new UserError(`${file} is not YAML: ${messageOf(error)}`);
  }
}
