import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { type LogOptions, readLog } from './log-file.ts';

/** Finds the log of a container; null when there is no such container or it never ran. */
export type FindLog = (
  namespace: string,
  pod: string,
  container: string,
  isPrevious: boolean,
) => { path: string; isOpen: () => boolean } | null;

/** The kubelet's own HTTPS server, which the API server asks for logs. Gives its port. */
export async function startKubeletServer(
  tls: { readonly key: string; readonly cert: string },
  findLog: FindLog,
): Promise<{ port: number; server: Server }> {
  const server = createServer(tls, (request, response) => {
    void answer(request, response, findLog).catch(() => response.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { port: (server.address() as AddressInfo).port, server };
}

async function answer(request: IncomingMessage, response: ServerResponse, findLog: FindLog): Promise<void> {
  const url = new URL(request.url ?? '/', 'https://kubelet');
  const [, what, namespace = '', pod = '', container = ''] = url.pathname.split('/').map(decodeURIComponent);
  if (what !== 'containerLogs') {
    response
      .writeHead(what === 'healthz' ? 200 : 404)
      .end(what === 'healthz' ? 'ok' : 'The stand-in kubelet serves logs only.');
    return;
  }
  const log = findLog(namespace, pod, container, url.searchParams.get('previous') === 'true');
  if (log === null) {
    response.writeHead(400).end(`container "${container}" in pod "${pod}" is waiting to start, or has no such log`);
    return;
  }
  response.writeHead(200, { 'content-type': 'text/plain' });
  response.flushHeaders();
  const pieces = readLog(log.path, logOptions(url.searchParams), log.isOpen);
  await pipeline(Readable.from(pieces), response);
}

function logOptions(query: URLSearchParams): LogOptions {
  const number = (name: string) => (query.has(name) ? Number(query.get(name)) : null);
  const seconds = number('sinceSeconds');
  const time = query.get('sinceTime');
  return {
    isFollowing: query.get('follow') === 'true',
    tailLines: number('tailLines'),
    limitBytes: number('limitBytes'),
    since: seconds !== null ? Date.now() - seconds * 1_000 : time === null ? null : Date.parse(time),
    hasTimestamps: query.get('timestamps') === 'true',
  };
}
