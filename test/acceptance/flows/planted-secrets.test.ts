import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Planted, plantedSecrets, survivors } from '../../support/secrets.ts';
import { REPOSITORY, STORIES, startWorld, type World } from '../../support/world.ts';

/** Every place that text comes from, each with secrets of every kind of its own. */
const PLACES = {
  log: plantedSecrets('log'),
  annotation: plantedSecrets('annotation'),
  diff: plantedSecrets('diff'),
  'commit message': plantedSecrets('commit'),
  'pull request': plantedSecrets('pull request'),
  review: plantedSecrets('review'),
  play: plantedSecrets('play'),
  alert: plantedSecrets('alert'),
  agent: plantedSecrets('agent'),
} as const;
const ALL: readonly Planted[] = Object.entries(PLACES).flatMap(([place, planted]) =>
  planted.map((one) => ({ ...one, kind: `${place}: ${one.kind}` })),
);
/** A wall of error lines, so that the excerpt takes as many as it may. */
const errors = (planted: readonly Planted[]): string =>
  planted.map(({ text }, i) => `error: case ${i} failed\n${text}`).join('\n');
/** Of the kinds in order, those of one file, message or alert: GitHub and Alertmanager limit each. */
const batch = (planted: readonly Planted[], of: number, count: number): string =>
  errors(planted.filter((_, i) => i % count === of));
const BATCHES = 3;

interface Listener {
  readonly url: string;
  readonly bodies: string[];
  close(): void;
}

/** Takes whatever is posted: a chat and a collector of traces. */
async function listen(): Promise<Listener> {
  const bodies: string[] = [];
  const server: Server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      bodies.push(Buffer.concat(chunks).toString('latin1'));
      response.writeHead(200, { 'content-type': 'application/json' }).end('{"id":"1"}');
    });
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, bodies, close: () => server.close() };
}

describe('planted secrets, end to end', STORIES, () => {
  let world: World;
  let chat: Listener;
  let collector: Listener;
  const logged: string[] = [];

  beforeAll(async () => {
    [chat, collector] = await Promise.all([listen(), listen()]);
    world = await startWorld({
      onLog: (line) => logged.push(line),
      settings: {
        promptBudget: 400_000,
        maxAttempts: 2,
        otel: { endpoint: collector.url },
        notifications: { groupSeconds: 0, discord: { webhookUrl: `${chat.url}/api/webhooks/1/token-of-the-chat` } },
      },
    });
    writeFileSync(join(dirname(world.dataDir), 'agent', 'leak.txt'), errors(PLACES.agent));
    world.plan({ '*': ['leak and give up'], main: ['leak'] });
    await runOverRed();
    await world.eventually(() => chat.bodies.length > 0, 'the chat was told');
    // What is held back until more has come is sent at the end: spans, and lines of the log.
    await world.restart();
  });
  afterAll(async () => {
    await world.close();
    chat.close();
    collector.close();
  });

  /** Red runs, a play and alerts, each a part of the secrets; the agent tells all of its own, then gives up. */
  async function runOverRed(): Promise<void> {
    const tasks = await Promise.all(Array.from({ length: BATCHES }, (_, of) => redBranch(of)));
    const play = await world.post('/api/remediate/play-failure', {
      play_id: 'play-1',
      task_id: 'task-1',
      stage: 'build',
      repository: REPOSITORY,
      branch: 'main',
      message: batch(PLACES.play, 0, 2),
      logs: batch(PLACES.play, 1, 2),
    });
    const alerts = PLACES.alert.map(({ text }, i) => ({
      status: 'firing',
      labels: { alertname: `Alert${i}`, repository: REPOSITORY, severity: 'critical' },
      annotations: { summary: `error: ${text}`, description: text },
      startsAt: '2026-01-01T12:00:00Z',
    }));
    const group = {
      version: '4',
      status: 'firing',
      groupKey: '{}:{alertname="Many"}',
      externalURL: 'https://a.example',
    };
    const alert = await world.post('/api/alerts/platform', { ...group, alerts });
    // What the agent did on a branch of its own gets a pull request with its words in it.
    await Promise.all([
      ...tasks.map((task) => world.ended(task)),
      ...[play, alert].map(({ body }) =>
        world.until(body.task_id, (now) => now.pullRequest !== null, 'it has a pull request'),
      ),
    ]);
  }

  async function redBranch(of: number): Promise<string> {
    const branch = `topic-${of}`;
    world.commit(
      branch,
      { 'src/config.rs': `${batch(PLACES.diff, of, BATCHES)}\n` },
      batch(PLACES['commit message'], of, BATCHES),
    );
    const body = batch(PLACES['pull request'], of, BATCHES);
    const pull = await world.gh.addPullRequest({ title: body.split('\n')[1] ?? '', body, head: branch, author: 'ada' });
    world.gh.addReview(pull, {
      author: 'ada',
      state: 'CHANGES_REQUESTED',
      body: batch(PLACES.review, of, 2 * BATCHES),
      comments: [{ path: 'src/config.rs', line: 1, body: batch(PLACES.review, of + BATCHES, 2 * BATCHES) }],
    });
    const log = ['##[group]Run cargo build', 'cargo build', '##[endgroup]', batch(PLACES.log, of, BATCHES)];
    const { runId } = world.gh.addRun({
      headBranch: branch,
      headSha: world.headOf(branch) ?? '',
      announce: true,
      jobs: [
        {
          name: 'build',
          conclusion: 'failure',
          log: [...log, 'error: could not compile `shop`', '##[error]Process completed with exit code 101.'].join('\n'),
          steps: [{ name: 'Run cargo build', conclusion: 'failure' }],
          annotations: PLACES.annotation
            .filter((_, i) => i % BATCHES === of)
            .map(({ text }, i) => ({ path: 'src/config.rs', line: i + 1, message: text })),
        },
      ],
    });
    return `ci-${runId}`;
  }

  const prompts = async (): Promise<readonly string[]> =>
    (await world.service.store.db.selectFrom('briefs').select('prompt').execute()).map(({ prompt }) => prompt);

  it('are some hundreds, and many of them reached the briefs as placeholders', async () => {
    expect(ALL.length).toBeGreaterThanOrEqual(700);
    const all = (await prompts()).join('\n');
    const places = new Set(all.match(/«redacted:[a-z0-9-]+:\d+»/g));
    expect(places.size).toBeGreaterThan(100);
    expect(all).toContain('could not compile');
    for (const word of ['annotations', 'changed-files', 'head-commit', 'event'])
      expect(all).toContain(`(${word}: data`);
  });

  it('stand in no prompt and in nothing else that belongs to a brief', async () => {
    const { db } = world.service.store;
    const briefs = await db.selectFrom('briefs').selectAll().execute();
    expect(briefs.length).toBeGreaterThanOrEqual(2 * BATCHES + 2);
    for (const brief of briefs) expect(survivors(JSON.stringify(brief), ALL)).toEqual([]);
  });

  it('stand in no CodeRun and in no file of one', async () => {
    const rows = await world.service.store.db.selectFrom('coderuns').selectAll().execute();
    expect(survivors(JSON.stringify(rows), ALL)).toEqual([]);
    const runs = join(world.dataDir, 'runs');
    const files = readdirSync(runs).flatMap((run) =>
      readdirSync(join(runs, run, 'files')).map((file) => join(runs, run, 'files', file)),
    );
    expect(files.filter((file) => file.endsWith('prompt.md')).length).toBeGreaterThan(0);
    for (const file of files) expect(survivors(readFileSync(file), ALL), file).toEqual([]);
  });

  it('stand in nothing that was written to GitHub', () => {
    const written = world.gh.recorder.exchanges.filter(({ request }) => request.method !== 'GET');
    expect(written.some(({ request }) => request.path.includes('/comments'))).toBe(true);
    expect(written.some(({ request }) => request.path.endsWith('/pulls'))).toBe(true);
    for (const { request } of written) expect(survivors(JSON.stringify(request.body), ALL), request.path).toEqual([]);
  });

  it('stand in no message of the chat', () => {
    expect(chat.bodies.length).toBeGreaterThan(0);
    expect(survivors(chat.bodies.join('\n'), ALL)).toEqual([]);
  });

  it('stand in no memory', async () => {
    const { db } = world.service.store;
    const outcomes = await world.eventually(async () => {
      const rows = await db.selectFrom('outcomes').selectAll().execute();
      return rows.length >= 2 * BATCHES ? rows : null;
    }, 'outcomes are remembered');
    expect(survivors(JSON.stringify(outcomes), ALL)).toEqual([]);
    expect(survivors(JSON.stringify(await db.selectFrom('lessons').selectAll().execute()), ALL)).toEqual([]);
  });

  it('stand in no timeline, and on no page of the API', async () => {
    const timeline = await world.service.store.db.selectFrom('timeline').selectAll().execute();
    expect(survivors(JSON.stringify(timeline), ALL)).toEqual([]);
    for (const { taskId } of await world.all()) {
      for (const path of [`/api/status/${taskId}`, `/api/remediations/${taskId}`]) {
        const { status, body } = await world.get(path);
        expect(status, path).toBe(200);
        expect(survivors(JSON.stringify(body), ALL), path).toEqual([]);
      }
    }
  });

  it('stand in nothing that Healer logged', () => {
    const log = logged.join('');
    expect(log.length).toBeGreaterThan(1_000);
    expect(survivors(log, ALL)).toEqual([]);
  });

  it('stand in no trace', () => {
    expect(collector.bodies.join('').length).toBeGreaterThan(100);
    expect(survivors(collector.bodies.join('\n'), ALL)).toEqual([]);
  });
});
