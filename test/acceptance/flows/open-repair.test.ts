import { describe, expect, it } from 'vitest';
import { inWorld, STORIES, type World } from '../../support/world.ts';

const OTHER_LOG = [
  '##[group]Run cargo build --locked',
  'cargo build --locked',
  '##[endgroup]',
  '   Compiling shop v0.1.0 (/home/runner/work/shop/shop)',
  'error[E0425]: cannot find function `total` in this scope',
  ' --> src/main.rs:3:5',
  'error: could not compile `shop` (bin "shop") due to 1 previous error',
  '##[error]Process completed with exit code 101.',
].join('\n');

/** The default branch was repaired; its pull request waits for people. */
async function repairWaits(world: World): Promise<void> {
  world.plan({ '*': ['commit'] });
  const { runId } = world.run('main', { build: 'red' });
  const { targetBranch } = await world.phase(`ci-${runId}`, 'verifying');
  world.run(targetBranch ?? '', { build: 'green' });
  await world.until(
    `ci-${runId}`,
    (now) => now.phase === 'succeeded' && now.pullRequest === 1,
    'green, and to be merged',
  );
}

describe.concurrent('a repair that nobody has merged yet', STORIES, () => {
  const settings = { timeWindowMinutes: 0 };

  it('is not made a second time for the next red run of the same breakage', () =>
    inWorld({ settings }, async (world) => {
      await repairWaits(world);
      world.commit('main');
      const { runId } = world.run('main', { build: 'red' });
      const ended = await world.ended(`ci-${runId}`);
      expect([ended.phase, ended.reason?.code]).toEqual(['cancelled', 'repair_open']);
      expect(ended.reason?.detail).toContain('#1');
      expect(world.gh.state.pulls).toHaveLength(1);
      expect(await world.codeRuns()).toHaveLength(1);

      // Closed without being merged: people did not want that one, so the next red run is a matter of its own.
      await world.gh.closePullRequest(1);
      world.commit('main');
      const next = world.run('main', { build: 'red' });
      await world.phase(`ci-${next.runId}`, 'verifying');
    }));

  it('does not stand in the way of another breakage', () =>
    inWorld({ settings }, async (world) => {
      await repairWaits(world);
      world.commit('main');
      const { runId } = world.run('main', { build: { red: OTHER_LOG } });
      await world.phase(`ci-${runId}`, 'verifying');
    }));
});
