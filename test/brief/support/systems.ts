import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { parser } from '@grafana/lezer-logql';
import { afterAll, beforeAll } from 'vitest';
import { z } from 'zod';
import { gather } from '../../../src/brief/gather.ts';
import { connectPeer } from '../../../src/brief/peer.ts';
import type { ContextSource } from '../../../src/brief/source.ts';
import type { Systems } from '../../../src/brief/sources/index.ts';
import { DEFAULT_SELECTORS, type KubernetesConfig } from '../../../src/brief/sources/kubernetes/index.ts';
import { DEFAULT_LOKI_QUERIES } from '../../../src/brief/sources/loki/index.ts';
import { DEFAULT_QUERIES } from '../../../src/brief/sources/prometheus/figures.ts';
import { createHttpClient, type HttpClient } from '../../../src/lib/http.ts';
import type { ContextFinding } from '../../../src/model/evidence.ts';
import type { Remediation } from '../../../src/model/remediation.ts';
import type { PlatformAlert, PlatformAlertSignal } from '../../../src/model/signal.ts';
import { createRedactor } from '../../../src/safety/index.ts';
import { aRemediation } from '../../support/builders.ts';
import { clusterAnswers } from './kubernetes.ts';

export interface Asked {
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingMessage['headers'];
}

/** What a stand-in says: a body for 200, or a status with a body; undefined is 404. */
export type Reply = { readonly status: number; readonly body: unknown; readonly location?: string } | undefined;
export type Answers = (asked: Asked) => Reply;

export interface StandIn {
  readonly url: string;
  /** Everything that was asked, in order. */
  readonly asked: Asked[];
  answers: Answers;
}

export const ok = (body: unknown): Reply => ({ status: 200, body });

/** A stand-in for systems beyond GitHub, alive as long as the tests of a file. */
export function useStandIn(answers: Answers = () => undefined): () => StandIn {
  const asked: Asked[] = [];
  const standIn: { url: string; asked: Asked[]; answers: Answers } = { url: '', asked, answers };
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '/', 'http://stand-in');
    const one = { path: url.pathname, query: url.searchParams, headers: request.headers };
    asked.push(one);
    const reply = standIn.answers(one) ?? { status: 404, body: { error: 'not found', message: 'not found' } };
    response.statusCode = reply.status;
    if (reply.location !== undefined) response.setHeader('location', reply.location);
    response.setHeader('content-type', 'application/json');
    response.end(typeof reply.body === 'string' ? reply.body : JSON.stringify(reply.body));
  });
  beforeAll(async () => {
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    standIn.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterAll(() => new Promise((resolve) => server.close(resolve)));
  return () => standIn;
}

/** Settings under which every system is the stand-in, each below a path of its own. */
export function systemsAt(url: string, http: HttpClient = createHttpClient({ userAgent: 'healer/test' })): Systems {
  return {
    argocd: { url: `${url}/argocd` },
    argoWorkflows: { url: `${url}/workflows`, namespace: 'argo', selector: 'repository={repository}' },
    grafana: { url: `${url}/grafana` },
    prometheus: { url: `${url}/prometheus`, queries: DEFAULT_QUERIES, alertmanager: null },
    loki: { url: `${url}/loki`, queries: DEFAULT_LOKI_QUERIES },
    kubernetes: clusterAt(`${url}/kubernetes`, http),
  };
}

/** A cluster that is asked over plain HTTP. */
export function clusterAt(url: string, http: HttpClient): KubernetesConfig {
  const peer = connectPeer(http, { url });
  return {
    read: ({ path, query, signal }) =>
      peer.get({
        path,
        query: Object.entries(query),
        schema: z.unknown(),
        maxBytes: 8 * 1024 * 1024,
        signal,
        now: Date.now(),
      }),
    namespaces: [],
    selectors: DEFAULT_SELECTORS,
  };
}

/** Every system with something to find. */
export const everythingKnown: Answers = ({ path, query }) => {
  if (path === '/prometheus/api/v1/query') return ok(vector(query.get('query')?.includes('ALERTS') ? [] : ['0.4']));
  if (path === '/loki/loki/api/v1/query_range') return lokiAnswer(query, ['error: cannot connect to database']);
  return clusterAnswers({ path, query, headers: {} });
};

export function vector(values: readonly string[]) {
  const result = values.map((value) => ({ metric: {}, value: [1_700_000_000, value] }));
  return { status: 'success', data: { resultType: 'vector', result } };
}

/** Lines of one stream, a second apart from the start of the window; a query that the grammar refuses is a 400. */
export function lokiAnswer(query: URLSearchParams, lines: readonly string[]): Reply {
  const logql = query.get('query') ?? '';
  let isWrong = logql === '';
  parser.parse(logql).iterate({
    enter: (node) => {
      isWrong ||= node.type.isError;
    },
  });
  if (isWrong) return { status: 400, body: `parse error : syntax error in ${logql}` };
  const start = BigInt(query.get('start') ?? 0);
  const values = lines.map((line, index) => [String(start + BigInt(index) * 1_000_000_000n), line]);
  const stream = { namespace: 'prod', pod: 'shop-6d5f7c9b8-abcde', container: 'app' };
  return ok({ status: 'success', data: { resultType: 'streams', result: [{ stream, values }], stats: {} } });
}

export function anAlert(changes: Partial<PlatformAlert> = {}): PlatformAlert {
  return {
    status: 'firing',
    name: 'HighErrorRate',
    severity: 'critical',
    labels: { alertname: 'HighErrorRate', severity: 'critical', namespace: 'prod', app: 'shop' },
    annotations: { summary: 'Every third request fails.' },
    startsAt: Date.parse('2026-11-20T11:50:00Z'),
    fingerprint: 'f1',
    generatorUrl: null,
    ...changes,
  };
}

/** A remediation of platform alerts: every system beyond GitHub may know something of it. */
export function anAlertRemediation(alerts: readonly PlatformAlert[] = [anAlert()]): Remediation {
  const cause: PlatformAlertSignal = {
    kind: 'platform_alert',
    channel: 'platform',
    status: 'firing',
    groupKey: 'group-1',
    repository: 'acme/shop',
    title: 'HighErrorRate',
    alerts,
    omittedAlerts: 0,
    url: null,
  };
  return aRemediation({ kind: 'alert', causes: [cause], failedChecks: [], failureType: null, workflowName: null });
}

/** What one source finds, through the gatherer as in production. */
export async function findingOf(
  source: ContextSource,
  remediation: Remediation,
  clock: () => number = Date.now,
): Promise<ContextFinding> {
  const evidence = await gather([source], remediation, { clock, redactor: createRedactor() });
  const [finding] = evidence.findings;
  if (finding === undefined) throw new Error('a source that was asked has a finding');
  return finding;
}
