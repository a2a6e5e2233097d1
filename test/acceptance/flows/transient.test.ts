import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { RUNNER_LOST_LOG, STORIES, startWorld, type World } from '../../support/world.ts';

const REGISTRY_LOG = [
  '##[group]Run npm ci',
  'npm ci',
  '##[endgroup]',
  'npm error code E503',
  'npm error 503 Service Unavailable - GET https://registry.npmjs.org/left-pad - upstream connect error',
  '##[error]Process completed with exit code 1.',
].join('\n');

describe.concurrent('a failure that looks transient', STORIES, () => {
  let world: World;
  beforeAll(async () => {
    world = await startWorld();
    world.plan({ '*': ['commit'] });
  });
  afterAll(() => world.close());

  const rerunOf = (runId: number) =>
    world.eventually(
      () => world.gh.state.runs.find((run) => run.id === runId && run.attempt === 2),
      `run ${runId} was asked for again`,
    );
  const reruns = (runId: number) =>
    world.gh.recorder.exchanges.filter(({ request }) => request.path.includes(`/runs/${runId}/rerun-failed-jobs`));

  it('is re-run once, and no agent is sent when that makes it green', async () => {
    world.commit('topic-lost');
    const { runId } = world.run('topic-lost', { build: { red: RUNNER_LOST_LOG }, lint: 'green' });
    await rerunOf(runId);
    world.finish(runId, { build: 'green', lint: 'green' });
    const ended = await world.ended(`ci-${runId}`);
    expect([ended.phase, ended.reason?.code]).toEqual(['succeeded', 'green_after_rerun']);
    expect(await world.story(ended.id)).toEqual([
      'received opened',
      'gathering settled',
      'rerunning rerun',
      'succeeded checks_read',
    ]);
    expect(reruns(runId)).toHaveLength(1);
    expect((await world.codeRuns()).filter(({ task }) => task === ended.taskId)).toEqual([]);
  });

  it('is given to an agent when it is red again, and not re-run a second time', async () => {
    world.commit('topic-registry');
    const { runId } = world.run('topic-registry', { install: { red: REGISTRY_LOG } });
    const task = `ci-${runId}`;
    await rerunOf(runId);
    world.finish(runId, { install: { red: REGISTRY_LOG } });
    const { targetBranch } = await world.phase(task, 'verifying');
    expect(targetBranch).toBe('topic-registry');
    world.run('topic-registry', { install: 'green' });
    const ended = await world.ended(task);
    expect([ended.phase, ended.reason?.code]).toEqual(['succeeded', 'fixed']);
    expect(await world.story(task)).toEqual([
      'received opened',
      'gathering settled',
      'rerunning rerun',
      'gathering checks_read',
      'working attempt_started',
      'working coderun_created',
      'verifying coderun_ended',
      'succeeded checks_green',
    ]);
    expect(reruns(runId)).toHaveLength(1);
  });
});
