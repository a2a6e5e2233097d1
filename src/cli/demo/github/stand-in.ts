import { rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { systemClock } from '../../../lib/clock.ts';
import { messageOf } from '../../../lib/errors.ts';
import { Checks } from './checks.ts';
import { GitRepository } from './git.ts';
import { announceInjected, finishInjected, injectRun } from './injection.ts';
import type {
  AddedRun,
  GitHubOptions,
  GitHubStandIn,
  JobInput,
  PullRequestInput,
  ReviewInput,
  RunInput,
  Webhook,
} from './options.ts';
import { OutageSwitch } from './outage.ts';
import { closePull, openPull, Pushes } from './pushes.ts';
import { Recorder } from './recorder.ts';
import { storageRoutes } from './routes/actions.ts';
import { allRoutes } from './routes/index.ts';
import { type Listening, listen, RateCounter } from './server.ts';
import { issueCommentEvent, requestedActionEvent } from './shapes/events.ts';
import { type State, StateFile, type StoredComment, type StoredRun, type StoredStatus } from './state.ts';
import { WebhookSender } from './webhooks.ts';
import { timestamp, type World } from './world.ts';

/** The token that is good when the options name none. */
export const DEFAULT_TOKEN = 'ghp_standin000000000000000000000000000000';

export class StandIn implements GitHubStandIn {
  readonly recorder: Recorder;
  readonly outage = new OutageSwitch();
  readonly #options: GitHubOptions;
  readonly #world: World;
  readonly #sender: WebhookSender;
  readonly #checks: Checks | null;
  readonly #pushes: Pushes;
  readonly #background = new Set<Promise<void>>();
  #servers: readonly Listening[] = [];
  #poll: NodeJS.Timeout | undefined;

  constructor(options: GitHubOptions) {
    this.#options = options;
    this.#world = makeWorld(options);
    this.recorder = new Recorder(options.recordTo ?? null);
    const deliveries = join(options.dataDir, 'deliveries.jsonl');
    this.#sender = new WebhookSender(this.#world, options.webhook, this.recorder, deliveries);
    this.#checks = options.checks?.enabled === false ? null : makeChecks(this.#world, this.#sender, options);
    this.#pushes = new Pushes(this.#world, this.#sender, this.#checks);
  }

  get url(): string {
    return this.#world.baseUrl;
  }

  get port(): number {
    return Number(new URL(this.url).port);
  }

  get remotePath(): string {
    return this.#world.git.path;
  }

  get state(): Readonly<State> {
    return this.#world.store.state;
  }

  async listen(): Promise<void> {
    const world = this.#world;
    await world.git.ensure(world.defaultBranch);
    const rate = new RateCounter(world);
    const token = this.#options.token ?? DEFAULT_TOKEN;
    const parts = { world, outage: this.outage, recorder: this.recorder, rate, token };
    const routes = allRoutes(
      this.#checks,
      {
        openPull: (input) => openPull(world, this.#sender, input),
        addComment: (issue, author, body) => this.#comment(issue, author, body),
      },
      () => rate.read(),
    );
    const api = await listen({ ...parts, routes }, this.#options.port ?? 0);
    const storage = await listen({ ...parts, routes: storageRoutes() }, 0);
    world.baseUrl = api.url;
    world.storageUrl = storage.url;
    this.#servers = [api, storage];
  }

  async begin(webhook?: Webhook): Promise<void> {
    const { pullRequests = [], redeliver, checks } = this.#options;
    if (webhook) this.#sender.setTarget(webhook);
    if (redeliver) this.#sender.redeliver();
    const isFirst = this.state.pulls.length === 0;
    for (const input of isFirst ? pullRequests : []) await openPull(this.#world, this.#sender, input);
    this.#checks?.resume();
    await this.#pushes.look();
    const every = checks?.pollMs ?? 200;
    if (every > 0) this.#poll ??= setInterval(() => this.#look(), every);
  }

  checkRefs(): Promise<void> {
    return this.#pushes.look();
  }

  async settled(): Promise<void> {
    await this.#pushes.look();
    await this.#checks?.settled();
    await Promise.all(this.#background);
    await this.#sender.settled();
  }

  addRun(input: RunInput): AddedRun {
    const { run, added } = injectRun(this.#world, input);
    if (input.announce) this.#announce(run);
    return added;
  }

  finishRun(runId: number, jobs: readonly JobInput[], options: { readonly announce?: boolean } = {}): AddedRun {
    const { run, added } = finishInjected(this.#world, runId, jobs);
    if (options.announce) this.#announce(run);
    return added;
  }

  async addPullRequest(input: PullRequestInput): Promise<number> {
    return (await openPull(this.#world, this.#sender, input)).number;
  }

  closePullRequest(number: number, merged = false): Promise<void> {
    return closePull(this.#world, this.#sender, number, merged);
  }

  addComment(issue: number, author: string, body: string): number {
    return this.#comment(issue, author, body).id;
  }

  addReview(pull: number, { author, state, body = '', comments = [] }: ReviewInput): void {
    const { store } = this.#world;
    const sha = store.state.pulls.find(({ number }) => number === pull)?.headSha ?? '';
    const common = { pull, author, sha, createdAt: timestamp(this.#world) };
    const id = store.nextId();
    store.state.reviews.push({ ...common, id, state, body });
    for (const comment of comments) {
      store.state.reviewComments.push({ ...common, ...comment, id: store.nextId(), reviewId: id });
    }
    store.save();
  }

  pressButton(checkRunId: number, identifier: string, login: string): void {
    const { checkRuns, pulls } = this.state;
    const check = checkRuns.find(({ id }) => id === checkRunId);
    const isShown = check?.status === 'completed' && check.actions?.some((action) => action.identifier === identifier);
    if (check === undefined || !isShown) throw new Error(`The check ${checkRunId} shows no button ${identifier}.`);
    const headBranch = pulls.find(({ headSha }) => headSha === check.headSha)?.headRef ?? null;
    this.#sender.send(requestedActionEvent(this.#world, check, { identifier, sender: login, headBranch }));
  }

  addStatus(sha: string, status: Pick<StoredStatus, 'state' | 'context'> & Partial<StoredStatus>): void {
    const { store } = this.#world;
    const base = { description: null, targetUrl: null, createdAt: timestamp(this.#world) };
    store.state.statuses.push({ ...base, ...status, id: store.nextId(), sha });
    store.save();
  }

  async close(): Promise<void> {
    clearInterval(this.#poll);
    this.outage.clear();
    await this.#pushes.idle();
    await this.#checks?.close();
    await Promise.all(this.#background);
    await this.#sender.close();
    await Promise.all(this.#servers.map((server) => server.close()));
    this.#servers = [];
  }

  /** Looking every so often works alike on every system, which watching folders does not. */
  #look(): void {
    this.#pushes.lookIfMoved().catch((error: unknown) => {
      this.#world.log(`refs could not be read: ${messageOf(error)}`);
    });
  }

  #announce(run: StoredRun): void {
    const work = announceInjected(this.#world, this.#sender, run).finally(() => this.#background.delete(work));
    this.#background.add(work);
  }

  #comment(issue: number, author: string, body: string): StoredComment {
    const { store } = this.#world;
    const now = timestamp(this.#world);
    const comment = { id: store.nextId(), issue, author, body, createdAt: now, updatedAt: now };
    store.state.comments.push(comment);
    store.save();
    const pull = store.state.pulls.find((candidate) => candidate.number === issue);
    if (pull) this.#sender.send(issueCommentEvent(this.#world, comment, pull));
    return comment;
  }
}

function makeWorld(options: GitHubOptions): World {
  const store = new StateFile(options.dataDir);
  Object.assign(store.state.permissions, options.permissions);
  return {
    owner: options.remote.owner,
    name: options.remote.name,
    defaultBranch: options.remote.defaultBranch,
    git: new GitRepository(join(options.dataDir, 'remote.git')),
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
  rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
  return new Checks(world, sender, {
    folder,
    nodeFolder: options.checks?.nodeFolder ?? dirname(process.execPath),
    stepTimeoutMs: options.checks?.stepTimeoutMs ?? 60_000,
    repository: `${world.owner}/${world.name}`,
  });
}
