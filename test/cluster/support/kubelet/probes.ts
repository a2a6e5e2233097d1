import { setTimeout as delay } from 'node:timers/promises';
import type { Running } from './container-run.ts';
import { handle } from './handlers.ts';
import type { Container, Probe } from './kube-types.ts';
import type { PodContext } from './pod-context.ts';

export interface ProbeChange {
  readonly isReady?: boolean;
  readonly isStarted?: boolean;
}

/** A kubelet's own defaults. */
const DEFAULTS = { periodSeconds: 10, timeoutSeconds: 1, successThreshold: 1, failureThreshold: 3 };

/** Startup first, then readiness and liveness side by side, until it is stopped. */
export class Prober {
  readonly #pod: PodContext;
  readonly #container: Container;
  readonly #running: Running;
  readonly #onChange: (change: ProbeChange) => void;
  readonly #stopping = new AbortController();

  constructor(pod: PodContext, container: Container, running: Running, onChange: (change: ProbeChange) => void) {
    this.#pod = pod;
    this.#container = container;
    this.#running = running;
    this.#onChange = onChange;
    void this.#run();
  }

  stop(): void {
    this.#stopping.abort();
  }

  async #run(): Promise<void> {
    const { startupProbe, readinessProbe, livenessProbe } = this.#container;
    if (startupProbe !== undefined) {
      const hasStarted = await this.#until(startupProbe);
      if (this.#stopping.signal.aborted) return;
      if (!hasStarted) return this.#fail('Startup');
      this.#onChange({ isStarted: true, isReady: readinessProbe === undefined });
    }
    if (readinessProbe !== undefined) void this.#watchReadiness(readinessProbe);
    if (livenessProbe === undefined) return;
    await this.#untilFailed(livenessProbe);
    if (!this.#stopping.signal.aborted) this.#fail('Liveness');
  }

  async #watchReadiness(probe: Probe): Promise<void> {
    let successes = 0;
    let failures = 0;
    for await (const isGood of this.#results(probe)) {
      successes = isGood ? successes + 1 : 0;
      failures = isGood ? 0 : failures + 1;
      if (successes >= (probe.successThreshold ?? DEFAULTS.successThreshold)) this.#onChange({ isReady: true });
      if (failures >= (probe.failureThreshold ?? DEFAULTS.failureThreshold)) this.#onChange({ isReady: false });
    }
  }

  /** False when it failed as often as is allowed. */
  async #until(probe: Probe): Promise<boolean> {
    let failures = 0;
    for await (const isGood of this.#results(probe)) {
      if (isGood) return true;
      failures += 1;
      if (failures >= (probe.failureThreshold ?? DEFAULTS.failureThreshold)) return false;
    }
    return false;
  }

  async #untilFailed(probe: Probe): Promise<void> {
    let failures = 0;
    for await (const isGood of this.#results(probe)) {
      failures = isGood ? 0 : failures + 1;
      if (failures >= (probe.failureThreshold ?? DEFAULTS.failureThreshold)) return;
    }
  }

  async *#results(probe: Probe): AsyncGenerator<boolean> {
    const { signal } = this.#stopping;
    const timeoutMs = (probe.timeoutSeconds ?? DEFAULTS.timeoutSeconds) * 1_000;
    const periodMs = (probe.periodSeconds ?? DEFAULTS.periodSeconds) * 1_000;
    const wait = (milliseconds: number) => delay(milliseconds, true, { signal }).catch(() => false);
    await wait((probe.initialDelaySeconds ?? 0) * 1_000);
    while (!signal.aborted) {
      const isGood = await handle(probe, this.#container, this.#running, this.#pod.podIP, timeoutMs).then(
        () => true,
        (error: unknown) => {
          this.#pod.tell('Warning', 'Unhealthy', `${this.#container.name}: probe failed: ${String(error)}`);
          return false;
        },
      );
      if (signal.aborted) return;
      yield isGood;
      await wait(periodMs);
    }
  }

  /** The container is ended; its restart policy says what follows. */
  #fail(which: 'Startup' | 'Liveness'): void {
    this.#pod.tell(
      'Normal',
      'Killing',
      `Container ${this.#container.name} failed ${which.toLowerCase()} probe, will be restarted`,
    );
    this.#running.terminate();
    const graceMs = (this.#pod.pod.spec.terminationGracePeriodSeconds ?? 30) * 1_000;
    const killer = setTimeout(() => this.#running.kill(), graceMs);
    void this.#running.ended.then(() => clearTimeout(killer));
  }
}
