import { type FastifyInstance, fastify } from 'fastify';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { registerTask } from '../../src/cli/task.ts';
import { problem } from '../../src/lib/problem.ts';
import { codeRunView } from './coderun-view.ts';
import { runCommand } from './terminal.ts';

let app: FastifyInstance;
let url: string;
let asked: { url: string; body: unknown }[];
let answers: { status: number; body: unknown }[];

beforeEach(async () => {
  asked = [];
  answers = [];
  app = fastify();
  app.all('*', async (request, reply) => {
    asked.push({ url: request.url, body: request.body });
    const { status, body } =
      answers.length > 1 ? answers.shift()! : (answers[0] ?? { status: 200, body: codeRunView() });
    return reply.code(status).send(body);
  });
  url = await app.listen({ host: '127.0.0.1', port: 0 });
});
afterEach(() => app.close());

const run = (...args: string[]) =>
  runCommand(
    (program, context) => registerTask(program, context, { clock: () => Date.parse('2026-01-01T01:00:00Z') }),
    ['task', ...args],
    {
      env: { HEALER_URL: url, USER: 'ada' },
    },
  );
const SUBMIT = ['submit', '--task', '7', '--service', 'shop', '--repo', 'acme/shop', '--github-app', '5DLabs-Rex'];

describe('healer task submit', () => {
  it('sends what was said, and prints the name and what took effect', async () => {
    const inputs = {
      run_type: 'implementation',
      model: 'the-model',
      local_tools: ['memory', 'git'],
      acceptance_criteria: null,
    };
    answers = [{ status: 201, body: codeRunView({ inputs: inputs as never }) }];
    const { code, stdout } = await run(
      ...SUBMIT,
      '--local-tools',
      'memory,git',
      '--fresh-workspace',
      '--timeout-minutes',
      '30',
    );
    expect(code).toBe(0);
    expect(asked[0]).toEqual({
      url: '/api/coderuns',
      body: {
        run_type: 'implementation',
        task_id: '7',
        service: 'shop',
        repository_url: 'acme/shop',
        github_app: '5DLabs-Rex',
        local_tools: 'memory,git',
        fresh_workspace: true,
        timeout_minutes: 30,
        by: 'ada',
      },
    });
    expect(stdout).toContain('healer-task-rex-1a2b3c4d was accepted as attempt 1');
    expect(stdout).toMatch(/local_tools +memory, git/);
    expect(stdout).toMatch(/acceptance_criteria +–/);
    expect(stdout).toContain('healer task show healer-task-rex-1a2b3c4d');
  });

  it('reads a text from a file when it begins with @', async () => {
    expect((await run(...SUBMIT, '--prompt', `@${import.meta.filename}`)).code).toBe(0);
    expect(asked[0]?.body).toMatchObject({ prompt: expect.stringContaining('reads a text from a file') });
    const missing = await run(...SUBMIT, '--prompt', '@/no/such/file');
    expect(missing).toMatchObject({ code: 1, stderr: expect.stringContaining('/no/such/file cannot be read') });
  });

  it('prints one document with --json', async () => {
    const { stdout } = await run(...SUBMIT, '--json');
    expect(JSON.parse(stdout)).toMatchObject({ name: 'healer-task-rex-1a2b3c4d' });
  });

  it('says which run there is when it was submitted before', async () => {
    answers = [{ status: 409, body: problem(409, 'The same was submitted before: it is healer-task-rex-1a2b3c4d.') }];
    const { code, stderr } = await run(...SUBMIT);
    expect(code).toBe(1);
    expect(stderr).toContain('healer-task-rex-1a2b3c4d');
  });

  it('names every fault, as wrong use', async () => {
    const faults = [
      { path: 'service', message: 'takes lower-case letters' },
      { path: 'branch', message: 'is not a branch name' },
    ];
    answers = [
      {
        status: 400,
        body: problem(400, 'The body is not of the right shape at service: takes lower-case letters.', faults),
      },
    ];
    const { code, stderr } = await run(...SUBMIT);
    expect(code).toBe(2);
    expect(stderr).toContain('Also: branch is not a branch name.');
  });

  it('asks for what must be given', async () => {
    const { code, stderr } = await run('submit', '--task', '7');
    expect(code).toBe(2);
    expect(stderr).toContain('--service');
  });
});

describe('healer task show', () => {
  it('tells where it stands, what it cost and how its output ended', async () => {
    const { code, stdout } = await run('show', 'healer-task-rex-1a2b3c4d');
    expect(code).toBe(0);
    expect(stdout).toMatch(/state +Succeeded \(succeeded\)/);
    expect(stdout).toMatch(/for +task 7, attempt 1/);
    expect(stdout).toMatch(/pull request +https:\/\/github.com\/acme\/shop\/pull\/9/);
    expect(stdout).toMatch(/used +1200 in, 34 out, \$0.50/);
    expect(stdout).toContain('  healer: pushed aaaa to healer/shop-7');
  });

  it('gives only what the agent wrote with --output', async () => {
    expect((await run('show', 'x', '--output')).stdout).toBe(`${codeRunView().output_tail}\n`);
  });

  it('waits until it has ended, and says by its exit code how', async () => {
    answers = [
      { status: 200, body: codeRunView({ live: true, phase: 'Running', ended_as: null }) },
      { status: 200, body: codeRunView({ phase: 'Failed', ended_as: 'failed' }) },
    ];
    const { code, stderr } = await run('show', 'healer-task-rex-1a2b3c4d', '--wait');
    expect(asked).toHaveLength(2);
    expect(code).toBe(1);
    expect(stderr).toContain('ended as failed');
  });

  it('tells of a run of a remediation whose it is', async () => {
    answers = [
      { status: 200, body: codeRunView({ remediation: 'ci-1', output_tail: null, result: null, usage: null }) },
    ];
    expect((await run('show', 'healer-ci-rex-1a2b3c4d')).stdout).toMatch(/for +ci-1/);
  });
});

describe('healer task cancel', () => {
  it('asks for it in the person’s name', async () => {
    const { stdout } = await run('cancel', 'healer-task-rex-1a2b3c4d');
    expect(asked).toEqual([{ url: '/api/coderuns/healer-task-rex-1a2b3c4d/cancel', body: { by: 'ada' } }]);
    expect(stdout).toContain('is being cancelled');
  });
});
