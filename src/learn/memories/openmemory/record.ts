import { z } from 'zod';
import { FAILURE_TYPE_NAMES } from '../../../model/failure-type.ts';
import { OUTCOMES } from '../../../model/outcome.ts';
import type { RememberedOutcome } from '../../../store/outcomes.ts';

/** Stands before the line that only Healer reads; memories without it are somebody else's. */
const MARK = 'healer-outcome:';
const MAX_TEXT = 4_000;

const text = z.string().max(MAX_TEXT);
const name = z.string().max(300);
const time = z.number().min(0).max(8.64e15);

const recordSchema = z.object({
  remediationId: name.min(1),
  taskId: name,
  ordinal: z.int().min(1),
  number: z.int().min(0),
  repository: name.regex(/^[^/\s]+\/[^/\s]+$/),
  failureType: z.enum(FAILURE_TYPE_NAMES),
  fingerprint: name,
  rule: name,
  routedAgent: name,
  agent: name,
  outcome: z.enum(OUTCOMES),
  changed: z.boolean(),
  approach: text,
  detail: text,
  stillRed: z.array(name).max(100),
  durationMs: time,
  costUsd: z.number().nullable(),
  startedAt: time,
  endedAt: time,
});

/** What is kept of an outcome: words that a likeness can be found by, and one line with the whole of it. */
export function contentOf(outcome: RememberedOutcome): string {
  const { failureType, agent, repository, approach, detail, stillRed } = outcome;
  return [
    `${agent} on ${failureType} in ${repository} (fingerprint ${outcome.fingerprint || 'none'}): ${outcome.outcome}.`,
    ...(approach === '' ? [] : [approach]),
    ...(detail === '' ? [] : [detail]),
    ...(stillRed.length === 0 ? [] : [`Still red: ${stillRed.join(', ')}.`]),
    MARK + JSON.stringify(outcome),
  ].join('\n');
}

/** The outcome in a memory's content; null when it is none of Healer's or was tampered with. */
export function outcomeIn(content: string): RememberedOutcome | null {
  const line = content.split('\n').findLast((one) => one.startsWith(MARK));
  if (line === undefined) return null;
  try {
    const { success, data } = recordSchema.safeParse(JSON.parse(line.slice(MARK.length)));
    return success ? (data as RememberedOutcome) : null;
  } catch {
    return null;
  }
}
