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

/** In the folder of an agent's own template. */
export const RETRY = 'retry.hbs';

/** The agent's own template first; once something was tried and failed, the retry template of the same folder. */
function templateFor(input: PromptInput): string {
  const { agent } = input;
  return triedBefore(input).length === 0 ? agent.template : `${posix.dirname(agent.template)}/${RETRY}`;
}

/**
 * Bytes of a prompt, whatever the budget says: it travels in a ConfigMap of at most 1 MiB with the other files of the run,
 * and in the CodeRun itself, which etcd takes up to 1.5 MiB.
 */
export const MAX_PROMPT_BYTES = 512 * 1024;

/**
 * Renders a template by name; for `renderPrompt` and for the check at load. The budget counts characters; text in which
 * they take several bytes each gets so many fewer of them.
 */
export function renderTemplate(templates: Templates, name: string, input: PromptInput): RenderedPrompt {
  let budgetChars = Math.min(input.budgetChars, MAX_PROMPT_BYTES);
  for (;;) {
    const rendered = renderWithin(templates, name, { ...input, budgetChars });
    const bytes = Buffer.byteLength(rendered.text);
    if (bytes <= MAX_PROMPT_BYTES || budgetChars < SMALLEST_BUDGET) return rendered;
    budgetChars = Math.floor((Math.min(budgetChars, rendered.text.length) * MAX_PROMPT_BYTES) / bytes) - 1;
  }
}

/** Below this only what is never cut is left. */
const SMALLEST_BUDGET = 1_000;

function renderWithin(templates: Templates, name: string, input: PromptInput): RenderedPrompt {
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
