import { EventEmitter } from 'node:events';
import type { ImageDefinition, PodMatch, PodOrder } from '../cluster-types.ts';
import type { Pod } from './kube-types.ts';

/** What tests told the node about Pods and images. Emits `change`. */
export class Orders extends EventEmitter<{ change: [] }> {
  readonly #orders = new Map<number, { match: PodMatch; order: PodOrder }>();
  readonly #images = new Map<string, ImageDefinition>();
  readonly shared = new Set<string>();
  #last = 0;

  tell(match: PodMatch, order: PodOrder): number {
    this.#last += 1;
    this.#orders.set(this.#last, { match, order });
    this.emit('change');
    return this.#last;
  }

  forget(order: number | null): void {
    if (order === null) this.#orders.clear();
    else this.#orders.delete(order);
    this.emit('change');
  }

  /** The latest order of this kind for the Pod. */
  find<K extends PodOrder['kind']>(pod: Pod, kind: K): Extract<PodOrder, { kind: K }> | null {
    const mine = [...this.#orders.values()].filter(({ match, order }) => order.kind === kind && matches(pod, match));
    return (mine.at(-1)?.order ?? null) as Extract<PodOrder, { kind: K }> | null;
  }

  setImage(name: string, definition: ImageDefinition): void {
    this.#images.set(name, definition);
    this.emit('change');
  }

  /** An image with a tag or digest that nobody defined is looked up without it. */
  imageOf(name: string): ImageDefinition {
    return this.#images.get(name) ?? this.#images.get(name.replace(/(@sha256:[0-9a-f]+|:[^/:]+)$/, '')) ?? {};
  }
}

function matches(pod: Pod, match: PodMatch): boolean {
  const { metadata, spec } = pod;
  if (match.namespace !== undefined && match.namespace !== metadata.namespace) return false;
  if (match.name !== undefined && !fits(metadata.name, match.name)) return false;
  const images = [...(spec.initContainers ?? []), ...spec.containers].map((container) => container.image);
  if (match.image !== undefined && !images.some((image) => fits(image, match.image ?? ''))) return false;
  return Object.entries(match.labels ?? {}).every(([key, value]) => metadata.labels?.[key] === value);
}

function fits(text: string, pattern: string): boolean {
  return pattern.endsWith('*') ? text.startsWith(pattern.slice(0, -1)) : text === pattern;
}
