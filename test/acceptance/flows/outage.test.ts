import { describe, expect, it } from 'vitest';
import { inWorld, STORIES, type World } from '../../support/world.ts';

const always = () => true;
const isComment = (method: string, path: string) => method === 'POST' && path.includes('/comments');
const isPull = (method: string, path: string) => method === 'POST' && path.endsWith('/pulls');
const isChecks = (_: string, path: string) => path.includes('/check-runs');

async function redPull(world: World, branch = 'topic') {
  world.plan({ '*': ['commit'] });
  world.commit(branch);
  return world.gh.addPullRequest({ title: 'Work', head: branch, author: 'ada' });
}

/** To green, whatever stands in the way. */
async function toGreen(world: World, task: string, branch = 'topic') {
  await world.phase(task, 'verifying');
  world.run(branch, { build: 'green' });
  const ended = await world.ended(task);
  expect([ended.phase, ended.reason?.code]).toEqual(['succeeded', 'fixed']);
  return ended;
}

describe.concurrent('GitHub that does not answer', STORIES, () => {
  it('while the evidence is gathered: nobody is sent without any, and it goes on by itself', () =>
    inWorld({}, async (world) => {
      await redPull(world);
      world.gh.outage.failNext(10_000, 500, always);
      const { runId } = world.run('topic', { build: 'red' });
      const task = `ci-${runId}`;
      await world.eventually(async () => (await world.tries('gather')) >= 2, 'the evidence is asked for once more');
      expect(await world.codeRuns()).toEqual([]);
      world.gh.outage.clear();
      const ended = await toGreen(world, task);
      expect(ended.attempts).toHaveLength(1);
      expect(await world.prompt(task)).toContain('mismatched types');
    }));

  it('with an address that hangs: the evidence is gathered without it', () =>
    inWorld({}, async (world) => {
      await redPull(world);
      world.gh.outage.hangNext(50, (_, path) => path.includes('/annotations'));
      const { runId } = world.run('topic', { build: 'red' });
      await toGreen(world, `ci-${runId}`);
      expect(await world.prompt(`ci-${runId}`)).toContain('Not known, because these could not be asked');
    }));

  it('when a comment is to be written: it is there once in the end', () =>
    inWorld({}, async (world) => {
      const pull = await redPull(world);
      world.gh.outage.failNext(2, 500, isComment);
      const { runId } = world.run('topic', { build: 'red' });
      await toGreen(world, `ci-${runId}`);
      await world.comment(pull, (body) => body.includes('Verified green'));
      expect(world.gh.state.comments).toHaveLength(1);
    }));

  it('when a pull request is to be opened: it is there once in the end', () =>
    inWorld({}, async (world) => {
      world.plan({ '*': ['commit'] });
      world.gh.outage.failNext(1, 502, isPull);
      const { runId } = world.run('main', { build: 'red' });
      const { targetBranch } = await world.phase(`ci-${runId}`, 'verifying');
      world.run(targetBranch ?? '', { build: 'green' });
      await world.until(
        `ci-${runId}`,
        (now) => now.phase === 'succeeded' && now.pullRequest === 1,
        'green and a pull request',
      );
      expect(world.gh.state.pulls).toHaveLength(1);
    }));

  it('when the checks are read: no answer is neither green nor red', () =>
    inWorld({}, async (world) => {
      await redPull(world);
      const { runId } = world.run('topic', { build: 'red' });
      const task = `ci-${runId}`;
      await world.agentPushed(task);
      world.gh.outage.failNext(4, 503, isChecks);
      world.run('topic', { build: 'green' });
      const ended = await world.ended(task);
      expect([ended.phase, ended.attempts.length]).toEqual(['succeeded', 1]);
    }));

  it('because it limits us: what it asks for is waited, and no longer', () =>
    inWorld({}, async (world) => {
      await redPull(world);
      const { runId } = world.run('topic', { build: 'red' });
      const task = `ci-${runId}`;
      await world.agentPushed(task);
      world.gh.outage.rateLimitNext(2, 1, isChecks);
      world.run('topic', { build: 'green' });
      const ended = await world.ended(task);
      expect([ended.phase, ended.attempts.length]).toEqual(['succeeded', 1]);
    }));
});
