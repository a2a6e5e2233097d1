/**
 * How many deliveries a second are acknowledged durably, beside the same server without a store and beside probot, on
 * one core: `npm run bench:intake [-- --rounds 5] [--seconds 5] [--only healer]`. Five interleaved rounds, medians.
 * probot is installed from npm into a cache folder outside the project.
 *
 * Every delivery is the failure of another run on another branch, the most that one can cause.
 *
 * - `decided`: Healer has authenticated, parsed and interpreted the body; looked for one that came before with the same id or
 *   body; decided (no remediation of this run or branch, so a new one) and written delivery, remediation, lineage, run and
 *   timeline, synced to the disk; two lines of log. What follows from the decision is not in it.
 * - `kept`: it has authenticated the body and synced it to the disk. All of the above comes later; how long that takes is
 *   measured until nothing is left.
 * - without a store: the same up to where the disk comes in.
 * - probot: its listener does nothing, and nothing is kept.
 *
 * Everything that a server's process uses counts, also the thread that copies SQLite's log; the answers of the warm-up do
 * not. Logs go to files, so that whoever started the servers has nothing to read while they are measured.
 */
import { spawn, spawnSync } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { cpus, homedir, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { BODY_BYTES, SECRET } from './intake-body.ts';
import type { LoadResult } from './intake-load.ts';

interface Server {
  readonly name: string;
  readonly args: readonly string[];
  readonly path: string;
  readonly env: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** Deliveries are decided about after they were answered; how long that goes on is measured as well. */
  readonly decidesLater?: boolean;
}

interface Decided {
  readonly seconds: number;
  readonly deliveries: number;
}

interface Round extends LoadResult {
  /** Highest resident memory of the server's process, MiB. */
  readonly rssMiB: number;
  /** Processor time of the server's process per answer, microseconds; tells more than the rate on a busy machine. */
  readonly cpuUs: number;
  /** Until everything was decided: seconds from the last answer, how many, and the highest memory; null when answers say it. */
  readonly later: (Decided & { readonly rssMiB: number }) | null;
}

const { values: options } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '5' },
    warmUp: { type: 'string', default: '2' },
    connections: { type: 'string', default: '32' },
    only: { type: 'string' },
    prof: { type: 'boolean', default: false },
  },
});
const HERE = import.meta.dirname;
const QUIET = '--disable-warning=ExperimentalWarning';
const SERVER_CORE = '0';
const SENDER_CORE = '1';
const MAX_LATER_MS = 120_000;
const canPin = process.platform === 'linux' && cpus().length > 1 && spawnSync('taskset', ['--version']).status === 0;

function pinned(core: string, args: readonly string[]): [string, string[]] {
  return canPin ? ['taskset', ['-c', core, process.execPath, ...args]] : [process.execPath, [...args]];
}

const ROOT = resolve(HERE, '../..');

/** What the image gives Node. */
function flagsOfImage(): readonly string[] {
  const line = /^ENTRYPOINT (\[.*\])$/m.exec(readFileSync(join(ROOT, 'Dockerfile'), 'utf8'))?.[1] ?? '[]';
  return (JSON.parse(line) as string[]).filter((word) => word.startsWith('--'));
}

/** Healer as its image runs it: compiled. */
function built(): string {
  const { status } = spawnSync('npm', ['run', '--silent', 'build'], {
    cwd: ROOT,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  if (status !== 0) throw new Error('Healer could not be built.');
  return join(ROOT, 'dist');
}

/** Installs the peers once; the folder is named after their versions. */
function peersFolder(): string {
  const wanted = readFileSync(join(HERE, 'peers/package.json'), 'utf8');
  const { probot } = (JSON.parse(wanted) as { dependencies: { probot: string } }).dependencies;
  const cache = process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache');
  const folder = join(cache, `healer-bench-probot-${probot}`);
  mkdirSync(folder, { recursive: true });
  for (const file of ['package.json', 'probot.mjs', 'probot-run.mjs'])
    copyFileSync(join(HERE, 'peers', file), join(folder, file));
  if (!existsSync(join(folder, 'node_modules/probot'))) {
    console.error(`installing probot ${probot} into ${folder}`);
    const { status } = spawnSync('npm', ['install', '--no-audit', '--no-fund', '--ignore-scripts'], {
      cwd: folder,
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    if (status !== 0) throw new Error('probot could not be installed; the npm registry is needed once.');
  }
  return folder;
}

function servers(): readonly Server[] {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const key = privateKey.export({ type: 'pkcs1', format: 'pem' }).toString();
  const base = { PATH: process.env['PATH'] ?? '', GITHUB_WEBHOOK_SECRET: SECRET, NODE_ENV: 'production' };
  const path = '/api/webhooks/github';
  const prof = options.prof ? ['--cpu-prof', '--cpu-prof-dir', tmpdir()] : [];
  const service = [...flagsOfImage(), QUIET, ...prof, join(built(), 'main.js'), 'server'];
  const storeless = [QUIET, join(HERE, 'intake-storeless.ts')];
  const env = {
    ...base,
    HOST: '127.0.0.1',
    PORT: '0',
    HEALER_API_TOKEN: 'bench-token',
    GITHUB_API_URL: 'http://127.0.0.1:9',
    // What follows the decision (asking GitHub for logs) begins after the measurement.
    HEALER_LIMITS_SETTLE_SECONDS: '3600',
  };
  const kept = { HEALER_GITHUB_WEBHOOK_ANSWER: 'kept' };
  const all: Server[] = [
    { name: 'healer, kept', args: service, path, env: { ...env, ...kept }, decidesLater: true },
    { name: 'the same without a store', args: storeless, path, env: { ...base, ...kept } },
    { name: 'healer, decided', args: service, path, env },
    { name: 'the same without a store (decided)', args: storeless, path, env: base },
  ];
  if (options.only === undefined || options.only.startsWith('probot')) {
    const cwd = peersFolder();
    const peer = { path: '/api/github/webhooks', env: { ...base, BENCH_PRIVATE_KEY: key }, cwd };
    all.push({ name: 'probot', args: ['probot-run.mjs'], ...peer });
    all.push({ name: 'probot, its middleware alone', args: ['probot.mjs'], ...peer });
  }
  return all.filter(({ name }) => options.only === undefined || name === options.only);
}

async function measure(server: Server, round: number): Promise<Round> {
  const dir = mkdtempSync(join(tmpdir(), 'healer-bench-'));
  const log = join(dir, 'server.log');
  const [command, args] = pinned(SERVER_CORE, server.args);
  const child = spawn(command, args, {
    env: { ...server.env, HEALER_DATA_DIR: dir },
    ...(server.cwd === undefined ? {} : { cwd: server.cwd }),
    stdio: ['ignore', openSync(log, 'w'), 'inherit'],
  });
  try {
    const url = await listeningAt(log, () => {
      if (child.exitCode !== null) throw new Error(`${server.name} ended with ${child.exitCode}`);
    });
    const pid = child.pid ?? 0;
    let before = Number.NaN;
    const load = await runLoad(url, server.path, round, () => {
      before = cpuSeconds(pid);
    });
    const cpuUs = ((cpuSeconds(pid) - before) * 1e6) / load.answered;
    const wrong = Object.keys(load.statuses).filter((status) => !['200', '202'].includes(status));
    if (wrong.length > 0) throw new Error(`${server.name} answered ${JSON.stringify(load.statuses)}`);
    const sent = Object.values(load.statuses).reduce((sum, count) => sum + count, 0);
    const rssMiB = peakMemory(pid);
    const decided = server.decidesLater ? await untilDecided(log, sent) : null;
    const later = decided === null ? null : { ...decided, rssMiB: peakMemory(pid) };
    return { ...load, rssMiB, cpuUs, later };
  } finally {
    child.kill(options.prof ? 'SIGTERM' : 'SIGKILL');
    await new Promise((done) => child.once('exit', done));
    rmSync(dir, { recursive: true, force: true });
  }
}

/** Waits until every delivery that was answered is decided, each once: the server logs one line for each. */
async function untilDecided(log: string, sent: number): Promise<Decided> {
  const began = performance.now();
  const decidedSoFar = (): number => readFileSync(log, 'utf8').split('"delivery decided"').length - 1;
  const atOnce = decidedSoFar();
  for (let decided = atOnce; decided !== sent; decided = decidedSoFar()) {
    if (decided > sent) throw new Error(`${decided} deliveries were decided, and ${sent} answered.`);
    if (performance.now() - began > MAX_LATER_MS) throw new Error(`Only ${decided} of ${sent} were decided.`);
    await new Promise((done) => setTimeout(done, 250));
  }
  return { seconds: (performance.now() - began) / 1_000, deliveries: sent - atOnce };
}

/** Waits for the line with which a server says where it listens; `check` throws when it will not come any more. */
async function listeningAt(log: string, check: () => void): Promise<string> {
  for (;;) {
    const complete = readFileSync(log, 'utf8').split('\n').slice(0, -1);
    const line = complete.find((text) => text.includes('"listening"'));
    if (line !== undefined) return String((JSON.parse(line) as { url: unknown }).url);
    check();
    await new Promise((done) => setTimeout(done, 20));
  }
}

async function runLoad(url: string, path: string, round: number, onMeasuring: () => void): Promise<LoadResult> {
  const flags = { url, path, connections: options.connections, first: String(round * 1_000_000 + 1) };
  const times = {
    warmUpMs: String(Number(options.warmUp) * 1_000),
    measureMs: String(Number(options.seconds) * 1_000),
  };
  const [command, args] = pinned(SENDER_CORE, [
    QUIET,
    join(HERE, 'intake-load.ts'),
    ...Object.entries({ ...flags, ...times }).flatMap(([name, value]) => [`--${name}`, value]),
  ]);
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  let output = '';
  child.stdout.on('data', (chunk) => {
    if (output === '') onMeasuring();
    output += String(chunk);
  });
  const code = await new Promise((done) => child.once('close', done));
  if (code !== 0) throw new Error(`the sender ended with ${code}`);
  return JSON.parse(output.slice(output.indexOf('\n'))) as LoadResult;
}

/** Processor time used so far, all threads; NaN where the kernel does not tell. Clock ticks are 1/100 s on Linux. */
function cpuSeconds(pid: number): number {
  if (!existsSync(`/proc/${pid}/stat`)) return Number.NaN;
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /, '')
    .split(' ');
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

/** The kernel's own high-water mark where there is one. */
function peakMemory(pid: number): number {
  if (existsSync(`/proc/${pid}/status`))
    return Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1_024;
  return Number(spawnSync('ps', ['-o', 'rss=', '-p', String(pid)]).stdout) / 1_024;
}

function median(numbers: readonly number[]): number {
  const sorted = numbers.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

function printTable(results: ReadonlyMap<string, readonly Round[]>): void {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  console.log(
    line([
      'server',
      'deliveries/s',
      'p50 ms',
      'p99 ms',
      'max ms',
      'peak RSS MiB',
      'CPU µs each',
      'rounds (deliveries/s)',
    ]),
  );
  console.log(line(['---', '---:', '---:', '---:', '---:', '---:', '---:', '---']));
  for (const [name, rounds] of results) {
    const of = (pick: (round: Round) => number, digits: number): string => median(rounds.map(pick)).toFixed(digits);
    const each = rounds.map(({ perSecond }) => perSecond.toFixed(0)).join(' ');
    console.log(
      line([
        name,
        of((r) => r.perSecond, 0),
        of((r) => r.p50, 2),
        of((r) => r.p99, 2),
        of((r) => r.max, 1),
        of((r) => r.rssMiB, 0),
        of((r) => r.cpuUs, 0),
        each,
      ]),
    );
  }
}

const all = servers();
const results = new Map<string, Round[]>(all.map(({ name }) => [name, []]));
for (let round = 1; round <= Number(options.rounds); round += 1) {
  for (const server of all) {
    const result = await measure(server, round);
    results.get(server.name)?.push(result);
    console.error(`round ${round} ${server.name}: ${result.perSecond.toFixed(0)}/s, p99 ${result.p99.toFixed(2)} ms`);
  }
}
const place = canPin ? 'server pinned to one core, sender to another' : 'not pinned: taskset is not available';
console.log(
  `\n${BODY_BYTES} byte bodies, ${options.connections} connections, ${options.rounds} rounds of ${options.seconds} s, ${place}; ${cpus()[0]?.model ?? ''}, Node ${process.version}\n`,
);
printTable(results);
for (const [name, rounds] of results) {
  const later = rounds.flatMap((round) => round.later ?? []);
  if (later.length === 0) continue;
  const of = (pick: (one: (typeof later)[number]) => number): number => median(later.map(pick));
  const [seconds, count] = [of((one) => one.seconds), of((one) => one.deliveries)];
  console.log(
    `\n${name}: ${count} deliveries of a round were decided after its end, within ${seconds.toFixed(1)} s (${(count / seconds).toFixed(0)}/s), with ${of((one) => one.rssMiB).toFixed(0)} MiB at most.`,
  );
}
