import { EventEmitter } from 'node:events';
import { ApiError } from '../api.ts';
import type { Api, WatchHandle } from '../cluster-types.ts';
import type { Contents, Meta } from './kube-types.ts';

interface Raw {
  readonly metadata: Meta;
  readonly data?: Readonly<Record<string, string>>;
  readonly binaryData?: Readonly<Record<string, string>>;
}

/** Secrets and ConfigMaps: read when asked for, and watched so that mounted ones can follow. Emits `change` with their key. */
export class ContentsReader extends EventEmitter<{ change: [key: string] }> {
  readonly #api: Api;
  readonly #watches: WatchHandle[] = [];

  constructor(api: Api) {
    super();
    this.setMaxListeners(0);
    this.#api = api;
  }

  start(): void {
    for (const kind of ['configmap', 'secret'] as const) {
      const onEvent = ({ object }: { object: Raw }) =>
        this.emit('change', contentsKey(kind, object.metadata.namespace, object.metadata.name));
      this.#watches.push(this.#api.watch<Raw>(`/api/v1/${kind}s`, onEvent));
    }
  }

  /** As it is now; null when there is none. Throws when the API server cannot say. */
  async read(kind: Contents['kind'], namespace: string, name: string): Promise<Contents | null> {
    try {
      const raw = await this.#api.request<Raw>('GET', `/api/v1/namespaces/${namespace}/${kind}s/${name}`);
      const text = kind === 'secret' ? 'base64' : 'utf8';
      const data = new Map<string, Buffer>();
      for (const [key, value] of Object.entries(raw.data ?? {})) data.set(key, Buffer.from(value, text));
      for (const [key, value] of Object.entries(raw.binaryData ?? {})) data.set(key, Buffer.from(value, 'base64'));
      return { kind, namespace, name, data };
    } catch (error) {
      if (error instanceof ApiError && error.status === 404) return null;
      throw error;
    }
  }

  stop(): void {
    for (const watch of this.#watches) watch.stop();
  }
}

export function contentsKey(kind: Contents['kind'], namespace: string, name: string): string {
  return `${kind}/${namespace}/${name}`;
}
