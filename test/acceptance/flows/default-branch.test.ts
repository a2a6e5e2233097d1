import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { STORIES, startWorld, type World } from '../../support/world.ts';

describe('a red default branch', STORIES, () => {
  let world: World;
  beforeAll(async () => {
    world = await startWorld();
  });
  afterAll(() => world.close());

  it('is repaired on a branch of its own, in one pull request, which people merge', async () => {
    world.plan({ '*': ['commit'] });
    const broken = world.headOf('main') ?? '';
    const { runId } = world.run('main', { build: 'red' });
    const task = `ci-${runId}`;

    const verifying = await world.until(
      task,
      (now) => now.phase === 'verifying' && now.pullRequest !== null,
      'the repair waits for CI in a pull request',
    );
    const branch = `fix/rust-build-${broken.slice(0, 8)}`;
    expect(verifying.targetBranch).toBe(branch);
    expect(world.headOf(branch)).toBe(verifying.attempts[0]?.report?.commitSha);
    world.run(branch, { build: 'green' });

    const ended = await world.ended(task);
    expect(ended.phase).toBe('succeeded');
    expect(ended.reason?.code).toBe('fixed');
    expect(await world.story(task)).toEqual([
      'received opened',
      'gathering settled',
      'working attempt_started',
      'working coderun_created',
      'verifying coderun_ended',
      'verifying pull_request_opened',
      'succeeded checks_green',
    ]);
    expect(world.gh.state.pulls).toMatchObject([{ headRef: branch, baseRef: 'main', state: 'open', mergedAt: null }]);
    expect(world.headOf('main')).toBe(broken);
    expect(await world.codeRuns()).toHaveLength(1);
    const comment = await world.comment(1, (body) => body.includes('Green on'));
    expect(comment).toContain(task);
  });
});
