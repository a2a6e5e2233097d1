import { describe, expect, it } from 'vitest';
import type { Phase } from '../../../src/model/remediation.ts';
import { inWorld, STORIES, type World } from '../../support/world.ts';

const HELD: readonly Phase[] = ['working', 'deferred'];

/** How many remediations an agent is at work for, as the machine's steps tell. */
function countWorking(world: World) {
  const phases = new Map<string, Phase>();
  let most = 0;
  world.service.machine.subscribe(({ after }) => {
    phases.set(after.id, after.phase);
    most = Math.max(most, [...phases.values()].filter((phase) => phase === 'working').length);
  });
  return { most: () => most };
}

describe.concurrent('spending', STORIES, () => {
  it('never has more agents at work than it may, and every failure gets its turn', () =>
    inWorld({ settings: { maxConcurrentCodeRuns: 2, maxAttempts: 1 } }, async (world) => {
      world.plan({ '*': ['wait then blocked'] });
      const working = countWorking(world);
      const tasks = Array.from({ length: 7 }, (_, index) => {
        world.commit(`topic-${index}`);
        return `ci-${world.run(`topic-${index}`, { build: 'red' }).runId}`;
      });
      for (const task of tasks) await world.until(task, ({ phase }) => HELD.includes(phase), `${task} works or waits`);
      const now = (await world.all()).map(({ phase }) => phase).sort();
      expect(now).toEqual([...Array(5).fill('deferred'), 'working', 'working']);
      const left = new Set(tasks);
      while (left.size > 0) {
        const busy = await world.eventually(
          async () => (await world.all()).find(({ phase }) => phase === 'working'),
          'an agent is at work',
        );
        world.letGo((await world.agentAtWork(busy.id)).name);
        expect((await world.ended(busy.id)).phase).toBe('escalated');
        left.delete(busy.taskId);
      }
      expect(working.most()).toBe(2);
      expect(await world.codeRuns()).toHaveLength(7);
    }));

  it('stops when a person pauses it, says so, and goes on when it is resumed', () =>
    inWorld({}, async (world) => {
      world.plan({ '*': ['commit'] });
      expect((await world.post('/api/pause', { by: 'ada' })).status).toBe(200);
      world.commit('topic');
      const pull = await world.gh.addPullRequest({ title: 'Held', head: 'topic', author: 'ada' });
      const { runId } = world.run('topic', { build: 'red' });
      const task = `ci-${runId}`;
      const held = await world.phase(task, 'deferred');
      expect(held.reason).toMatchObject({ code: 'paused' });
      expect(await world.comment(pull, (body) => /paused/i.test(body))).toContain('Healer');
      expect(await world.codeRuns()).toEqual([]);
      await world.post('/api/resume', { by: 'ada' });
      await world.phase(task, 'verifying');
      world.run('topic', { build: 'green' });
      expect((await world.ended(task)).phase).toBe('succeeded');
      // Looking again while it was held back is not news.
      expect((await world.story(task)).filter((entry) => entry === 'deferred deferred')).toHaveLength(1);
    }));

  it('of one repository can be paused while the others go on', () =>
    inWorld({}, async (world) => {
      world.plan({ '*': ['commit'] });
      await world.post('/api/pause', { by: 'ada', repository: 'acme/other' });
      world.commit('topic');
      const { runId } = world.run('topic', { build: 'red' });
      await world.phase(`ci-${runId}`, 'verifying');
      await world.post('/api/pause', { by: 'ada', repository: 'acme/shop' });
      world.commit('topic-2');
      const second = world.run('topic-2', { build: 'red' });
      expect((await world.phase(`ci-${second.runId}`, 'deferred')).reason?.code).toBe('paused');
    }));

  it('in shadow mode is only talked about: evidence, agent and prompt are there, and no run', () =>
    inWorld({ settings: { mode: 'shadow' } }, async (world) => {
      world.commit('topic');
      const pull = await world.gh.addPullRequest({ title: 'Looked at', head: 'topic', author: 'ada' });
      const { runId } = world.run('topic', { build: 'red' });
      const task = `ci-${runId}`;
      const ended = await world.ended(task);
      expect([ended.phase, ended.reason?.code, ended.agent]).toEqual(['cancelled', 'shadow_mode', 'rex']);
      expect(await world.prompt(task)).toContain('mismatched types');
      expect(await world.comment(pull, (body) => body.includes('shadow mode'))).toContain('a Rust compile error');
      expect(await world.codeRuns()).toEqual([]);
      const writes = world.gh.recorder.exchanges.filter(({ request }) => request.method !== 'GET');
      expect(writes.map(({ request }) => request.path).filter((path) => !path.includes('comments'))).toEqual([]);
    }));

  it('in shadow mode re-runs nothing either', () =>
    inWorld({ settings: { mode: 'shadow' } }, async (world) => {
      world.commit('topic');
      const lost = 'The self-hosted runner: runner-7 lost communication with the server.';
      const { runId } = world.run('topic', { build: { red: `##[error]${lost}` } });
      expect((await world.ended(`ci-${runId}`)).reason?.code).toBe('shadow_mode');
      expect(world.gh.state.runs.map(({ attempt }) => attempt)).toEqual([1]);
    }));

  it('holds still after too many escalations, and says why', () =>
    inWorld({ settings: { maxAttempts: 1, breaker: { failures: 2, minutes: 10 } } }, async (world) => {
      world.plan({ '*': ['blocked'] });
      for (const branch of ['one', 'two']) {
        world.commit(branch);
        const { runId } = world.run(branch, { build: 'red' });
        expect((await world.ended(`ci-${runId}`)).phase).toBe('escalated');
      }
      world.commit('three');
      const { runId } = world.run('three', { build: 'red' });
      const held = await world.phase(`ci-${runId}`, 'deferred');
      expect(held.reason?.code).toBe('breaker_open');
      expect(await world.codeRuns()).toHaveLength(2);
    }));
});
