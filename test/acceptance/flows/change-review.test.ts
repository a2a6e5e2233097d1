import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { STORIES, startWorld, type World } from '../../support/world.ts';

const TESTS = { 'cart.test.ts': "it('adds', () => {\n  expect(total()).toBe(3);\n});\n" };

describe.concurrent('a green that an agent got by muting tests', STORIES, () => {
  let world: World;
  beforeAll(async () => {
    world = await startWorld();
    world.plan({
      '*': ['mute-tests', 'restore-tests'],
      stubborn: ['mute-tests', 'commit', 'commit'],
    });
  });
  afterAll(() => world.close());

  it('is refused, told to the next attempt, and fixed only when that took it back', async () => {
    world.commit('topic', TESTS);
    const pull = await world.gh.addPullRequest({ title: 'Carts', head: 'topic', author: 'ada' });
    const { runId } = world.run('topic', { build: 'red' });
    const task = `ci-${runId}`;
    await world.agentPushed(task);
    world.run('topic', { build: 'green' });

    await world.phase(task, 'verifying', 2);
    const prompt = await world.prompt(task);
    expect(prompt).toContain('the change is refused: cart.test.ts skips tests');
    expect(prompt).toContain('mismatched types');
    world.run('topic', { build: 'green' });
    const fixed = await world.ended(task);
    expect(fixed.phase).toBe('succeeded');
    expect(fixed.attempts.map(({ agent, outcome }) => `${agent} ${outcome}`)).toEqual([
      'rex ci_still_failing',
      'rex success',
    ]);
    const comment = await world.comment(pull, (body) => body.includes('Verified green'));
    expect(comment).toContain('| 1 of 3 | Rex | refused |');
    expect(comment).not.toContain('To look at');
  });

  it('stays refused when later attempts leave the tests muted', async () => {
    world.commit('stubborn', TESTS);
    const { runId } = world.run('stubborn', { build: 'red' });
    const task = `ci-${runId}`;
    for (const attempt of [1, 2, 3]) {
      await world.phase(task, 'verifying', attempt);
      world.run('stubborn', { build: 'green' });
    }
    const ended = await world.ended(task);
    expect([ended.phase, ended.reason?.code]).toEqual(['escalated', 'attempts_spent']);
    expect(ended.attempts.map(({ outcome }) => outcome)).toEqual(Array(3).fill('ci_still_failing'));
  });
});

describe('what the policy does not refuse', STORIES, () => {
  it('is told on the pull request beside the success', async () => {
    const world = await startWorld({ settings: { changeReview: { refuse: [] } } });
    try {
      world.plan({ '*': ['mute-tests'] });
      world.commit('topic', TESTS);
      const pull = await world.gh.addPullRequest({ title: 'Carts', head: 'topic', author: 'ada' });
      const { runId } = world.run('topic', { build: 'red' });
      await world.agentPushed(`ci-${runId}`);
      world.run('topic', { build: 'green' });
      expect((await world.ended(`ci-${runId}`)).phase).toBe('succeeded');
      const comment = await world.comment(pull, (body) => body.includes('To look at in the change'));
      expect(comment).toContain('cart.test.ts');
      const { body } = await world.get(`/api/remediations/ci-${runId}`);
      expect(body.attempts[0].concerns).toMatchObject([{ code: 'test_skipped', severity: 'report', line: 1 }]);
    } finally {
      await world.close();
    }
  });
});
