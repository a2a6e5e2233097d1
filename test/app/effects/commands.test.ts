import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { commandChore } from '../../../src/app/effects/commands.ts';
import type { GitHub } from '../../../src/lib/github/client.ts';
import type { CommandSignal } from '../../../src/model/signal.ts';
import { createMachine, type Machine } from '../../../src/remediate/machine.ts';
import { DEFAULT_POLICY } from '../../../src/remediate/policy.ts';
import type { Chore } from '../../../src/remediate/worker.ts';
import { insertCommand } from '../../../src/store/commands.ts';
import { openStore, type Store } from '../../../src/store/open.ts';
import { isPaused } from '../../../src/store/pauses.ts';
import { insertRemediation } from '../../../src/store/remediations.ts';
import { saveRepositoryConfig } from '../../../src/store/repository-configs.ts';
import { inPhase } from '../../remediate/phases.ts';
import { aCommand } from '../../support/builders.ts';
import { type FakeClock, fakeClock } from '../../support/clock.ts';

/** As Octokit throws it. */
function refusedWith(status: number): Error {
  return Object.assign(new Error(`HTTP ${status}`), { status, response: { headers: {} } });
}

/** A GitHub that knows one pull request, and whom a test makes fail. */
class LittleGitHub {
  readonly calls: string[] = [];
  readonly comments: { id: number; body: string; user: { login: string } }[] = [];
  /** Throws, or waits, when a call of this name is made. */
  trouble: (call: string) => Promise<void> | void = () => {};
  readonly #clock: FakeClock;

  constructor(clock: FakeClock) {
    this.#clock = clock;
  }

  async #call<T>(name: string, answer: () => T): Promise<{ data: T }> {
    this.calls.push(name);
    await this.trouble(name);
    return { data: answer() };
  }

  client(): GitHub {
    const pull = {
      state: 'open',
      head: { ref: 'topic', sha: 'a'.repeat(40), repo: { full_name: 'acme/shop' } },
      base: { ref: 'main' },
    };
    const rest = {
      reactions: {
        createForIssueComment: ({ content }: { content: string }) => this.#call(`react ${content}`, () => ({})),
      },
      repos: {
        getCollaboratorPermissionLevel: () =>
          this.#call('permission', () => ({ permission: 'admin', role_name: 'admin' })),
      },
      pulls: { get: () => this.#call('pull', () => pull) },
      issues: {
        listComments: 'list',
        createComment: ({ body }: { body: string }) =>
          this.#call('comment', () => {
            this.comments.push({ id: this.comments.length + 1, body, user: { login: 'healer[bot]' } });
            return { id: this.comments.length };
          }),
        updateComment: () => this.#call('update', () => ({})),
      },
    };
    const octokit = { rest, paginate: async () => this.comments };
    return {
      clock: this.#clock.now,
      forRepository: () => octokit,
      app: async () => ({ id: 1, slug: 'healer' }),
    } as unknown as GitHub;
  }
}

describe('carrying out a command', () => {
  let store: Store;
  let clock: FakeClock;
  let machine: Machine;
  let github: LittleGitHub;
  let chore: Chore;
  let errors: Readonly<Record<string, unknown>>[];

  beforeEach(async () => {
    clock = fakeClock();
    store = await openStore({ kind: 'memory' });
    machine = createMachine({ store, clock: clock.now, policyFor: async () => DEFAULT_POLICY });
    github = new LittleGitHub(clock);
    errors = [];
    chore = commandChore({
      store,
      github: github.client(),
      machine,
      clock: clock.now,
      newId: () => 'new',
      agents: ['atlas', 'rex'],
      maxAttempts: 3,
      commandBots: ['release[bot]'],
      onError: (_, fields) => errors.push(fields),
    });
  });
  afterEach(() => store.close());

  const typed = (changes: Partial<CommandSignal>) =>
    store.transaction((tx) => insertCommand(tx, '01', aCommand(changes), clock.now()));
  const round = async () => {
    const pieces = await chore.claim(10);
    await Promise.all(pieces.map((piece) => piece()));
    return pieces.length;
  };
  const count = (call: string) => github.calls.filter((made) => made === call).length;
  const state = async () => (await store.db.selectFrom('commands').select('state').executeTakeFirstOrThrow()).state;
  const paused = () => isPaused(store.db, 'acme/shop');

  it('shows that it was read before it asks anything, and that it is done after it is', async () => {
    await typed({ verb: 'pause' });
    await round();
    expect(github.calls).toEqual(['react eyes', 'permission', 'pull', 'react rocket']);
    expect([await paused(), await state()]).toEqual([true, 'done']);
    expect(await round()).toBe(0);
  });

  it('does nothing while GitHub does not say who asks, and gives up in the end', async () => {
    github.trouble = (call) => {
      if (call === 'permission') throw refusedWith(502);
    };
    await typed({ verb: 'pause' });
    let rounds = 0;
    for (; rounds < 50 && (await state()) !== 'done'; rounds += 1) {
      await round();
      clock.set((await chore.nextDue()) ?? clock.now());
    }
    expect(rounds).toBe(12);
    expect(await paused()).toBe(false);
    expect(errors.at(-1)).toMatchObject({ verb: 'pause', tries: 12, giveUp: true });
    expect([count('react -1'), count('react rocket')]).toEqual([1, 0]);
  });

  it('gives up at once what GitHub will never say', async () => {
    github.trouble = (call) => {
      if (call === 'permission') throw refusedWith(403);
    };
    await typed({ verb: 'pause' });
    await round();
    expect([await paused(), await state(), count('react -1')]).toEqual([false, 'done', 1]);
  });

  it('takes a stranger whom GitHub does not know for one', async () => {
    github.trouble = (call) => {
      if (call === 'permission') throw refusedWith(404);
    };
    await typed({ verb: 'status' });
    await round();
    expect(github.comments.map(({ body }) => body.split('\n')[1])).toEqual([
      'That needs write access to acme/shop; you have no access.',
    ]);
    expect(count('pull')).toBe(0);
  });

  it('asks nothing about a listed bot, which may write but not pause', async () => {
    await typed({ verb: 'pause', actor: { login: 'release[bot]', type: 'Bot' } });
    await round();
    expect(count('permission')).toBe(0);
    expect(await paused()).toBe(false);
    expect(github.comments[0]?.body).toContain('needs maintain access');
  });

  it.each(['comment', 'react rocket'])('does not do it again when only the answer (%s) failed', async (lost) => {
    let left = 2;
    github.trouble = (call) => {
      if (call === lost && left-- > 0) throw refusedWith(502);
    };
    await typed({ verb: 'status' });
    for (let n = 0; n < 3; n += 1) {
      await round();
      clock.set((await chore.nextDue()) ?? clock.now());
    }
    expect([await state(), count('permission'), github.comments.length]).toEqual(['done', 1, 1]);
  });

  it('does it once when a second worker takes over from one that is only slow', async () => {
    let release = (): void => {};
    const slow = new Promise<void>((resolve) => {
      release = resolve;
    });
    let first = true;
    github.trouble = (call) => {
      if (call !== 'permission' || !first) return;
      first = false;
      return slow;
    };
    await typed({ verb: 'status' });
    const pieces = await chore.claim(1);
    const late = Promise.all(pieces.map((piece) => piece()));
    clock.advance(5 * 60_000);
    expect(await round()).toBe(1);
    expect(await state()).toBe('done');
    release();
    await late;
    expect(errors.map(({ error }) => error)).toEqual(['Another worker acted on the command.']);
    expect(github.comments).toHaveLength(1);
    expect(await state()).toBe('done');
  });

  it('still does what was asked when the comment is gone', async () => {
    github.trouble = (call) => {
      if (call.startsWith('react')) throw refusedWith(404);
    };
    await typed({ verb: 'pause' });
    await round();
    expect([await paused(), await state()]).toEqual([true, 'done']);
  });

  it.each([
    [{ verb: 'cancel' }, 'Nothing is under way here.'],
    [{ verb: 'approve' }, 'Nothing is under way here.'],
    [{ verb: 'route', argument: 'Rex' }, 'Nothing is under way here.'],
    [{ verb: 'route', argument: 'batman' }, 'There is no such agent. Choose one of `atlas`, `rex`.'],
    [{ verb: 'retry' }, 'Healer has not been at work here. `/healer fix` asks for it.'],
    [{ verb: 'explode' }, 'There is no such command. See `/healer help`.'],
    [{ verb: 'fix', isPullRequest: false }, '`/healer fix` works on pull requests.'],
    [{ verb: 'cancel', isPullRequest: false }, '`/healer cancel` works on pull requests.'],
    [{ verb: 'retry', isPullRequest: false }, '`/healer retry` works on pull requests.'],
    [{ verb: 'explain', isPullRequest: false }, '`/healer explain` works on pull requests.'],
  ])('answers %j with one line: %s', async (changes, line) => {
    await typed(changes);
    await round();
    expect(github.comments.map(({ body }) => body.trimEnd().split('\n').slice(1))).toEqual([[line]]);
    expect([count('react -1'), count('react rocket')]).toEqual([1, 0]);
  });

  it('refuses an agent that the repository does not allow', async () => {
    const config = { agents: { allow: null, deny: ['rex'] }, maxAttempts: 3 };
    await saveRepositoryConfig(store.db, 'acme/shop', { kind: 'valid', config }, 1);
    await typed({ verb: 'route', argument: 'rex' });
    await round();
    expect(github.comments[0]?.body).toContain('This repository does not allow `rex`. Choose one of `atlas`.');
  });

  it('lists on an issue what is under way in the repository', async () => {
    await store.transaction((tx) => insertRemediation(tx, inPhase('working')));
    await typed({ verb: 'status', isPullRequest: false });
    await round();
    expect(github.comments[0]?.body).toContain('`ci-41` on `feature`: **With the agent**, attempt 1 of 3, `rex`.');
    expect(count('react rocket')).toBe(1);
  });
});
