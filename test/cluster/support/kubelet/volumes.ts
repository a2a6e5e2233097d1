import { chmodSync, existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Api } from '../cluster-types.ts';
import { writeAtomicFolder } from './atomic-folder.ts';
import type { ContentsReader } from './contents.ts';
import type { Pod, Volume } from './kube-types.ts';
import { giveToGroup, ownFiles } from './ownership.ts';
import { persist } from './persist.ts';
import { claimFolder } from './storage.ts';
import { MountError, volumeFiles } from './volume-files.ts';

/** The folders of one Pod's volumes, kept as their sources say until `stop`. */
export class PodVolumes {
  /** Folder of each volume by name. */
  readonly folders = new Map<string, string>();
  readonly #pod: Pod;
  readonly #podIP: string;
  readonly #home: string;
  readonly #api: Api;
  readonly #contents: ContentsReader;
  readonly #sources = new Map<string, Volume>();
  readonly #renewals = new Set<NodeJS.Timeout>();
  readonly #onChange = (key: string) => void this.#follow(key);
  #isStopped = false;

  constructor(pod: Pod, podIP: string, home: string, api: Api, contents: ContentsReader) {
    this.#pod = pod;
    this.#podIP = podIP;
    this.#home = home;
    this.#api = api;
    this.#contents = contents;
  }

  /** Throws MountError while something they are made of is missing; call again. */
  async setUp(): Promise<void> {
    for (const volume of this.#pod.spec.volumes ?? []) {
      try {
        this.folders.set(volume.name, await this.#make(volume));
      } catch (cause) {
        if (!(cause instanceof MountError)) throw cause;
        throw new MountError(`MountVolume.SetUp failed for volume "${volume.name}" : ${cause.message}`, { cause });
      }
    }
    this.#contents.on('change', this.#onChange);
  }

  stop(): void {
    this.#isStopped = true;
    this.#contents.off('change', this.#onChange);
    for (const timer of this.#renewals) clearTimeout(timer);
  }

  async #make(volume: Volume): Promise<string> {
    if (volume.hostPath !== undefined) return hostFolder(volume.hostPath);
    if (volume.persistentVolumeClaim !== undefined) {
      const folder = await claimFolder(this.#api, this.#pod.metadata.namespace, volume.persistentVolumeClaim.claimName);
      return this.#forGroup(folder, volume.persistentVolumeClaim.readOnly !== true);
    }
    const folder = join(this.#home, 'volumes', volume.name);
    const isNew = !existsSync(folder);
    mkdirSync(folder, { recursive: true });
    if (await this.#write(volume, folder)) return folder;
    if (volume.emptyDir === undefined) throw new MountError('this kind of volume is not known to the stand-in kubelet');
    if (isNew) chmodSync(folder, 0o777);
    return this.#forGroup(folder, isNew);
  }

  /** False when the volume is not one that the kubelet writes. */
  async #write(volume: Volume, folder: string): Promise<boolean> {
    const { namespace } = this.#pod.metadata;
    const now = Date.now();
    const read = (kind: 'secret' | 'configmap', name: string) =>
      persist(() => this.#contents.read(kind, namespace, name));
    const maker = { pod: this.#pod, podIP: this.#podIP, read, api: this.#api, now };
    const made = await volumeFiles(maker, volume);
    if (made === null) return false;
    for (const source of made.sources) this.#sources.set(`${source} ${volume.name}`, volume);
    const { files, owner } = ownFiles(this.#pod, made.files);
    chmodSync(folder, 0o777);
    if (!this.#isStopped) writeAtomicFolder(folder, files, owner);
    if (made.renewAt !== null) this.#renew(volume, folder, made.renewAt - now);
    return true;
  }

  #renew(volume: Volume, folder: string, delayMs: number): void {
    if (this.#isStopped) return;
    const timer = setTimeout(() => {
      this.#renewals.delete(timer);
      void this.#write(volume, folder).catch(() => this.#renew(volume, folder, 5_000));
    }, delayMs);
    this.#renewals.add(timer);
  }

  async #follow(key: string): Promise<void> {
    for (const [source, volume] of this.#sources) {
      const folder = this.folders.get(volume.name);
      if (folder === undefined || source !== `${key} ${volume.name}`) continue;
      // A Secret that was deleted under a running Pod leaves the files as they were.
      await this.#write(volume, folder).catch(() => undefined);
    }
  }

  #forGroup(folder: string, applies: boolean): string {
    const group = this.#pod.spec.securityContext?.fsGroup;
    if (applies && group !== undefined) giveToGroup(folder, group);
    return folder;
  }
}

function hostFolder({ path, type }: { readonly path: string; readonly type?: string }): string {
  if (type === 'DirectoryOrCreate') mkdirSync(path, { recursive: true });
  if (!existsSync(path) && type !== undefined && type !== '')
    throw new MountError(`hostPath type check failed: ${path}`);
  return path;
}
