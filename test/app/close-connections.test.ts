import { Agent, request } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { type FastifyInstance, fastify } from 'fastify';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { closeConnections } from '../../src/app/close-connections.ts';

let app: FastifyInstance;
let asked: PromiseWithResolvers<void>;
let answer: PromiseWithResolvers<string>;
const agent = new Agent({ keepAlive: true });
let socket: Socket | null = null;

beforeEach(() => {
  app = fastify({ keepAliveTimeout: 600_000, return503OnClosing: false });
  [asked, answer] = [Promise.withResolvers(), Promise.withResolvers()];
  app.get('/', () => {
    asked.resolve();
    return answer.promise;
  });
});
afterEach(() => {
  agent.destroy();
  socket?.destroy();
});

const portOf = () => (app.server.address() as AddressInfo).port;

/** A request over a connection that its sender would like to use again. */
function get(port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    request({ port, agent }, (response) => {
      let text = '';
      response.on('data', (chunk) => {
        text += chunk;
      });
      response.on('end', () => resolve(text));
    })
      .on('error', reject)
      .end();
  });
}

describe('a server that is told to end', () => {
  it('sends the answers that are under way, and waits for no connection after that', async () => {
    closeConnections(app, 600_000);
    await app.listen({ port: 0, host: '127.0.0.1' });
    const got = get(portOf());
    await asked.promise;
    const closed = app.close();
    // Node looks for idle connections in this moment, and never again.
    await expect.poll(() => app.server.listening).toBe(false);
    answer.resolve('here it is');
    expect(await got).toBe('here it is');
    await closed;
  });

  it('lets go of a connection that never asked for anything when its time is up', async () => {
    closeConnections(app, 100);
    await app.listen({ port: 0, host: '127.0.0.1' });
    const connected = Promise.withResolvers<void>();
    const port = portOf();
    app.server.once('connection', () => connected.resolve());
    socket = connect({ port, host: '127.0.0.1' });
    socket.on('error', () => {});
    await connected.promise;
    await app.close();
  });

  it('looks no more when it has ended, also when it never listened', async () => {
    closeConnections(app, 600_000);
    await app.ready();
    const timers = () => process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length;
    const before = timers();
    await app.close();
    expect(timers()).toBe(before);
  });
});
