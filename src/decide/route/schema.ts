import { z } from 'zod';
import { FAILURE_TYPE_NAMES } from '../../model/failure-type.ts';

/** What a rules file may say; docs/rules.md explains it with examples. */
const id = z.string().regex(/^[a-z][a-z0-9-]{1,60}$/, 'use lower-case letters, digits and hyphens');
const agent = z.string().regex(/^[a-z][a-z0-9-]*$/, 'use the name of a folder under prompts/agents');
const failureType = z.enum(FAILURE_TYPE_NAMES as [string, ...string[]]);

const line = z.union([
  z.string().min(1),
  z.strictObject({
    line: z.string().min(1),
    weight: z.number().min(-10).max(10).optional(),
    literal: z.union([z.string().min(1), z.array(z.string().min(1)).min(1)]).optional(),
    transient: z.boolean().optional(),
  }),
]);

const name = z.union([z.string().min(1), z.strictObject({ name: z.string().min(1), weight: z.number() })]);

const example = z.strictObject({
  log: z.string().optional(),
  workflow: z.string().optional(),
  job: z.string().optional(),
  steps: z.array(z.string()).optional(),
  files: z.array(z.string()).optional(),
  expect: z
    .strictObject({ agent: agent.optional(), failure_type: failureType.optional(), transient: z.boolean().optional() })
    .optional(),
});

const rule = z.strictObject({
  id,
  agent,
  failure_type: failureType,
  outer: z.boolean().optional(),
  weight: z.number().min(0.5).max(10).optional(),
  lines: z.array(line).min(1),
  against: z.array(line).optional(),
  names: z.array(name).optional(),
  files: z.array(z.string().min(1)).optional(),
  examples: z.array(example).min(1),
});

const route = z.strictObject({
  id,
  row: z.number().int().min(1),
  agent,
  failure_type: failureType,
  workflows: z.array(z.string().min(1)).optional(),
  mentions: z.array(z.string().min(1)).optional(),
  files: z.array(z.string().min(1)).optional(),
  needs_both: z.boolean().optional(),
  examples: z.array(example).min(1),
});

export const rulesFile = z.strictObject({
  routes: z.array(route).optional(),
  rules: z.array(rule).optional(),
});

export type RuleSource = z.infer<typeof rule>;
export type RouteSource = z.infer<typeof route>;
export type LineSource = z.infer<typeof line>;
export type NameSource = z.infer<typeof name>;
export type ExampleSource = z.infer<typeof example>;
