import { execFile } from 'node:child_process';
import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { connect } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import type { Running } from './container-run.ts';
import type { Container, Handler } from './kube-types.ts';
import { execCommand } from './sandbox.ts';

/** Carries out what a probe or a hook says; rejects when it fails or takes longer than `timeoutMs`. */
export async function handle(
  handler: Handler,
  container: Container,
  running: Running,
  podIP: string,
  timeoutMs: number,
): Promise<void> {
  if (handler.exec !== undefined) return execIn(running, handler.exec.command, timeoutMs);
  if (handler.httpGet !== undefined) return httpGet(handler.httpGet, container, podIP, timeoutMs);
  if (handler.tcpSocket !== undefined) return tcpConnect(handler.tcpSocket, container, podIP, timeoutMs);
  if (handler.sleep !== undefined) await delay(handler.sleep.seconds * 1_000);
}

function execIn(running: Running, argv: readonly string[], timeoutMs: number): Promise<void> {
  const [program = '', ...args] = execCommand(running.pid(), argv);
  return new Promise((resolve, reject) => {
    execFile(program, args, { timeout: timeoutMs, killSignal: 'SIGKILL' }, (error) =>
      error === null ? resolve() : reject(error),
    );
  });
}

/** 200 to 399 is success, as for a kubelet; certificates are not looked at. */
function httpGet(
  { path, port, host, scheme, httpHeaders }: NonNullable<Handler['httpGet']>,
  container: Container,
  podIP: string,
  timeoutMs: number,
): Promise<void> {
  const isSecure = scheme === 'HTTPS';
  const headers = Object.fromEntries((httpHeaders ?? []).map(({ name, value }) => [name, value]));
  const options = {
    host: host ?? podIP,
    port: portOf(container, port),
    path: path ?? '/',
    headers: { 'user-agent': 'kube-probe/test', ...headers },
    timeout: timeoutMs,
    agent: false,
  } as const;
  return new Promise((resolve, reject) => {
    const asking = isSecure ? httpsRequest({ ...options, rejectUnauthorized: false }) : httpRequest(options);
    asking.once('response', (answer) => {
      answer.resume();
      const status = answer.statusCode ?? 0;
      if (status >= 200 && status < 400) resolve();
      else reject(new Error(`HTTP probe failed with statuscode: ${status}`));
    });
    asking.once('timeout', () => asking.destroy(new Error('no answer in time')));
    asking.once('error', reject);
    asking.end();
  });
}

function tcpConnect(
  { port, host }: NonNullable<Handler['tcpSocket']>,
  container: Container,
  podIP: string,
  timeoutMs: number,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: host ?? podIP, port: portOf(container, port), timeout: timeoutMs });
    socket.once('connect', () => {
      socket.destroy();
      resolve();
    });
    socket.once('timeout', () => socket.destroy(new Error('no connection in time')));
    socket.once('error', reject);
  });
}

function portOf(container: Container, port: number | string): number {
  if (typeof port === 'number') return port;
  return container.ports?.find(({ name }) => name === port)?.containerPort ?? Number(port);
}
