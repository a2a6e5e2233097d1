import { mkdirSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { systemClock } from '../../../lib/clock.ts';
import { messageOf } from '../../../lib/errors.ts';
import { Checks } from './checks.ts';
import { GitRepository } from './git.ts';
import { announceInjected, finishInjected, injectRun } from './injection.ts';
import type { GitHubOptions, GitHubStandIn } from './options.ts';
import { OutageSwitch } from './outage.ts';
import { closePull, openPull, Pushes } from './pushes.ts';
import { Recorder } from './recorder.ts';
import { storageRoutes } from './routes/actions.ts';
import { allRoutes } from './routes/index.ts';
import type { PullActions } from './routes/pulls.ts';
import { listen, RateCounter } from './server.ts';
import { issueCommentEvent } from './shapes/events.ts';
import { StateFile, type StoredComment, type StoredRun } from './state.ts';
import { WebhookSender } from './webhooks.ts';
import { timestamp, type World } from './world.ts';

export type { AddedRun, GitHubOptions, GitHubStandIn, JobInput, PullRequestInput, RunInput } from './options.ts';
export type { OutageSwitch } from './outage.ts';
export { type Exchange, parseRecords, type RecordedDelivery, type Recorder } from './recorder.ts';
export { createDemoRemote, type DemoRemote } from './remote.ts';

/** The token that is good when the options name none. */
export const DEFAULT_TOKEN = 'ghp_standin000000000000000000000000000000';

/**
 * Starts a stand-in for GitHub on loopback: REST API, Actions and webhooks over one real bare repository, which lies
 * in `dataDir/remote.git` and is made when missing. Started again with the same folder it goes on where it was, also
 * after SIGKILL: new commits get their checks, unfinished checks run again.
 */
export async function startGitHub(options: GitHubOptions): Promise<GitHubStandIn> {
  mkdirSync(options.dataDir, { recursive: true });
  const world = await makeWorld(options);
  const recorder = new Recorder(options.recordTo ?? null);
  const sender = new WebhookSender(world, options.webhook, recorder, join(options.dataDir, 'deliveries.jsonl'));
  const checks = options.checks?.enabled === false ? null : makeChecks(world, sender, options);
  const pushes = new Pushes(world, sender, checks);
  const outage = new OutageSwitch();
  const actions = pullActions(world, sender);
  const rate = new RateCounter(world);
  const parts = { world, outage, recorder, rate, token: options.token ?? DEFAULT_TOKEN };
  const api = await listen({ ...parts, routes: allRoutes(checks, actions, () => rate.read()) }, options.port ?? 0);
  const storage = await listen({ ...parts, routes: storageRoutes() }, 0);
  world.baseUrl = api.url;
  world.storageUrl = storage.url;

  if (options.redeliver) sender.redeliver();
  for (const input of world.store.state.pulls.length === 0 ? (options.pullRequests ?? []) : []) {
    await actions.openPull(input);
  }
  checks?.resume();
  await pushes.look();
  const poll = startPolling(pushes, options, world);
  const background = new Set<Promise<void>>();
  const announce = (run: StoredRun) => {
    const work = announceInjected(world, sender, run).finally(() => background.delete(work));
    background.add(work);
  };
  const settled = async () => {
    await pushes.look();
    await checks?.settled();
    await Promise.all(background);
    await sender.settled();
  };
  return {
    url: world.baseUrl,
    port: Number(new URL(world.baseUrl).port),
    remotePath: world.git.path,
    recorder,
    outage,
    state: world.store.state,
    checkRefs: () => pushes.look(),
    settled,
    addRun(input) {
      const { run, added } = injectRun(world, input);
      if (input.announce) announce(run);
      return added;
    },
    finishRun(runId, jobs, { announce: tell = false } = {}) {
      const { run, added } = finishInjected(world, runId, jobs);
      if (tell) announce(run);
      return added;
    },
    addPullRequest: async (input) => (await actions.openPull(input)).number,
    closePullRequest: (number, merged = false) => closePull(world, sender, number, merged),
    addComment: (issue, author, body) => actions.addComment(issue, author, body).id,
    addStatus(sha, status) {
      const { store } = world;
      const base = { description: null, targetUrl: null, createdAt: timestamp(world) };
      store.state.statuses.push({ ...base, ...status, id: store.nextId(), sha });
      store.save();
    },
    async close() {
      clearInterval(poll);
      outage.clear();
      await pushes.idle();
      await checks?.close();
      await Promise.all(background);
      await sender.close();
      await Promise.all([api.close(), storage.close()]);
    },
  };
}

async function makeWorld(options: GitHubOptions): Promise<World> {
  const git = new GitRepository(join(options.dataDir, 'remote.git'));
  await git.ensure(options.remote.defaultBranch);
  const store = new StateFile(options.dataDir);
  Object.assign(store.state.permissions, options.permissions);
  return {
    ...options.remote,
    git,
    store,
    clock: options.clock ?? systemClock,
    log: options.log ?? (() => undefined),
    login: options.login ?? 'healer-demo[bot]',
    baseUrl: '',
    storageUrl: '',
  };
}

function makeChecks(world: World, sender: WebhookSender, options: GitHubOptions): Checks {
  const folder = join(options.dataDir, 'work');
  // Left over from jobs that a kill cut off.
  rmSync(folder, { recursive: true, force: true });
  return new Checks(world, sender, {
    folder,
    nodeFolder: options.checks?.nodeFolder ?? dirname(process.execPath),
    stepTimeoutMs: options.checks?.stepTimeoutMs ?? 60_000,
    repository: `${world.owner}/${world.name}`,
  });
}

function pullActions(world: World, sender: WebhookSender): PullActions {
  return {
    openPull: (input) => openPull(world, sender, input),
    addComment(issue, author, body): StoredComment {
      const { store } = world;
      const now = timestamp(world);
      const comment = { id: store.nextId(), issue, author, body, createdAt: now, updatedAt: now };
      store.state.comments.push(comment);
      store.save();
      const pull = store.state.pulls.find((candidate) => candidate.number === issue);
      if (pull) sender.send(issueCommentEvent(world, comment, pull));
      return comment;
    },
  };
}

/** Looking every so often works alike on every system, which watching folders does not. */
function startPolling(pushes: Pushes, options: GitHubOptions, world: World): NodeJS.Timeout | undefined {
  const every = options.checks?.pollMs ?? 200;
  if (every <= 0) return undefined;
  let looking = false;
  return setInterval(() => {
    if (looking) return;
    looking = true;
    pushes
      .lookIfMoved()
      .catch((error: unknown) => world.log(`refs could not be read: ${messageOf(error)}`))
      .finally(() => {
        looking = false;
      });
  }, every);
}
