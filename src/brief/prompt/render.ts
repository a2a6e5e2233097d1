import { posix } from 'node:path';
import { UserError } from '../../lib/errors.ts';
import { fitToBudget } from './fit.ts';
import type { PromptInput } from './input.ts';
import type { Templates } from './templates.ts';
import { triedBefore, viewOf } from './view.ts';

export type { PromptInput } from './input.ts';
export type { Templates } from './templates.ts';

export interface RenderedPrompt {
  readonly text: string;
  /** One sentence for each part that was shortened; the prompt says the same. */
  readonly cuts: readonly string[];
  /** The template's name, for example `ci/retry.hbs`. */
  readonly template: string;
}

/**
 * What an agent is told. Pure: the same input gives the same text. The text has at most `budgetChars` characters unless
 * the parts that are never cut (failure, checks, limits) alone need more.
 */
export function renderPrompt(templates: Templates, input: PromptInput): RenderedPrompt {
  return renderTemplate(templates, templateFor(input), input);
}

/** The agent's own template first; once something was tried and failed, the retry template of the same folder. */
function templateFor(input: PromptInput): string {
  const { agent } = input;
  return triedBefore(input).length === 0 ? agent.template : `${posix.dirname(agent.template)}/retry.hbs`;
}

/** Renders a template by name; for `renderPrompt` and for the check at load. */
export function renderTemplate(templates: Templates, name: string, input: PromptInput): RenderedPrompt {
  const template = templates.compiled.get(name);
  if (template === undefined) throw new UserError(`There is no template prompts/${name}.`);
  const { sections, view } = viewOf(templates, input);
  const whole = template(view(new Map(sections.map(({ key, text }) => [key, text])), []));
  if (whole.length <= input.budgetChars) return { text: whole, cuts: [], template: name };

  const bare = new Map(sections.map(({ key, text }) => [key, text === '' ? '' : 'x']));
  const longestCuts = sections.map(
    (section) => `${section.name}: shortened from ${'9'.repeat(9)} to 999999999 characters`,
  );
  const overhead = template(view(bare, longestCuts)).length;
  const { texts, cuts } = fitToBudget(sections, Math.max(0, input.budgetChars - overhead));
  return { text: template(view(texts, cuts)), cuts, template: name };
}
