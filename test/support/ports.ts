import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';

/**
 * Below the ports that Linux hands out by itself (32768 and up), to servers on port 0 and to every connection that is made:
 * what is found free here is not taken by one of them before its server has it, nor while its server is down.
 */
const LOWEST = 20_000;
const HIGHEST = 32_000;
/** Two that draw at the same moment may draw the same. */
const TRIES = 5;

/**
 * A port on loopback for a program that cannot listen on port 0 and say what it got, or that comes back to its port.
 * Servers of our own listen on port 0.
 */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(LOWEST, HIGHEST);
    if (await isFree(port)) return port;
  }
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}

/** Starts something on a free port, on another one when `isTaken` says of the error that somebody else has it. */
export async function onFreePort<T>(
  start: (port: number) => Promise<T>,
  isTaken: (error: unknown) => boolean,
): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await start(await freePort());
    } catch (error) {
      if (!isTaken(error) || attempt >= TRIES) throw error;
    }
  }
}
