import { z } from 'zod';
import type { AgentReport, Usage } from '../model/outcome.ts';
import { usageSchema } from './schema.ts';

/** Longest summary that is kept, in characters. */
const MAX_SUMMARY = 4000;

/** The script's own words: their place, not their names, sets them apart from what an agent claims. */
const OWN_WORDS =
  /^\{"pushed_sha":"([0-9a-f]{40,64})?"(?:,"session_id":"([A-Za-z0-9._-]{0,200})")?(?:,"measured":(\{[^{}]*\}))?/;

/** What `result.json` says, as far as it can be read. */
export interface RunResult {
  /** The agent's statement, or `fixed` for commits without one; null when there is neither. */
  readonly report: AgentReport | null;
  /** One sentence: the agent's summary, or the script's; empty when there is none. */
  readonly summary: string;
  /** The session that the agent's CLI worked in, to go on with; absent when the CLI did not say. */
  readonly sessionId?: string;
}

const resultSchema = z.object({
  status: z.enum(['fixed', 'no_change_needed', 'blocked']).nullish().catch(null),
  summary: z.coerce.string().nullish().catch(null),
  pull_request_url: z
    .url({ protocol: /^https?$/ })
    .max(2048)
    .nullish()
    .catch(null),
  usage: z.unknown().optional(),
});

const usageInput = z
  .object({
    input_tokens: z.number().optional(),
    output_tokens: z.number().optional(),
    cost_usd: z.number().optional(),
    inputTokens: z.number().optional(),
    outputTokens: z.number().optional(),
    costUsd: z.number().optional(),
  })
  .transform((usage) => ({
    inputTokens: Math.round(usage.inputTokens ?? usage.input_tokens ?? 0),
    outputTokens: Math.round(usage.outputTokens ?? usage.output_tokens ?? 0),
    costUsd: usage.costUsd ?? usage.cost_usd ?? 0,
  }))
  .pipe(usageSchema);

/**
 * Reads `result.json`. The agent writes part of it and a cluster cuts it at 4096 bytes, so it is read as far as it
 * goes: what a cut or an agent's mistake destroyed is looked for word by word. Null when there is no text.
 */
export function parseResult(text: string | null): RunResult | null {
  if (text === null || text.trim() === '') return null;
  const fields = resultSchema.parse(parseObject(text) ?? salvage(text));
  const summary = (fields.summary ?? '').slice(0, MAX_SUMMARY).trim();
  const [, pushed, session, measured] = OWN_WORDS.exec(text) ?? [];
  const commitSha = pushed ?? null;
  const said = { summary, ...(session ? { sessionId: session } : {}) };
  const status = fields.status ?? (commitSha === null ? null : 'fixed');
  if (status === null) return { ...said, report: null };
  // What the CLI counted is worth more than what the agent says it used.
  const usage = measuredUsage(measured) ?? usageOf(fields.usage);
  return { ...said, report: { status, summary, commitSha, pullRequestUrl: fields.pull_request_url ?? null, usage } };
}

/** Null when the script counted nothing. */
function measuredUsage(text: string | undefined): Usage | null {
  const value = text === undefined ? null : parseObject(text);
  return value === null || Object.keys(value).length === 0 ? null : usageOf(value);
}

function usageOf(value: unknown): Usage | null {
  const parsed = usageInput.safeParse(value);
  return parsed.success ? parsed.data : null;
}

function parseObject(text: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : null;
  } catch {
    return null;
  }
}

/** The string fields of something that is no longer JSON; the last mention of each key counts, as in JSON.parse. */
function salvage(text: string): Record<string, string> {
  const found: Record<string, string> = {};
  for (const [, key, value] of text.matchAll(/"(status|summary|pull_request_url)"\s*:\s*"((?:[^"\\]|\\.)*)"?/gs)) {
    if (key === undefined || value === undefined) continue;
    found[key] = unescaped(value);
  }
  return found;
}

function unescaped(text: string): string {
  try {
    return String(JSON.parse(`"${text.replaceAll(/[\u0000-\u001f]/g, ' ')}"`));
  } catch {
    return text;
  }
}
