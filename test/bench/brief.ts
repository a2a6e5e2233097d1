/*
 * npm run bench:brief: from a delivery to its CodeRun with every source of context on, against stand-ins that answer each
 * request after a fixed time. Two figures: what lies beyond the slowest source when there is time (one event after the other), and
 * what is sustained when fifty come a second. Sources that need several answers in a row take several times the fixed time.
 * Healer, the stand-ins and the sender are a process each and share the cores; the table says what each of them used.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { createHmac, randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { eventOf } from './brief-github.ts';
import type { Load, Row } from './brief-rows.ts';

const LATENCY_MS = Number(process.env['BENCH_LATENCY_MS'] ?? 20);
const RATE = Number(process.env['BENCH_RATE'] ?? 50);
const ALONE = Number(process.env['BENCH_ALONE'] ?? 60);
const SECONDS = Number(process.env['BENCH_SECONDS'] ?? 20);
/** Where to write a profile of the service under load. */
const PROFILE = process.env['BENCH_PROFILE'];
/** GitHub's limits are per repository; nobody sends fifty red builds a second from one. */
const REPOSITORIES = 50;
const SECRET = 'bench-webhook-secret-of-the-usual-length';
const TARGETS = { beyondMs: 100, rate: 50 } as const;

interface Child {
  readonly process: ChildProcess;
  readonly url: string;
  ask<T>(question: string): Promise<T>;
}

async function start(file: string, words: readonly string[], env: Record<string, string>): Promise<Child> {
  const path = new URL(file, import.meta.url).pathname;
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', path, ...words], {
    env: { PATH: process.env['PATH'] ?? '', ...env },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const next = async <T>(): Promise<T> => {
    const { value, done } = await lines.next();
    if (done === true) throw new Error(`${file} ended`);
    return JSON.parse(value) as T;
  };
  const { url } = await next<{ url: string }>();
  return {
    process: child,
    url,
    ask: async (question) => {
      child.stdin.write(`${question}\n`);
      return next();
    },
  };
}

async function send(url: string, n: number): Promise<void> {
  const body = JSON.stringify(eventOf(n, `acme${n % REPOSITORIES}/shop`));
  const answered = await fetch(`${url}/api/webhooks/github`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      'x-github-event': 'workflow_job',
      'x-github-delivery': randomUUID(),
      'x-hub-signature-256': `sha256=${createHmac('sha256', SECRET).update(body).digest('hex')}`,
    },
    body,
  });
  await answered.arrayBuffer();
  if (answered.status !== 202) throw new Error(`delivery ${n} was answered ${answered.status}`);
}

const quantile = (values: readonly number[], at: number): number =>
  values.toSorted((a, b) => a - b)[Math.max(0, Math.ceil(at * values.length) - 1)] ?? Number.NaN;
const tenths = (value: number): string => `${value.toFixed(1)} ms`;
const mebibytes = (bytes: number): string => `${Math.round(bytes / 1024 / 1024)} MiB`;
const ms = (value: number): string => `${Math.round(value)} ms`;

function table(rows: readonly (readonly [string, string, string])[]): void {
  const widths = [0, 1, 2].map((column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  for (const row of rows) console.log(row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  '));
}

function environment(dir: string, systems: string): Record<string, string> {
  const kubeconfig = join(dir, 'kubeconfig');
  writeFileSync(
    kubeconfig,
    JSON.stringify({
      clusters: [{ name: 'c', cluster: { server: `${systems}/kubernetes`, 'insecure-skip-tls-verify': true } }],
      contexts: [{ name: 'c', context: { cluster: 'c' } }],
      'current-context': 'c',
      users: [],
    }),
  );
  return {
    HEALER_DATA_DIR: join(dir, 'data'),
    HOST: '127.0.0.1',
    GITHUB_API_URL: systems,
    GITHUB_TOKEN: 'bench',
    GITHUB_WEBHOOK_SECRET: SECRET,
    HEALER_LIMITS_SETTLE_SECONDS: '0',
    HEALER_MAX_CONCURRENT_CODE_RUNS: '1000000',
    PROMETHEUS_URL: `${systems}/prometheus`,
    LOKI_URL: `${systems}/loki`,
    ARGOCD_SERVER: `${systems}/argocd`,
    ARGO_SERVER: `${systems}/workflows`,
    GRAFANA_URL: `${systems}/grafana`,
    OPENMEMORY_URL: `${systems}/openmemory`,
    HEALER_CLUSTER_ACCESS: 'kubeconfig',
    KUBECONFIG: kubeconfig,
  };
}

async function main(): Promise<void> {
  const dir = mkdtempSync(join(tmpdir(), 'healer-bench-brief-'));
  const systems = await start('./brief-systems.ts', [String(LATENCY_MS)], {});
  const env = environment(dir, systems.url);
  const healer = await start('./brief-target.ts', [], env);
  try {
    for (let n = 1; n <= 10; n += 1) await send(healer.url, n);
    await settle(healer, 0, 10);
    const from = Date.now();
    const before = await systems.ask<Answered>('requests');
    for (let n = 0; n < ALONE; n += 1) {
      await send(healer.url, 1_000 + n);
      await settle(healer, from, n + 1);
    }
    const requests = (await systems.ask<Answered>('requests')).requests - before.requests;
    const alone = await healer.ask<Row[]>(`rows ${from}`);
    if (PROFILE !== undefined) await healer.ask('profile');
    await healer.ask('load');
    const begun = Date.now();
    const own = process.cpuUsage();
    const sent = await storm(healer.url);
    await settle(healer, begun, sent);
    const { user, system } = process.cpuUsage(own);
    const load = await healer.ask<Load>('load');
    const others = { systemsMs: (await systems.ask<Answered>('load')).cpuMs, senderMs: (user + system) / 1_000 };
    if (PROFILE !== undefined) await healer.ask(`profile ${PROFILE}`);
    report(alone, requests / ALONE, await healer.ask<Row[]>(`rows ${begun}`), { sent, load, ...others });
    console.log(`\nPhases: ${(await healer.ask<string[]>(`phases ${begun}`)).join(', ')}`);
  } finally {
    healer.process.kill('SIGKILL');
    systems.process.kill('SIGKILL');
    rmSync(dir, { recursive: true, force: true, maxRetries: 10 });
  }
}

/** Fifty a second for some seconds, at even distances. */
async function storm(url: string): Promise<number> {
  const begun = performance.now();
  const total = RATE * SECONDS;
  const sending: Promise<void>[] = [];
  for (let n = 0; n < total; n += 1) {
    const due = begun + (n * 1_000) / RATE;
    await delay(Math.max(0, due - performance.now()));
    sending.push(send(url, 10_000 + n));
  }
  await Promise.all(sending);
  return total;
}

/** Waits until so many CodeRuns exist; gives up when none comes for half a minute. */
async function settle(healer: Child, since: number, wanted: number): Promise<void> {
  let last = 0;
  let at = performance.now();
  for (;;) {
    const made = await healer.ask<number>(`made ${since}`);
    if (made >= wanted) return;
    if (made > last) [last, at] = [made, performance.now()];
    if (performance.now() - at > 30_000) return;
    await delay(wanted > 100 ? 1_000 : 20);
  }
}

/** What the stand-ins answered in all, and the processor time that it took them since they were asked last. */
interface Answered {
  readonly requests: number;
  readonly cpuMs: number;
}

interface Storm {
  readonly sent: number;
  readonly load: Load;
  /** Processor time of the stand-ins and of the sender, which share the cores with Healer. */
  readonly systemsMs: number;
  readonly senderMs: number;
}

function report(alone: readonly Row[], requests: number, many: readonly Row[], storm: Storm): void {
  const { sent, load, systemsMs, senderMs } = storm;
  const beyond = alone.map(({ took, slowest }) => took - slowest);
  const made = many.map(({ createdAt }) => createdAt);
  // From the first CodeRun to the last one: the time that the first event takes is no part of the pace.
  const rate = ((made.length - 1) * 1_000) / (Math.max(...made) - Math.min(...made));
  console.log(
    `\n${ms(LATENCY_MS)} a request; ${availableParallelism()} cores, load ${loadavg()[0]?.toFixed(1)}; ${requests.toFixed(0)} requests an event\n`,
  );
  console.log(`Sources: ${alone[0]?.statuses.join(', ')}\n`);
  table([
    ['figure', 'measured', 'wanted'],
    [
      'event to CodeRun, alone, median',
      ms(
        quantile(
          alone.map(({ took }) => took),
          0.5,
        ),
      ),
      '',
    ],
    [
      'slowest source, median',
      ms(
        quantile(
          alone.map(({ slowest }) => slowest),
          0.5,
        ),
      ),
      '',
    ],
    ['beyond the slowest source, median', ms(quantile(beyond, 0.5)), `< ${TARGETS.beyondMs} ms`],
    ['beyond the slowest source, 95 %', ms(quantile(beyond, 0.95)), ''],
    [`CodeRuns a second at ${RATE} events a second`, rate.toFixed(1), `≥ ${TARGETS.rate}`],
    ['of the events, with a CodeRun at the end', `${many.length} of ${sent}`, 'all'],
    [
      'event to CodeRun under that load, median',
      ms(
        quantile(
          many.map(({ took }) => took),
          0.5,
        ),
      ),
      '',
    ],
    [
      'of that beyond the slowest source, median',
      ms(
        quantile(
          many.map(({ took, slowest }) => took - slowest),
          0.5,
        ),
      ),
      `< ${TARGETS.beyondMs} ms`,
    ],
    ['processor time of Healer an event', tenths(load.cpuMs / sent), `≤ ${1_000 / TARGETS.rate} ms a core`],
    ['of that the thread that does the work', tenths(load.threadMs / sent), ''],
    ['processor time of the stand-ins an event', tenths(systemsMs / sent), ''],
    ['processor time of the sender an event', tenths(senderMs / sent), ''],
    ['resident', mebibytes(load.rss), ''],
    ['in the heap and in buffers after a collection', mebibytes(load.held), ''],
  ]);
}

await main();
