import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { ApiError } from '../api.ts';
import type { Api, WatchHandle } from '../cluster-types.ts';
import type { Meta } from './kube-types.ts';
import { persist } from './persist.ts';
import { MountError } from './volume-files.ts';

const PROVISIONER = 'healer.test/host-path';
export const STORAGE_CLASS = 'standard';

interface Claim {
  readonly metadata: Meta;
  readonly spec: {
    readonly storageClassName?: string;
    readonly volumeName?: string;
    readonly accessModes?: readonly string[];
    readonly volumeMode?: string;
    readonly resources?: { readonly requests?: { readonly storage?: string } };
  };
  readonly status?: { readonly phase?: string };
}

interface Volume {
  readonly metadata: Meta;
  readonly spec: { readonly hostPath?: { readonly path: string } };
  readonly status?: { readonly phase?: string };
}

/** The default storage class: a folder for every claim, removed with it. Binding is done by the real controller. */
export class Provisioner {
  readonly #api: Api;
  readonly #folder: string;
  readonly #watches: WatchHandle[] = [];

  constructor(api: Api, folder: string) {
    this.#api = api;
    this.#folder = folder;
  }

  async start(): Promise<void> {
    const storageClass = {
      metadata: { name: STORAGE_CLASS, annotations: { 'storageclass.kubernetes.io/is-default-class': 'true' } },
      provisioner: PROVISIONER,
      reclaimPolicy: 'Delete',
      volumeBindingMode: 'Immediate',
    };
    await unlessExists(() => this.#api.request('POST', '/apis/storage.k8s.io/v1/storageclasses', storageClass));
    this.#watches.push(
      this.#api.watch<Claim>('/api/v1/persistentvolumeclaims', ({ type, object }) => {
        if (type !== 'DELETED') void this.#provide(object);
      }),
      this.#api.watch<Volume>('/api/v1/persistentvolumes', ({ type, object }) => {
        if (type !== 'DELETED') void this.#reclaim(object);
      }),
    );
  }

  stop(): void {
    for (const watch of this.#watches) watch.stop();
  }

  async #provide({ metadata, spec, status }: Claim): Promise<void> {
    if (spec.storageClassName !== STORAGE_CLASS || spec.volumeName !== undefined || status?.phase === 'Bound') return;
    if (metadata.deletionTimestamp !== undefined) return;
    const name = `pvc-${metadata.uid}`;
    const path = join(this.#folder, name);
    // As many storage systems do: root's until fsGroup gives it to somebody.
    mkdirSync(path, { recursive: true, mode: 0o755 });
    const volume = {
      metadata: { name, annotations: { 'pv.kubernetes.io/provisioned-by': PROVISIONER } },
      spec: {
        capacity: { storage: spec.resources?.requests?.storage ?? '1Gi' },
        accessModes: spec.accessModes ?? ['ReadWriteOnce'],
        persistentVolumeReclaimPolicy: 'Delete',
        storageClassName: STORAGE_CLASS,
        volumeMode: spec.volumeMode ?? 'Filesystem',
        claimRef: {
          apiVersion: 'v1',
          kind: 'PersistentVolumeClaim',
          namespace: metadata.namespace,
          name: metadata.name,
          uid: metadata.uid,
        },
        hostPath: { path },
      },
    };
    await unlessExists(() => this.#api.request('POST', '/api/v1/persistentvolumes', volume));
  }

  async #reclaim({ metadata, spec, status }: Volume): Promise<void> {
    if (status?.phase !== 'Released' || metadata.annotations?.['pv.kubernetes.io/provisioned-by'] !== PROVISIONER)
      return;
    if (spec.hostPath !== undefined) rmSync(spec.hostPath.path, { recursive: true, force: true });
    await persist(() => this.#api.request('DELETE', `/api/v1/persistentvolumes/${metadata.name}`)).catch(
      () => undefined,
    );
  }
}

/** The folder behind a claim of this namespace. Throws MountError while it has none. */
export async function claimFolder(api: Api, namespace: string, name: string): Promise<string> {
  const claim = await api.request<Claim>('GET', `/api/v1/namespaces/${namespace}/persistentvolumeclaims/${name}`);
  if (claim.spec.volumeName === undefined || claim.status?.phase !== 'Bound') {
    throw new MountError(`PersistentVolumeClaim "${name}" is not bound`);
  }
  const volume = await api.request<Volume>('GET', `/api/v1/persistentvolumes/${claim.spec.volumeName}`);
  if (volume.spec.hostPath === undefined) throw new MountError(`volume ${claim.spec.volumeName} is not a host path`);
  return volume.spec.hostPath.path;
}

async function unlessExists(create: () => Promise<unknown>): Promise<void> {
  await persist(create).catch((error: unknown) => {
    if (!(error instanceof ApiError) || error.status !== 409) throw error;
  });
}
