import type { FastifyInstance, FastifyReply, FastifySchema } from 'fastify';
import { z } from 'zod';
import { PROBLEM_TYPE, ProblemError, partsOf } from '../../lib/problem.ts';
import { problemSchema } from './schemas.ts';

/** What the OpenAPI document says of one operation; the same zod schemas check what comes in. */
export interface Operation {
  readonly operationId: string;
  readonly summary: string;
  readonly tag: string;
  readonly params?: z.ZodType;
  readonly query?: z.ZodType;
  readonly body?: z.ZodType;
  /** JSON answers by status. */
  readonly answers: Readonly<Record<number, z.ZodType>>;
  /** Problem documents by status, with what each means. */
  readonly problems?: Readonly<Record<number, string>>;
  /** Left out for operations that need no token. */
  readonly token?: 'read' | 'write';
}

const MEANING: Readonly<Record<number, string>> = {
  400: 'The request is not of the right shape; `errors` says where.',
  401: 'No token, or one that may not do this.',
  403: 'Not allowed: the token may only read, or the request came from another web site.',
};

/** The schema of a fastify route, for @fastify/swagger to read. */
export function documented(operation: Operation): FastifySchema {
  const problems = {
    ...(operation.query || operation.body ? { 400: MEANING[400] } : {}),
    ...(operation.token ? { 401: MEANING[401] } : {}),
    ...(operation.token === 'write' ? { 403: MEANING[403] } : {}),
    ...operation.problems,
  };
  return {
    operationId: operation.operationId,
    summary: operation.summary,
    tags: [operation.tag],
    ...(operation.token ? { security: [{ bearer: [] }] } : { security: [] }),
    ...(operation.params ? { params: jsonSchema(operation.params, 'input') } : {}),
    ...(operation.query ? { querystring: jsonSchema(operation.query, 'input') } : {}),
    ...(operation.body ? { body: jsonSchema(operation.body, 'input') } : {}),
    response: {
      ...mapValues(operation.answers, (schema) => answer(schema.description ?? 'Done.', 'application/json', schema)),
      ...mapValues(problems, (description) => answer(description ?? '', PROBLEM_TYPE, problemSchema)),
    },
  };
}

function answer(description: string, type: string, schema: z.ZodType) {
  return { description, content: { [type]: { schema: jsonSchema(schema, 'output') } } };
}

function mapValues<T, R>(record: Readonly<Record<number, T>>, map: (value: T) => R): Record<string, R> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, map(value)]));
}

/** JSON Schema 2020-12, as OpenAPI 3.1 wants it. */
function jsonSchema(schema: z.ZodType, io: 'input' | 'output'): Record<string, unknown> {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io });
  return rest;
}

/** In this scope zod checks what comes in and the route's schema only documents; answers are plain JSON. */
export function documentOnly(app: FastifyInstance): void {
  app.setValidatorCompiler(() => () => true);
  app.setSerializerCompiler(() => (data) => JSON.stringify(data));
}

/** What the schema makes of `value`. Throws a 400 problem that names every fault. */
export function check<T>(schema: z.ZodType<T>, value: unknown, what: 'query' | 'body' | 'path'): T {
  const result = schema.safeParse(value ?? {});
  if (result.success) return result.data;
  const errors = partsOf(result.error);
  const first = errors[0];
  const where = first === undefined || first.path === '' ? '' : ` at ${first.path}`;
  throw new ProblemError(400, `The ${what} is not of the right shape${where}: ${first?.message ?? 'unreadable'}.`, {
    errors,
  });
}

export function sendJson(reply: FastifyReply, value: unknown, status = 200): FastifyReply {
  return reply
    .code(status)
    .type('application/json; charset=utf-8')
    .header('cache-control', 'no-store')
    .send(JSON.stringify(value));
}
