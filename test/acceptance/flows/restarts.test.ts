import { describe, expect, it } from 'vitest';
import type { Phase } from '../../../src/model/remediation.ts';
import { inWorld, RUNNER_LOST_LOG, STORIES } from '../../support/world.ts';

/** Less than the time of the source that may take longest, which asks for logs. */
const STOP_MS = 18_000;

describe.concurrent('a service that is stopped and started again', STORIES, () => {
  it.each<[Phase, Record<string, unknown>, Record<string, unknown>]>([
    ['received', { limits: { settleSeconds: 1 } }, {}],
    ['deferred', { mode: 'paused' }, { mode: 'live' }],
    ['working', {}, {}],
    ['verifying', {}, {}],
    ['retrying', { limits: { retryDelaySeconds: 1 } }, {}],
  ])('while a remediation is %s goes on where it was, once', (phase, before, after) =>
    inWorld({ settings: before }, async (world) => {
      world.plan({
        '*': [phase === 'retrying' ? 'blocked' : phase === 'working' ? 'wait then commit' : 'commit', 'commit'],
      });
      world.commit('topic');
      const { runId } = world.run('topic', { build: 'red' });
      const task = `ci-${runId}`;
      if (phase === 'working') {
        const { name } = await world.agentAtWork(task);
        await world.restart(after);
        world.letGo(name);
      } else {
        await world.phase(task, phase);
        await world.restart(after);
      }
      await world.phase(task, 'verifying');
      world.run('topic', { build: 'green' });
      const ended = await world.ended(task);
      expect(ended.phase).toBe('succeeded');
      expect(await world.codeRuns()).toHaveLength(phase === 'retrying' ? 2 : 1);
      expect(ended.attempts.map(({ outcome }) => outcome)).toEqual(
        phase === 'retrying' ? ['agent_failed', 'success'] : ['success'],
      );
    }),
  );

  it('while jobs are re-run goes on where it was, and does not ask again', () =>
    inWorld({}, async (world) => {
      world.commit('topic');
      const { runId } = world.run('topic', { build: { red: RUNNER_LOST_LOG } });
      await world.phase(`ci-${runId}`, 'rerunning');
      await world.eventually(() => world.gh.state.runs[0]?.attempt === 2, 'the jobs run again');
      await world.restart();
      world.finish(runId, { build: 'green' });
      expect((await world.ended(`ci-${runId}`)).reason?.code).toBe('green_after_rerun');
      expect(world.gh.state.runs[0]?.attempt).toBe(2);
    }));

  it('while the evidence is gathered, and GitHub hangs, stops at once and goes on where it was', () =>
    inWorld({}, async (world) => {
      world.plan({ '*': ['commit'] });
      world.commit('topic');
      world.gh.outage.hangNext(1_000);
      const { runId } = world.run('topic', { build: 'red' });
      await world.phase(`ci-${runId}`, 'gathering');
      const started = performance.now();
      let stopped = Number.POSITIVE_INFINITY;
      await world.restart({}, async () => {
        stopped = performance.now() - started;
        world.gh.outage.clear();
      });
      // Whoever waits for the gathering waits for its longest source; on a busy machine stopping takes seconds by itself.
      expect(stopped).toBeLessThan(STOP_MS);
      await world.phase(`ci-${runId}`, 'verifying');
      expect(await world.codeRuns()).toHaveLength(1);
    }));

  it('while a person has to say yes goes on where it was', () =>
    inWorld({}, async (world) => {
      world.plan({ '*': ['commit'] });
      world.commit('main', { '.github/healer.yaml': 'approval: true\n' });
      world.commit('topic');
      const { runId } = world.run('topic', { build: 'red' });
      await world.phase(`ci-${runId}`, 'awaiting_approval');
      await world.restart();
      expect((await world.post(`/api/remediations/ci-${runId}/approve`, { by: 'ada' })).status).toBe(200);
      expect((await world.phase(`ci-${runId}`, 'verifying')).approvedBy).toBe('ada');
    }));

  it('is told the end of a run that ended while it was away', () =>
    inWorld({}, async (world) => {
      world.plan({ '*': ['wait then commit'] });
      world.commit('topic');
      const before = world.headOf('topic');
      const { runId } = world.run('topic', { build: 'red' });
      const { name } = await world.agentAtWork(`ci-${runId}`);
      await world.restart({}, async () => {
        world.letGo(name);
        await world.eventually(() => world.headOf('topic') !== before, 'the agent has pushed');
      });
      await world.phase(`ci-${runId}`, 'verifying');
      expect(await world.codeRuns()).toHaveLength(1);
    }));
});

describe.concurrent('webhooks that are lost', STORIES, () => {
  it('after the first one: asking GitHub alone brings it to the end', () =>
    inWorld({ webhooks: false }, async (world) => {
      world.plan({ '*': ['commit'] });
      world.commit('topic');
      const { runId, headSha } = world.run('topic', { build: 'red', lint: 'red' });
      const answer = await world.deliver('workflow_run', {
        action: 'completed',
        workflow_run: {
          id: runId,
          name: 'CI',
          head_branch: 'topic',
          head_sha: headSha,
          event: 'push',
          status: 'completed',
          conclusion: 'failure',
          run_attempt: 1,
          html_url: `https://github.com/acme/shop/actions/runs/${runId}`,
          head_repository: { full_name: 'acme/shop' },
          pull_requests: [],
        },
        repository: { full_name: 'acme/shop', default_branch: 'main' },
      });
      expect([answer.status, answer.body.status, answer.body.task_id]).toEqual([202, 'accepted', `ci-${runId}`]);
      const task = `ci-${runId}`;
      await world.phase(task, 'verifying');
      world.run('topic', { build: 'green', lint: 'red' });
      const second = await world.phase(task, 'verifying', 2);
      expect(second.failedChecks.map(({ name }) => name).sort()).toEqual(['build', 'lint']);
      world.run('topic', { build: 'green', lint: 'green' });
      const ended = await world.ended(task);
      expect([ended.phase, ended.attempts.map(({ outcome }) => outcome)]).toEqual([
        'succeeded',
        ['ci_still_failing', 'success'],
      ]);
      expect((await world.get('/api/deliveries?limit=100')).body.deliveries).toHaveLength(1);
    }));

  it('with a check that never comes: the time for verifying ends it', () =>
    inWorld(
      { webhooks: false, settings: { maxAttempts: 1, limits: { verifyTimeoutMinutes: 0.01 } } },
      async (world) => {
        world.plan({ '*': ['commit'] });
        world.commit('topic');
        const { runId } = world.gh.addRun({
          headBranch: 'topic',
          headSha: world.headOf('topic') ?? '',
          jobs: [{ name: 'build', conclusion: 'failure' }],
        });
        await world.deliver('status', {
          sha: world.headOf('topic'),
          state: 'failure',
          context: 'build',
          branches: [{ name: 'topic', commit: { sha: world.headOf('topic') } }],
          commit: { sha: world.headOf('topic'), commit: { message: 'Change topic' } },
          repository: { full_name: 'acme/shop', default_branch: 'main' },
          target_url: `https://ci.example/${runId}`,
        });
        const [opened] = await world.all();
        const ended = await world.ended(opened?.id ?? '');
        expect([ended.phase, ended.attempts[0]?.outcome]).toEqual(['escalated', 'timeout']);
      },
    ));
});
