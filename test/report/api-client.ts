import { Ajv2020 } from 'ajv/dist/2020.js';
import { type FastifyInstance, fastify, type LightMyRequestResponse } from 'fastify';
import { expect } from 'vitest';
import { readInsights } from '../../src/learn/insights.ts';
import { ProblemError } from '../../src/lib/problem.ts';
import {
  apiRoutes,
  type Command,
  type CommandResult,
  type ReadinessCheck,
  type ReportDeps,
} from '../../src/report/api.ts';
import { createMetrics } from '../../src/report/metrics.ts';
import { collectOpenApi } from '../../src/report/openapi.ts';
import type { Store } from '../../src/store/open.ts';
import { HOUR, NOW } from './seed.ts';

export interface Harness {
  readonly app: FastifyInstance;
  /** Commands that reached the machine. */
  readonly commands: { id: string; command: Command }[];
  checks: readonly ReadinessCheck[];
  answer: ((id: string, command: Command) => Promise<CommandResult>) | null;
  pausesChanged: number;
}

export function makeDeps(store: Store, harness: Omit<Harness, 'app'>): ReportDeps {
  const clock = () => NOW;
  return {
    store,
    clock,
    metrics: createMetrics({ store, clock, version: '0.1.0' }),
    info: { version: '0.1.0', mode: 'live', engine: 'local', startedAt: NOW - 3 * HOUR },
    authorizeRead: async (request) => {
      if (request.headers.authorization === 'Bearer wrong') throw new ProblemError(401, 'The token is not known.');
    },
    authorizeWrite: async (request) => {
      if (request.headers.authorization === 'Bearer read') throw new ProblemError(403, 'The token may only read.');
    },
    command: async (id, command) => {
      harness.commands.push({ id, command });
      return harness.answer === null ? { kind: 'not_found' } : harness.answer(id, command);
    },
    readiness: async () => harness.checks,
    insights: (since) => readInsights(store, since, NOW),
    pausesChanged: () => {
      harness.pausesChanged += 1;
    },
  };
}

export async function startApi(store: Store): Promise<Harness> {
  const state: Omit<Harness, 'app'> = {
    commands: [],
    checks: [{ name: 'store', ok: true, detail: 'writable' }],
    answer: null,
    pausesChanged: 0,
  };
  const app = fastify();
  const deps = makeDeps(store, state);
  await collectOpenApi(app, deps.info.version);
  await app.register(apiRoutes, deps);
  await app.ready();
  return Object.assign(state, { app });
}

interface Operation {
  readonly responses: Readonly<
    Record<string, { readonly content?: Readonly<Record<string, { readonly schema: object }>> }>
  >;
}

const ajv = new Ajv2020({ strict: false });

/** Fails when the answer is not what the program's own OpenAPI document promises for this operation and status. */
export function expectAsDocumented(
  app: FastifyInstance,
  method: string,
  path: string,
  answer: LightMyRequestResponse,
): void {
  const { paths } = app.swagger() as unknown as { paths: Record<string, Record<string, Operation>> };
  const response = paths[path]?.[method.toLowerCase()]?.responses[String(answer.statusCode)];
  expect(response, `${method} ${path} documents no ${answer.statusCode}`).toBeDefined();
  const type = String(answer.headers['content-type']).split(';')[0] ?? '';
  const schema = response?.content?.[type]?.schema;
  expect(schema, `${method} ${path} ${answer.statusCode} documents no ${type}`).toBeDefined();
  if (!type.endsWith('json') || schema === undefined) return;
  const validate = ajv.compile(schema);
  validate(answer.json());
  expect(validate.errors ?? []).toEqual([]);
}
