import {
  assertSameAttempt,
  type Engine,
  type JobExit,
  type JobState,
  type Observed,
  type StatusPatch,
  type StopCause,
} from '../../../src/coderun/engine.ts';
import {
  type CodeRun,
  type CodeRunDraft,
  type CodeRunPhase,
  INITIAL_STATUS,
  isActive,
  statusSchema,
} from '../../../src/coderun/schema.ts';
import { RetryableError } from '../../../src/lib/errors.ts';

export const EXIT: JobExit = {
  code: 0,
  signal: null,
  cause: 'completed',
  startedAt: 1_000,
  finishedAt: 2_000,
  detail: null,
  result: null,
  outputTail: '',
};

interface World {
  job: JobState;
  hasFiles: boolean;
  starts: number;
}

/** An engine whose world is moved by the test, and which can be made to fail at any call. */
export class FakeEngine implements Engine {
  readonly kind = 'local';
  readonly worlds = new Map<string, World>();
  readonly phases = new Map<string, CodeRunPhase[]>();
  writes = 0;
  /** Calls that change something, in order. */
  readonly calls: string[] = [];
  /** Asked before each call; throws to fail it. */
  before: (call: string) => void = () => {};
  /** Asked after each call that changes something; throws to lose its answer, as a crash does. */
  after: (call: string) => void = () => {};
  now = 0;
  readonly #runs = new Map<string, CodeRun>();
  readonly #listeners = new Set<(name: string) => void>();
  #uids = 0;

  world(name: string): World {
    const world = this.worlds.get(name);
    if (world === undefined) throw new Error(`no world for ${name}`);
    return world;
  }

  async create(draft: CodeRunDraft) {
    const existing = this.#runs.get(draft.name);
    if (existing !== undefined) {
      assertSameAttempt(existing, draft);
      return { codeRun: existing, existed: true };
    }
    this.#uids += 1;
    const codeRun: CodeRun = {
      ...draft,
      uid: `uid-${this.#uids}`,
      generation: 1,
      resourceVersion: '1',
      status: INITIAL_STATUS,
      createdAt: this.now,
      cancelRequested: false,
    };
    this.worlds.set(draft.name, { job: { state: 'none' }, hasFiles: false, starts: 0 });
    return { codeRun: this.#put(codeRun), existed: false };
  }

  async get(name: string) {
    return this.peek(name);
  }

  async glance(name: string) {
    this.before('glance');
    return this.peek(name);
  }

  /** The same for the test itself: never fails. */
  peek(name: string): CodeRun | null {
    return this.#runs.get(name) ?? null;
  }

  async listActive() {
    return [...this.#runs.values()].filter((run) => isActive(run.status));
  }

  async listExpired(now: number) {
    const isDue = ({ status }: CodeRun) =>
      !isActive(status) && status.expireAt !== undefined && Date.parse(status.expireAt) <= now;
    return [...this.#runs.values()].filter((run) => isDue(run) && this.world(run.name).hasFiles).map((run) => run.name);
  }

  async requestCancel(name: string) {
    const run = this.#runs.get(name);
    if (run !== undefined && !run.cancelRequested) this.#put({ ...run, cancelRequested: true });
  }

  async patchStatus(name: string, resourceVersion: string, patch: StatusPatch, isWhole = false) {
    this.before('patchStatus');
    const run = this.#runs.get(name);
    if (run === undefined || run.resourceVersion !== resourceVersion) return null;
    this.writes += 1;
    this.calls.push('patchStatus');
    const present = Object.fromEntries(Object.entries(patch).filter(([, value]) => value !== undefined));
    const status = statusSchema.parse({ ...(isWhole ? {} : run.status), ...present });
    this.phases.set(name, [...(this.phases.get(name) ?? []), status.phase]);
    const after = this.#put({ ...run, status });
    this.after('patchStatus');
    return after;
  }

  /** Somebody else writes. */
  touch(name: string): void {
    const run = this.#runs.get(name);
    if (run !== undefined) this.#put(run);
  }

  async observe(codeRun: CodeRun): Promise<Observed> {
    this.before('observe');
    const { job, hasFiles } = this.world(codeRun.name);
    const fileSet = hasFiles ? `${codeRun.name}-files` : null;
    return { fileSet, hasRemains: hasFiles, credentialsExpireAt: null, job };
  }

  async ensureFiles(codeRun: CodeRun) {
    this.before('ensureFiles');
    this.world(codeRun.name).hasFiles = true;
    this.calls.push('ensureFiles');
    this.after('ensureFiles');
  }

  async refreshCredentials() {
    this.calls.push('refreshCredentials');
  }

  async ensureJob(codeRun: CodeRun, deadlineSeconds: number) {
    this.before('ensureJob');
    const world = this.world(codeRun.name);
    if (world.job.state === 'none') {
      world.starts += 1;
      world.job = { state: 'running', name: codeRun.name, startedAt: this.now };
      this.calls.push(`ensureJob ${deadlineSeconds}`);
    }
    this.after('ensureJob');
  }

  async stopJob(codeRun: CodeRun, why: StopCause) {
    this.before('stopJob');
    const world = this.world(codeRun.name);
    this.calls.push(`stopJob ${why}`);
    if (world.job.state === 'running' || world.job.state === 'pending') {
      world.job = { state: 'exited', name: codeRun.name, exit: { ...EXIT, code: null, signal: 'SIGTERM', cause: why } };
    } else if (world.job.state === 'lost') world.job = { ...world.job, hasLeftovers: false };
    this.after('stopJob');
  }

  async cleanUp(codeRun: CodeRun) {
    this.before('cleanUp');
    const world = this.world(codeRun.name);
    if (world.job.state === 'running') throw new RetryableError('in use');
    world.hasFiles = false;
    world.job = { state: 'none' };
    this.calls.push('cleanUp');
  }

  async output() {
    return null;
  }

  watch(onChange: (name: string) => void) {
    this.#listeners.add(onChange);
    return () => this.#listeners.delete(onChange);
  }

  /** The job goes on by itself. */
  move(name: string, job: JobState): void {
    this.world(name).job = job;
    for (const listener of this.#listeners) listener(name);
  }

  #put(run: CodeRun): CodeRun {
    const after = { ...run, resourceVersion: String(Number(run.resourceVersion) + 1) };
    this.#runs.set(run.name, after);
    for (const listener of this.#listeners) listener(run.name);
    return after;
  }
}
