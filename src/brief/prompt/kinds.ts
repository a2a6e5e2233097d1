import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { z } from 'zod';
import { UserError } from '../../lib/errors.ts';
import type { Cause } from '../../model/remediation.ts';
import { SECURITY_ALERT_KINDS } from '../../model/security-alert.ts';

/** Kinds of things that are reported, as far as an agent has to go about them differently. */
export const CAUSE_KINDS = [...SECURITY_ALERT_KINDS, 'review', 'platform_alert', 'play'] as const;
export type CauseKind = (typeof CAUSE_KINDS)[number];

/** What to tell an agent about one kind. */
export interface KindEntry {
  readonly title: string;
  readonly advice: string;
  /** When the thing counts as gone. */
  readonly gone: string;
}

export type Kinds = Readonly<Record<CauseKind, KindEntry>>;

const TEXT = z.string().trim().min(8);
const ENTRY = z.strictObject({ title: TEXT, advice: TEXT, gone: TEXT });
const KINDS = z.strictObject(
  Object.fromEntries(CAUSE_KINDS.map((kind) => [kind, ENTRY])) as Record<CauseKind, typeof ENTRY>,
);

/** Reads `prompts/ci/causes.yaml`; every kind must have its entry. Throws `UserError`. */
export function loadKinds(file: string): Kinds {
  const parsed = KINDS.safeParse(parse(readFileSync(file, 'utf8')));
  if (parsed.success) return parsed.data;
  const what = parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`).join('; ');
  throw new UserError(`${file} does not describe every kind of report: ${what}`);
}

export function kindOf(cause: Cause): CauseKind {
  switch (cause.kind) {
    case 'security_raised':
    case 'security_resolved':
      return cause.alertKind;
    case 'review_requested':
      return 'review';
    case 'platform_alert':
      return 'platform_alert';
    case 'play_failed':
      return 'play';
  }
}
