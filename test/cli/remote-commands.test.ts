import type { Command } from 'commander';
import { type FastifyInstance, fastify } from 'fastify';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { CliContext } from '../../src/cli/context.ts';
import { registerDeliveries } from '../../src/cli/deliveries.ts';
import { registerPause } from '../../src/cli/pause.ts';
import { registerRemediations } from '../../src/cli/remediations.ts';
import { ProblemError } from '../../src/lib/problem.ts';
import { reason } from '../../src/model/reason.ts';
import type { Command as Asked, CommandResult } from '../../src/report/api.ts';
import type { Store } from '../../src/store/open.ts';
import { isPaused } from '../../src/store/pauses.ts';
import { makeDeps } from '../report/api-client.ts';
import {
  addDelivery,
  addSeed,
  MINUTE,
  makeAttempt,
  makeBrief,
  makeRemediation,
  NOW,
  openSeeded,
  ulid,
} from '../report/seed.ts';
import { listen, runCommand } from './terminal.ts';

let store: Store;
let app: FastifyInstance;
let url: string;
let commands: { id: string; command: Asked }[];
let answer: ((id: string, command: Asked) => Promise<CommandResult>) | null;
let seenTokens: (string | undefined)[];

beforeEach(async () => {
  store = await openSeeded();
  commands = [];
  answer = null;
  seenTokens = [];
  const deps = makeDeps(store, { commands, checks: [], answer: null, pausesChanged: 0 });
  ({ app, url } = await listen({
    ...deps,
    authorizeRead: async (request) => {
      seenTokens.push(request.headers.authorization);
      if (request.headers.authorization === 'Bearer wrong') throw new ProblemError(401, 'The token is not known.');
    },
    command: async (id, command) => {
      commands.push({ id, command });
      return answer === null ? { kind: 'not_found' } : answer(id, command);
    },
  }));
});
afterEach(async () => {
  await app.close();
  await store.close();
});

const register = (program: Command, context: CliContext): void => {
  const deps = { clock: () => NOW };
  registerRemediations(program, context, deps);
  registerPause(program, context);
  registerDeliveries(program, context, deps);
};

const run = (args: readonly string[], options: Parameters<typeof runCommand>[2] = {}) =>
  runCommand(register, args, { ...options, env: { HEALER_URL: url, USER: 'ada', ...options.env } });

describe('healer remediations list', () => {
  it('prints a table that lines up', async () => {
    await addSeed(store, { remediation: makeRemediation() });
    await addSeed(store, {
      remediation: makeRemediation({ id: ulid(2), taskId: 'ci-2', phase: 'escalated', agent: null, failureType: null }),
    });
    const { code, stdout } = await run(['remediations', 'list']);
    expect(code).toBe(0);
    expect(stdout).toBe(
      [
        'TASK            STATE      REPOSITORY  BRANCH               FAILURE      AGENT  TRIES  CHANGED',
        'ci-2            Escalated  acme/shop   feature/cart-totals  –            –      0      5 min ago',
        'ci-16204417720  Received   acme/shop   feature/cart-totals  rust_clippy  rex    0      5 min ago',
        '',
      ].join('\n'),
    );
  });

  it('shortens to a narrow terminal, colours there, and does neither with NO_COLOR or in a pipe', async () => {
    await addSeed(store, { remediation: makeRemediation({ branch: 'feature/a-very-long-name-that-does-not-fit' }) });
    const terminal = await run(['remediations', 'list'], { isTTY: true, columns: 80 });
    expect(terminal.stdout).toContain('\u001b[36mReceived');
    const noColour = await run(['remediations', 'list'], { isTTY: true, columns: 80, env: { NO_COLOR: '1' } });
    expect(noColour.stdout).not.toContain('\u001b');
    for (const line of noColour.stdout.split('\n')) expect([...line].length).toBeLessThanOrEqual(80);
    expect(noColour.stdout).toContain('…');
    const pipe = await run(['remediations', 'list']);
    expect(pipe.stdout).toContain('feature/a-very-long-name-that-does-not-fit');
    expect(pipe.stdout).not.toContain('\u001b');
  });

  it('prints one JSON document a line, over more than one page', async () => {
    for (let n = 1; n <= 205; n += 1) {
      await addSeed(store, { remediation: makeRemediation({ id: ulid(n), taskId: `ci-${n}`, subjectKey: `k${n}` }) });
    }
    const { stdout } = await run(['remediations', 'list', '--limit', '203', '--json']);
    const tasks = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line).task_id);
    expect(tasks).toHaveLength(203);
    expect(new Set(tasks).size).toBe(203);
    expect(tasks[0]).toBe('ci-205');
  });

  it('passes filters on', async () => {
    await addSeed(store, { remediation: makeRemediation() });
    expect((await run(['remediations', 'list', '--repo', 'acme/none'])).stdout).toBe('No remediation matches.\n');
    const all = ['--phase', 'live', '--repo', 'acme/shop', '--branch', 'feature/cart-totals', '--agent', 'rex'];
    const more = ['--failure-type', 'rust_clippy', '--since', '2026-03-14'];
    expect((await run(['remediations', 'list', ...all, ...more])).stdout).toContain('ci-16204417720');
  });

  it('ends with 2 when a filter cannot be', async () => {
    const { code, stderr } = await run(['remediations', 'list', '--phase', 'broken']);
    expect(code).toBe(2);
    expect(stderr).toContain('at phase');
    expect((await run(['remediations', 'list', '--limit', 'many'])).code).toBe(2);
    expect((await run(['remediations', 'list', '--colour'])).code).toBe(2);
  });
});

describe('healer remediations show', () => {
  beforeEach(async () => {
    const report = {
      status: 'fixed' as const,
      summary: 'Done',
      commitSha: '2222222bbbb',
      pullRequestUrl: null,
      usage: null,
    };
    const attempt = makeAttempt({
      outcome: 'ci_still_failing',
      endedAt: NOW,
      report,
      detail: 'Still red: lint (stable).',
    });
    await addSeed(store, {
      remediation: makeRemediation({
        phase: 'escalated',
        endedAt: NOW,
        reason: reason('attempts_spent', 'Nothing helped.\u001b]0;owned\u0007'),
        attempts: [attempt],
      }),
      timeline: [{ at: NOW - MINUTE, phase: 'received', event: 'opened', message: 'It went red.\u001b[2J' }],
      briefs: [makeBrief({ prompt: '# Prompt\u001b[2J\nsecond line' })],
    });
  });

  it('tells what, why, what was tried and what happened', async () => {
    const { code, stdout } = await run(['remediations', 'show', 'ci-16204417720']);
    expect(code).toBe(0);
    expect(stdout).toContain('ci-16204417720  Escalated  a clippy finding');
    expect(stdout).toContain('Nothing helped. attempts_spent');
    expect(stdout).toContain('Rex (rule rust-clippy, 94 % sure)');
    expect(stdout).toContain('  812  error: this expression creates a reference');
    expect(stdout).toMatch(/1 +Rex +still red +2222222b +healer-ci-rex-1a2b3c4d +Still red: lint \(stable\)\./);
    expect(stdout).toContain('2026-03-14 09:29:00  It went red.');
  });

  it('lets nothing through that a terminal would obey', async () => {
    const shown = await run(['remediations', 'show', 'ci-16204417720']);
    const prompt = await run(['remediations', 'show', 'ci-16204417720', '--prompt']);
    expect(shown.stdout).not.toContain('\u001b');
    expect(prompt.stdout).toBe('# Prompt\nsecond line\n');
  });

  it('prints the API’s document as JSON', async () => {
    const { stdout } = await run(['remediations', 'show', ulid(1), '--json']);
    expect(JSON.parse(stdout)).toMatchObject({ task_id: 'ci-16204417720', attempts: [{ number: 1 }] });
  });

  it('ends with 1 and says so when there is none', async () => {
    const { code, stderr } = await run(['remediations', 'show', 'ci-9']);
    expect(code).toBe(1);
    expect(stderr).toBe('There is no remediation ci-9.\n');
  });
});

describe('healer remediations retry, cancel and approve', () => {
  beforeEach(async () => {
    const remediation = makeRemediation({ phase: 'working' });
    await addSeed(store, { remediation });
    answer = async () => ({ kind: 'done', remediation });
  });

  it('retries with guidance in the person’s name', async () => {
    const { code, stdout } = await run([
      'remediations',
      'retry',
      'ci-16204417720',
      '--guidance',
      'use reqwest',
      '--mode',
      'replace',
    ]);
    expect(code).toBe(0);
    expect(stdout).toContain('ci-16204417720: asked to try again. Guidance (replace): use reqwest');
    expect(stdout).toContain(`${url}/remediations/${ulid(1)}`);
    expect(commands[0]?.command).toMatchObject({
      verb: 'retry',
      by: 'ada',
      guidance: { text: 'use reqwest', mode: 'replace' },
    });
  });

  it.each(['cancel', 'approve'] as const)('passes %s on and prints JSON when asked', async (verb) => {
    const { stdout } = await run(['remediations', verb, 'ci-16204417720', '--json']);
    expect(JSON.parse(stdout)).toMatchObject({ command: verb, by: 'ada', remediation: { phase: 'working' } });
    expect(commands[0]?.command).toEqual({ kind: 'person_commanded', verb, by: 'ada' });
  });

  it('ends with 1 and the reason when it is refused', async () => {
    answer = async () => ({ kind: 'refused', detail: 'It has ended as succeeded.' });
    expect(await run(['remediations', 'cancel', 'ci-16204417720'])).toEqual({
      code: 1,
      stdout: '',
      stderr: 'It has ended as succeeded.\n',
    });
  });

  it('ends with 2 for wrong use: no id, an unknown mode, a mode without guidance', async () => {
    expect((await run(['remediations', 'cancel'])).code).toBe(2);
    expect((await run(['remediations', 'retry', 'ci-1', '--mode', 'prepend'])).code).toBe(2);
    expect((await run(['remediations', 'retry', 'ci-16204417720', '--mode', 'replace'])).code).toBe(2);
    expect(commands).toEqual([]);
  });
});

describe('healer pause and resume', () => {
  it('stop and start spending and say what is paused now', async () => {
    expect((await run(['pause', '--repo', 'acme/shop'])).stdout).toBe('Paused by ada: acme/shop\n');
    expect(await isPaused(store.db, 'acme/shop')).toBe(true);
    expect((await run(['pause'])).stdout).toBe('Paused by ada: everywhere\nPaused by ada: acme/shop\n');
    expect((await run(['resume'])).stdout).toBe('Paused by ada: acme/shop\n');
    expect((await run(['resume', '--repo', 'acme/shop'])).stdout).toContain('Nothing is paused');
    expect((await run(['pause', '--repo', 'shop'])).code).toBe(2);
  });
});

describe('healer deliveries', () => {
  it('say what became of one and why', async () => {
    const remediation = makeRemediation();
    await addSeed(store, { remediation });
    const disposition = {
      status: 'accepted' as const,
      dedupStatus: 'existing' as const,
      remediationId: remediation.id,
      reason: reason('same_run', 'Joined ci-16204417720.'),
    };
    await addDelivery(store, { n: 1, externalId: 'guid-a', disposition });
    const { code, stdout } = await run(['deliveries', 'show', 'guid-a']);
    expect(code).toBe(0);
    expect(stdout).toContain('became    joined');
    expect(stdout).toContain(
      'Another event of the same CI run already opened a remediation; this one was joined to it. same_run',
    );
    expect(stdout).toContain('Joined ci-16204417720.');
    expect(JSON.parse((await run(['deliveries', 'show', 'guid-a', '--json'])).stdout)).toMatchObject({
      external_id: 'guid-a',
    });
    expect((await run(['deliveries', 'show', 'nope'])).code).toBe(1);
  });

  it('list the latest with a filter', async () => {
    await addDelivery(store, { n: 1, externalId: 'guid-a' });
    await addDelivery(store, { n: 2, externalId: 'guid-b', disposition: null });
    const { stdout } = await run(['deliveries', 'list', '--status', 'stored']);
    expect(stdout).toMatch(/guid-b +workflow_job +not decided +decision_failed/);
    expect(stdout).not.toContain('guid-a');
    const lines = (await run(['deliveries', 'list', '--json'])).stdout.trimEnd().split('\n');
    expect(lines.map((line) => JSON.parse(line).external_id)).toEqual(['guid-a', 'guid-b']);
  });
});

describe('reaching the service', () => {
  const list = ['remediations', 'list'];

  it('sends the first of several tokens, the read token when there is no other, and none when there is none', async () => {
    await run(list, { env: { HEALER_API_TOKEN: ' a , b ', HEALER_READ_TOKEN: 'c' } });
    await run(list, { env: { HEALER_READ_TOKEN: 'c' } });
    await run(list);
    expect(seenTokens).toEqual(['Bearer a', 'Bearer c', undefined]);
  });

  it('prefers --url to the environment', async () => {
    expect((await run([...list, '--url', `${url}/`], { env: { HEALER_URL: 'http://127.0.0.1:1' } })).code).toBe(0);
  });

  it('ends with 3 when the token is refused, and says what to set', async () => {
    const { code, stderr } = await run(list, { env: { HEALER_API_TOKEN: 'wrong' } });
    expect(code).toBe(3);
    expect(stderr).toContain('The token is not known.');
    expect(stderr).toContain('HEALER_API_TOKEN');
    expect(stderr).not.toContain('wrong');
  });

  it('ends with 1 and a hint when nobody answers', async () => {
    const { code, stderr } = await run(list, { env: { HEALER_URL: 'http://127.0.0.1:1' } });
    expect(code).toBe(1);
    expect(stderr).toContain('Is the service running there?');
    expect(stderr).toContain('HEALER_URL');
  });

  it('ends with 1 when something else answers', async () => {
    const other = fastify();
    other.get('/*', async (_request, reply) => reply.type('text/html').send('<h1>It works</h1>'));
    const address = await other.listen({ host: '127.0.0.1', port: 0 });
    const { code, stderr } = await run(list, { env: { HEALER_URL: address } });
    await other.close();
    expect(code).toBe(1);
    expect(stderr).toContain("not Healer's API");
  });

  it('ends with 2 when the address is not one', async () => {
    expect((await run([...list, '--url', 'localhost:8080'])).code).toBe(2);
  });
});
