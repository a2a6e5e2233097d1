import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Plan, STORIES, startWorld, type World } from '../../support/world.ts';

describe.concurrent('what an agent says of itself', STORIES, () => {
  let world: World;
  beforeAll(async () => {
    world = await startWorld({ settings: { maxAttempts: 1 } });
  });
  afterAll(() => world.close());

  async function lifeOf(branch: string, plan: Plan) {
    world.plan({ [branch]: plan });
    world.commit(branch);
    const { runId } = world.run(branch, { build: 'red' });
    return `ci-${runId}`;
  }

  it.each([
    ['nothing', 'no_change'],
    ['say-fixed', 'no_change'],
    ['say-other-commit', 'no_change'],
    ['blocked', 'agent_failed'],
    ['fail', 'agent_failed'],
  ])('is never a success: %s ends as %s', async (word, outcome) => {
    const task = await lifeOf(`topic-${word}`, [word]);
    const ended = await world.ended(task);
    expect([ended.phase, ended.reason?.code]).toEqual(['escalated', 'attempts_spent']);
    const [attempt] = ended.attempts;
    expect([ended.attempts.length, attempt?.outcome], attempt?.detail ?? '').toEqual([1, outcome]);
    expect(attempt?.report?.commitSha ?? null).toBeNull();
  });

  it('“no change needed” is believed when CI agrees', async () => {
    const task = await lifeOf('topic-agrees', ['say-no-change']);
    const { runId } = await world.phase(task, 'verifying');
    await world.eventually(
      () => world.gh.state.runs.find((run) => run.id === runId && run.attempt === 2),
      'the failed jobs run again',
    );
    world.finish(runId ?? 0, { build: 'green' });
    const ended = await world.ended(task);
    expect([ended.phase, ended.reason?.code]).toEqual(['succeeded', 'green_without_change']);
  });

  it('“no change needed” is not believed when CI disagrees', async () => {
    const task = await lifeOf('topic-disagrees', ['say-no-change']);
    const { runId } = await world.phase(task, 'verifying');
    await world.eventually(
      () => world.gh.state.runs.find((run) => run.id === runId && run.attempt === 2),
      'the failed jobs run again',
    );
    world.finish(runId ?? 0, { build: 'red' });
    const ended = await world.ended(task);
    expect([ended.phase, ended.attempts[0]?.outcome]).toEqual(['escalated', 'no_change']);
  });

  it('a commit that is taken off the branch again is no repair', async () => {
    const task = await lifeOf('topic-dropped', ['wait then commit']);
    const before = world.headOf('topic-dropped') ?? '';
    const { name } = await world.agentAtWork(task);
    // Green on the agent's commit does not help once the branch has gone elsewhere.
    world.letGo(name);
    const { attempts } = await world.phase(task, 'verifying');
    world.reset('topic-dropped', before);
    const ended = await world.ended(task);
    expect([ended.phase, ended.attempts[0]?.outcome]).toEqual(['escalated', 'agent_failed']);
    expect(ended.attempts[0]?.detail).toContain(attempts[0]?.report?.commitSha?.slice(0, 8));
  });
});
