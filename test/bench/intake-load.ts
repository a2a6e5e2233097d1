/**
 * The sender of `npm run bench:intake`, a process of its own on a core of its own: keep-alive connections, one request
 * under way on each, every request another delivery. Prints two lines of JSON: `null` when the measurement begins, and
 * what it found.
 */
import { connect } from 'node:net';
import { parseArgs } from 'node:util';
import { requestMaker } from './intake-body.ts';

export interface LoadResult {
  readonly perSecond: number;
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
  /** Within the measurement. */
  readonly answered: number;
  /** Answers by status, of the warm-up as well. */
  readonly statuses: Readonly<Record<string, number>>;
}

interface Sample {
  readonly at: number;
  readonly ms: number;
}

const { values } = parseArgs({
  options: {
    url: { type: 'string' },
    path: { type: 'string' },
    connections: { type: 'string', default: '32' },
    warmUpMs: { type: 'string', default: '2000' },
    measureMs: { type: 'string', default: '5000' },
    first: { type: 'string', default: '1' },
  },
});
const url = new URL(values.url ?? '');
const request = requestMaker(url.host, values.path ?? '/');
let next = Number(values.first);
let isOver = false;
const samples: Sample[] = [];
const statuses: Record<string, number> = {};

/** One connection; resolves when the time is up and its last answer is there. */
function sender(): Promise<void> {
  return new Promise((done, fail) => {
    const socket = connect({ host: url.hostname, port: Number(url.port), noDelay: true });
    let sentAt = 0;
    let received = '';
    const send = (): void => {
      if (isOver) {
        socket.destroy();
        done();
        return;
      }
      const bytes = request(next++);
      sentAt = performance.now();
      socket.write(bytes);
    };
    socket.on('connect', send);
    socket.on('error', fail);
    socket.on('close', () => (isOver ? done() : fail(new Error('The server closed the connection.'))));
    socket.on('data', (chunk) => {
      received += chunk.toString('latin1');
      const length = answerLength(received);
      if (length === null || received.length < length) return;
      const now = performance.now();
      const status = received.slice(9, 12);
      statuses[status] = (statuses[status] ?? 0) + 1;
      samples.push({ at: now, ms: now - sentAt });
      received = received.slice(length);
      send();
    });
  });
}

/** Bytes of the first answer in the buffer; null while its head is not complete. */
function answerLength(received: string): number | null {
  const headEnd = received.indexOf('\r\n\r\n');
  if (headEnd === -1) return null;
  const length = /\r\ncontent-length: *(\d+)/i.exec(received.slice(0, headEnd))?.[1];
  if (length !== undefined) return headEnd + 4 + Number(length);
  const end = received.indexOf('\r\n0\r\n\r\n', headEnd);
  return end === -1 ? null : end + 7;
}

const started = performance.now();
const senders = Array.from({ length: Number(values.connections) }, sender);
const total = Number(values.warmUpMs) + Number(values.measureMs);
setTimeout(() => process.stdout.write('null\n'), Number(values.warmUpMs));
setTimeout(() => {
  isOver = true;
}, total);
await Promise.all(senders);

const from = started + Number(values.warmUpMs);
const measured = samples.filter(({ at }) => at >= from && at < started + total);
const sorted = measured.map(({ ms }) => ms).toSorted((a, b) => a - b);
const quantile = (q: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))] ?? Number.NaN;
const result: LoadResult = {
  perSecond: (measured.length * 1_000) / Number(values.measureMs),
  p50: quantile(0.5),
  p99: quantile(0.99),
  max: sorted.at(-1) ?? Number.NaN,
  answered: measured.length,
  statuses,
};
process.stdout.write(`${JSON.stringify(result)}\n`);
