import type * as z from 'zod';
import { type FieldError, type NormaliseResult, type Self, wrong } from './source.ts';

/** Turns one type of event into signals. */
export type EventHandler = (body: unknown, self: Self) => NormaliseResult;

/** Errors reported for one body; a reader needs the first few. */
const MAX_ERRORS = 20;

function fieldErrors(error: z.ZodError): FieldError[] {
  return error.issues
    .slice(0, MAX_ERRORS)
    .map((issue) => ({ path: issue.path.map(String).join('.'), message: issue.message }));
}

/** An event: its shape, and what a body of that shape says. */
export function eventHandler<T>(
  schema: z.ZodType<T>,
  normalise: (event: T, self: Self) => NormaliseResult,
): EventHandler {
  return (body, self) => {
    const parsed = schema.safeParse(body, {
      error: (issue) => (issue.input === undefined ? 'is missing' : undefined),
    });
    return parsed.success ? normalise(parsed.data, self) : wrong(fieldErrors(parsed.error));
  };
}
