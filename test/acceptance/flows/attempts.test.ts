import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { inWorld, STORIES, startWorld, type World } from '../../support/world.ts';

describe.concurrent('three attempts that do not hold', STORIES, () => {
  let world: World;
  beforeAll(async () => {
    world = await startWorld();
    world.plan({ '*': ['commit'] });
  });
  afterAll(() => world.close());

  /** Waits for the attempt's commit and lets CI say red to it. */
  async function redAgain(task: string, branch: string, attempt: number): Promise<void> {
    const { attempts } = await world.phase(task, 'verifying', attempt);
    expect(world.headOf(branch)).toBe(attempts.at(-1)?.report?.commitSha);
    world.run(branch, { build: 'red' });
  }

  it('end with people, who can ask again with words of their own; green resets what was spent', async () => {
    const branch = 'feature/cart';
    world.commit(branch);
    const pull = await world.gh.addPullRequest({ title: 'Carts', head: branch, author: 'ada' });
    const { runId } = world.run(branch, { build: 'red' });
    const task = `ci-${runId}`;
    for (const attempt of [1, 2, 3]) await redAgain(task, branch, attempt);

    const escalated = await world.ended(task);
    expect([escalated.phase, escalated.reason?.code]).toEqual(['escalated', 'attempts_spent']);
    expect(escalated.attempts.map(({ agent, outcome }) => `${agent} ${outcome}`)).toEqual([
      'rex ci_still_failing',
      'rex ci_still_failing',
      'atlas ci_still_failing',
    ]);
    expect((await world.story(task)).slice(-5)).toEqual([
      'gathering retry_due',
      'working attempt_started',
      'working coderun_created',
      'verifying coderun_ended',
      'escalated attempt_ended',
    ]);
    const comment = await world.comment(pull, (body) => body.includes('What was tried'));
    for (const { report } of escalated.attempts) expect(comment).toContain(report?.summary);
    expect(comment).toContain('/healer retry');
    expect(world.gh.state.comments).toHaveLength(1);

    // Somebody's next commit is red as well: nothing more is spent, and the reason can be looked up.
    world.commit(branch);
    world.run(branch, { build: 'red' });
    const skipped = await world.disposition('recent_remediation');
    expect(skipped.status).toBe('skipped');
    expect(await world.codeRuns()).toHaveLength(3);

    const answer = await world.post(`/api/remediations/${task}/retry`, {
      by: 'ada',
      guidance: 'The cart counts in cents.',
    });
    expect(answer.status).toBe(200);
    const again: string = answer.body.remediation.task_id;
    expect(again).toBe(`${task}-r1`);
    const verifying = await world.phase(again, 'verifying');
    expect(verifying.attempts).toHaveLength(1);
    const prompt = await world.prompt(again);
    expect(prompt).toContain('The cart counts in cents.');
    for (const { report } of escalated.attempts) expect(prompt).toContain(report?.summary);
    world.run(branch, { build: 'green' });
    expect((await world.ended(again)).phase).toBe('succeeded');
    expect(await world.codeRuns()).toHaveLength(4);
  });

  it('keeps later red runs of the branch away after the quiet time too, until CI is green by itself', async () => {
    await inWorld({ settings: { timeWindowMinutes: 0, maxAttempts: 1 } }, async (other) => {
      other.plan({ '*': ['commit'] });
      other.commit('topic');
      const { runId } = other.run('topic', { build: 'red' });
      await other.phase(`ci-${runId}`, 'verifying');
      other.run('topic', { build: 'red' });
      expect((await other.ended(`ci-${runId}`)).phase).toBe('escalated');

      other.commit('topic');
      other.run('topic', { build: 'red' });
      await other.disposition('attempts_spent');
      expect(await other.all()).toHaveLength(1);

      other.commit('topic');
      other.run('topic', { build: 'green' });
      await other.gh.settled();
      other.commit('topic');
      const fresh = other.run('topic', { build: 'red' });
      const opened = await other.phase(`ci-${fresh.runId}`, 'verifying');
      expect(opened.attemptsBefore).toBe(0);
      expect(opened.attempts).toHaveLength(1);
    });
  });
});
