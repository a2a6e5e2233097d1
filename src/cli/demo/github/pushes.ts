import type { Checks } from './checks.ts';
import type { PullRequestInput } from './options.ts';
import { pullFigures } from './pull-figures.ts';
import { numberOf } from './shapes/basics.ts';
import { type Push, type PushedFiles, pullRequestEvent, pushEvent } from './shapes/events.ts';
import type { StoredCommit, StoredPull, StoredRun } from './state.ts';
import type { WebhookSender } from './webhooks.ts';
import { commitOf, loginOf, resolveRef, timestamp, type World } from './world.ts';

/** Notices pushes by comparing the repository's branches with those it has seen, and acts on them as GitHub would. */
export class Pushes {
  readonly #world: World;
  readonly #sender: WebhookSender;
  readonly #checks: Checks | null;
  #tail: Promise<void> = Promise.resolve();
  #fingerprint = '';
  #looking = false;

  constructor(world: World, sender: WebhookSender, checks: Checks | null) {
    this.#world = world;
    this.#sender = sender;
    this.#checks = checks;
  }

  /** Looks when a branch may have moved since the last look; not while such a look is under way. */
  async lookIfMoved(): Promise<void> {
    const now = this.#world.git.fingerprint();
    if (now === this.#fingerprint || this.#looking) return;
    this.#looking = true;
    try {
      await this.look();
      // Taken before the look: what moved during it is seen the next time.
      this.#fingerprint = now;
    } finally {
      this.#looking = false;
    }
  }

  /** Answers when no look is under way. */
  async idle(): Promise<void> {
    await this.#tail;
  }

  /** Looks once; looks that overlap happen one after the other. */
  look(): Promise<void> {
    const looked = this.#tail.then(() => this.#look());
    this.#tail = looked.catch(() => undefined);
    return looked;
  }

  async #look(): Promise<void> {
    const { state } = this.#world.store;
    const now = await this.#world.git.branches();
    const names = new Set([...Object.keys(state.refs), ...Object.keys(now)]);
    // The default branch first, so that a new repository's history reads in order.
    const main = `refs/heads/${this.#world.defaultBranch}`;
    for (const ref of [...names].sort((a, b) => Number(b === main) - Number(a === main) || a.localeCompare(b))) {
      const before = state.refs[ref] ?? null;
      const after = now[ref] ?? null;
      if (before !== after) await this.#moved(ref, before, after);
    }
  }

  async #moved(ref: string, before: string | null, after: string | null): Promise<void> {
    const { store, log, git } = this.#world;
    const branch = ref.slice('refs/heads/'.length);
    const commit = after === null ? null : await commitOf(this.#world, after);
    const commits = after === null ? [] : await this.#pushedCommits(before, after);
    const forced = before !== null && after !== null && !(await git.isAncestor(before, after));
    const pusher = commit ? loginOf(commit.committer) : this.#world.owner;
    const runs = after === null ? [] : ((await this.#checks?.prepare(branch, before, after)) ?? []);
    if (after === null) delete store.state.refs[ref];
    else store.state.refs[ref] = after;
    const pulls = this.#updatePulls(branch, after);
    // One write for the branch and its runs: a crash leaves either both or neither.
    store.save();
    log(after === null ? `${branch} was deleted` : `push to ${branch}: ${after.slice(0, 7)} by ${pusher}`);
    this.#sender.send(pushEvent(this.#world, await this.#push(ref, before, after, forced, commits, pusher)));
    await this.#announcePulls(pulls, before, after);
    for (const run of runs satisfies StoredRun[]) this.#checks?.begin(run);
  }

  /** A new branch is compared with the default branch, as its own commits are all that is new. */
  async #pushedCommits(before: string | null, after: string): Promise<StoredCommit[]> {
    const { git, defaultBranch } = this.#world;
    const base = before ?? (await git.resolve(defaultBranch));
    if (base === null || base === after) return [await commitOf(this.#world, after)].filter((found) => found !== null);
    return git.between(base, after);
  }

  async #push(
    ref: string,
    before: string | null,
    after: string | null,
    forced: boolean,
    commits: readonly StoredCommit[],
    pusher: string,
  ): Promise<Push> {
    const withFiles = await Promise.all(
      commits.slice(-20).map(async (commit) => ({ commit, files: await this.#files(commit) })),
    );
    return { ref, before, after, forced, commits: withFiles, pusher };
  }

  async #files(commit: StoredCommit): Promise<PushedFiles> {
    const files = await this.#world.git.changedFiles(commit.parents[0] ?? null, commit.sha);
    const named = (...words: string[]) =>
      files.filter((file) => words.includes(file.status)).map((file) => file.filename);
    return { added: named('added', 'renamed'), removed: named('removed'), modified: named('modified') };
  }

  #updatePulls(branch: string, after: string | null): StoredPull[] {
    const open = this.#world.store.state.pulls.filter((pull) => pull.state === 'open');
    for (const pull of open) if (pull.baseRef === branch && after !== null) pull.baseSha = after;
    const heads = open.filter((pull) => pull.headRef === branch && pull.headRepository === null);
    for (const pull of heads) {
      pull.updatedAt = timestamp(this.#world);
      if (after === null) pull.state = 'closed';
      else pull.headSha = after;
    }
    return heads;
  }

  async #announcePulls(pulls: readonly StoredPull[], before: string | null, after: string | null): Promise<void> {
    if (before === null) return;
    for (const pull of pulls) {
      const figures = await pullFigures(this.#world, pull);
      const event =
        after === null
          ? pullRequestEvent(this.#world, 'closed', pull, figures)
          : pullRequestEvent(this.#world, 'synchronize', pull, figures, { before, after });
      this.#sender.send(event);
    }
  }
}

/** Closes a pull request, merged or not; the branches stay as they are. */
export async function closePull(world: World, sender: WebhookSender, number: number, merged: boolean): Promise<void> {
  const pull = world.store.state.pulls.find((candidate) => candidate.number === number);
  if (!pull) throw new Error(`no pull request ${number}`);
  pull.state = 'closed';
  pull.updatedAt = timestamp(world);
  pull.mergedAt = merged ? pull.updatedAt : null;
  world.store.save();
  sender.send(pullRequestEvent(world, 'closed', pull, await pullFigures(world, pull)));
}

/** Opens a pull request. The number continues GitHub's one row of issues and pull requests. */
export async function openPull(world: World, sender: WebhookSender, input: PullRequestInput): Promise<StoredPull> {
  const base = input.base ?? world.defaultBranch;
  const number = Math.max(0, ...world.store.state.pulls.map((pull) => pull.number)) + 1;
  const now = timestamp(world);
  const made = (name: string) => numberOf(name).toString(16).padStart(40, 'a');
  const pull: StoredPull = {
    number,
    id: world.store.nextId(),
    title: input.title,
    body: input.body ?? null,
    author: input.author ?? world.login,
    headRef: input.head,
    baseRef: base,
    headRepository: input.headRepository ?? null,
    headSha: input.headSha ?? (await resolveRef(world, input.head)) ?? made(input.head),
    baseSha: (await resolveRef(world, base)) ?? made(base),
    draft: input.draft ?? false,
    labels: input.labels ?? [],
    createdAt: now,
    updatedAt: now,
    state: 'open',
    mergedAt: null,
    files:
      input.files?.map((file) => ({
        sha: made(file.filename),
        previousFilename: null,
        status: 'modified',
        additions: 1,
        deletions: 1,
        patch: null,
        ...file,
      })) ?? null,
  };
  world.store.state.pulls.push(pull);
  world.store.save();
  world.log(`pull request #${number} opened: ${pull.title}`);
  sender.send(pullRequestEvent(world, 'opened', pull, await pullFigures(world, pull)));
  return pull;
}
