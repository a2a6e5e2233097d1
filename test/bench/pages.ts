/**
 * How the pages hold with a store full of remediations, and what five hundred readers of the stream cost.
 * `npm run bench:pages [-- --remediations 100000 --rounds 200 --readers 500 --postgres URL]`. Exit code 1 when a target is missed.
 * Server time is the processor time of the thread that answers, from the arrival of a request to its last byte: on a machine
 * that is busy with other things the clock on the wall says more of those. The wall's p99 stands beside it.
 */
import { parseArgs } from 'node:util';
import { createHttp } from '../../src/app/http.ts';
import { readInsights } from '../../src/learn/insights.ts';
import { createMetrics } from '../../src/report/metrics.ts';
import { openStore, type Store } from '../../src/store/open.ts';
import { appendTimeline } from '../../src/store/timeline.ts';
import { writeLife } from '../browser/support/life.ts';
import { temporaryFolder } from '../support/service.ts';

const { values } = parseArgs({
  options: {
    remediations: { type: 'string', default: '100000' },
    rounds: { type: 'string', default: '200' },
    readers: { type: 'string', default: '500' },
    days: { type: 'string', default: '90' },
    postgres: { type: 'string' },
  },
});
const REMEDIATIONS = Number(values.remediations);
const ROUNDS = Number(values.rounds);
const READERS = Number(values.readers);
const DAYS = Number(values.days);
const MAX_P99_MS = 100;
const MAX_STREAM_MIB = 100;
const DAY = 86_400_000;
const LIVE = ['working', 'verifying', 'gathering', 'deferred', 'awaiting_approval'] as const;

const wakes = new Set<() => void>();
const folder = temporaryFolder();
const store = await openStore(
  values.postgres === undefined ? { kind: 'sqlite', dir: folder.path } : { kind: 'postgres', url: values.postgres },
);
const now = Date.now();
let middle = '';

const app = await createHttp({
  intake: {
    credentials: { webhookSecrets: [], apiTokens: [], readTokens: [] },
    clock: Date.now,
    newId: () => '01',
    accept: () => Promise.reject(new Error('Nothing is delivered here.')),
  },
  report: {
    store,
    clock: Date.now,
    metrics: createMetrics({ store, clock: Date.now, version: 'bench' }),
    info: { version: 'bench', mode: 'live', engine: 'local', startedAt: now },
    authorizeRead: async () => {},
    authorizeWrite: async () => {},
    command: async () => ({ kind: 'not_found' }),
    readiness: async () => [{ name: 'store', ok: true, detail: 'answers' }],
    insights: (since) => readInsights(store, since, Date.now()),
    listen: (wake) => {
      wakes.add(wake);
      return () => wakes.delete(wake);
    },
  },
});

let failed = false;
// The stream first: what a full store leaves in memory would hide what readers add.
await fill(store, 0, 1);
await measureStream();
process.stdout.write(`${REMEDIATIONS} remediations of ${DAYS} days into ${store.dialect} … `);
const began = performance.now();
await fill(store, 1, REMEDIATIONS);
process.stdout.write(`${((performance.now() - began) / 1_000).toFixed(0)} s\n\n`);
await measurePages();
await app.close();
await store.close();
folder.remove();
process.exit(failed ? 1 : 0);

/** Writes the lives from one number to another, evenly over the days, the last ones live. */
async function fill(into: Store, first: number, end: number): Promise<void> {
  const step = (DAYS * DAY) / REMEDIATIONS;
  for (let from = first; from < end; ) {
    const until = Math.min(end, from + 500);
    await into.transaction(async (tx) => {
      for (let n = from; n < until; n += 1) {
        const live = n >= REMEDIATIONS - 40 ? LIVE[n % LIVE.length] : undefined;
        const at = Math.round(now - (REMEDIATIONS - n) * step) - 60_000;
        const { id } = await writeLife(tx, { n, at, repositories: 200, ...(live === undefined ? {} : { live }) });
        if (n === 0 || n === Math.floor(REMEDIATIONS / 2)) middle = id;
      }
    });
    from = until;
  }
  if (into.dialect === 'postgres') await analyse(into);
}

/** As PostgreSQL's own daemon would have done meanwhile. */
async function analyse(into: Store): Promise<void> {
  const { sql } = await import('kysely');
  await sql`vacuum analyze`.execute(into.db);
}

async function measurePages(): Promise<void> {
  const day = (ago: number) => new Date(now - ago * DAY).toISOString().slice(0, 10);
  const paths: readonly (readonly [string, string])[] = [
    ['overview', '/'],
    ['list', '/remediations'],
    ['list, far back', `/remediations?cursor=${middle}`],
    ['under way', '/remediations?phase=live'],
    ['state', '/remediations?phase=escalated'],
    ['state, none', '/remediations?phase=rerunning'],
    ['repository', '/remediations?repo=acme/shop-5'],
    ['repository, none', '/remediations?repo=acme/none'],
    ['agent', '/remediations?agent=rex'],
    ['agent, none', '/remediations?agent=nobody'],
    ['failure type', '/remediations?failure_type=python'],
    ['failure type, none', '/remediations?failure_type=go'],
    ['branch', '/remediations?branch=feature/change-51'],
    ['branch, none', '/remediations?branch=none'],
    ['since', `/remediations?since=${day(3)}`],
    ['since tomorrow', `/remediations?since=${day(-2)}`],
    ['since and repository, none', `/remediations?since=${day(80)}&repo=acme/none`],
    ['agent and failure type, none', '/remediations?agent=rex&failure_type=python'],
    ['repository, state, agent, none', '/remediations?repo=acme/shop-5&phase=escalated&agent=cipher'],
    ['text', '/remediations?q=shop'],
    ['text, none', '/remediations?q=nothing'],
    ['two words, none', '/remediations?q=acme+nothing'],
    ['text and state, none', '/remediations?q=nothing&phase=escalated'],
    ['task id', '/remediations?q=16000099'],
    ['pull request, none', '/remediations?q=%23999999999'],
    ['commit, none', '/remediations?q=abcdef0123'],
    ['one remediation', `/remediations/${middle}`],
    ['deliveries', '/deliveries'],
    ['deliveries, ignored, none', '/deliveries?status=ignored'],
    ['deliveries, reason, none', '/deliveries?reason=fork'],
    ['insights, 30 days', '/insights?days=30'],
  ];
  const line = (name: string, cells: readonly string[]) =>
    process.stdout.write(`${name.padEnd(34)}${cells.map((cell) => cell.padStart(9)).join('')}\n`);
  line('server time, ms', ['first', 'p50', 'p95', 'p99', 'max', 'wall p99', 'KiB']);
  for (const [name, path] of paths) {
    const [times, walls, bytes] = await timesOf(path);
    const first = times[0] ?? 0;
    const sorted = times.slice(1).toSorted((a, b) => a - b);
    const rank = (from: readonly number[], share: number) => from[Math.max(0, Math.ceil(share * from.length) - 1)] ?? 0;
    const at = (share: number) => rank(sorted, share);
    const wall = rank(
      walls.slice(1).toSorted((a, b) => a - b),
      0.99,
    );
    const p99 = at(0.99);
    if (p99 > MAX_P99_MS) failed = true;
    const cells = [first, at(0.5), at(0.95), p99, sorted.at(-1) ?? 0, wall].map((ms) => ms.toFixed(1));
    line(`${name}${p99 > MAX_P99_MS ? ' (missed)' : ''}`, [...cells, (bytes / 1024).toFixed(0)]);
  }
  process.stdout.write(`\ntarget: p99 below ${MAX_P99_MS} ms\n\n`);
}

async function timesOf(path: string): Promise<readonly [readonly number[], readonly number[], number]> {
  const times: number[] = [];
  const walls: number[] = [];
  let bytes = 0;
  for (let round = 0; round <= ROUNDS; round += 1) {
    const from = performance.now();
    const before = process.threadCpuUsage();
    const answer = await app.inject({ url: path, headers: { accept: 'text/html', host: '127.0.0.1' } });
    const { user, system } = process.threadCpuUsage(before);
    times.push((user + system) / 1_000);
    walls.push(performance.now() - from);
    bytes = answer.rawPayload.length;
    if (answer.statusCode !== 200) throw new Error(`${path} was answered with ${answer.statusCode}.`);
  }
  return [times, walls, bytes];
}

async function measureStream(): Promise<void> {
  await app.listen({ host: '127.0.0.1', port: 0 });
  const { port } = app.server.address() as { port: number };
  const before = await memory();
  const child = await startReaders(port);
  const connected = await memory();
  const entries = 200;
  const from = performance.now();
  for (let n = 0; n < entries; n += 1) {
    const entry = { at: Date.now(), phase: 'working' as const, event: 'bench', message: `entry ${n} of the bench` };
    await store.transaction((tx) => appendTimeline(tx, middle, [entry]));
    for (const wake of wakes) wake();
  }
  const seen = await child.received(READERS * entries);
  const took = performance.now() - from;
  const after = await memory();
  child.end();
  const added = Math.max(connected, after) - before;
  if (added > MAX_STREAM_MIB || seen < READERS * entries) failed = true;
  process.stdout.write(
    [
      `${READERS} readers of the stream: ${seen} of ${READERS * entries} entries in ${took.toFixed(0)} ms`,
      `resident memory: ${before.toFixed(0)} MiB before, ${connected.toFixed(0)} with readers, ${after.toFixed(0)} after; ${added.toFixed(0)} MiB more (target: below ${MAX_STREAM_MIB})`,
      '',
    ].join('\n'),
  );
}

/** Resident MiB once what is not needed was given back. */
async function memory(): Promise<number> {
  for (let turn = 0; turn < 3; turn += 1) {
    globalThis.gc?.();
    await new Promise((done) => setTimeout(done, 50));
  }
  return process.memoryUsage().rss / 1024 / 1024;
}

/** Readers in a process of their own: their memory is not the server's. */
async function startReaders(port: number) {
  const { fork } = await import('node:child_process');
  const child = fork(new URL('./pages-readers.ts', import.meta.url), [String(port), String(READERS)], {
    execArgv: ['--disable-warning=ExperimentalWarning'],
  });
  let seen = 0;
  let look = (): void => {};
  await new Promise<void>((done, refuse) => {
    child.on('message', (message: { ready?: true; seen?: number }) => {
      if (message.ready) done();
      seen = message.seen ?? seen;
      look();
    });
    child.once('exit', () => refuse(new Error('The readers ended.')));
  });
  return {
    /** Waits until so many entries came, or nothing more comes. */
    received: (wanted: number) =>
      new Promise<number>((done) => {
        const timer = setTimeout(() => done(seen), 60_000);
        look = () => {
          if (seen < wanted) return;
          clearTimeout(timer);
          done(seen);
        };
        look();
      }),
    end: () => child.kill(),
  };
}
