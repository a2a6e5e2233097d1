import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { ApiError } from '../api.ts';
import type { PodFailure, RunningContainer } from '../cluster-types.ts';
import type { ContainerContext } from './container-config.ts';
import { ContainerLoop } from './container-loop.ts';
import type { Running } from './container-run.ts';
import { handle } from './handlers.ts';
import { hostsText } from './hosts-file.ts';
import type { Container, Pod, PodStatus } from './kube-types.ts';
import { lostView } from './lost-container.ts';
import type { NodeContext } from './node-context.ts';
import { persist } from './persist.ts';
import type { PodContext } from './pod-context.ts';
import { isSidecar, type PodView, statusOf } from './pod-view.ts';
import { StatusWriter, timestamp } from './status-writer.ts';
import { MountError } from './volume-files.ts';
import { PodVolumes } from './volumes.ts';

const RETRY_MS = 500;
const DEFAULT_GRACE_SECONDS = 30;

/** One Pod on this node, from its binding until it is gone from the API. */
export class PodWorker implements PodContext {
  pod: Pod;
  readonly podIP: string;
  readonly home: string;
  readonly host;
  readonly orders;
  readonly #node: NodeContext;
  readonly #loops = new Map<string, ContainerLoop>();
  readonly #volumes: PodVolumes;
  readonly #writer: StatusWriter;
  readonly #ending = new AbortController();
  readonly #startTime: string;
  #failure: PodView['failure'] = null;
  #disruption: PodView['disruption'] = null;
  /** Nothing is written any more: the Pod is gone, or somebody else speaks for it. */
  #isSilent = false;
  #isDeleting = false;
  #life: Promise<void> | null = null;
  #stopping: Promise<void> | null = null;
  #deadline: NodeJS.Timeout | null = null;

  constructor(node: NodeContext, pod: Pod, podIP: string) {
    this.pod = pod;
    this.podIP = podIP;
    this.host = node.host;
    this.orders = node.orders;
    this.#node = node;
    this.home = join(node.podsFolder, pod.metadata.uid);
    this.#startTime = pod.status?.startTime ?? timestamp();
    this.#volumes = new PodVolumes(pod, podIP, this.home, node.api, node.contents);
    this.#writer = new StatusWriter(node.api, pod);
    for (const container of [...(pod.spec.initContainers ?? []), ...pod.spec.containers]) {
      this.#loops.set(container.name, new ContainerLoop(this, container, lostView(pod, container)));
    }
  }

  start(): void {
    if (isTerminal(this.pod.status)) {
      this.#isSilent = true;
      this.#life = Promise.resolve();
    } else {
      mkdirSync(join(this.home, 'logs'), { recursive: true });
      this.#life = this.#live().catch((error: unknown) => console.error(`${this.pod.metadata.name}: ${String(error)}`));
    }
    this.update(this.pod);
  }

  /** A newer version from the API. */
  update(pod: Pod): void {
    this.pod = pod;
    if (pod.metadata.deletionTimestamp === undefined || this.#isDeleting) return;
    this.#isDeleting = true;
    void this.#delete((pod.metadata.deletionGracePeriodSeconds ?? DEFAULT_GRACE_SECONDS) * 1_000);
  }

  /** Deleted by force, or for good: nobody waits for it. */
  async gone(): Promise<void> {
    this.#isSilent = true;
    this.#beginEnd();
    for (const loop of this.#loops.values()) loop.running?.kill();
    await this.#life;
    rmSync(this.home, { recursive: true, force: true, maxRetries: 10 });
  }

  async fail(how: PodFailure): Promise<void> {
    const { namespace, name, uid } = this.pod.metadata;
    const path = `/api/v1/namespaces/${namespace}/pods/${name}`;
    if (how === 'oom-killed') {
      for (const loop of this.#loops.values()) {
        if (loop.running === null) continue;
        loop.killReason = 'OOMKilled';
        loop.running.kill();
      }
    } else if (how === 'evicted') {
      const message = 'The node was low on resource: memory. ';
      this.#disruption = { reason: 'TerminationByKubelet', message };
      await this.#end(0, { reason: 'Evicted', message });
    } else if (how === 'preempted') {
      const message = 'default-scheduler: preempting to accommodate a higher priority pod';
      this.#disruption = { reason: 'PreemptionByScheduler', message };
      this.publish();
      await this.#writer.flush();
      await persist(() => this.#node.api.request('DELETE', path, { preconditions: { uid } }));
    } else {
      this.#disruption = { reason: 'DeletionByPodGC', message: 'PodGC: node no longer exists' };
      this.#isSilent = true;
      // The containers' last word is never heard.
      this.#writer.set({ ...this.status(), phase: 'Failed' });
      await this.#writer.flush();
      await persist(() => this.#node.api.request('DELETE', path, { gracePeriodSeconds: 0, preconditions: { uid } }));
    }
  }

  running(): RunningContainer[] {
    const { namespace, name } = this.pod.metadata;
    return [...this.#loops.values()].flatMap((loop) =>
      loop.running === null ? [] : [{ namespace, pod: name, container: loop.container.name, pid: loop.running.pid() }],
    );
  }

  /** Log of the container's present or previous life, and whether it still grows; null when it has none. */
  log(container: string, isPrevious: boolean): { path: string; isOpen: () => boolean } | null {
    const loop = this.#loops.get(container);
    if (loop === undefined || loop.view.id === null) return null;
    const current =
      loop.view.restartCount -
      (loop.view.state.waiting !== undefined && loop.view.lastState.terminated === undefined ? 1 : 0);
    const attempt = isPrevious ? current - 1 : current;
    if (attempt < 0) return null;
    return { path: this.logPath(container, attempt), isOpen: () => !isPrevious && loop.running !== null };
  }

  get ending(): AbortSignal {
    return this.#ending.signal;
  }

  isEnding(): boolean {
    return this.#ending.signal.aborted;
  }

  logPath(container: string, attempt: number): string {
    return join(this.home, 'logs', `${container}.${attempt}.log`);
  }

  containerContext(container: Container, folder: string): ContainerContext {
    const { namespace, name } = this.pod.metadata;
    return {
      pod: this.pod,
      container,
      image: this.orders.imageOf(container.image),
      folder,
      podIP: this.podIP,
      hostname: this.pod.spec.hostname ?? name,
      server: this.#node.server,
      volumes: this.#volumes.folders,
      shared: this.orders.shared,
      hostsFile: join(this.home, 'hosts'),
      read: (kind, contents) => persist(() => this.#node.contents.read(kind, namespace, contents)),
    };
  }

  async runHook(container: Container, running: Running): Promise<void> {
    const hook = container.lifecycle?.preStop;
    if (hook === undefined || running.pid() === 0) return;
    const graceMs = (this.pod.spec.terminationGracePeriodSeconds ?? DEFAULT_GRACE_SECONDS) * 1_000;
    await Promise.race([handle(hook, container, running, this.podIP, graceMs).catch(() => undefined), running.ended]);
  }

  tell(type: 'Normal' | 'Warning', reason: string, message: string): void {
    this.#node.tell(this.pod, type, reason, message);
  }

  publish(): void {
    if (!this.#isSilent) this.#writer.set(this.status());
  }

  status(): PodStatus {
    const containers = new Map([...this.#loops].map(([name, loop]) => [name, loop.view]));
    return statusOf(this.pod, {
      podIP: this.podIP,
      startTime: this.#startTime,
      containers,
      isEnding: this.isEnding(),
      failure: this.#failure,
      disruption: this.#disruption,
    });
  }

  async #live(): Promise<void> {
    this.#startDeadline();
    this.publish();
    if (await this.#setUpVolumes()) await this.#runContainers();
    await this.#stopping;
    if (this.#deadline !== null) clearTimeout(this.#deadline);
    this.#volumes.stop();
    this.#beginEnd();
    this.publish();
    await this.#writer.flush();
  }

  async #setUpVolumes(): Promise<boolean> {
    while (!this.isEnding()) {
      try {
        await this.#volumes.setUp();
        writeFileSync(join(this.home, 'hosts'), await hostsText(this.#node.api, this.pod, this.podIP));
        return true;
      } catch (error) {
        if (error instanceof MountError) this.tell('Warning', 'FailedMount', error.message);
        else console.error(`${this.pod.metadata.namespace}/${this.pod.metadata.name}: ${String(error)}`);
        await delay(RETRY_MS, undefined, { signal: this.ending }).catch(() => undefined);
      }
    }
    return false;
  }

  async #runContainers(): Promise<void> {
    const policy = this.pod.spec.restartPolicy ?? 'Always';
    const restarts = policy === 'Always' ? 'always' : policy === 'OnFailure' ? 'on-failure' : 'never';
    const sidecars: Promise<boolean>[] = [];
    for (const container of this.pod.spec.initContainers ?? []) {
      const loop = this.#loop(container);
      if (isSidecar(container)) {
        const started = Promise.withResolvers<void>();
        const life = loop.run('always', started.resolve);
        sidecars.push(life);
        await Promise.race([started.promise, life]);
      } else if (loop.view.state.terminated?.exitCode !== 0) {
        const succeeded = await loop.run(restarts === 'always' ? 'on-failure' : restarts);
        if (!succeeded) return;
      }
    }
    await Promise.all(this.pod.spec.containers.map((container) => this.#runMain(container, restarts)));
    // Sidecars end with the last of the others.
    if (sidecars.length > 0) await this.#end(this.#graceMs(), null);
    await Promise.all(sidecars);
  }

  /** A container that had ended for good when the kubelet was started again stays as it is. */
  async #runMain(container: Container, restarts: 'always' | 'on-failure' | 'never'): Promise<void> {
    const loop = this.#loop(container);
    const before = loop.view.state.terminated;
    const isOver =
      before !== undefined && (restarts === 'never' || (restarts === 'on-failure' && before.exitCode === 0));
    if (!isOver) await loop.run(restarts);
  }

  #loop(container: Container): ContainerLoop {
    const loop = this.#loops.get(container.name);
    if (loop === undefined) throw new Error(`no container ${container.name}`);
    return loop;
  }

  #startDeadline(): void {
    const seconds = this.pod.spec.activeDeadlineSeconds;
    if (seconds === undefined) return;
    const leftMs = Date.parse(this.#startTime) + seconds * 1_000 - Date.now();
    const message = 'Pod was active on the node longer than the specified deadline';
    const onDeadline = () => void this.#end(this.#graceMs(), { reason: 'DeadlineExceeded', message });
    this.#deadline = setTimeout(onDeadline, Math.max(0, leftMs));
  }

  #graceMs(): number {
    return (this.pod.spec.terminationGracePeriodSeconds ?? DEFAULT_GRACE_SECONDS) * 1_000;
  }

  #beginEnd(): void {
    this.#ending.abort();
  }

  async #end(graceMs: number, failure: PodView['failure']): Promise<void> {
    if (isTerminal(this.pod.status)) return;
    this.#failure ??= failure;
    this.#beginEnd();
    const loops = [...this.#loops.values()].filter((loop) => loop.running !== null);
    if (loops.length > 0)
      this.tell('Normal', 'Killing', `Stopping container ${loops.map((l) => l.container.name).join(', ')}`);
    this.#stopping = Promise.all(loops.map((loop) => loop.stop(graceMs))).then(() => undefined);
    await this.#stopping;
  }

  async #delete(graceMs: number): Promise<void> {
    await this.#end(graceMs, null);
    await this.#life;
    const { namespace, name, uid } = this.pod.metadata;
    const path = `/api/v1/namespaces/${namespace}/pods/${name}`;
    const body = { gracePeriodSeconds: 0, preconditions: { uid } };
    await persist(() => this.#node.api.request('DELETE', path, body)).catch((error: unknown) => {
      if (!(error instanceof ApiError) || error.status !== 409) throw error;
    });
  }
}

function isTerminal(status: PodStatus | undefined): boolean {
  return status?.phase === 'Succeeded' || status?.phase === 'Failed';
}
