import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { processStart } from '../../../src/coderun/engines/local/processes.ts';
import type { CodeRunDraft } from '../../../src/coderun/schema.ts';
import { scripted } from '../support/drafts.ts';
import { type Bench, newPlace, openBench, type Place } from '../support/local.ts';
import { until } from '../support/until.ts';

let bench: Bench | null = null;
let healer: ChildProcess | null = null;
afterEach(async () => {
  healer?.kill('SIGKILL');
  await bench?.close();
  bench = null;
});

/** Names of those of `pidsOf` that are gone. */
const dead = (pids: readonly number[]) => NAMES.filter((_, index) => !isAlive(pids[index] ?? 0));
const isAlive = (pid: number) => processStart(pid) !== null;
// A shell makes the file before it writes the number: an empty one, read as 0, is not there yet.
const pidIn = (path: string) => until(() => (existsSync(path) && Number(readFileSync(path, 'utf8').trim())) || null);

/** Only Linux tells of the environment of processes that left their group. */
const canDetach = process.platform === 'linux';

/** An agent that notes each start, leaves two processes behind it and waits for a word. */
function patient(place: Place, more = ''): string {
  const { folder } = place;
  return [
    `echo start >>'${folder}/starts'`,
    `sh -c 'trap "" TERM; echo $$ >"${folder}/stubborn"; while :; do sleep 0.05; done' &`,
    `${canDetach ? 'setsid ' : ''}sleep 300 & echo $! >'${folder}/detached'`,
    `echo $$ >'${folder}/agent'`,
    `while [ ! -e '${folder}/go' ]; do sleep 0.02; done`,
    more,
    'echo repaired >broken.txt',
  ].join('\n');
}

const NAMES = ['stubborn', 'detached', 'agent'];

async function pidsOf(place: Place): Promise<number[]> {
  return Promise.all(NAMES.map((name) => pidIn(join(place.folder, name))));
}

const starts = (place: Place) => readFileSync(join(place.folder, 'starts'), 'utf8').trim().split('\n').length;
const draftFor = (place: Place, script: string, deadlineSeconds = 60) =>
  scripted(script, { repositoryUrl: place.remote.url, deadlineSeconds });

/** Another process drives the run until it is killed while the agent works. */
async function killedHealer(place: Place, draft: CodeRunDraft): Promise<number[]> {
  const script = join(import.meta.dirname, '../support/healer.ts');
  const flags = ['--disable-warning=ExperimentalWarning'];
  healer = spawn(process.execPath, [...flags, script, place.folder, JSON.stringify(draft)], { stdio: 'inherit' });
  const pids = await pidsOf(place);
  const gone = new Promise((resolve) => healer?.once('exit', resolve));
  healer.kill('SIGKILL');
  await gone;
  return pids;
}

describe('when Healer is killed in the middle of a run', () => {
  it('adopts the run, which went on, and does not start it again', async () => {
    const place = newPlace(true);
    const draft = draftFor(place, patient(place));
    const pids = await killedHealer(place, draft);
    expect(dead(pids), told(place, pids)).toEqual([]);
    bench = await openBench({ place });
    const ending = bench.finish(draft);
    writeFileSync(join(place.folder, 'go'), '');
    const { ended } = await ending;
    expect(ended).toMatchObject({ how: 'succeeded', report: { commitSha: place.remote.head('main') } });
    expect(starts(place)).toBe(1);
    await until(() => !pids.some(isAlive));
  });

  it('learns the end of a run that ended while nobody watched', async () => {
    const place = newPlace(true);
    const draft = draftFor(place, patient(place));
    await killedHealer(place, draft);
    writeFileSync(join(place.folder, 'go'), '');
    await until(() => place.remote.subjects('main').length === 2 && exits(place) === 1);
    bench = await openBench({ place });
    const { ended } = await bench.finish(draft);
    expect(ended).toMatchObject({ how: 'succeeded', report: { commitSha: place.remote.head('main') } });
    expect(starts(place)).toBe(1);
  });

  it('keeps to the deadline without Healer', async () => {
    const place = newPlace(true);
    // Longer than the agent takes to say that it is there, also on a busy machine.
    const draft = draftFor(place, patient(place), 6);
    const pids = await killedHealer(place, draft);
    await until(() => exits(place) === 1);
    expect(pids.some(isAlive)).toBe(false);
    bench = await openBench({ place });
    expect((await bench.finish(draft)).ended).toMatchObject({ how: 'deadline', report: null });
  });
});

/** What the run says of itself, for whoever reads that it is gone. */
function told(place: Place, pids: readonly number[]): string {
  const runs = join(place.folder, 'runs');
  const texts = readdirSync(runs).flatMap((uid) =>
    readdirSync(join(runs, uid))
      .filter((name) => /^(output|exit|lock|child|stop|result)/.test(name))
      .map((name) => `${name}: ${readFileSync(join(runs, uid, name), 'utf8')}`),
  );
  const files = NAMES.map((name, index) => {
    const pid = pids[index] ?? 0;
    const stat = existsSync(`/proc/${pid}/stat`) ? readFileSync(`/proc/${pid}/stat`, 'utf8') : 'no such process';
    return `${name}: read ${pid}, the file says ${readFileSync(join(place.folder, name), 'utf8').trim()}: ${stat}`;
  });
  return [...files, ...texts].join('\n');
}

function exits(place: Place): number {
  const runs = join(place.folder, 'runs');
  return readdirSync(runs).filter((uid) => existsSync(join(runs, uid, 'exit.json'))).length;
}

describe('ending a run', () => {
  it('ends everything the agent started when it is cancelled, also what ignores the request or has detached itself', async () => {
    const place = newPlace();
    bench = await openBench({ place });
    const draft = draftFor(place, patient(place));
    const ending = bench.finish(draft);
    const pids = await pidsOf(place);
    await bench.engine.requestCancel(draft.name);
    const { codeRun, ended } = await ending;
    expect(ended).toEqual({ how: 'cancelled', detail: 'The run was cancelled.', report: null });
    expect(codeRun.status.phase).toBe('Cancelled');
    expect(pids.some(isAlive)).toBe(false);
    expect(place.remote.subjects('main')).toHaveLength(1);
  });

  it('ends what the agent left running when the agent itself ends', async () => {
    const place = newPlace();
    bench = await openBench({ place });
    const ending = bench.finish(draftFor(place, patient(place)));
    const pids = await pidsOf(place);
    writeFileSync(join(place.folder, 'go'), '');
    expect((await ending).ended.how).toBe('succeeded');
    expect(pids.some(isAlive)).toBe(false);
  });

  it('ends a run at its deadline', async () => {
    const place = newPlace();
    bench = await openBench({ place });
    const { codeRun, ended } = await bench.finish(draftFor(place, 'exec sleep 300', 1));
    expect(ended).toMatchObject({ how: 'deadline', report: null });
    expect(codeRun.status).toMatchObject({ phase: 'Failed', workCompleted: false });
  });

  it('never starts a run that was cancelled before', async () => {
    const place = newPlace();
    bench = await openBench({ place });
    const draft = draftFor(place, 'true');
    await bench.engine.create(draft);
    await bench.engine.requestCancel(draft.name);
    expect((await bench.finish(draft)).ended.how).toBe('cancelled');
    expect(existsSync(join(place.folder, 'runs'))).toBe(false);
  });

  it('calls a run whose supervisor was killed infrastructure and ends what is left of it', async () => {
    const place = newPlace();
    bench = await openBench({ place });
    const draft = draftFor(place, patient(place));
    const ending = bench.finish(draft);
    const pids = await pidsOf(place);
    process.kill(supervisorOf(place), 'SIGKILL');
    expect((await ending).ended).toMatchObject({
      how: 'infrastructure',
      detail: expect.stringContaining('supervised'),
    });
    await until(() => !pids.some(isAlive));
    expect(starts(place)).toBe(1);
  });

  it('calls a run that the platform ended infrastructure', async () => {
    const place = newPlace();
    bench = await openBench({ place });
    const ending = bench.finish(draftFor(place, patient(place)));
    await pidsOf(place);
    process.kill(supervisorOf(place), 'SIGTERM');
    expect((await ending).ended.how).toBe('infrastructure');
  });
});

function supervisorOf(place: Place): number {
  const [uid = ''] = readdirSync(join(place.folder, 'runs'));
  return JSON.parse(readFileSync(join(place.folder, 'runs', uid, 'lock'), 'utf8')).pid;
}

describe('starting', () => {
  it('starts a run once when several start it at the same moment', async () => {
    const place = newPlace();
    bench = await openBench({ place });
    const { engine } = bench;
    const { codeRun } = await engine.create(draftFor(place, patient(place)));
    await engine.ensureFiles(codeRun);
    await Promise.all([1, 2, 3].map(() => engine.ensureJob(codeRun, 60)));
    writeFileSync(join(place.folder, 'go'), '');
    await until(async () => (await engine.observe(codeRun)).job.state === 'exited');
    expect(starts(place)).toBe(1);
  });

  it('does not take another process with the same number for its supervisor', async () => {
    const place = newPlace();
    bench = await openBench({ place });
    const { engine } = bench;
    const { codeRun } = await engine.create(draftFor(place, 'true'));
    await engine.ensureFiles(codeRun);
    const lock = { pid: process.pid, start: 'another boot/1', startedAt: Date.now() };
    writeFileSync(join(place.folder, 'runs', codeRun.uid, 'lock'), JSON.stringify(lock));
    expect((await engine.observe(codeRun)).job).toMatchObject({ state: 'lost', hasLeftovers: false });
    await engine.stopJob(codeRun, 'cancelled');
    expect(isAlive(process.pid)).toBe(true);
  });

  it('gives two runs of one repository folders of their own', async () => {
    const place = newPlace();
    bench = await openBench({ place });
    const script = `pwd >>'${place.folder}/folders'`;
    await bench.finish(scripted(script, { repositoryUrl: place.remote.url }));
    await bench.finish(scripted(script, { repositoryUrl: place.remote.url, ordinal: 2 }));
    const folders = readFileSync(join(place.folder, 'folders'), 'utf8').trim().split('\n');
    expect(new Set(folders).size).toBe(2);
  });
});
