import { ApiError } from '../api.ts';
import type { Api } from '../cluster-types.ts';
import type { Condition, Pod, PodStatus } from './kube-types.ts';
import { persist } from './persist.ts';

/** Writes a Pod's status whenever it has changed: one request at a time, always the latest, until the API server has it. */
export class StatusWriter {
  readonly #api: Api;
  readonly #pod: Pod;
  readonly #conditions = new Map<string, Condition>();
  #wanted: PodStatus | null = null;
  #written = '';
  #working: Promise<void> | null = null;

  constructor(api: Api, pod: Pod) {
    this.#api = api;
    this.#pod = pod;
    for (const condition of pod.status?.conditions ?? []) this.#conditions.set(condition.type, condition);
  }

  set(status: PodStatus): void {
    this.#wanted = { ...status, conditions: (status.conditions ?? []).map((condition) => this.#timed(condition)) };
    if (JSON.stringify(this.#wanted) !== this.#written) this.#working ??= this.#work();
  }

  /** Resolves when everything set so far is written, or the Pod is gone. */
  async flush(): Promise<void> {
    while (this.#working !== null) await this.#working;
  }

  async #work(): Promise<void> {
    try {
      while (this.#wanted !== null) {
        const status = this.#wanted;
        this.#wanted = null;
        // The first of them never is: `set` looks, so that there is always something to wait for.
        if (JSON.stringify(status) === this.#written) continue;
        await this.#write(status);
        this.#written = JSON.stringify(status);
      }
    } finally {
      this.#working = null;
    }
  }

  async #write(status: PodStatus): Promise<void> {
    const { namespace, name, uid } = this.#pod.metadata;
    const podIPs =
      status.podIP === undefined ? {} : { podIPs: [{ ip: status.podIP }], hostIPs: [{ ip: status.hostIP }] };
    // Null takes away what an earlier state of the condition said.
    const conditions = status.conditions?.map((condition) => ({ reason: null, message: null, ...condition }));
    const patch = { metadata: { uid }, status: { ...status, ...podIPs, conditions } };
    const options = { contentType: 'application/strategic-merge-patch+json' };
    const path = `/api/v1/namespaces/${namespace}/pods/${name}/status`;
    await persist(() => this.#api.request('PATCH', path, patch, options)).catch((error: unknown) => {
      // 409: the name belongs to a younger Pod. Anything else shows a fault of this kubelet in its log.
      if (!(error instanceof ApiError) || error.status !== 409) console.error(String(error));
    });
  }

  /** The time moves only with the condition's status. */
  #timed(condition: Condition): Condition {
    const before = this.#conditions.get(condition.type);
    const isSame = before?.status === condition.status && before.lastTransitionTime != null;
    const timed = { ...condition, lastTransitionTime: isSame ? (before.lastTransitionTime ?? null) : timestamp() };
    this.#conditions.set(condition.type, timed);
    return timed;
  }
}

/** As Kubernetes writes times: whole seconds. */
export function timestamp(milliseconds = Date.now()): string {
  return new Date(milliseconds).toISOString().replace(/\.\d+Z$/, 'Z');
}
