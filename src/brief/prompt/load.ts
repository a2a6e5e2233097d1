import { readdirSync, readFileSync } from 'node:fs';
import { basename, join, posix, relative, sep } from 'node:path';
import Handlebars from 'handlebars';
import { messageOf, UserError } from '../../lib/errors.ts';
import { type LoadedAgent, loadAgents } from '../agents.ts';
import { KNOWN_HELPERS, registerHelpers } from './helpers.ts';
import { loadKinds } from './kinds.ts';
import { loadPlaybook } from './playbook.ts';
import { RETRY, renderTemplate } from './render.ts';
import { sampleInputs } from './sample.ts';
import type { Templates, View } from './templates.ts';

/**
 * Reads `prompts/`. Throws `UserError` when a template does not compile, names something that does not exist, prints
 * text from outside without a helper, or when an agent names a template that is not there.
 */
export function loadTemplates(directory: string): Templates {
  const handlebars = Handlebars.create();
  registerHelpers(handlebars);
  const files = templateFiles(directory);
  for (const file of files.filter((name) => name.startsWith('partials/'))) {
    handlebars.registerPartial(basename(file, '.hbs'), readFileSync(join(directory, file), 'utf8'));
  }
  const compiled = new Map(
    files
      .filter((name) => !name.startsWith('partials/'))
      .map((name) => [name, compile(handlebars, name, readFileSync(join(directory, name), 'utf8'))] as const),
  );
  const agents = loadAgents(directory);
  const playbook = loadPlaybook(join(directory, 'ci', 'playbook.yaml'));
  const kinds = loadKinds(join(directory, 'ci', 'causes.yaml'));
  const templates: Templates = { compiled, agents, playbook, kinds };
  check(templates);
  refuseUnused(directory, files, agents);
  return templates;
}

function templateFiles(directory: string): readonly string[] {
  return readdirSync(directory, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.hbs'))
    .map((name) => relative('.', name).split(sep).join('/'))
    .filter((name) => !name.startsWith('coderun/'))
    .sort();
}

function compile(handlebars: typeof Handlebars, name: string, source: string): (view: View) => string {
  const template = handlebars.compile<View>(source, {
    strict: true,
    noEscape: true,
    preventIndent: true,
    knownHelpers: KNOWN_HELPERS,
    knownHelpersOnly: true,
  });
  return (view) => {
    try {
      return template(view);
    } catch (error) {
      throw new UserError(`The template prompts/${name} cannot be rendered: ${messageOf(error)}`);
    }
  };
}

/** A template that nobody uses is one that somebody believes to be in use. */
function refuseUnused(directory: string, files: readonly string[], agents: readonly LoadedAgent[]): void {
  const texts = files.map((file) => readFileSync(join(directory, file), 'utf8'));
  const used = new Set(agents.flatMap(({ template }) => [template, `${posix.dirname(template)}/${RETRY}`]));
  const unused = files.filter((file) =>
    file.startsWith('partials/')
      ? !texts.some((text) => text.includes(`{{> ${basename(file, '.hbs')}}}`))
      : !used.has(file),
  );
  if (unused.length === 0) return;
  throw new UserError(`Nothing uses ${unused.map((file) => `prompts/${file}`).join(', ')}; take it away or name it.`);
}

/** A template that cannot be rendered must fail now, not when something is broken at night. */
function check(templates: Templates): void {
  for (const agent of templates.agents) {
    if (templates.compiled.has(agent.template)) continue;
    const known = [...templates.compiled.keys()].join(', ');
    throw new UserError(
      `Agent ${agent.name} names the template "${agent.template}", which is not in prompts/. There is: ${known}.`,
    );
  }
  const agent = templates.agents[0];
  if (agent === undefined) throw new UserError('There is no agent in prompts/agents.');
  for (const name of templates.compiled.keys()) {
    for (const input of sampleInputs(agent)) renderTemplate(templates, name, input);
  }
}
