import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, it } from 'vitest';
import { parseRecords } from '../../src/cli/demo/github/index.ts';
import { createOpenApiChecker } from '../support/openapi.ts';
import { temporaryFolder } from '../support/service.ts';

const MAIN = resolve(import.meta.dirname, '../../src/main.ts');

interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly lines: readonly string[];
}

/** Runs the demo to its end, or until a line appears at which the process is killed as by a power cut. */
function runDemo(
  dataDir: string,
  options: { readonly killAt?: RegExp; readonly record?: string } = {},
): Promise<Ended> {
  const child = spawn(
    process.execPath,
    ['--disable-warning=ExperimentalWarning', MAIN, 'demo', '--data-dir', dataDir],
    {
      env: {
        PATH: process.env['PATH'] ?? '',
        HEALER_DEMO_PACE_MS: '50',
        ...(options.record === undefined ? {} : { HEALER_DEMO_RECORD: options.record }),
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  );
  let text = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk) => {
      text += String(chunk);
      if (options.killAt?.test(text)) child.kill('SIGKILL');
    });
  }
  return new Promise((done) => child.once('close', (code, signal) => done({ code, signal, lines: text.split('\n') })));
}

interface CodeRunRow {
  readonly name: string;
  readonly uid: string;
  readonly spec: string;
}

function codeRuns(dataDir: string): readonly CodeRunRow[] {
  const database = new DatabaseSync(join(dataDir, 'healer', 'healer.sqlite'), { readOnly: true });
  try {
    return database
      .prepare('select name, uid, spec from coderuns order by created_at')
      .all() as unknown as CodeRunRow[];
  } finally {
    database.close();
  }
}

function timesStarted(dataDir: string, { uid }: CodeRunRow): number {
  const output = readFileSync(join(dataDir, 'healer', 'runs', uid, 'output.log'), 'utf8');
  return output.split('\n').filter((line) => line.includes('I am a script that plays the agent')).length;
}

/** The demo's own patience, and its start. */
describe.concurrent('the demo', { timeout: 360_000 }, () => {
  it('takes a red build to green: a first attempt that does not hold, a second one that does', async ({ expect }) => {
    const folder = temporaryFolder();
    const record = join(folder.path, 'traffic.jsonl');
    const { code, lines } = await runDemo(join(folder.path, 'demo'), { record });
    const story = lines.join('\n');
    expect(code, story).toBe(0);
    const order = [
      /healer +test is red on feature\/discount/,
      /It is frontend_test \(rule [\w-]+, confidence 0\.\d+\), because:\n +line \d+: /,
      /Attempt 1 of 3: blaze is asked/,
      /CodeRun healer-ci-blaze-[0-9a-f]{8} was created/,
      /Attempt 1 ended as ci_still_failing: Still red on [0-9a-f]{8}: test/,
      /ci\/retry\.hbs/,
      /Attempt 2 of 3/,
      /Green on [0-9a-f]{8}: test/,
      /Green: the checks say so on the agent’s commit/,
    ].map((pattern) => story.search(pattern));
    expect(order, story).not.toContain(-1);
    expect(order).toEqual(order.toSorted((a, b) => a - b));

    const openApi = createOpenApiChecker();
    const problems = parseRecords(readFileSync(record, 'utf8')).flatMap((entry) =>
      entry.kind === 'exchange'
        ? openApi
            .check(entry.request, entry.answer)
            .map((problem) => `${entry.request.method} ${entry.request.path}: ${problem}`)
        : openApi.checkWebhook(entry.event, entry.body).map((problem) => `${entry.event}: ${problem}`),
    );
    expect(problems, 'every request, answer and webhook is as GitHub publishes it').toEqual([]);
    expect([...openApi.used]).toEqual(
      expect.arrayContaining([
        'actions/download-job-logs-for-workflow-run',
        'checks/list-for-ref',
        'issues/create-comment',
        'issues/update-comment',
      ]),
    );
    folder.remove();
  });

  it.for<{ moment: string; killAt: RegExp }>([
    { moment: 'the failure was taken', killAt: /is red on feature\/discount/ },
    { moment: 'the first CodeRun was created', killAt: /CodeRun \S+ was created/ },
    { moment: 'the agent had pushed', killAt: /The agent pushed/ },
    { moment: 'the retry was decided', killAt: /Attempt 2 of 3/ },
  ])(
    'goes on after SIGKILL when $moment, and ends green with one CodeRun an attempt',
    async ({ killAt }, { expect }) => {
      const folder = temporaryFolder();
      const first = await runDemo(folder.path, { killAt });
      expect(first.signal, first.lines.join('\n')).toBe('SIGKILL');
      const second = await runDemo(folder.path);
      const story = [...first.lines, '--- again', ...second.lines].join('\n');
      expect(second.code, story).toBe(0);
      expect(story).toContain('going on where it was interrupted');
      const runs = codeRuns(folder.path);
      const attempts = runs.map((run) => (JSON.parse(run.spec) as { contextVersion: number }).contextVersion);
      expect(attempts, story).toEqual([1, 2]);
      expect(
        runs.map((run) => timesStarted(folder.path, run)),
        story,
      ).toEqual([1, 1]);
      folder.remove();
    },
  );
});
