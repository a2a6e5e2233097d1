import { connect } from 'node:net';
import { type FastifyInstance, fastify } from 'fastify';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { boundInFlight } from '../../src/app/in-flight.ts';
import { useProblems } from '../../src/intake/problem-handler.ts';

const KIB = 1024;
const MIB = 1024 * KIB;

describe('memory of bodies under way', () => {
  let app: FastifyInstance;
  let port: number;

  beforeEach(async () => {
    app = fastify({ bodyLimit: 25 * MIB, forceCloseConnections: true });
    useProblems(app);
    boundInFlight(app, 4 * MIB);
    app.post('/', async () => ({ ok: true }));
    await app.listen({ host: '127.0.0.1', port: 0 });
    port = (app.server.address() as { port: number }).port;
  });
  afterEach(() => app.close());

  /** A sender that announces a body and keeps it back; resolves when the server reads it. */
  async function slow(bytes: number | 'chunked'): Promise<{ end(): void }> {
    const reading = new Promise((resolve) => app.server.once('request', resolve));
    const socket = connect(port, '127.0.0.1');
    const length = bytes === 'chunked' ? 'Transfer-Encoding: chunked' : `Content-Length: ${bytes}`;
    socket.write(`POST / HTTP/1.1\r\nHost: x\r\nContent-Type: text/plain\r\n${length}\r\n\r\n`);
    await reading;
    return { end: () => void socket.destroy() };
  }

  const post = (bytes: number) =>
    fetch(`http://127.0.0.1:${port}/`, {
      method: 'POST',
      headers: { 'content-type': 'text/plain' },
      body: 'x'.repeat(bytes),
    });

  it('takes what fits beside what is under way', async () => {
    const first = await slow(512 * KIB);
    expect((await post(512 * KIB)).status).toBe(200);
    first.end();
  });

  it('tells the sender of what does not fit to keep it, before it is read', async () => {
    const held = await Promise.all([slow(MIB), slow(MIB - KIB)]);
    const answer = await post(2 * KIB);
    expect(answer.status).toBe(503);
    expect(answer.headers.get('retry-after')).toBe('1');
    expect(await answer.json()).toMatchObject({ type: 'urn:healer:problem:overloaded', status: 503 });
    for (const sender of held) sender.end();
  });

  it('takes again when what was under way is over, however it ended', async () => {
    const held = await slow(2 * MIB - 1);
    expect((await post(2 * MIB)).status).toBe(503);
    held.end();
    await expect.poll(async () => (await post(2 * MIB)).status).toBe(200);
  });

  it('keeps a place for small bodies beside big ones', async () => {
    const big = await slow(25 * MIB);
    expect((await post(2 * MIB)).status).toBe(503);
    expect((await post(MIB)).status).toBe(200);
    big.end();
  });

  it('takes one that is larger than all of it when nothing else is under way', async () => {
    expect((await post(5 * MIB)).status).toBe(200);
  });

  it('counts a body that announces no length as the largest that is taken', async () => {
    const unknown = await slow('chunked');
    expect((await post(2 * MIB)).status).toBe(503);
    unknown.end();
  });

  it('asks nothing of requests without a body', async () => {
    const held = await slow(25 * MIB);
    expect((await fetch(`http://127.0.0.1:${port}/nothing`)).status).toBe(404);
    held.end();
  });
});
