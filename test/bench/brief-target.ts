/**
 * The service under measurement: everything from the door to the created CodeRun as in production, the store on disk.
 * Nothing is run: fifty agents a second would measure this machine's processes.
 */
import { writeFileSync } from 'node:fs';
import { Session } from 'node:inspector/promises';
import type { AddressInfo } from 'node:net';
import { createInterface } from 'node:readline';
import { Writable } from 'node:stream';
import { createRoutes, openAcceptor } from '../../src/app/doors.ts';
import { layFoundation, type Undo } from '../../src/app/foundation.ts';
import { loadSettings } from '../../src/app/load-settings.ts';
import { createLog } from '../../src/app/log.ts';
import { createLoops } from '../../src/app/loops.ts';
import type { startRuns } from '../../src/app/runs.ts';
import { openTracing } from '../../src/app/traces.ts';
import { createLocalEngine } from '../../src/coderun/engines/local/engine.ts';
import { loadCodeRunTemplates } from '../../src/coderun/templates.ts';
import { codeRunRows } from '../../src/store/coderuns.ts';
import { openStore, writeOne } from '../../src/store/open.ts';
import { type Load, madeSince, phasesSince, rowsOf } from './brief-rows.ts';

const settings = loadSettings(process.env, '/nonexistent');
const store = await openStore({ kind: 'sqlite', dir: settings.dataDir });
const silent = new Writable({ write: (_chunk, _encoding, done) => done() });
const log = createLog('warn', silent);
const undo: Undo = [() => store.close()];
const tracing = await openTracing(settings);
const base = layFoundation({ settings, log, env: process.env, clock: Date.now, store, inbox: null, tracing }, undo);

const unused = new Proxy({}, { get: () => () => Promise.reject(new Error('not part of what is measured')) });
const noRuns: typeof startRuns = async () => {
  const templates = await loadCodeRunTemplates(new URL('../../prompts/coderun', import.meta.url).pathname);
  const rows = codeRunRows(store.db, (statement) => writeOne(store, statement));
  const engine = createLocalEngine({ rows, dataDir: settings.dataDir, templates, clock: Date.now, baseEnv: {} });
  return { engine, codeRuns: unused as never, checks: async () => [], stop: async () => engine.close() };
};
const loops = await createLoops(base, undo, noRuns);
const acceptor = openAcceptor(base, loops.worker, undo);
const app = await createRoutes(base, loops, acceptor, () => true);
await app.listen({ host: '127.0.0.1', port: 0 });
loops.worker.start(() => acceptor.whenQuiet(250));
const { port } = app.server.address() as AddressInfo;
process.stdout.write(`${JSON.stringify({ url: `http://127.0.0.1:${port}` })}\n`);

const session = new Session();
session.connect();

const inMs = ({ user, system }: NodeJS.CpuUsage): number => (user + system) / 1_000;
let used = { whole: 0, thread: 0 };
async function load(): Promise<Load> {
  const now = { whole: inMs(process.cpuUsage()), thread: inMs(process.threadCpuUsage()) };
  const [cpuMs, threadMs] = [now.whole - used.whole, now.thread - used.thread];
  const rss = process.memoryUsage.rss();
  await session.post('HeapProfiler.collectGarbage');
  const { heapUsed, external } = process.memoryUsage();
  used = { whole: inMs(process.cpuUsage()), thread: inMs(process.threadCpuUsage()) };
  return { cpuMs, threadMs, rss, held: heapUsed + external };
}

/** A profile of the processor from the first question to the second; written to the file that is named then. */
async function profile(file: string): Promise<boolean> {
  if (file === '0') {
    await session.post('Profiler.enable');
    await session.post('Profiler.start');
    return true;
  }
  const { profile: taken } = await session.post('Profiler.stop');
  writeFileSync(file, JSON.stringify(taken));
  return true;
}

for await (const line of createInterface({ input: process.stdin })) {
  const [question, since = '0'] = line.split(' ');
  const answer =
    question === 'load'
      ? await load()
      : question === 'made'
        ? await madeSince(store, Number(since))
        : question === 'profile'
          ? await profile(since)
          : question === 'phases'
            ? await phasesSince(store, Number(since))
            : await rowsOf(store, Number(since));
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}
process.exit(0);
