import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { z } from 'zod';
import { UserError } from '../../lib/errors.ts';
import { FAILURE_TYPE_NAMES, type FailureType } from '../../model/failure-type.ts';

/** What to tell an agent about one failure type. */
export interface PlaybookEntry {
  /** One paragraph: how such a failure is repaired, and what is not a repair. */
  readonly advice: string;
  /** Commands that usually show the failure, and show that it is gone. */
  readonly commands: readonly string[];
}

export type Playbook = Readonly<Record<FailureType, PlaybookEntry>>;

const ENTRY = z.strictObject({ advice: z.string().trim().min(20), commands: z.array(z.string().min(1)) });
const PLAYBOOK = z.strictObject(
  Object.fromEntries(FAILURE_TYPE_NAMES.map((name) => [name, ENTRY])) as Record<FailureType, typeof ENTRY>,
);

/** Reads `prompts/ci/playbook.yaml`; every failure type must have its entry. Throws `UserError`. */
export function loadPlaybook(file: string): Playbook {
  const parsed = PLAYBOOK.safeParse(parse(readFileSync(file, 'utf8')));
  if (parsed.success) return parsed.data;
  const what = parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`).join('; ');
  throw new UserError(`${file} is not a complete playbook: ${what}`);
}
