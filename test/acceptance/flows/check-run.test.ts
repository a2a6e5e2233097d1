import { describe, expect, it } from 'vitest';
import type { StoredCheckRun } from '../../../src/cli/demo/github/state.ts';
import { createOpenApiChecker } from '../../support/openapi.ts';
import { inWorld, type World } from '../../support/world.ts';

const AS_APP = { asApp: true } as const;

async function redPull(world: World, branch = 'topic'): Promise<number> {
  world.plan({ '*': ['commit'] });
  world.commit(branch);
  return world.gh.addPullRequest({ title: 'Work', head: branch, author: 'ada' });
}

/** Healer's checks on a commit. */
function checksOn(world: World, sha: string | null): readonly StoredCheckRun[] {
  return world.gh.state.checkRuns.filter(({ name, headSha }) => name === 'Healer' && headSha === sha);
}

function check(world: World, sha: string | null, isSo: (check: StoredCheckRun) => boolean): Promise<StoredCheckRun> {
  return world.eventually(
    () => checksOn(world, sha).find(isSo),
    `the check on ${sha} is as wanted; it is ${JSON.stringify(checksOn(world, sha))}`,
  );
}

const identifiers = ({ actions = [] }: StoredCheckRun): readonly string[] =>
  actions.map(({ identifier }) => identifier);

// One after the other: auth-app shares questions for a token by the installation's id alone, and every stand-in has the
// same.
describe('the check “Healer”', () => {
  it('stands on the red commit with the evidence beside the code, and on the agent’s commit afterwards', () =>
    inWorld(AS_APP, async (world) => {
      await redPull(world);
      const red = world.headOf('topic');
      const { runId } = world.run('topic', { build: 'red' });
      const task = `ci-${runId}`;
      const pushed = await world.agentPushed(task);
      const verifying = await check(world, pushed, ({ title }) => title?.startsWith('Verifying') ?? false);
      expect([verifying.status, verifying.conclusion, verifying.externalId]).toEqual(['completed', 'neutral', task]);
      expect(verifying.annotations).toEqual([]);
      expect(identifiers(verifying)).toEqual(['healer_stop']);
      const first = await check(world, red, ({ title }) => title === 'Goes on with a newer commit');
      expect(first.annotations.map(({ path, startLine, level }) => `${path}:${startLine} ${level}`)).toEqual([
        'src/cart.rs:12 failure',
      ]);
      expect(first.annotations[0]?.message).toContain('mismatched types');
      expect(identifiers(first)).toEqual([]);

      world.run('topic', { build: 'green' });
      expect((await world.ended(task)).phase).toBe('succeeded');
      const green = await check(world, pushed, ({ conclusion }) => conclusion === 'success');
      expect(green.title).toContain('Verified green');
      expect(checksOn(world, red)).toHaveLength(1);
      expect(checksOn(world, pushed)).toHaveLength(1);

      const api = createOpenApiChecker();
      const problems = world.gh.recorder.exchanges
        .filter(({ request }) => request.path.includes('/check-runs'))
        .flatMap(({ request, answer }) => api.check(request, answer));
      expect(problems).toEqual([]);
      expect([...api.used]).toEqual(expect.arrayContaining(['checks/create', 'checks/update', 'checks/list-for-ref']));
    }));

  it('never blocks a merge when people have to take over, unless it is told to', async () => {
    const escalated = async (whenNotRepaired: string): Promise<readonly (string | null)[]> => {
      const ends: (string | null)[] = [];
      const settings = { maxAttempts: 1, notifications: { checkRun: { whenNotRepaired } } };
      await inWorld({ ...AS_APP, settings }, async (world) => {
        await redPull(world);
        const { runId } = world.run('topic', { build: 'red' });
        const pushed = await world.agentPushed(`ci-${runId}`);
        const during = await check(world, pushed, ({ title }) => title?.startsWith('Verifying') ?? false);
        ends.push(during.status);
        world.run('topic', { build: 'red' });
        const after = await check(world, pushed, ({ title }) => title?.startsWith('Escalated') ?? false);
        ends.push(after.conclusion, after.text?.includes('What was tried') === true ? 'told' : null);
        expect(identifiers(after)).toEqual(['healer_retry']);
      });
      return ends;
    };
    expect(await escalated('neutral')).toEqual(['completed', 'neutral', 'told']);
    expect(await escalated('failure')).toEqual(['in_progress', 'failure', 'told']);
  });

  it('is stopped and tried again by its buttons, by whoever may', () =>
    inWorld(AS_APP, async (world) => {
      const pull = await redPull(world);
      world.plan({ '*': ['wait then commit'] });
      const red = world.headOf('topic');
      const { runId } = world.run('topic', { build: 'red' });
      const task = `ci-${runId}`;
      await world.agentAtWork(task);
      const working = await check(world, red, (one) => identifiers(one).includes('healer_stop'));

      world.gh.pressButton(working.id, 'healer_stop', 'mallory');
      await world.comment(pull, (body) => body.includes('That needs write access'));
      expect((await world.find(task)).phase).toBe('working');

      world.gh.pressButton(working.id, 'healer_stop', 'ada');
      const cancelled = await world.ended(task);
      expect([cancelled.phase, cancelled.reason?.detail]).toEqual(['cancelled', 'ada cancelled it.']);
      const stopped = await check(world, red, (one) => identifiers(one).includes('healer_retry'));
      expect(stopped.id).toBe(working.id);
      expect(stopped.conclusion).toBe('neutral');

      world.gh.pressButton(stopped.id, 'healer_retry', 'ada');
      const again = await world.phase(`${task}-r1`, 'working');
      expect(again.approvedBy).toBe('ada');
      await check(world, red, ({ externalId }) => externalId === `${task}-r1`);
    }));

  it('is left out with a plain token, which may not write checks', () =>
    inWorld({}, async (world) => {
      await redPull(world);
      const { runId } = world.run('topic', { build: 'red' });
      await world.agentPushed(`ci-${runId}`);
      world.run('topic', { build: 'green' });
      expect((await world.ended(`ci-${runId}`)).phase).toBe('succeeded');
      expect(world.gh.state.checkRuns).toEqual([]);
      expect(await world.tries('check_run')).toBe(0);
    }));
});
