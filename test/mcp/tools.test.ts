import { Ajv2020 } from 'ajv/dist/2020.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TOOLS } from '../../src/app/mcp/registry.ts';
import { REPOSITORY, RUST_LOG, STORIES, startWorld, type World } from '../support/world.ts';
import { type Connected, overHttp, overStdio } from './clients.ts';

/** CONTRACT section 7. */
const NAMES = [
  'submit_implementation_task',
  'submit_docs_task',
  'list_remediations',
  'get_remediation',
  'retry_remediation',
  'cancel_remediation',
  'classify_log',
  'explain_event',
  'get_insights',
];
const ACTING = ['submit_implementation_task', 'submit_docs_task', 'retry_remediation', 'cancel_remediation'];

let world: World;
beforeAll(async () => {
  world = await startWorld({ settings: { maxAttempts: 1, readToken: ['a-token-that-may-read'] } });
});
afterAll(() => world.close());

let runs = 0;
/** A remediation of its own whose only attempt did not hold. */
async function escalated(): Promise<string> {
  runs += 1;
  const branch = `feature-${runs}`;
  world.plan({ [branch]: ['fail'] });
  world.commit(branch);
  const { runId } = world.run(branch, { build: 'red' });
  const taskId = `ci-${runId}`;
  await world.eventually(
    async () => (await world.get(`/api/remediations/${taskId}`)).status === 200,
    `${taskId} is there`,
  );
  await world.phase(taskId, 'escalated');
  return taskId;
}

const task = (id: string) => ({
  task_id: id,
  service: 'shop',
  repository_url: REPOSITORY,
  github_app: '5DLabs-Rex',
  prompt: 'Sell things.',
});

describe.each([
  ['streamable HTTP', overHttp],
  ['standard input and output', overStdio],
] as const)('a model that is connected by %s', (transport, connect) => {
  let mcp: Connected;
  beforeAll(async () => {
    mcp = await connect(world.url);
  });
  afterAll(() => mcp.close());
  const id = (name: string) => `${transport.length}-${name}`;

  it('finds every tool of the contract, described well enough to be used', async () => {
    const { tools } = await mcp.client.listTools();
    expect(tools.map(({ name }) => name)).toEqual(NAMES);
    const ajv = new Ajv2020({ strict: false });
    for (const { name, description = '', inputSchema, annotations } of tools) {
      expect(description.length, name).toBeGreaterThan(80);
      expect(() => ajv.compile(inputSchema)).not.toThrow();
      expect(inputSchema['additionalProperties'], name).toBe(false);
      const properties = Object.entries(inputSchema.properties ?? {}) as [string, { description?: string }][];
      expect(properties.length, name).toBeGreaterThan(0);
      expect(annotations?.readOnlyHint, name).toBe(!ACTING.includes(name));
      expect(annotations?.destructiveHint, name).toBe(name === 'cancel_remediation');
    }
    expect(mcp.client.getInstructions()).toContain('retry_remediation');
    expect(mcp.client.getServerVersion()).toMatchObject({ name: 'healer' });
  });

  it.each([
    ['submit_implementation_task', 'implementation', 'healer-task-rex-'],
    ['submit_docs_task', 'documentation', 'healer-docs-rex-'],
  ])('%s starts one run and echoes every effective input', async (name, runType, prefix) => {
    world.plan({ [id(runType)]: ['say-no-change'] });
    const given = task(id(runType));
    const { isError, text, structured } = await mcp.call(name, given);
    expect(isError, text).toBe(false);
    expect(structured).toMatchObject({
      run_type: runType,
      inputs: {
        run_type: runType,
        branch: expect.stringContaining('healer/'),
        agent: 'rex',
        model: 'claude-opus-4-5-20251101',
        tool_config: 'default',
        context_version: 1,
        by: 'an MCP client',
      },
    });
    expect(structured.name).toContain(prefix);
    expect(text).toContain(structured.name);
    expect(text).toContain('nothing is done yet');
    const again = await mcp.call(name, given);
    expect(again).toMatchObject({ isError: true, text: expect.stringContaining(structured.name) });
    expect(again.text).toContain('prompt_modification');
  });

  it('list_remediations and get_remediation tell what is broken', STORIES, async () => {
    const taskId = await escalated();
    const { structured, text } = await mcp.call('list_remediations', { phase: 'escalated', repository: REPOSITORY });
    expect(structured.remediations.map((one: { task_id: string }) => one.task_id)).toContain(taskId);
    expect(structured.filter).toEqual({ repository: REPOSITORY, phase: 'escalated', limit: 20 });
    expect(text).toContain(`${taskId}: escalated, rust_build`);
    const one = await mcp.call('get_remediation', { id: taskId });
    expect(one.structured).toMatchObject({ task_id: taskId, phase: 'escalated', included: ['timeline'] });
    expect(one.structured.attempts).toHaveLength(1);
    expect(one.structured.evidence.classification.failure_type).toBe('rust_build');
    expect(one.structured).not.toHaveProperty('prompt');
    const more = await mcp.call('get_remediation', { id: taskId, include: ['prompt', 'evidence'] });
    expect(more.structured.prompt).toContain('E0308');
    expect(more.structured.evidence.findings.length).toBeGreaterThan(0);
    expect(more.structured).not.toHaveProperty('timeline');
  });

  it('retry_remediation hands a person’s words to the next attempt in one call', STORIES, async () => {
    const failed = await escalated();
    // “The task failed, it chose the wrong HTTP client, retry with that guidance.”
    const guidance = 'The last attempt chose the wrong HTTP client: use the one in src/http.rs.';
    world.plan({ [`${failed}-r1`]: ['commit'] });
    const { isError, structured, text } = await mcp.call('retry_remediation', { id: failed, guidance, by: 'ada' });
    expect(isError, text).toBe(false);
    expect(structured).toMatchObject({ command: 'retry', by: 'ada', guidance, mode: 'append' });
    const next = structured.remediation.task_id;
    expect(next).toBe(`${failed}-r1`);
    await world.agentPushed(next);
    const prompt = await world.prompt(next);
    expect(prompt).toContain(guidance);
    const { name } = (await world.codeRuns()).find(({ task: of }) => of === next) ?? { name: '' };
    // What the agent itself was given, not only what the page shows.
    expect((await world.service.engine.get(name))?.spec.prompt).toContain(guidance);
    await mcp.call('cancel_remediation', { id: next });
  });

  it('retry_remediation takes a task of one’s own by its id', STORIES, async () => {
    const taskId = id('again');
    world.plan({ [taskId]: ['fail', 'say-no-change'] });
    const { name } = (await mcp.call('submit_implementation_task', task(taskId))).structured;
    await world.eventually(async () => {
      const { body } = await world.get(`/api/coderuns/${name}`);
      return body.ended_as === 'failed';
    }, 'the first attempt has failed');
    const guidance = 'It chose the wrong HTTP client.';
    const again = await world.eventually(async () => {
      const answer = await mcp.call('retry_remediation', { id: taskId, guidance });
      return !answer.isError && answer;
    }, 'the end of the first attempt is known');
    expect(again.structured).toMatchObject({ attempt: 2, inputs: { prompt_modification: guidance } });
    const codeRun = await world.service.engine.get(again.structured.name);
    expect(codeRun?.spec.promptModification).toBe(guidance);
  });

  it('retry_remediation takes the id as well, and guidance that replaces', STORIES, async () => {
    const failed = await world.find(await escalated());
    const answer = await mcp.call('retry_remediation', {
      id: failed.id,
      guidance: 'Only update the lock file.',
      mode: 'replace',
    });
    expect(answer.structured).toMatchObject({ mode: 'replace', remediation: { task_id: `${failed.taskId}-r1` } });
    await mcp.call('cancel_remediation', { id: answer.structured.remediation.id });
  });

  it('cancel_remediation stops it, once', STORIES, async () => {
    runs += 1;
    const branch = `feature-${runs}`;
    world.plan({ [branch]: ['wait then commit'] });
    world.commit(branch);
    const taskId = `ci-${world.run(branch, { build: 'red' }).runId}`;
    await world.agentAtWork(taskId);
    const { structured } = await mcp.call('cancel_remediation', { id: taskId, by: 'ada' });
    expect(structured).toMatchObject({ command: 'cancel', by: 'ada', remediation: { phase: 'cancelled' } });
    const again = await mcp.call('cancel_remediation', { id: taskId });
    expect(again).toMatchObject({ isError: true, text: expect.stringContaining('has ended as cancelled') });
  });

  it('classify_log says what broke, who repairs it, and why', async () => {
    const { structured, text } = await mcp.call('classify_log', { log: RUST_LOG, job: 'build' });
    expect(structured).toMatchObject({
      agent: 'rex',
      failure_type: 'rust_build',
      inputs: { job: 'build', max_lines: 150 },
    });
    expect(structured.evidence[0]).toMatchObject({ line: expect.any(Number), text: expect.stringContaining('E0308') });
    expect(text).toContain("rex's to repair");
  });

  it('explain_event says what would happen, and why', async () => {
    const event = {
      action: 'completed',
      workflow_run: {
        id: 4711,
        name: 'CI',
        head_branch: 'main',
        head_sha: 'a'.repeat(40),
        conclusion: 'failure',
        status: 'completed',
        event: 'push',
        run_attempt: 1,
        html_url: 'https://github.com/acme/shop/actions/runs/4711',
        pull_requests: [],
      },
      repository: { full_name: REPOSITORY, name: 'shop', owner: { login: 'acme' }, default_branch: 'main' },
      sender: { login: 'ada', type: 'User' },
    };
    const { structured, text, isError } = await mcp.call('explain_event', {
      event,
      event_type: 'workflow_run',
      log: RUST_LOG,
    });
    expect(isError, text).toBe(false);
    expect(structured).toMatchObject({ status: 'accepted', agent: 'rex', task_id: 'ci-4711' });
    expect(text).toContain('It would be accepted');
    const unknown = await mcp.call('explain_event', { event: { hello: 1 }, event_type: 'workflow_run' });
    expect(unknown).toMatchObject({ isError: true, text: expect.stringContaining('cannot be used') });
  });

  it('get_insights measures', async () => {
    const { structured } = await mcp.call('get_insights', { days: 7 });
    expect(structured.inputs).toEqual({ days: 7 });
    expect(Object.keys(structured.targets)).toContain('escalated');
  });

  it.each([
    ['get_remediation', { id: 'ci-999' }, /no remediation ci-999[\s\S]*list_remediations/],
    ['retry_remediation', { id: 'ci-999', guidance: 'x' }, /no remediation ci-999/],
    ['retry_remediation', { id: 'ci-1', mode: 'append' }, /mode: says how guidance is used/],
    ['retry_remediation', {}, /- id: .*\n.*It takes: id, guidance, mode, by/],
    ['list_remediations', { phase: 'broken' }, /- phase: /],
    ['list_remediations', { cursor: 'no cursor!' }, /cursor/],
    [
      'submit_implementation_task',
      { ...task('x'), github_app: undefined },
      /github_app.*give github_app or github_user/,
    ],
    ['submit_docs_task', { ...task('x'), service: 'Not One', task_id: '/' }, /- task_id: [\s\S]*- service: /],
    ['submit_docs_task', { ...task('x'), local_tools: ['hammer'] }, /names hammer; known are filesystem/],
    ['classify_log', {}, /- log: /],
    ['get_insights', { days: 0 }, /- days: /],
    ['no_such_tool', {}, /There are: submit_implementation_task/],
  ] as const)('%s with %j says what to do instead', async (name, given, words) => {
    const { isError, text } = await mcp.call(name, given);
    expect(isError).toBe(true);
    expect(text).toMatch(words);
    expect(text).not.toMatch(/\n\s+at |node_modules|ZodError/);
  });
});

describe('a model with the token that may only read', () => {
  it.each([
    ['streamable HTTP', overHttp],
    ['standard input and output', overStdio],
  ] as const)('reads over %s, and is told why it may not act', STORIES, async (_transport, connect) => {
    const mcp = await connect(world.url, 'a-token-that-may-read');
    try {
      expect((await mcp.call('list_remediations')).isError).toBe(false);
      expect((await mcp.call('get_insights')).isError).toBe(false);
      for (const name of ACTING) {
        const given = name.startsWith('submit') ? task('never') : { id: 'ci-1' };
        const { isError, text } = await mcp.call(name, given);
        expect(isError, name).toBe(true);
        expect(text, name).toContain('HEALER_API_TOKEN');
      }
      expect(
        await world.service.store.db
          .selectFrom('task_runs')
          .select('name')
          .where('inputs', 'like', '%never%')
          .execute(),
      ).toEqual([]);
    } finally {
      await mcp.close();
    }
  });
});

describe('the registry', () => {
  it('is the contract’s list', () => {
    expect(TOOLS.map(({ name }) => name)).toEqual(NAMES);
  });
});
