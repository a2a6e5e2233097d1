import type { z } from 'zod';
import type { Api } from './api.ts';

/** What tools need that is not behind the API: decisions that are made without any store or network. */
export interface LocalDecisions {
  classify(log: LogInput): object;
  /** Throws UserError when the event is not what it claims to be. */
  explain(event: EventInput): Promise<object>;
}

export interface LogInput {
  readonly log: string;
  readonly workflow: string | null;
  readonly job: string | null;
  readonly failedSteps: readonly string[];
  readonly changedFiles: readonly string[];
  readonly maxLines: number;
}

export interface EventInput {
  readonly event: Readonly<Record<string, unknown>>;
  readonly eventType: string | null;
  readonly log: string | null;
}

export interface ToolContext {
  readonly api: Api;
  readonly decisions: LocalDecisions;
}

export interface ToolOutcome {
  /** One or two sentences: what happened, and what can be done next. */
  readonly said: string;
  /** Everything, for programs. */
  readonly structured: Readonly<Record<string, unknown>>;
}

/** One tool of the MCP server. `input` is checked before `run` is called. */
export interface Tool<Input extends z.ZodType = z.ZodType> {
  readonly name: string;
  readonly title: string;
  readonly description: string;
  readonly input: Input;
  readonly annotations: {
    readonly readOnlyHint: boolean;
    readonly destructiveHint: boolean;
    readonly idempotentHint: boolean;
    readonly openWorldHint: boolean;
  };
  run(input: z.output<Input>, context: ToolContext): Promise<ToolOutcome>;
}

/** Keeps the type of the input while it is put together with the others. */
export function tool<Input extends z.ZodType>(definition: Tool<Input>): Tool {
  return definition as unknown as Tool;
}

const HINTS = { idempotentHint: true, openWorldHint: false } as const;

export const READS = { ...HINTS, readOnlyHint: true, destructiveHint: false } as const;
/** Starts something: an agent that spends money and pushes to a branch. */
export const STARTS = {
  readOnlyHint: false,
  destructiveHint: false,
  idempotentHint: false,
  openWorldHint: true,
} as const;
/** Ends something that cannot be gone on with. */
export const ENDS = { ...HINTS, readOnlyHint: false, destructiveHint: true } as const;

/** The tool could not do it; the message says why and what to do, for the model that called. */
export class ToolError extends Error {
  override readonly name = 'ToolError';
}
