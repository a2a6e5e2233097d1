import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import Handlebars from 'handlebars';
import type { TaskRunType } from '../coderun/task.ts';
import { messageOf, UserError } from '../lib/errors.ts';

/** What the prompt of a task is made from; empty texts are left out of it. */
export interface TaskPromptData {
  readonly runType: TaskRunType;
  readonly taskId: string;
  readonly service: string;
  readonly repository: string;
  readonly branch: string;
  /** Who the agent is. */
  readonly persona: string;
  /** What was asked for in the submission's own words. */
  readonly prompt: string;
  readonly hasDocuments: boolean;
  readonly docsDirectory: string;
}

export type TaskPrompts = (data: TaskPromptData) => string;

/** Reads the prompts of tasks (`prompts/coderun/tasks`). Throws UserError naming the file that cannot be used. */
export function loadTaskPrompts(folder: string): TaskPrompts {
  const templates = {
    implementation: compile(join(folder, 'implementation.md.hbs')),
    documentation: compile(join(folder, 'documentation.md.hbs')),
  };
  return (data) =>
    `${templates[data.runType](data)
      .replaceAll(/\n{3,}/g, '\n\n')
      .trim()}\n`;
}

function compile(path: string): (data: TaskPromptData) => string {
  try {
    const text = readFileSync(path, 'utf8');
    return Handlebars.create().compile<TaskPromptData>(text, { strict: true, noEscape: true, knownHelpersOnly: true });
  } catch (error) {
    throw new UserError(`The prompt of a task ${path} cannot be used: ${messageOf(error)}`, { cause: error });
  }
}
