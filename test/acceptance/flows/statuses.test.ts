import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { STORIES, startWorld, type World } from '../../support/world.ts';

const repository = { full_name: 'acme/shop', default_branch: 'main' };

describe.concurrent('CI that is not GitHub Actions', STORIES, () => {
  let world: World;
  beforeAll(async () => {
    world = await startWorld({ webhooks: false });
    world.plan({ '*': ['commit'] });
  });
  afterAll(() => world.close());

  /** A commit status, on GitHub and as its webhook tells it. */
  async function status(branch: string, state: 'failure' | 'success' | 'pending', context = 'ci/build') {
    const sha = world.headOf(branch) ?? '';
    world.gh.addStatus(sha, { state, context, targetUrl: `https://ci.example/${sha}` });
    return world.deliver('status', {
      id: Number.parseInt(sha.slice(0, 8), 16),
      sha,
      state,
      context,
      target_url: `https://ci.example/${sha}`,
      branches: [{ name: branch, commit: { sha } }],
      commit: { sha, commit: { message: `Change ${branch}` } },
      repository,
    });
  }

  it('is repaired by its statuses: red, then green on the agent’s commit', async () => {
    world.commit('topic-status');
    const answer = await status('topic-status', 'failure');
    expect(answer.body).toMatchObject({ status: 'accepted', dedup_status: 'new' });
    const task: string = answer.body.task_id;
    await world.agentPushed(task);
    await status('topic-status', 'pending');
    await status('topic-status', 'success');
    const ended = await world.ended(task);
    expect([ended.phase, ended.reason?.code]).toEqual(['succeeded', 'fixed']);
    expect(await world.prompt(task)).toContain('The log could not be read');
  });

  it('takes words for the next attempt while it waits for the checks', async () => {
    world.commit('topic-words');
    const { body } = await status('topic-words', 'failure');
    const task: string = body.task_id;
    await world.agentPushed(task);
    const told = await world.post(`/api/remediations/${task}/retry`, { by: 'ada', guidance: 'Mind the time zone.' });
    expect(told.status).toBe(200);
    await status('topic-words', 'failure');
    await world.phase(task, 'verifying', 2);
    expect(await world.prompt(task)).toContain('Mind the time zone.');
    expect(await world.story(task)).toContain('verifying person_commanded');
    await status('topic-words', 'success');
    expect((await world.ended(task)).attempts).toHaveLength(2);
  });
});
