import type { Api } from '../cluster-types.ts';
import type { FolderFile } from './atomic-folder.ts';
import { contentsKey } from './contents.ts';
import { fieldOf, resourceOf } from './downward.ts';
import type { ReadContents } from './environment.ts';
import type { Contents, DownwardItem, KeyToPath, Pod, Projection, Volume } from './kube-types.ts';
import { sharedUser } from './ownership.ts';

/** A volume cannot be set up yet; the message is the real kubelet's. */
export class MountError extends Error {
  override readonly name = 'MountError';
}

export interface VolumeFiles {
  readonly files: readonly FolderFile[];
  /** What the files were made of (see `contentsKey`): when one of these changes, make them again. */
  readonly sources: readonly string[];
  /** Milliseconds since the epoch when a token in it should be replaced; null without tokens. */
  readonly renewAt: number | null;
}

interface Maker {
  readonly pod: Pod;
  readonly podIP: string;
  readonly read: ReadContents;
  readonly api: Api;
  readonly now: number;
}

const DEFAULT_MODE = 0o644;
const TOKEN_MODE = 0o600;
const TOKEN_SECONDS = 3_600;
/** A kubelet replaces a token when a fifth of its life is left. */
const RENEW_AFTER = 0.8;

/** The files of a configMap, secret, downwardAPI or projected volume; null for volumes that are folders. */
export async function volumeFiles(maker: Maker, volume: Volume): Promise<VolumeFiles | null> {
  if (volume.configMap !== undefined) return project(maker, [{ configMap: volume.configMap }], volume.configMap);
  if (volume.secret !== undefined) {
    const { secretName: name, ...rest } = volume.secret;
    return project(maker, [{ secret: { name, ...rest } }], volume.secret);
  }
  if (volume.downwardAPI !== undefined)
    return project(maker, [{ downwardAPI: volume.downwardAPI }], volume.downwardAPI);
  if (volume.projected !== undefined) return project(maker, volume.projected.sources ?? [], volume.projected);
  return null;
}

async function project(
  maker: Maker,
  projections: readonly Projection[],
  { defaultMode = DEFAULT_MODE }: { readonly defaultMode?: number },
): Promise<VolumeFiles> {
  const files = new Map<string, FolderFile>();
  const sources: string[] = [];
  let renewAt: number | null = null;
  const add = (path: string, content: Buffer, mode: number) => files.set(path, { path, content, mode });
  for (const projection of projections) {
    for (const kind of ['configMap', 'secret'] as const) {
      const source = projection[kind];
      if (source === undefined) continue;
      const plain = kind === 'secret' ? 'secret' : 'configmap';
      sources.push(contentsKey(plain, maker.pod.metadata.namespace, source.name ?? ''));
      const contents = await maker.read(plain, source.name ?? '');
      for (const [path, content, mode] of selected(plain, source, contents)) add(path, content, mode ?? defaultMode);
    }
    for (const item of projection.downwardAPI?.items ?? []) {
      add(item.path, Buffer.from(downward(maker, item)), item.mode ?? defaultMode);
    }
    if (projection.serviceAccountToken !== undefined) {
      const token = await tokenOf(maker, projection.serviceAccountToken);
      const { path } = projection.serviceAccountToken;
      const user = sharedUser(maker.pod);
      // For one user or group alone where the Pod names one; otherwise nobody knows who has to read it.
      const isPrivate = user !== null || maker.pod.spec.securityContext?.fsGroup !== undefined;
      const mode = isPrivate ? TOKEN_MODE : defaultMode;
      files.set(path, { path, content: Buffer.from(token.token), mode, ...(user === null ? {} : { user }) });
      renewAt = Math.min(renewAt ?? Number.POSITIVE_INFINITY, token.renewAt);
    }
  }
  return { files: [...files.values()], sources, renewAt };
}

function* selected(
  kind: Contents['kind'],
  source: { readonly name?: string; readonly items?: readonly KeyToPath[]; readonly optional?: boolean },
  contents: Contents | null,
): Generator<[path: string, content: Buffer, mode: number | undefined]> {
  if (contents === null) {
    if (source.optional === true) return;
    throw new MountError(`${kind} "${source.name}" not found`);
  }
  if (source.items === undefined) {
    for (const [key, content] of contents.data) yield [key, content, undefined];
    return;
  }
  for (const item of source.items) {
    const content = contents.data.get(item.key);
    if (content !== undefined) yield [item.path, content, item.mode];
    else if (source.optional !== true) throw new MountError(`references non-existent ${kind} key: ${item.key}`);
  }
}

function downward({ pod, podIP }: Maker, item: DownwardItem): string {
  if (item.fieldRef !== undefined) return fieldOf(pod, item.fieldRef.fieldPath, podIP);
  const owner = pod.spec.containers.find(({ name }) => name === item.resourceFieldRef?.containerName);
  if (item.resourceFieldRef === undefined || owner === undefined) return '';
  return resourceOf(pod, owner, item.resourceFieldRef);
}

async function tokenOf(
  { pod, api, now }: Maker,
  wanted: { readonly audience?: string; readonly expirationSeconds?: number },
): Promise<{ token: string; renewAt: number }> {
  const { namespace, name, uid } = pod.metadata;
  const path = `/api/v1/namespaces/${namespace}/serviceaccounts/${pod.spec.serviceAccountName ?? 'default'}/token`;
  const seconds = wanted.expirationSeconds ?? TOKEN_SECONDS;
  const spec = {
    expirationSeconds: seconds,
    ...(wanted.audience === undefined || wanted.audience === '' ? {} : { audiences: [wanted.audience] }),
    boundObjectRef: { apiVersion: 'v1', kind: 'Pod', name, uid },
  };
  const answer = await api.request<{ status: { token: string } }>('POST', path, { spec });
  return { token: answer.status.token, renewAt: now + seconds * 1_000 * RENEW_AFTER };
}
