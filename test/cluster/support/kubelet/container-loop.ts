import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { CreateError, sandboxSpecOf, terminationFile } from './container-config.ts';
import { ContainerProcess, type Ending } from './container-process.ts';
import { exitCodeOf, pretend, type Running } from './container-run.ts';
import { ConfigError } from './environment.ts';
import type { Container, ContainerState, Terminated } from './kube-types.ts';
import { fallbackMessage } from './log-file.ts';
import type { PodContext } from './pod-context.ts';
import { type ContainerView, WAITING } from './pod-view.ts';
import { Prober } from './probes.ts';
import { timestamp } from './status-writer.ts';

const RETRY_MS = 500;
/** A kubelet begins with 10 s and ends at 5 minutes; tests have no such time. */
const BACKOFF_MS = { first: 500, most: 10_000 };
const MESSAGE_BYTES = 4_096;
const PULL_PAUSE_MS = 300;

/** One container of a Pod: starts it, starts it again where the restart policy says so, and keeps its view up to date. */
export class ContainerLoop {
  readonly container: Container;
  view: ContainerView;
  running: Running | null = null;
  /** Why it is about to be killed, when it is not for its own doing. */
  killReason: 'OOMKilled' | null = null;
  readonly #pod: PodContext;
  #prober: Prober | null = null;

  constructor(pod: PodContext, container: Container, before: ContainerView | undefined) {
    this.#pod = pod;
    this.container = container;
    this.view = before ?? WAITING;
  }

  /** Ends when the container has ended for good; true when it ended well. `onStarted` fires once it counts as started. */
  async run(restarts: 'always' | 'on-failure' | 'never', onStarted: () => void = () => undefined): Promise<boolean> {
    for (let backoff = BACKOFF_MS.first; ; backoff = Math.min(backoff * 2, BACKOFF_MS.most)) {
      const ended = await this.#once(onStarted);
      if (ended === null) return false;
      const isOver =
        this.#pod.isEnding() || restarts === 'never' || (restarts === 'on-failure' && ended.exitCode === 0);
      if (isOver) return ended.exitCode === 0;
      const message = `back-off ${backoff / 1_000}s restarting failed container=${this.container.name}`;
      const waiting = ended.exitCode === 0 ? 'Completed' : 'CrashLoopBackOff';
      this.#set({ state: { waiting: { reason: waiting, message } }, lastState: { terminated: ended } });
      if (!(await this.#pause(backoff))) {
        this.#set({ state: { terminated: ended } });
        return false;
      }
      this.#set({ restartCount: this.view.restartCount + 1 });
    }
  }

  /** Asks it to end; SIGKILL after the grace period. */
  async stop(graceMs: number): Promise<void> {
    const running = this.running;
    if (running === null) return;
    this.#prober?.stop();
    const killer = setTimeout(() => running.kill(), graceMs);
    try {
      await this.#pod.runHook(this.container, running);
      running.terminate();
      await running.ended;
    } finally {
      clearTimeout(killer);
    }
  }

  /** One life of the container; null when the Pod ended before it could start. */
  async #once(onStarted: () => void): Promise<Terminated | null> {
    const attempt = this.view.restartCount;
    const logPath = this.#pod.logPath(this.container.name, attempt);
    const folder = join(this.#pod.home, `${this.container.name}.${attempt}`);
    const running = await this.#start(folder, logPath);
    if (running === null) return null;
    this.running = running;
    const startedAt = timestamp();
    const hasProbes = this.container.readinessProbe !== undefined || this.container.startupProbe !== undefined;
    const id = `containerd://${randomBytes(32).toString('hex')}`;
    const isStarted = this.container.startupProbe === undefined;
    this.#set({ state: { running: { startedAt } }, isReady: !hasProbes, isStarted, id });
    this.#pod.tell('Normal', 'Started', `Started container ${this.container.name}`);
    if (isStarted) onStarted();
    this.#prober = new Prober(this.#pod, this.container, running, (change) => {
      this.#set(change);
      if (change.isStarted === true) onStarted();
    });
    const ending = await running.ended;
    this.#prober.stop();
    this.running = null;
    const terminated = await this.#terminated(ending, folder, logPath, startedAt, id);
    this.#set({ state: { terminated }, isReady: false, isStarted: false });
    return terminated;
  }

  /** Waits as long as something keeps the container from starting; null when the Pod ends meanwhile. */
  async #start(folder: string, logPath: string): Promise<Running | null> {
    for (let round = 0; !this.#pod.isEnding(); round += 1) {
      const reason = await this.#obstacle(round);
      if (reason === null) {
        const order = this.#pod.orders.find(this.#pod.pod, 'pretend');
        if (order !== null) return pretend(order, logPath);
        try {
          const spec = await sandboxSpecOf(this.#pod.containerContext(this.container, folder));
          if (this.#pod.isEnding()) return null;
          return await ContainerProcess.start(this.#pod.host, spec, logPath);
        } catch (error) {
          this.#wait(waitingFor(error));
        }
      } else {
        this.#wait(reason);
      }
      await this.#pause(reason?.reason === 'ErrImagePull' ? PULL_PAUSE_MS : RETRY_MS);
    }
    return null;
  }

  async #obstacle(round: number): Promise<{ reason: string; message?: string } | null> {
    const order = this.#pod.orders.find(this.#pod.pod, 'waiting');
    if (order === null) return null;
    const { image } = this.container;
    if (order.reason !== 'ErrImagePull')
      return { reason: order.reason, message: order.message ?? `${order.reason}: told so by a test` };
    // A kubelet says why the pull failed, and then that it waits before the next.
    const failed = order.message ?? `failed to pull and unpack image "${image}": not found`;
    if (round === 0) return { reason: 'ErrImagePull', message: failed };
    return { reason: 'ImagePullBackOff', message: `Back-off pulling image "${image}": ErrImagePull: ${failed}` };
  }

  #wait(waiting: { reason: string; message?: string }): void {
    this.#set({ state: { waiting } });
    const reason = waiting.reason === 'ImagePullBackOff' ? 'BackOff' : 'Failed';
    this.#pod.tell('Warning', reason, `Error: ${waiting.message ?? waiting.reason}`);
  }

  async #terminated(
    ending: Ending,
    folder: string,
    logPath: string,
    startedAt: string,
    containerID: string,
  ): Promise<Terminated> {
    const exitCode = this.killReason === null ? exitCodeOf(ending) : 137;
    const reason =
      this.killReason ?? (ending.startError === null ? (exitCode === 0 ? 'Completed' : 'Error') : 'StartError');
    this.killReason = null;
    const told = this.#pod.orders.find(this.#pod.pod, 'pretend');
    const message =
      ending.startError ?? (told === null ? await this.#message(folder, logPath, exitCode) : (told.message ?? ''));
    return {
      exitCode,
      reason: told?.reason ?? reason,
      ...(message === '' ? {} : { message }),
      startedAt,
      finishedAt: timestamp(),
      containerID,
    };
  }

  async #message(folder: string, logPath: string, exitCode: number): Promise<string> {
    const written = readFileSync(terminationFile(folder)).subarray(0, MESSAGE_BYTES).toString('utf8');
    const falls = this.container.terminationMessagePolicy === 'FallbackToLogsOnError';
    return written === '' && exitCode !== 0 && falls ? fallbackMessage(logPath) : written;
  }

  /** False when the Pod began to end. */
  async #pause(milliseconds: number): Promise<boolean> {
    return delay(milliseconds, true, { signal: this.#pod.ending }).catch(() => false);
  }

  #set(change: Partial<ContainerView>): void {
    this.view = { ...this.view, ...change };
    this.#pod.publish();
  }
}

function waitingFor(error: unknown): NonNullable<ContainerState['waiting']> {
  const message = error instanceof Error ? error.message : String(error);
  if (error instanceof ConfigError) return { reason: 'CreateContainerConfigError', message };
  if (error instanceof CreateError) return { reason: 'CreateContainerError', message };
  return { reason: 'RunContainerError', message };
}
