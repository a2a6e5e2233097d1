import { ApiError } from '../api.ts';
import type { Api } from '../cluster-types.ts';
import { NODE_NAME } from '../control-plane/layout.ts';
import type { Tell } from './events.ts';
import type { Pod } from './kube-types.ts';
import type { Orders } from './orders.ts';
import { persist } from './persist.ts';
import { claimFolder } from './storage.ts';

const RETRY_MS = 500;

/** Binds Pods to the one node, oldest first, or says on the Pod why it cannot. */
export class Scheduler {
  readonly #api: Api;
  readonly #orders: Orders;
  readonly #tell: Tell;
  readonly #labels: Readonly<Record<string, string>>;
  readonly #hasRoom: () => boolean;
  readonly #waiting = new Map<string, Pod>();
  readonly #said = new Map<string, string>();
  #retry: NodeJS.Timeout | null = null;
  #working = false;

  constructor(
    options: { readonly api: Api; readonly orders: Orders; readonly tell: Tell },
    labels: Readonly<Record<string, string>>,
    hasRoom: () => boolean,
  ) {
    this.#api = options.api;
    this.#orders = options.orders;
    this.#tell = options.tell;
    this.#labels = labels;
    this.#hasRoom = hasRoom;
    this.#orders.on('change', () => this.#wake());
  }

  /** A Pod without a node, in its newest version. */
  offer(pod: Pod): void {
    const { spec, metadata } = pod;
    const isOurs = (spec.schedulerName ?? 'default-scheduler') === 'default-scheduler';
    if (!isOurs || metadata.deletionTimestamp !== undefined || (spec.schedulingGates ?? []).length > 0) return;
    this.#waiting.set(metadata.uid, pod);
    this.#wake();
  }

  /** It has a node, or is gone. */
  withdraw(uid: string): void {
    this.#waiting.delete(uid);
    this.#said.delete(uid);
  }

  stop(): void {
    this.#waiting.clear();
    if (this.#retry !== null) clearTimeout(this.#retry);
  }

  #wake(): void {
    if (!this.#working) void this.#work();
  }

  async #work(): Promise<void> {
    this.#working = true;
    try {
      const inOrder = [...this.#waiting.values()].sort((a, b) =>
        a.metadata.creationTimestamp.localeCompare(b.metadata.creationTimestamp),
      );
      for (const pod of inOrder) await this.#place(pod);
    } catch (error) {
      console.error(`scheduler: ${String(error)}`);
    } finally {
      this.#working = false;
    }
    if (this.#waiting.size === 0 || this.#retry !== null) return;
    this.#retry = setTimeout(() => {
      this.#retry = null;
      this.#wake();
    }, RETRY_MS);
  }

  async #place(pod: Pod): Promise<void> {
    const { namespace, name, uid } = pod.metadata;
    const obstacle = await this.#obstacle(pod);
    if (!this.#waiting.has(uid)) return;
    if (obstacle !== null) return this.#refuse(pod, obstacle);
    const binding = { metadata: { name, uid }, target: { apiVersion: 'v1', kind: 'Node', name: NODE_NAME } };
    await persist(() =>
      this.#api.request('POST', `/api/v1/namespaces/${namespace}/pods/${name}/binding`, binding),
    ).catch((error: unknown) => {
      // Bound, deleted or replaced meanwhile.
      if (!(error instanceof ApiError) || error.status !== 409) throw error;
    });
    this.withdraw(uid);
    this.#tell(pod, 'Normal', 'Scheduled', `Successfully assigned ${namespace}/${name} to ${NODE_NAME}`);
  }

  /** Null when the node takes it. */
  async #obstacle(pod: Pod): Promise<string | null> {
    const order = this.#orders.find(pod, 'unschedulable');
    if (order !== null) return order.message ?? '0/1 nodes are available: 1 Insufficient cpu.';
    if (!this.#hasRoom()) return '0/1 nodes are available: 1 Too many pods.';
    if (!this.#fitsNode(pod)) return "0/1 nodes are available: 1 node(s) didn't match Pod's node affinity/selector.";
    for (const volume of pod.spec.volumes ?? []) {
      const claim = volume.persistentVolumeClaim?.claimName;
      if (claim === undefined) continue;
      try {
        await claimFolder(this.#api, pod.metadata.namespace, claim);
      } catch (error) {
        const isMissing = error instanceof ApiError && error.status === 404;
        return isMissing
          ? `persistentvolumeclaim "${claim}" not found`
          : '0/1 nodes are available: pod has unbound immediate PersistentVolumeClaims.';
      }
    }
    return null;
  }

  #fitsNode({ spec }: Pod): boolean {
    const selected = Object.entries(spec.nodeSelector ?? {}).every(([key, value]) => this.#labels[key] === value);
    const terms = spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms;
    if (terms === undefined) return selected;
    const fits = terms.some((term) =>
      (term.matchExpressions ?? []).every(({ key, operator, values = [] }) => {
        const value = this.#labels[key];
        if (operator === 'In') return value !== undefined && values.includes(value);
        if (operator === 'NotIn') return value === undefined || !values.includes(value);
        return operator === 'Exists' ? value !== undefined : value === undefined;
      }),
    );
    return selected && fits;
  }

  async #refuse(pod: Pod, message: string): Promise<void> {
    const { namespace, name, uid } = pod.metadata;
    if (this.#said.get(uid) === message) return;
    this.#said.set(uid, message);
    this.#tell(pod, 'Warning', 'FailedScheduling', message);
    const condition = {
      type: 'PodScheduled',
      status: 'False',
      reason: 'Unschedulable',
      message,
      lastTransitionTime: new Date().toISOString(),
    };
    const patch = { metadata: { uid }, status: { conditions: [condition] } };
    const options = { contentType: 'application/strategic-merge-patch+json' };
    await persist(() =>
      this.#api.request('PATCH', `/api/v1/namespaces/${namespace}/pods/${name}/status`, patch, options),
    ).catch(() => this.#said.delete(uid));
  }
}
