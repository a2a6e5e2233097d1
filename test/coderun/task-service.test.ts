import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createLog } from '../../src/app/log.ts';
import { tendTaskRuns } from '../../src/app/task-ends.ts';
import { inWorld, REPOSITORY, STORIES, startWorld, type World } from '../support/world.ts';

let world: World;
beforeAll(async () => {
  world = await startWorld({ webhooks: false });
  world.plan({ '*': ['commit'] });
});
afterAll(() => world.close());

let tasks = 0;
/** A submission of its own for each test. */
const submission = (more: Record<string, unknown> = {}) => {
  tasks += 1;
  return {
    task_id: `t${tasks}`,
    service: 'shop',
    repository_url: REPOSITORY,
    github_app: '5DLabs-Rex',
    prompt: 'Sell things.',
    by: 'ada',
    ...more,
  };
};
const submit = (body: Record<string, unknown>) => world.post('/api/coderuns', body);
const show = async (name: string) => (await world.get(`/api/coderuns/${name}`)).body;
const ended = (name: string) =>
  world.eventually(async () => {
    const view = await show(name);
    return view.ended_as === null || (await isReported(name)) ? view.ended_as !== null && view : null;
  }, `${name} has ended`);
const isReported = async (name: string) => {
  const row = await world.service.store.db
    .selectFrom('task_runs')
    .select('live')
    .where('name', '=', name)
    .executeTakeFirst();
  return row?.live === 0;
};

describe('a task of one’s own', STORIES, () => {
  it('is worked on, and ends with a pull request, its output and every input it had', async () => {
    const given = submission({ acceptance_criteria: '- it sells' });
    const { status, body } = await submit(given);
    expect(status).toBe(201);
    expect(body.name).toMatch(/^healer-task-rex-[0-9a-f]{8}$/);
    expect(body.inputs).toMatchObject({
      run_type: 'implementation',
      task_id: given.task_id,
      repository: REPOSITORY,
      branch: `healer/shop-${given.task_id}`,
      working_directory: '.',
      docs_branch: 'main',
      github_app: '5DLabs-Rex',
      agent: 'rex',
      cli: 'command',
      model: 'claude-opus-4-5-20251101',
      tool_config: 'default',
      context_version: 1,
      continue_session: false,
      prompt_mode: 'append',
      timeout_minutes: 120,
      by: 'ada',
    });
    expect(body.inputs.prompt).toContain('Sell things.');
    await ended(body.name);
    const view = await world.eventually(async () => {
      const now = await show(body.name);
      return now.pull_request_url !== null && now;
    }, 'the pull request is open');
    expect(view).toMatchObject({
      phase: 'Succeeded',
      live: false,
      ended_as: 'succeeded',
      remediation: null,
      result: { status: 'fixed', summary: 'Wrote repair-1.txt.' },
      commit_sha: world.headOf(`healer/shop-${given.task_id}`),
    });
    expect(view.output_tail).toContain('healer: pushed');
    const pulls = world.gh.state.pulls.filter(({ headRef }) => headRef === `healer/shop-${given.task_id}`);
    expect(pulls).toHaveLength(1);
    expect(pulls[0]).toMatchObject({ title: `Implement task ${given.task_id} of shop`, baseRef: 'main' });
    expect(await world.all()).toEqual([]);
  });

  it('is the same one when it is submitted again, whatever became of it', async () => {
    const given = submission();
    const first = await submit(given);
    const again = await submit({ ...given, by: 'somebody else' });
    expect(again).toMatchObject({ status: 409, body: { status: 409, coderun: { name: first.body.name } } });
    expect(again.body.detail).toContain(first.body.name);
    await ended(first.body.name);
    expect((await submit(given)).status).toBe(409);
    const other = await submit({ ...given, model: 'another' });
    expect(other.status).toBe(409);
    expect(other.body.detail).toMatch(/prompt_modification.*context_version 2/);
  });

  it('is submitted once when many submit it at the same moment', async () => {
    const given = submission();
    const answers = await Promise.all(Array.from({ length: 8 }, () => submit(given)));
    expect(answers.map(({ status }) => status).toSorted()).toEqual([201, ...Array.from({ length: 7 }, () => 409)]);
    expect(new Set(answers.map(({ body }) => body.name ?? body.coderun.name)).size).toBe(1);
  });

  it('is tried again with what should be different, on the same branch', async () => {
    const given = submission();
    world.plan({ [given.task_id]: ['fail', 'commit'] });
    const first = (await submit(given)).body.name;
    const words = { prompt_modification: 'Use the other HTTP client.', continue_session: true };
    expect((await ended(first)).ended_as).toBe('failed');
    const second = await submit({ ...given, ...words });
    expect(second.status).toBe(201);
    expect(second.body.inputs).toMatchObject({ context_version: 2, continue_session: true, prompt_mode: 'append' });
    expect(second.body.attempt).toBe(2);
    expect((await ended(second.body.name)).ended_as).toBe('succeeded');
    const codeRun = await world.service.engine.get(second.body.name);
    expect(codeRun?.spec.promptModification).toBe('Use the other HTTP client.');
    expect((await submit({ ...given, ...words })).status).toBe(409);
  });

  it('is tried again by its task id, or by the name of a run, with words alone', async () => {
    const given = submission({ acceptance_criteria: '- it sells' });
    world.plan({ [given.task_id]: ['fail', 'fail', 'commit'] });
    const first = (await submit(given)).body.name;
    await ended(first);
    const guidance = 'It chose the wrong HTTP client.';
    const second = await world.post(`/api/coderuns/${given.task_id}/retry`, { guidance, by: 'ada' });
    expect(second).toMatchObject({
      status: 201,
      body: { attempt: 2, inputs: { prompt_modification: guidance, continue_session: true, by: 'ada' } },
    });
    expect(second.body.inputs.acceptance_criteria).toBe('- it sells');
    await ended(second.body.name);
    const third = await world.post(`/api/coderuns/${first}/retry`);
    expect(third).toMatchObject({ status: 201, body: { attempt: 3, inputs: { prompt_modification: null } } });
    const meanwhile = await world.post(`/api/coderuns/${first}/retry`);
    expect(meanwhile.status).toBe(409);
    expect((await ended(third.body.name)).ended_as).toBe('succeeded');
    expect((await world.post('/api/coderuns/nobody/retry')).status).toBe(404);
  });

  it('is asked for by its run when several tasks are called the same', async () => {
    const given = submission();
    await ended((await submit(given)).body.name);
    await ended((await submit({ ...given, service: 'till' })).body.name);
    const answer = await world.post(`/api/coderuns/${given.task_id}/retry`, { guidance: 'x' });
    expect(answer).toMatchObject({ status: 409, body: { detail: expect.stringContaining('Name the run') } });
  });

  it('cannot be tried again while it is under way, and can be cancelled', async () => {
    const given = submission();
    world.plan({ [given.task_id]: ['wait then commit'] });
    const first = (await submit(given)).body.name;
    await world.eventually(async () => (await show(first)).phase === 'Running', 'the agent runs');
    const retry = await submit({ ...given, prompt_modification: 'Hurry.' });
    expect(retry).toMatchObject({ status: 409, body: { detail: expect.stringContaining('cancel it first') } });
    const cancelled = await world.post(`/api/coderuns/${first}/cancel`, { by: 'ada' });
    expect(cancelled).toMatchObject({ status: 200, body: { name: first, cancel_requested: true } });
    expect((await ended(first)).ended_as).toBe('cancelled');
    const again = await world.post(`/api/coderuns/${first}/cancel`);
    expect(again).toMatchObject({ status: 409, body: { detail: expect.stringContaining('has ended') } });
  });

  it('keeps its output when the workspace is gone', async () => {
    const { name } = (await submit(submission())).body;
    await ended(name);
    const codeRun = await world.service.engine.get(name);
    await world.eventually(async () => {
      await world.service.engine.cleanUp(codeRun as never).catch(() => {});
      return (await world.service.engine.output(name, 10)) === null;
    }, 'the workspace is gone');
    expect((await show(name)).output_tail).toContain('healer: pushed');
  });

  it('may write documentation', async () => {
    const given = submission({ run_type: 'documentation' });
    const { body } = await submit(given);
    expect(body.name).toMatch(/^healer-docs-rex-/);
    expect(body.inputs.branch).toBe(`healer/docs-shop-${given.task_id}`);
    expect((await ended(body.name)).ended_as).toBe('succeeded');
  });

  it('does not reach a remediation whose task id it borrows', async () => {
    const { body } = await submit(submission({ task_id: 'ci-1' }));
    expect((await ended(body.name)).remediation).toBeNull();
    expect(await world.all()).toEqual([]);
  });
});

describe('a submission that cannot be used', STORIES, () => {
  const faults = async (more: Record<string, unknown>) => {
    const { status, body } = await submit(submission(more));
    return { status, paths: body.errors?.map(({ path }: { path: string }) => path) };
  };

  it.each([
    [{ task_id: '../x' }, ['task_id']],
    [{ service: 'Not A Name' }, ['service']],
    [{ repository_url: 'no repository' }, ['repository_url']],
    [{ branch: '-x', working_directory: '../..' }, ['branch', 'working_directory']],
    [{ github_app: undefined }, ['github_app']],
    [{ github_user: 'ada' }, ['github_user']],
    [{ prompt_mode: 'replace' }, ['prompt_mode']],
    [{ continue_session: true, fresh_workspace: true }, ['fresh_workspace']],
    [{ tool_config: 'minimal', local_tools: 'memory' }, ['tool_config']],
    [{ local_tools: 'memory, hammer' }, ['local_tools']],
    [{ remote_tools: ['search'] }, ['remote_tools']],
    [{ cli: 'claude' }, ['cli']],
    [{ unknown_field: 1 }, ['']],
  ])('is refused with every fault named: %j', async (more, paths) => {
    expect(await faults(more)).toEqual({ status: 400, paths });
  });

  it('needs the token that may write', async () => {
    const answer = await world.post('/api/coderuns', submission(), { authorization: 'Bearer wrong' });
    expect(answer.status).toBe(401);
  });

  it('is told when there is no such CodeRun', async () => {
    expect((await world.get('/api/coderuns/healer-task-rex-00000000')).status).toBe(404);
    expect((await world.post('/api/coderuns/healer-task-rex-00000000/cancel')).status).toBe(404);
  });
});

describe('what holds tasks back', STORIES, () => {
  it.each([
    ['shadow', 'shadow mode'],
    ['paused', 'paused by its settings'],
  ])('mode %s', (mode, words) =>
    inWorld({ webhooks: false, settings: { mode } }, async (other) => {
      const answer = await other.post('/api/coderuns', submission());
      expect(answer).toMatchObject({ status: 409, body: { detail: expect.stringContaining(words) } });
      expect(await other.codeRuns()).toEqual([]);
    }),
  );

  it('a pause, repositories that are not allowed, and limits', () =>
    inWorld({ webhooks: false, settings: { maxConcurrentCodeRuns: 1, repositories: ['acme/*'] } }, async (other) => {
      other.plan({ '*': ['wait then commit'] });
      const elsewhere = await other.post('/api/coderuns', submission({ repository_url: 'evil/shop' }));
      expect(elsewhere.status).toBe(403);
      await other.post('/api/pause', {});
      const paused = await other.post('/api/coderuns', submission());
      expect(paused).toMatchObject({ status: 409, body: { detail: expect.stringContaining('healer resume') } });
      await other.post('/api/resume', {});
      expect((await other.post('/api/coderuns', submission())).status).toBe(201);
      const busy = await other.post('/api/coderuns', submission());
      expect(busy).toMatchObject({ status: 429, body: { detail: expect.stringContaining('maxConcurrentCodeRuns') } });
    }));

  it('counts against what remediations may run at the same time', () =>
    inWorld({ settings: { maxConcurrentCodeRuns: 1 } }, async (other) => {
      other.plan({ '*': ['wait then commit'] });
      const { name } = (await other.post('/api/coderuns', submission())).body;
      const run = other.run('feature', { build: 'red' });
      await other.phase(`ci-${run.runId}`, 'deferred');
      await other.post(`/api/coderuns/${name}/cancel`);
      await other.phase(`ci-${run.runId}`, 'working');
    }));

  it('nothing that was accepted before a crash is lost', () =>
    inWorld({ webhooks: false }, async (other) => {
      other.plan({ '*': ['commit'] });
      const { name } = (await other.post('/api/coderuns', submission())).body;
      await other.eventually(
        async () => (await other.get(`/api/coderuns/${name}`)).body.ended_as !== null,
        'it has ended',
      );
      // As if the process had died between writing the row and creating the CodeRun.
      const { db } = other.service.store;
      await db.deleteFrom('coderuns').where('name', '=', name).execute();
      await db.updateTable('task_runs').set({ live: 1, created: 0 }).where('name', '=', name).execute();
      other.plan({ '*': ['say-no-change'] });
      await other.restart();
      await other.eventually(
        async () => (await other.get(`/api/coderuns/${name}`)).body.ended_as === 'succeeded',
        'done',
      );
    }));

  it('nothing is held back by a CodeRun that somebody deleted', () =>
    inWorld({ webhooks: false }, async (other) => {
      const { store, engine } = other.service;
      const { name } = (await other.post('/api/coderuns', submission())).body;
      await other.eventually(
        async () => (await other.get(`/api/coderuns/${name}`)).body.ended_as !== null,
        'it has ended',
      );
      await store.db.deleteFrom('coderuns').where('name', '=', name).execute();
      await store.db.updateTable('task_runs').set({ live: 1, how: null }).where('name', '=', name).execute();
      const look = (at: number) => tendTaskRuns({ store, engine, clock: () => at, log: createLog('silent') });
      const row = () => store.db.selectFrom('task_runs').selectAll().where('name', '=', name).executeTakeFirstOrThrow();
      await look(Date.now());
      expect(await row()).toMatchObject({ live: 1 });
      await look(Date.now() + 11 * 60_000);
      expect(await row()).toMatchObject({ live: 0, how: 'infrastructure' });
      expect(await engine.get(name)).toBeNull();
    }));
});
