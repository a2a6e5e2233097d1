import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { accessSync, chownSync, constants, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { describe, it } from 'vitest';
import { onFreePort } from '../../support/ports.ts';

const run = promisify(execFile);
const PROGRAMS = ['prometheus', 'promtool', 'prometheus-alertmanager'] as const;
const ADVICE = 'install them (Debian: apt-get install prometheus prometheus-alertmanager), in PATH';
/** `nobody` of every distribution. */
const UNPRIVILEGED = { uid: 65_534, gid: 65_534 };
/** For a machine under load; a start takes seconds. */
const START_MS = 90_000;
const ASK_MS = 10_000;

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

const folders = (process.env['PATH'] ?? '').split(delimiter);
const missing = PROGRAMS.filter((program) => !folders.some((folder) => isExecutable(join(folder, program))));

/**
 * A suite that asks a real Prometheus and a real Alertmanager. Without them the suite is skipped and its name says why;
 * where they are required (HEALER_TEST_REQUIRE_PROMETHEUS=1) it fails instead.
 */
export function describeOnPrometheus(name: string, suite: () => void): void {
  const absent = `no ${missing.join(', no ')} here; ${ADVICE}`;
  if (missing.length === 0) {
    describe(name, suite);
  } else if (process.env['HEALER_TEST_REQUIRE_PROMETHEUS'] === '1') {
    it(`${name}: needs Prometheus`, () => {
      throw new Error(`HEALER_TEST_REQUIRE_PROMETHEUS=1, but there is ${absent}`);
    });
  } else {
    console.warn(`Skipped: ${name}: ${absent}`);
    describe.skip(`${name} (skipped: ${absent})`, suite);
  }
}

export interface Monitoring {
  readonly prometheusUrl: string;
  readonly alertmanagerUrl: string;
  stop(): Promise<void>;
}

export interface Script {
  /** What is scraped every 200 ms from now on, in the text format. */
  exporter(scrape: number): string;
  /** What was scraped long ago: OpenMetrics with time stamps, ended by `# EOF`. */
  readonly history: string;
  /** YAML of rule groups. */
  readonly rules: string;
}

/** Prometheus with a past, a scripted exporter and rules, and an Alertmanager beside it; all on loopback. */
export async function startMonitoring(script: Script): Promise<Monitoring> {
  const home = mkdtempSync(join(tmpdir(), 'healer-test-prometheus-'));
  const undo: (() => Promise<unknown> | unknown)[] = [
    () => rmSync(home, { recursive: true, force: true, maxRetries: 10 }),
  ];
  const stop = async (): Promise<void> => {
    for (const step of undo.toReversed()) await step();
  };
  try {
    writeFileSync(join(home, 'history.txt'), script.history);
    writeFileSync(join(home, 'rules.yaml'), script.rules);
    await run('promtool', ['tsdb', 'create-blocks-from', 'openmetrics', join(home, 'history.txt'), join(home, 'data')]);
    const exporter = await serve(script.exporter);
    undo.push(() => exporter.close());
    writeFileSync(join(home, 'alertmanager.yaml'), 'route: { receiver: nobody }\nreceivers: [{ name: nobody }]\n');
    const alertmanagerUrl = await start(undo, home, 'prometheus-alertmanager', (address) => [
      `--config.file=${join(home, 'alertmanager.yaml')}`,
      `--storage.path=${join(home, 'alerts')}`,
      '--cluster.listen-address=',
      `--web.listen-address=${address}`,
    ]);
    const { port } = exporter.address() as AddressInfo;
    writeFileSync(join(home, 'prometheus.yaml'), configuration(home, port));
    const prometheusUrl = await start(undo, home, 'prometheus', (address) => [
      `--config.file=${join(home, 'prometheus.yaml')}`,
      `--storage.tsdb.path=${join(home, 'data')}`,
      `--web.listen-address=${address}`,
    ]);
    return { prometheusUrl, alertmanagerUrl, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

function configuration(home: string, exporterPort: number): string {
  return `
global: { scrape_interval: 200ms, evaluation_interval: 200ms }
rule_files: [${join(home, 'rules.yaml')}]
scrape_configs:
  - { job_name: shop, static_configs: [{ targets: ['127.0.0.1:${exporterPort}'] }] }
`;
}

async function serve(exporter: Script['exporter']): Promise<Server> {
  let scrape = 0;
  const server = createServer((_, response) => {
    response.setHeader('content-type', 'text/plain; version=0.0.4');
    response.end(timed(exporter(scrape++)));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  server.unref();
  return server;
}

/**
 * Each sample with its time. On a busy machine a scrape takes longer than the pause between two of them, and fails; samples
 * without a time would be marked as gone by that until the next one succeeds.
 */
function timed(samples: string): string {
  const now = Date.now();
  const lines = samples.split('\n');
  return lines.map((line) => (line === '' || line.startsWith('#') ? line : `${line} ${now}`)).join('\n');
}

/** What has to be let go of, in the order in which it was taken hold of. */
export type Undo = (() => Promise<unknown> | unknown)[];

export interface Program {
  /** Its working folder, which it may write into. */
  readonly home: string;
  readonly program: string;
  /** The path that answers 200 when it is ready. */
  readonly ready: string;
  readonly words: (address: string) => readonly string[] | Promise<readonly string[]>;
  /** It lies in a home folder, which nobody else may enter. */
  readonly asOneself?: boolean;
}

function start(
  undo: Undo,
  home: string,
  program: string,
  words: (address: string) => readonly string[],
): Promise<string> {
  return startProgram(undo, { home, program, words, ready: '/-/ready' });
}

/** Starts a program on a free port and waits until it is ready; answers its address. */
export async function startProgram(undo: Undo, { home, program, ready, words, asOneself }: Program): Promise<string> {
  const user = process.getuid?.() === 0 && asOneself !== true ? UNPRIVILEGED : null;
  return onFreePort(async (port) => {
    const address = `127.0.0.1:${port}`;
    const given = await words(address);
    if (user !== null) chownAll(home, user);
    const child = spawn(program, given, { cwd: home, stdio: ['ignore', 'pipe', 'pipe'], ...(user ?? {}) });
    // A worker that ends early leaves nothing behind.
    process.once('exit', () => child.kill('SIGKILL'));
    let said = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (said += String(chunk)));
    if (await isReady(child, `http://${address}${ready}`)) {
      undo.push(() => end(child));
      return `http://${address}`;
    }
    const isEnded = hasEnded(child);
    await end(child);
    throw new NotStarted(`${program} did not start: ${said.slice(-2_000)}`, isEnded);
  }, isTaken);
}

class NotStarted extends Error {
  /** It ended by itself, as a program does whose port is taken; otherwise it hangs, and would again. */
  readonly isEnded: boolean;

  constructor(message: string, isEnded: boolean) {
    super(message);
    this.isEnded = isEnded;
  }
}

const isTaken = (error: unknown): boolean => error instanceof NotStarted && error.isEnded;
const hasEnded = ({ exitCode, signalCode }: ChildProcess): boolean => exitCode !== null || signalCode !== null;

function chownAll(path: string, { uid, gid }: typeof UNPRIVILEGED): void {
  chownSync(path, uid, gid);
  for (const entry of readdirSync(path, { recursive: true, encoding: 'utf8' })) chownSync(join(path, entry), uid, gid);
}

async function isReady(child: ChildProcess, address: string): Promise<boolean> {
  const until = performance.now() + START_MS;
  while (performance.now() < until && !hasEnded(child)) {
    const answered = await fetch(address, { signal: AbortSignal.timeout(ASK_MS) }).catch(() => null);
    await answered?.body?.cancel();
    if (answered?.ok) return true;
    await delay(20);
  }
  return false;
}

async function end(child: ChildProcess): Promise<void> {
  if (hasEnded(child)) return;
  const gone = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGKILL');
  await gone;
}

/** Asks until the answer is right: data arrives when Prometheus scrapes. */
export async function until<T>(ask: () => Promise<T>, isRight: (value: T) => boolean): Promise<T> {
  const end = performance.now() + START_MS;
  for (;;) {
    const value = await ask();
    if (isRight(value) || performance.now() > end) return value;
    await delay(50);
  }
}
