import { parseDocument } from 'yaml';
import { z } from 'zod';
import { FAILURE_TYPES, type FailureType } from '../../model/failure-type.ts';

/** Where a repository says how it wants to be treated; read on its default branch only. */
export const CONFIG_PATH = '.github/healer.yaml';
/** Bytes; nobody writes that much by hand. */
export const MAX_CONFIG = 64 * 1024;

const globs = z.array(z.string().trim().min(1).max(300)).max(200);
const ignoring = z.strictObject({ ignore: globs.default([]) }).prefault({});
const failureType = z.string().refine((name): name is FailureType => Object.hasOwn(FAILURE_TYPES, name), {
  error: ({ input }) => `there is no failure type ${String(input)}`,
});

/** Every key of `.github/healer.yaml`, once. It can only take away from what the installation allows. */
const schema = z.strictObject({
  /** False keeps Healer away altogether. */
  enabled: z.boolean().default(true),
  agents: z
    .strictObject({
      /** Only these; without it every agent. */
      allow: z.array(z.string().trim().toLowerCase()).min(1).optional(),
      deny: z.array(z.string().trim().toLowerCase()).default([]),
    })
    .prefault({}),
  /** Never more than the installation's own setting. */
  maxAttempts: z.number().int().min(1).max(10).optional(),
  /** A change that touches nothing else is left alone. */
  paths: ignoring,
  /** By the workflow's name or file. */
  workflows: ignoring,
  branches: ignoring,
  /** Whether a person has to say yes before an agent starts: `always`, `never`, or for these failure types. */
  approval: z
    .union([z.literal('always'), z.literal('never'), z.array(failureType).min(1)], {
      error: 'must be always, never, or a list of failure types',
    })
    .default('never'),
});

export interface RepositoryConfig {
  readonly enabled: boolean;
  readonly agents: { readonly allow: readonly string[] | null; readonly deny: readonly string[] };
  readonly maxAttempts: number;
  readonly ignore: {
    readonly paths: readonly string[];
    readonly workflows: readonly string[];
    readonly branches: readonly string[];
  };
  readonly approval: 'always' | 'never' | readonly FailureType[];
}

export type Parsed =
  | { readonly kind: 'valid'; readonly config: RepositoryConfig }
  /** `problem` is one sentence for the person who wrote the file. */
  | { readonly kind: 'invalid'; readonly problem: string };

/** More than any limit: the installation's own counts. */
const NO_LIMIT = Number.MAX_SAFE_INTEGER;
/** Faults that are named; more would not help anybody. */
const MAX_FAULTS = 5;

/** The text of a configuration; `agents` are the names that exist. Never throws. */
export function parseRepositoryConfig(text: string, agents: readonly string[]): Parsed {
  if (Buffer.byteLength(text) > MAX_CONFIG) return invalid([`it is larger than ${MAX_CONFIG / 1024} KiB`]);
  const read = readYaml(text);
  if ('fault' in read) return invalid([read.fault]);
  const parsed = schema.safeParse(read.value ?? {});
  if (!parsed.success) return invalid(parsed.error.issues.map(describe));
  const { data } = parsed;
  const unknown = [...(data.agents.allow ?? []), ...data.agents.deny].filter((name) => !agents.includes(name));
  if (unknown.length > 0)
    return invalid([`agents: there is no agent ${unknown.join(', ')} (there are ${agents.join(', ')})`]);
  return {
    kind: 'valid',
    config: {
      enabled: data.enabled,
      agents: { allow: data.agents.allow ?? null, deny: data.agents.deny },
      maxAttempts: data.maxAttempts ?? NO_LIMIT,
      ignore: { paths: data.paths.ignore, workflows: data.workflows.ignore, branches: data.branches.ignore },
      approval: data.approval,
    },
  };
}

function readYaml(text: string): { readonly value: unknown } | { readonly fault: string } {
  try {
    const document = parseDocument(text, { logLevel: 'silent' });
    const [error] = document.errors;
    if (error !== undefined) return { fault: `it is not YAML (${error.message.split('\n')[0] ?? ''})` };
    // A handful of aliases is a convenience, thousands are an attack.
    return { value: document.toJS({ maxAliasCount: 20 }) };
  } catch {
    return { fault: 'it is not YAML that can be read' };
  }
}

function describe(issue: z.core.$ZodIssue): string {
  const path = issue.path.join('.');
  if (issue.code === 'unrecognized_keys') {
    const names = issue.keys.map((key) => [...issue.path, key].join('.'));
    return `there is no ${names.join(', ')}`;
  }
  return path === '' ? issue.message : `${path}: ${issue.message}`;
}

function invalid(faults: readonly string[]): Parsed {
  const named = faults.slice(0, MAX_FAULTS).join('; ');
  return { kind: 'invalid', problem: `${CONFIG_PATH} is not valid: ${named}.` };
}
