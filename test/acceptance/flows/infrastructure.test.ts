import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { inWorld, STORIES, startWorld, type World } from '../../support/world.ts';

describe.concurrent('an agent that cannot be run', STORIES, () => {
  let world: World;
  beforeAll(async () => {
    world = await startWorld();
  });
  afterAll(() => world.close());

  it('costs no attempt, is tried a bounded number of times, and is then a matter for people', async () => {
    world.plan({ 'topic-temporary': ['exit-75'] });
    world.commit('topic-temporary');
    const { runId } = world.run('topic-temporary', { build: 'red' });
    const ended = await world.ended(`ci-${runId}`);
    expect([ended.phase, ended.reason?.code]).toEqual(['escalated', 'infrastructure_spent']);
    expect(ended.attempts.map(({ number, ordinal, outcome }) => [number, ordinal, outcome])).toEqual([
      [1, 1, 'infrastructure'],
      [1, 2, 'infrastructure'],
      [1, 3, 'infrastructure'],
    ]);
    const lineage = await world.lineage(ended.lineageId);
    expect(lineage).toMatchObject({ attempts: 0, spawned: 3, open: 1 });
  });

  it('goes on as if nothing had been when it can be run again', async () => {
    world.plan({ 'topic-recovers': ['exit-75', 'exit-75', 'commit'] });
    world.commit('topic-recovers');
    const { runId } = world.run('topic-recovers', { build: 'red' });
    const task = `ci-${runId}`;
    const verifying = await world.phase(task, 'verifying', 3);
    expect(verifying.attempts.map(({ number, outcome }) => [number, outcome])).toEqual([
      [1, 'infrastructure'],
      [1, 'infrastructure'],
      [1, null],
    ]);
    world.run('topic-recovers', { build: 'green' });
    expect((await world.ended(task)).phase).toBe('succeeded');
    // What never ran has nothing to tell to the next one.
    expect(await world.prompt(task)).not.toContain('What was tried before');
  });

  it('is said so when its program is not installed', async () => {
    await inWorld({ settings: { agentCommand: ['no-such-coding-agent'] } }, async (other) => {
      other.commit('topic');
      const { runId } = other.run('topic', { build: 'red' });
      const ended = await other.ended(`ci-${runId}`);
      expect([ended.phase, ended.reason?.code]).toEqual(['escalated', 'infrastructure_spent']);
      expect(ended.reason?.detail).toContain('no-such-coding-agent is not installed');
      expect(ended.attempts.map(({ outcome }) => outcome)).toEqual(Array(3).fill('infrastructure'));
    });
  });
});
