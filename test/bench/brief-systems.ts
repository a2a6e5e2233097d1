/** Every system that a brief is gathered from, in one process of its own; each request is answered after a fixed time. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { clusterAnswers } from '../brief/support/kubernetes.ts';
import { githubAnswer } from './brief-github.ts';

const LATENCY_MS = Number(process.argv[2] ?? 20);
let requests = 0;

const VECTOR = {
  status: 'success',
  data: { resultType: 'vector', result: [{ metric: {}, value: [1_700_000_000, '0.4'] }] },
};
const STREAMS = (start: string) => ({
  status: 'success',
  data: { resultType: 'streams', result: [{ stream: { app: 'shop' }, values: [[start, 'error: the till is stuck']] }] },
});
const APPLICATION = {
  metadata: { name: 'shop', namespace: 'argocd' },
  spec: { project: 'default', source: { repoURL: 'https://github.example/acme0/shop.git', path: 'charts/shop' } },
  status: { sync: { status: 'OutOfSync', revision: 'a'.repeat(40) }, health: { status: 'Degraded' } },
};

function systemAnswer(path: string, query: URLSearchParams): unknown {
  if (path.startsWith('/prometheus/')) return VECTOR;
  if (path.startsWith('/loki/')) return STREAMS(query.get('start') ?? '0');
  if (path === '/argocd/api/v1/applications') return { items: [APPLICATION] };
  if (path.endsWith('/resource-tree')) return { nodes: [] };
  if (path.startsWith('/argocd/') && path.endsWith('/events')) return { items: [] };
  if (path.startsWith('/argocd/')) return APPLICATION;
  if (path.startsWith('/workflows/')) return { items: [] };
  if (path === '/grafana/api/search') return [{ title: 'Shop', url: '/d/shop' }];
  if (path.startsWith('/grafana/')) return [];
  if (path.startsWith('/openmemory/')) return { query: '', matches: [] };
  // The same API server with the path that a kubeconfig names.
  const reply = clusterAnswers({ path, query, headers: {} });
  return reply?.body ?? null;
}

const server = createServer((request, response) => {
  const url = new URL(request.url ?? '/', 'http://stand-in');
  requests += 1;
  request.resume();
  setTimeout(() => {
    const origin = `http://${request.headers.host}`;
    const github = githubAnswer({ path: url.pathname, query: url.searchParams, origin });
    const body = github === null ? systemAnswer(url.pathname, url.searchParams) : github.body;
    response.statusCode = github?.status ?? (body === null ? 404 : 200);
    if (github?.location !== undefined) response.setHeader('location', github.location);
    if (typeof body === 'string') {
      response.setHeader('content-type', 'text/plain');
      response.end(body);
      return;
    }
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify(body ?? { message: 'not found' }));
  }, LATENCY_MS);
});
server.keepAliveTimeout = 60_000;
server.listen(0, '127.0.0.1', () => {
  const { port } = server.address() as AddressInfo;
  process.stdout.write(`${JSON.stringify({ url: `http://127.0.0.1:${port}` })}\n`);
});
let cpu = process.cpuUsage();
process.stdin.on('data', () => {
  const { user, system } = process.cpuUsage(cpu);
  cpu = process.cpuUsage();
  process.stdout.write(`${JSON.stringify({ requests, cpuMs: (user + system) / 1_000 })}\n`);
});
