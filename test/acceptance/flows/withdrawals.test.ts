import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { inWorld, STORIES, startWorld, type World } from '../../support/world.ts';

/** A process that has ended but that nobody has asked after yet is not alive. */
function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch {
    return false;
  }
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    // Only Linux tells; where there is no such file, the signal's answer stands.
    return process.platform !== 'linux';
  }
}

describe.concurrent('a reason to repair that goes away', STORIES, () => {
  let world: World;
  beforeAll(async () => {
    world = await startWorld();
  });
  afterAll(() => world.close());

  async function agentAtWork(branch: string, plan = ['wait then commit']) {
    world.plan({ [branch]: plan });
    world.commit(branch);
    const { runId } = world.run(branch, { build: 'red' });
    const task = `ci-${runId}`;
    return { task, ...(await world.agentAtWork(task)) };
  }

  const phaseOf = (name: string) =>
    world.eventually(
      async () =>
        (await world.codeRuns()).find((run) => run.name === name && !['Pending', 'Running'].includes(run.phase))?.phase,
      `${name} has ended`,
    );

  it('a person cancels: the agent and everything it started are gone, and nothing is pushed', async () => {
    const { task, name, agent, child } = await agentAtWork('topic-cancel');
    const before = world.headOf('topic-cancel');
    const answer = await world.post(`/api/remediations/${task}/cancel`, { by: 'ada' });
    expect([answer.status, answer.body.remediation.phase]).toEqual([200, 'cancelled']);
    expect(await phaseOf(name)).toBe('Cancelled');
    expect([agent, child].filter(isAlive)).toEqual([]);
    const { reason, attempts } = await world.find(task);
    expect(reason).toMatchObject({ code: 'cancelled_by_person', detail: 'ada cancelled it.' });
    expect(attempts.map(({ outcome }) => outcome)).toEqual(['cancelled']);
    expect(world.headOf('topic-cancel')).toBe(before);
    expect((await world.post(`/api/remediations/${task}/cancel`, { by: 'ada' })).status).toBe(409);
  });

  it('the pull request is closed while the agent works', async () => {
    world.commit('topic-closed');
    const pull = await world.gh.addPullRequest({ title: 'Closed soon', head: 'topic-closed', author: 'ada' });
    const { task, name, agent, child } = await agentAtWork('topic-closed');
    await world.gh.closePullRequest(pull);
    const ended = await world.ended(task);
    expect([ended.phase, ended.reason?.code]).toEqual(['cancelled', 'pull_request_closed']);
    expect(await phaseOf(name)).toBe('Cancelled');
    expect([agent, child].filter(isAlive)).toEqual([]);
  });

  it('the pull request is closed before the evidence is there, and the webhook is lost', () =>
    inWorld({ webhooks: false }, async (other) => {
      other.commit('topic-early');
      const pull = await other.gh.addPullRequest({ title: 'Closed early', head: 'topic-early', author: 'ada' });
      await other.gh.closePullRequest(pull);
      const { runId } = other.run('topic-early', { build: 'red' });
      // The one event that arrives names the pull request; that it was closed is found out by asking.
      await other.deliver('workflow_run', {
        action: 'completed',
        workflow_run: { ...runBody(runId, 'topic-early', other.headOf('topic-early')), pull_requests: [prOf(pull)] },
        repository: { full_name: 'acme/shop', default_branch: 'main' },
      });
      const ended = await other.ended(`ci-${runId}`);
      expect([ended.phase, ended.reason?.code]).toEqual(['cancelled', 'pull_request_closed']);
      expect(ended.attempts).toEqual([]);
    }));

  it('the branch is deleted while the agent works', async () => {
    const { task, name } = await agentAtWork('topic-deleted');
    await world.gh.checkRefs();
    world.reset('topic-deleted', null);
    await world.gh.checkRefs();
    const ended = await world.ended(task);
    expect([ended.phase, ended.reason?.code]).toEqual(['cancelled', 'branch_gone']);
    expect(await phaseOf(name)).toBe('Cancelled');
    expect(world.headOf('topic-deleted')).toBeNull();
  });

  it('a newer commit comes while Healer holds back', () =>
    inWorld({}, async (other) => {
      await other.post('/api/pause', { by: 'ada' });
      other.commit('topic-deferred');
      await other.gh.checkRefs();
      const { runId } = other.run('topic-deferred', { build: 'red' });
      await other.phase(`ci-${runId}`, 'deferred');
      other.commit('topic-deferred');
      await other.gh.checkRefs();
      const ended = await other.ended(`ci-${runId}`);
      expect([ended.phase, ended.reason?.code]).toEqual(['superseded', 'newer_commit']);
      expect(await other.codeRuns()).toEqual([]);
    }));

  it('a newer commit comes while the agent works: its work is put on top, and proved there', async () => {
    const { task, name } = await agentAtWork('topic-moved');
    const theirs = world.commit('topic-moved', { 'theirs.txt': 'a person was faster\n' });
    await world.gh.checkRefs();
    world.letGo(name);
    const { attempts } = await world.phase(task, 'verifying');
    const sha = attempts[0]?.report?.commitSha ?? '';
    expect(world.headOf('topic-moved')).toBe(sha);
    expect(world.isAncestor(theirs, sha)).toBe(true);

    // While CI looks at it, somebody pushes once more: what counts is the branch as it is then.
    const later = world.commit('topic-moved', { 'later.txt': 'and another\n' });
    await world.gh.checkRefs();
    world.run('topic-moved', { build: 'green' });
    const ended = await world.ended(task);
    expect([ended.phase, ended.reason?.code]).toEqual(['succeeded', 'fixed']);
    expect(ended.reason?.detail).toContain(later.slice(0, 8));
  });
});

const prOf = (number: number) => ({ number, head: { ref: 'topic-early' }, base: { ref: 'main' } });

function runBody(id: number, branch: string, sha: string | null) {
  return {
    id,
    name: 'CI',
    head_branch: branch,
    head_sha: sha,
    event: 'push',
    status: 'completed',
    conclusion: 'failure',
    run_attempt: 1,
    html_url: `https://github.com/acme/shop/actions/runs/${id}`,
    head_repository: { full_name: 'acme/shop' },
  };
}
