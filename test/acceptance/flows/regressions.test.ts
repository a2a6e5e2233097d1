import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { STORIES, startWorld, type World } from '../../support/world.ts';

describe.concurrent('a repair that is only half of one', STORIES, () => {
  let world: World;
  beforeAll(async () => {
    world = await startWorld({ settings: { maxAttempts: 2 } });
    world.plan({ '*': ['commit'] });
  });
  afterAll(() => world.close());

  async function repaired(branch: string) {
    world.commit(branch);
    const { runId } = world.run(branch, { build: 'red', test: 'green' });
    const task = `ci-${runId}`;
    await world.phase(task, 'verifying');
    return task;
  }

  it('makes the red check green and breaks another one: no success', async () => {
    const task = await repaired('topic-breaks');
    world.run('topic-breaks', { build: 'green', test: 'red' });
    const retried = await world.phase(task, 'verifying', 2);
    expect(retried.attempts[0]).toMatchObject({ outcome: 'ci_still_failing', stillRed: ['test'] });
    expect(await world.prompt(task)).toContain('Still red after it: `test`');
    world.run('topic-breaks', { build: 'green', test: 'green' });
    expect((await world.ended(task)).phase).toBe('succeeded');
  });

  it('breaks a check of another workflow: no success', async () => {
    const task = await repaired('topic-elsewhere');
    world.run('topic-elsewhere', { docs: 'red' }, { workflowName: 'Docs', workflowPath: '.github/workflows/docs.yml' });
    const retried = await world.phase(task, 'verifying', 2);
    expect(retried.attempts[0]).toMatchObject({ outcome: 'ci_still_failing', stillRed: ['docs'] });
    world.run('topic-elsewhere', { build: 'green', test: 'green' });
    world.run(
      'topic-elsewhere',
      { docs: 'green' },
      { workflowName: 'Docs', workflowPath: '.github/workflows/docs.yml' },
    );
    expect((await world.ended(task)).phase).toBe('succeeded');
  });

  it('is green where it was red while a job beside it still runs: nothing is said before that one has ended', async () => {
    const task = await repaired('topic-early');
    const { runId } = world.run('topic-early', { build: 'green', test: 'running' });
    await world.looksAtChecks('topic-early', 2);
    expect((await world.find(task)).phase).toBe('verifying');
    world.finish(runId, { test: 'red' });
    const retried = await world.phase(task, 'verifying', 2);
    expect(retried.attempts[0]).toMatchObject({ outcome: 'ci_still_failing', stillRed: ['test'] });
    const again = world.run('topic-early', { build: 'green', test: 'running' });
    world.finish(again.runId, { test: 'green' });
    expect((await world.ended(task)).phase).toBe('succeeded');
  });

  it('turns out to be one when a slower workflow ends red on the same commit: its attempts count on', async () => {
    const slow = { workflowName: 'Slow', workflowPath: '.github/workflows/slow.yml' };
    const task = await repaired('topic-slow');
    world.run('topic-slow', { build: 'green', test: 'green' });
    const first = await world.ended(task);
    expect(first.phase).toBe('succeeded');
    const late = world.run('topic-slow', { e2e: 'red' }, slow);
    const second = await world.phase(`ci-${late.runId}`, 'verifying');
    expect([second.lineageId, second.attemptsBefore]).toEqual([first.lineageId, 1]);
    expect(second.attempts.map(({ number, ordinal }) => [number, ordinal])).toEqual([[2, 2]]);
    world.run('topic-slow', { e2e: 'red' }, slow);
    const ended = await world.ended(second.id);
    expect([ended.phase, ended.reason?.code]).toEqual(['escalated', 'attempts_spent']);
  });

  it('leaves a job that was skipped beside it out of account', async () => {
    const task = await repaired('topic-skipped');
    world.run('topic-skipped', { build: 'green', deploy: 'skipped' });
    const ended = await world.ended(task);
    expect([ended.phase, ended.reason?.code]).toEqual(['succeeded', 'fixed']);
  });

  it('leaves out of account a job that its workflow lets fail', async () => {
    world.commit('topic-tolerated');
    const { runId } = world.run('topic-tolerated', { build: 'red', experiment: 'red' });
    const task = `ci-${runId}`;
    const { failedChecks } = await world.phase(task, 'verifying');
    expect(failedChecks.map(({ name }) => name).sort()).toEqual(['build', 'experiment']);
    const after = world.run('topic-tolerated', { build: 'green', experiment: 'red' }, { announce: false });
    // `continue-on-error`: the job is red, its run is not.
    for (const run of world.gh.state.runs) if (run.id === after.runId) run.conclusion = 'success';
    const ended = await world.ended(task);
    expect([ended.phase, ended.reason?.code]).toEqual(['succeeded', 'fixed']);
  });

  it('does not wait for another workflow that nobody finishes', async () => {
    const task = await repaired('topic-others');
    world.run(
      'topic-others',
      { nightly: 'running' },
      { workflowName: 'Nightly', workflowPath: '.github/workflows/n.yml' },
    );
    world.run('topic-others', { build: 'green', test: 'green' });
    expect((await world.ended(task)).phase).toBe('succeeded');
  });

  it('knows every job that was red at the start, however many events told of it', async () => {
    world.commit('topic-many');
    const jobs = Object.fromEntries(Array.from({ length: 12 }, (_, index) => [`job ${index}`, 'red' as const]));
    const { runId } = world.run('topic-many', jobs);
    const task = `ci-${runId}`;
    const verifying = await world.phase(task, 'verifying');
    expect(verifying.failedChecks.map(({ name }) => name).sort()).toEqual(Object.keys(jobs).sort());
    const green = Object.fromEntries(Object.keys(jobs).map((name) => [name, 'green' as const]));
    world.run('topic-many', { ...green, 'job 7': 'red' });
    const retried = await world.phase(task, 'verifying', 2);
    expect(retried.attempts[0]?.stillRed).toEqual(['job 7']);
    world.run('topic-many', green);
    expect((await world.ended(task)).phase).toBe('succeeded');
    expect((await world.all()).filter(({ branch }) => branch === 'topic-many')).toHaveLength(1);
  });
});
