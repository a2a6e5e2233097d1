import { once } from 'node:events';
import { type AddressInfo, connect } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { type Service, startService } from './support/service.ts';

const QUICK = { headersMs: 40, requestMs: 60, checkEveryMs: 10 };
/** For those that are not slow: no machine is so busy that they are taken for it. */
const PATIENT = { headersMs: 100_000, requestMs: 100_000, checkEveryMs: 10 };
const running: Service[] = [];

afterEach(async () => {
  for (const { app } of running.splice(0)) await app.close();
});

/** Sends raw bytes and gives back everything the server says until it hangs up. */
async function talk(bytes: string, timeouts = PATIENT): Promise<string> {
  const service = startService({ timeouts });
  running.push(service);
  await service.app.listen({ host: '127.0.0.1', port: 0 });
  const { port } = service.app.server.address() as AddressInfo;
  const socket = connect(port, '127.0.0.1');
  let said = '';
  socket.setEncoding('utf8').on('data', (text: string) => {
    said += text;
  });
  socket.on('error', () => undefined);
  socket.write(bytes);
  await once(socket, 'close');
  expect(service.accepted).toEqual([]);
  return said;
}

function problemIn(answer: string) {
  const [head = '', body = ''] = answer.split('\r\n\r\n');
  expect(head).toMatch(/content-type: application\/problem\+json/i);
  expect(head).toMatch(new RegExp(`content-length: ${Buffer.byteLength(body)}`, 'i'));
  return JSON.parse(body);
}

const HEAD = 'POST /api/remediate/ci-failure HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n';

describe('a sender that is too slow', () => {
  it('with its headers is told so and hung up on', async () => {
    expect(problemIn(await talk('POST /api/remediate/ci-failure HTTP/1.1\r\nHost: x\r\n', QUICK))).toMatchObject({
      status: 408,
    });
  });

  it('with its body is told so and hung up on', async () => {
    expect(problemIn(await talk(`${HEAD}Content-Length: 1000\r\n\r\n{"action":`, QUICK))).toMatchObject({
      status: 408,
    });
  });
});

describe('a sender that does not speak HTTP', () => {
  it('is answered with a problem', async () => {
    expect(problemIn(await talk('hello\r\n\r\n'))).toMatchObject({ status: 400 });
  });

  it('or speaks too much of it, too', async () => {
    expect(problemIn(await talk(`${HEAD}X-Long: ${'x'.repeat(40_000)}\r\n\r\n`))).toMatchObject({ status: 431 });
  });
});
