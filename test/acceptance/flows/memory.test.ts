import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readLessons } from '../../../src/store/lessons.ts';
import { readOutcomes, rememberOutcome, searchOutcomes } from '../../../src/store/outcomes.ts';
import { anOutcome } from '../../support/outcomes.ts';
import { inWorld, startWorld, type World } from '../../support/world.ts';

describe('what was learned', () => {
  let world: World;
  beforeAll(async () => {
    world = await startWorld();
    world.plan({ '*': ['commit'] });
  });
  afterAll(() => world.close());

  it('of each attempt and each end is kept, and found again', async () => {
    world.commit('topic');
    const { runId } = world.run('topic', { build: 'red' });
    const task = `ci-${runId}`;
    await world.phase(task, 'verifying');
    world.run('topic', { build: 'red' });
    await world.phase(task, 'verifying', 2);
    world.run('topic', { build: 'green' });
    const { id } = await world.ended(task);

    const { db } = world.service.store;
    const mine = async () => (await readOutcomes(db, 0)).filter(({ remediationId }) => remediationId === id);
    const outcomes = await world.eventually(async () => {
      const all = await mine();
      const isTaught = (await readLessons(db, 0)).some(({ remediationId }) => remediationId === id);
      return all.length === 2 && isTaught ? all : null;
    }, 'both attempts and the end are remembered');
    expect(outcomes).toMatchObject([
      {
        outcome: 'ci_still_failing',
        stillRed: ['build'],
        agent: 'rex',
        routedAgent: 'rex',
        approach: 'Wrote repair-1.txt.',
      },
      { outcome: 'success', number: 2, changed: true, failureType: 'rust_build', repository: 'acme/shop' },
    ]);
    expect(outcomes[0]?.fingerprint).toMatch(/^[0-9a-f]+$/);
    const lessons = (await readLessons(db, 0)).filter(({ remediationId }) => remediationId === id);
    expect(lessons.map(({ kind }) => kind)).toEqual(['retry_success']);
    const found = await searchOutcomes(world.service.store, { text: 'repair 2 txt', limit: 1 });
    expect(found).toMatchObject([{ remediationId: id, number: 2 }]);
    const { body } = await world.get('/api/insights');
    expect(body.by_agent.find(({ agent }: { agent: string }) => agent === 'rex')).toMatchObject({
      success: { value: 0.5, sample: 2 },
    });
  });

  it('counts a repair as merged when people merge the pull request that it is in', () =>
    inWorld({}, async (other) => {
      other.plan({ '*': ['commit'] });
      other.commit('topic');
      const number = await other.gh.addPullRequest({ title: 'Merged soon', head: 'topic', author: 'ada' });
      const { runId } = other.run('topic', { build: 'red' });
      await other.phase(`ci-${runId}`, 'verifying');
      other.run('topic', { build: 'green' });
      await other.ended(`ci-${runId}`);
      const merged = async () => (await other.get('/api/insights')).body.cost_per_merged_fix_usd.sample;
      expect(await merged()).toBe(0);
      await other.gh.closePullRequest(number, true);
      await other.eventually(async () => (await merged()) === 1, 'the merge is counted');
    }));

  it('sends whom experience clearly speaks for, and says why', async () => {
    const now = Date.now();
    const past = (agent: string, outcome: 'success' | 'timeout') =>
      Array.from({ length: 15 }, (_, n) =>
        anOutcome({ remediationId: `${agent}-${n}`, agent, outcome, failureType: 'python', endedAt: now - 1_000 }),
      );
    await world.service.store.transaction(async (tx) => {
      for (const outcome of [...past('atlas', 'timeout'), ...past('bolt', 'success')])
        await rememberOutcome(tx, outcome);
    });
    world.commit('snake');
    const log =
      'tests/test_cart.py:3: in test_total\nE   AssertionError: assert 3 == 4\nFAILED tests/test_cart.py::test_total - AssertionError: assert 3 == 4\n1 failed in 0.02s\n##[error]Process completed with exit code 1.';
    const { runId } = world.run('snake', { pytest: { red: log } });
    const { attempts } = await world.phase(`ci-${runId}`, 'verifying');
    expect(attempts).toMatchObject([{ agent: 'bolt', failureType: 'python' }]);
    const { body } = await world.get(`/api/remediations/ci-${runId}`);
    expect(body.timeline.map(({ message }: { message: string }) => message)).toContain(
      'Attempt 1 of 3: bolt is asked to repair python: experience speaks for bolt: 15 of 15, atlas 0 of 15.',
    );
  });
});
