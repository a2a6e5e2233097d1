import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { deliver } from '../sensors/support/argo.ts';
import { endpointOf, SENSORS, type Sensor } from '../sensors/support/manifests.ts';

/** How a post of a sensor was answered; 0 when it did not arrive. */
export interface Answered {
  readonly event: string;
  readonly status: number;
}

export interface Argo {
  /** Where GitHub sends its webhooks. */
  readonly url: string;
  readonly answered: readonly Answered[];
  close(): Promise<void>;
}

/**
 * Argo Events between GitHub and Healer, as the manifests in sensors/ have it: filters, body and header of each post, and
 * another try where the answer is none that they allow.
 */
export async function startArgo(healer: string, token: string): Promise<Argo> {
  const answered: Answered[] = [];
  const server = createServer((request, response) => {
    carry(request, (sensor, event, payload) => trigger({ healer, token, answered }, sensor, event, payload)).then(
      () => response.writeHead(200).end(),
      () => response.writeHead(500).end(),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/github`,
    answered,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function carry(
  request: IncomingMessage,
  post: (sensor: Sensor, event: string, payload: object) => Promise<void>,
): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const body = JSON.parse(Buffer.concat(chunks).toString('utf8')) as Readonly<Record<string, unknown>>;
  const event = String(request.headers['x-github-event']);
  const headers = { 'X-GitHub-Event': event, 'X-GitHub-Delivery': String(request.headers['x-github-delivery']) };
  for (const sensor of SENSORS) {
    const outcome = deliver(sensor, { id: '', eventSource: 'healer-github', eventName: 'events', headers, body });
    if (outcome?.payload) await post(sensor, event, outcome.payload);
  }
}

interface Target {
  readonly healer: string;
  readonly token: string;
  readonly answered: Answered[];
}

async function trigger(target: Target, sensor: Sensor, event: string, payload: object): Promise<void> {
  const [{ template, policy, retryStrategy }] = sensor.spec.triggers;
  for (let tries = 0; tries < retryStrategy.steps; tries += 1) {
    const status = await fetch(`${target.healer}${endpointOf(sensor)}`, {
      method: template.http.method,
      headers: { ...template.http.headers, authorization: `Bearer ${target.token}` },
      body: JSON.stringify(payload),
    }).then(
      (answer) => answer.status,
      () => 0,
    );
    target.answered.push({ event, status });
    if (policy.status.allow.includes(status)) return;
    // The manifests wait longer; here nobody is spared by it.
    await delay(50);
  }
}
