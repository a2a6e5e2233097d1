import { describe, it } from 'vitest';
import type { Remediation } from '../../../src/model/remediation.ts';
import type { World } from '../../support/world.ts';
import { inWorld, RUNNER_LOST_LOG, RUST_LOG } from '../../support/world.ts';

const RED = { build: { red: RUST_LOG } } as const;
const LOST = { build: { red: RUNNER_LOST_LOG } } as const;

async function branch(world: World, name: string): Promise<number> {
  world.commit(name);
  await world.gh.checkRefs();
  return world.gh.addPullRequest({ title: `Change ${name}`, head: name, author: 'ada' });
}

describe.concurrent('before an agent is sent', () => {
  it('a wave of one transient cause is one re-run at a time, and green ends it for all', async ({ expect }) => {
    await inWorld({ settings: { incidents: { remediations: 2, minutes: 10 } } }, async (world) => {
      const names = ['w1', 'w2', 'w3', 'w4'];
      const runs: number[] = [];
      for (const name of names) {
        await branch(world, name);
        runs.push(world.run(name, LOST).runId);
        const isDecided = ({ phase }: Remediation) => phase === 'rerunning' || phase === 'deferred';
        await world.until(`ci-${runs.at(-1)}`, isDecided, `${name} is decided about`);
      }
      const phases = async () => Promise.all(runs.map(async (run) => (await world.find(`ci-${run}`)).phase));
      await world.phase(`ci-${runs[3]}`, 'deferred');
      expect(await phases()).toEqual(['rerunning', 'rerunning', 'deferred', 'deferred']);
      const held = await world.find(`ci-${runs[3]}`);
      expect(held.reason?.code).toBe('incident');
      await world.comment(4, (body) => body.includes('goes ahead'));
      world.finish(runs[0] ?? 0, { build: 'green' });
      await world.phase(`ci-${runs[0]}`, 'succeeded');
      await world.phase(`ci-${runs[2]}`, 'rerunning');
      await world.phase(`ci-${runs[3]}`, 'rerunning');
      expect(await world.codeRuns()).toEqual([]);
    });
  });

  it('twelve red jobs of a run are one remediation that knows all twelve', async ({ expect }) => {
    await inWorld({ settings: { limits: { settleSeconds: 2 } } }, async (world) => {
      await branch(world, 'topic');
      world.plan({ '*': ['wait'] });
      const names = Array.from({ length: 12 }, (_, n) => `job ${n + 1}`);
      const { runId } = world.run('topic', Object.fromEntries(names.map((name) => [name, { red: RUST_LOG }])));
      const remediation = await world.phase(`ci-${runId}`, 'working');
      expect(remediation.failedChecks.map(({ name }) => name).toSorted()).toEqual(names.toSorted());
      expect(await world.all()).toHaveLength(1);
      expect((await world.story(`ci-${runId}`)).filter((entry) => entry.endsWith('settled'))).toHaveLength(1);
    });
  });

  it.for([
    ['enabled: false\n', 'cancelled', 'opted_out'],
    ['paths:\n  ignore: ["*.txt"]\n', 'cancelled', 'opted_out'],
    ['workflows:\n  ignore: [CI]\n', 'cancelled', 'opted_out'],
    ['agents:\n  deny: [rex, atlas]\n', 'cancelled', 'agent_not_allowed'],
    ['approval: [rust_build]\n', 'awaiting_approval', 'approval_required'],
    ['approval: perhaps\n', 'awaiting_approval', 'approval_required'],
  ] as const)('the default branch’s healer.yaml %j: %s', async ([yaml, phase, code], { expect }) => {
    await inWorld({}, async (world) => {
      world.commit('main', { '.github/healer.yaml': yaml });
      const pull = await branch(world, 'topic');
      // The branch's own file is somebody's wish, not the repository's.
      world.commit('topic', { 'notes.txt': 'x\n' });
      await world.gh.checkRefs();
      const { runId } = world.run('topic', RED);
      const remediation = await world.phase(`ci-${runId}`, phase);
      expect(remediation.reason?.code).toBe(code);
      if (phase === 'awaiting_approval') await world.comment(pull, (body) => body.includes('.github/healer.yaml'));
      expect(await world.codeRuns()).toEqual([]);
    });
  });

  it('is not spoken to again who switched Healer off', async ({ expect }) => {
    await inWorld({ settings: { timeWindowMinutes: 0 } }, async (world) => {
      world.commit('main', { '.github/healer.yaml': 'enabled: false\n' });
      world.commit('first');
      await branch(world, 'second');
      for (const name of ['first', 'second']) {
        const { runId } = world.run(name, RED);
        expect(await world.ended(`ci-${runId}`)).toMatchObject({ reason: { code: 'opted_out' } });
      }
      const { db } = world.service.store;
      const isIdle = async () =>
        (await db.selectFrom('effects').select('key').where('state', '=', 'pending').execute()).length === 0;
      await world.eventually(isIdle, 'nothing is left to do');
      expect(world.gh.state.comments).toEqual([]);
    });
  });

  it('a healer.yaml on the broken branch alone changes nothing', async ({ expect }) => {
    await inWorld({}, async (world) => {
      await branch(world, 'topic');
      world.commit('topic', { '.github/healer.yaml': 'enabled: false\n' });
      await world.gh.checkRefs();
      world.plan({ '*': ['wait'] });
      const { runId } = world.run('topic', RED);
      expect((await world.phase(`ci-${runId}`, 'working')).agent).toBe('rex');
    });
  });

  it('fewer attempts are made where the repository says so', async ({ expect }) => {
    await inWorld({}, async (world) => {
      world.commit('main', { '.github/healer.yaml': 'maxAttempts: 1\n' });
      await branch(world, 'topic');
      world.plan({ '*': ['fail'] });
      const { runId } = world.run('topic', RED);
      const ended = await world.ended(`ci-${runId}`);
      expect(ended).toMatchObject({ phase: 'escalated', reason: { code: 'attempts_spent' } });
      expect(ended.attempts).toHaveLength(1);
    });
  });
});
