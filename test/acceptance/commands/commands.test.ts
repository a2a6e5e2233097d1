import { execFileSync } from 'node:child_process';
import { describe, it } from 'vitest';
import type { World } from '../../support/world.ts';
import { inWorld, RUST_LOG } from '../../support/world.ts';

const RED = { build: { red: RUST_LOG } } as const;

/** Who may do what: Ada is admin, Wanda may write, Mia maintains, everybody else may read. */
function people(world: World): void {
  Object.assign(world.gh.state.permissions, { wanda: 'write', mia: 'maintain' });
}

async function pullRequest(world: World, branch: string): Promise<number> {
  people(world);
  world.commit(branch);
  await world.gh.checkRefs();
  return world.gh.addPullRequest({ title: `Change ${branch}`, head: branch, author: 'ada' });
}

const reactionsOn = (world: World, comment: number): readonly string[] =>
  world.gh.state.reactions.filter(({ commentId }) => commentId === comment).map(({ content }) => content);

/** Waits until the comment carries the reaction that says how it went. */
async function answered(world: World, comment: number, how: 'rocket' | '-1' = 'rocket'): Promise<void> {
  await world.eventually(() => reactionsOn(world, comment).length > 1, `the command ${comment} is answered`);
  const seen = reactionsOn(world, comment).join(' ');
  if (seen !== `eyes ${how}`) throw new Error(`${seen}, not ${how}: ${answers(world, 1).at(-1)}`);
}

const answers = (world: World, pull: number): readonly string[] =>
  world.gh.state.comments
    .filter(({ issue, body }) => issue === pull && body.startsWith('<!-- healer-answer:'))
    .map(({ body }) => body.split('\n').slice(1).join('\n').trim());

// GitHub's client sends no more than one write a second: side by side, nobody waits for that.
describe.concurrent('/healer in a comment', () => {
  it('fix by a writer repairs what is red, with the words in the prompt, though the failure was decided about before', async ({
    expect,
  }) => {
    await inWorld({}, async (world) => {
      const pull = await pullRequest(world, 'topic');
      world.plan({ '*': ['wait'] });
      // Nobody announced the failure: only the person knows.
      const run = world.run('topic', RED, { announce: false });
      const comment = world.gh.addComment(pull, 'wanda', 'Please look.\n/healer fix mind the cart\n');
      await answered(world, comment);
      const task = `ci-${run.runId}`;
      await world.agentAtWork(task);
      const remediation = await world.find(task);
      expect(remediation).toMatchObject({ branch: 'topic', pullRequest: pull, approvedBy: 'wanda' });
      expect(remediation.failedChecks.map(({ name }) => name)).toEqual(['build']);
      expect(await world.prompt(task)).toContain('mind the cart');
      expect(answers(world, pull)).toEqual([]);
      // Once more, while it is at work.
      const again = world.gh.addComment(pull, 'wanda', '/healer fix');
      await answered(world, again, '-1');
      expect(answers(world, pull)).toEqual([`\`${task}\` is at it already (working).`]);
      expect(await world.all()).toHaveLength(1);
    });
  });

  it('fix by a stranger starts nothing, and says why in one line', async ({ expect }) => {
    await inWorld({}, async (world) => {
      const pull = await pullRequest(world, 'topic');
      world.run('topic', RED, { announce: false });
      const stranger = world.gh.addComment(pull, 'eve', '/healer fix');
      await answered(world, stranger, '-1');
      expect(answers(world, pull)).toEqual(['That needs write access to acme/shop; you have read access.']);
      expect(await world.all()).toEqual([]);
    });
  });

  it('says so when nothing is red, and when there is no such command', async ({ expect }) => {
    await inWorld({}, async (world) => {
      const pull = await pullRequest(world, 'topic');
      world.run('topic', { build: 'green' }, { announce: false });
      for (const line of ['/healer fix', '/healer fxi'])
        await answered(world, world.gh.addComment(pull, 'wanda', line), '-1');
      expect(answers(world, pull)).toEqual([
        `Nothing is red on \`${world.headOf('topic')?.slice(0, 8)}\`.`,
        'There is no such command. Did you mean `/healer fix`?',
      ]);
    });
  });

  it('retry with guidance reaches the next prompt; cancel ends it; retry starts anew after the end', async ({
    expect,
  }) => {
    await inWorld({}, async (world) => {
      const pull = await pullRequest(world, 'topic');
      world.plan({ '*': ['wait then fail', 'wait'] });
      const { runId } = world.run('topic', RED);
      const first = await world.agentAtWork(`ci-${runId}`);
      await answered(world, world.gh.addComment(pull, 'wanda', '/healer retry it is the lock file'));
      world.letGo(first.name);
      await world.phase(`ci-${runId}`, 'working', 2);
      expect(await world.prompt(`ci-${runId}`)).toContain('it is the lock file');
      await answered(world, world.gh.addComment(pull, 'wanda', '/healer cancel'));
      expect(await world.ended(`ci-${runId}`)).toMatchObject({
        phase: 'cancelled',
        reason: { code: 'cancelled_by_person' },
      });
      await answered(world, world.gh.addComment(pull, 'wanda', '/healer retry with the old one'));
      const anew = await world.phase(`ci-${runId}-r1`, 'working');
      expect(anew.attempts.map(({ number, ordinal }) => [number, ordinal])).toEqual([[1, 1]]);
      expect(await world.prompt(anew.taskId)).toContain('with the old one');
    });
  });

  it('route sends another agent, and names the agents when there is none of that name', async ({ expect }) => {
    await inWorld({}, async (world) => {
      const pull = await pullRequest(world, 'topic');
      world.plan({ '*': ['wait then fail', 'wait'] });
      const { runId } = world.run('topic', RED);
      const { name } = await world.agentAtWork(`ci-${runId}`);
      await answered(world, world.gh.addComment(pull, 'wanda', '/healer route batman'), '-1');
      expect(answers(world, pull).at(-1)).toMatch(/^There is no such agent\. Choose one of .*`blaze`/);
      await answered(world, world.gh.addComment(pull, 'wanda', '/healer route Blaze'));
      world.letGo(name);
      const second = await world.phase(`ci-${runId}`, 'working', 2);
      expect(second.attempts.map(({ agent }) => agent)).toEqual(['rex', 'blaze']);
    });
  });

  it('approve lets an agent start that the repository wants approved', async ({ expect }) => {
    await inWorld({}, async (world) => {
      world.commit('main', { '.github/healer.yaml': 'approval: always\n' });
      const pull = await pullRequest(world, 'topic');
      world.plan({ '*': ['wait'] });
      const { runId } = world.run('topic', RED);
      await world.phase(`ci-${runId}`, 'awaiting_approval');
      await world.comment(pull, (body) => body.includes('asks for approval') && body.includes('/healer approve'));
      await answered(world, world.gh.addComment(pull, 'eve', '/healer approve'), '-1');
      await answered(world, world.gh.addComment(pull, 'wanda', '/healer approve'));
      expect(await world.phase(`ci-${runId}`, 'working')).toMatchObject({ approvedBy: 'wanda' });
    });
  });

  it('pause and resume are for maintainers, and hold back the repository', async ({ expect }) => {
    await inWorld({}, async (world) => {
      const pull = await pullRequest(world, 'topic');
      world.plan({ '*': ['wait'] });
      await answered(world, world.gh.addComment(pull, 'wanda', '/healer pause'), '-1');
      expect(answers(world, pull)).toEqual(['That needs maintain access to acme/shop; you have write access.']);
      await answered(world, world.gh.addComment(pull, 'mia', '/healer pause'));
      const { runId } = world.run('topic', RED);
      expect(await world.phase(`ci-${runId}`, 'deferred')).toMatchObject({ reason: { code: 'paused' } });
      await answered(world, world.gh.addComment(pull, 'ada', '/healer resume'));
      await world.phase(`ci-${runId}`, 'working');
    });
  });

  it('status, explain and help answer with one comment each', async ({ expect }) => {
    await inWorld({}, async (world) => {
      const pull = await pullRequest(world, 'topic');
      world.plan({ '*': ['wait'] });
      const { runId } = world.run('topic', RED);
      await world.agentAtWork(`ci-${runId}`);
      await answered(world, world.gh.addComment(pull, 'wanda', '/healer status'));
      await answered(world, world.gh.addComment(pull, 'wanda', '/healer explain'));
      await answered(world, world.gh.addComment(pull, 'wanda', '/healer help'));
      const [status, explain, help] = answers(world, pull);
      expect(status).toContain(`\`ci-${runId}\``);
      expect(status).toContain('attempt 1 of 3');
      expect(explain).toContain('`attempt_started`');
      expect(explain).toContain('**Routing:** `rust_build` to `rex`');
      expect(help).toContain('`/healer route <agent>`');
      expect(answers(world, pull)).toHaveLength(3);
    });
  });

  it('fix on a fork is a writer’s permission to work: on a branch of ours, with a pull request of its own', async ({
    expect,
  }) => {
    await inWorld({}, async (world) => {
      people(world);
      const sha = world.commit('forked');
      world.reset('forked', null);
      // GitHub keeps the head of every pull request in the base repository.
      execFileSync('git', ['--git-dir', world.gh.remotePath, 'update-ref', 'refs/pull/1/head', sha]);
      await world.gh.addPullRequest({ title: 'Help', head: 'main', headRepository: 'eve/shop', headSha: sha });
      world.plan({ '*': ['commit'] });
      const { runId } = world.run('main', RED, { headSha: sha, announce: false });
      await answered(world, world.gh.addComment(1, 'eve', '/healer fix'), '-1');
      expect(await world.all()).toEqual([]);
      await answered(world, world.gh.addComment(1, 'wanda', '/healer fix'));
      const commit = await world.agentPushed(`ci-${runId}`);
      const remediation = await world.until(
        `ci-${runId}`,
        ({ pullRequest }) => pullRequest !== null,
        'it has a pull request',
      );
      expect(remediation).toMatchObject({ branch: 'refs/pull/1/head', fromFork: true, pullRequest: 2 });
      expect(remediation.targetBranch).toMatch(/^fix\/rust-build-/);
      expect(world.isAncestor(sha, commit)).toBe(true);
      expect(world.gh.state.pulls[1]).toMatchObject({ baseRef: 'main', headRepository: null });
      expect(world.gh.state.pulls[1]?.title).toMatch(/ of #1$/);
      world.run(remediation.targetBranch ?? '', { build: 'green' });
      await world.phase(`ci-${runId}`, 'succeeded');
      await world.comment(1, (body) => body.includes('Verified green'));
    });
  });

  it('is carried out once, and answered once, however often GitHub fails in between', async ({ expect }) => {
    await inWorld({}, async (world) => {
      const pull = await pullRequest(world, 'topic');
      world.plan({ '*': ['wait'] });
      world.run('topic', RED, { announce: false });
      const first = (part: string) => {
        let left = 1;
        return (_method: string, path: string) => path.includes(part) && left-- > 0;
      };
      for (const part of ['/reactions', '/permission', `/pulls/${pull}`, '/check-runs'])
        world.gh.outage.resetNext(1, first(part));
      // What was asked is done, and then the answer is lost: it is not done again.
      let reactions = 0;
      const rocket = (_method: string, path: string) => path.includes('/reactions') && ++reactions === 2;
      world.gh.outage.resetNext(1, rocket);
      await answered(world, world.gh.addComment(pull, 'wanda', '/healer fix'));
      expect(reactions).toBe(2);
      expect(await world.all()).toHaveLength(1);
      world.gh.outage.failNext(1, 502, (method, path) => method === 'POST' && path.endsWith('/comments'));
      const help = world.gh.addComment(pull, 'wanda', '/healer help');
      await answered(world, help);
      expect(answers(world, pull)).toHaveLength(1);
    });
  });

  it('is not given by a quotation, by a bot, or by Healer itself', async ({ expect }) => {
    await inWorld({}, async (world) => {
      const pull = await pullRequest(world, 'topic');
      const quoted = world.gh.addComment(pull, 'wanda', '> /healer fix\n\n`/healer fix`');
      const bot = world.gh.addComment(pull, 'helper[bot]', '/healer help');
      const help = world.gh.addComment(pull, 'wanda', '/healer help');
      await answered(world, help);
      await world.disposition('bot_author');
      expect([...reactionsOn(world, quoted), ...reactionsOn(world, bot)]).toEqual([]);
      // Healer's own answers came back as comments too, and were none.
      await world.eventually(
        async () => (await world.get('/api/deliveries?limit=100')).body.deliveries.length >= 6,
        'every comment was decided about',
      );
      expect(answers(world, pull)).toHaveLength(1);
    });
  });
});
