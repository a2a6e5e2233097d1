import { RetryableError } from '../../../lib/errors.ts';
import type { NewObject } from '../../../lib/kubernetes/objects.ts';
import type { Resource } from '../../../lib/kubernetes/resource.ts';
import type { CodeRun } from '../../schema.ts';
import { childLabels, EXPIRY_ANNOTATION, NAME_ANNOTATION, ownerOf, secretName, UID_LABEL } from './names.ts';
import type { GitToken } from './options.ts';

/** The token of one run, in a Secret of its own that its Pod mounts; kubelets bring a new one to the Pod by themselves. */
export interface Credentials {
  /** Puts a token there unless one is there that holds for a while; nothing when the remote needs none. */
  ensure(codeRun: CodeRun): Promise<void>;
  /** Puts a fresh one in its place. */
  refresh(codeRun: CodeRun): Promise<void>;
  /** `none`: the run has no Secret; null: its token does not expire. Asked for again only after a restart. */
  expiry(codeRun: CodeRun): Promise<number | null | 'none'>;
  remove(codeRun: CodeRun): Promise<void>;
}

export interface CredentialsDeps {
  readonly secrets: Resource;
  readonly namespace: string;
  readonly gitToken: ((codeRun: CodeRun) => Promise<GitToken | null>) | null;
  readonly clock: () => number;
  readonly mayWrite: () => void;
}

/** A token that was made for a start that then failed serves the next try, if it holds at least so long. */
const USABLE_MS = 1_200_000;

export function createCredentials(deps: CredentialsDeps): Credentials {
  const { secrets, gitToken, clock, mayWrite } = deps;
  /** By uid; a Secret is written by nobody else. */
  const known = new Map<string, number | null>();

  const expiry = async (codeRun: CodeRun): Promise<number | null | 'none'> => {
    const remembered = known.get(codeRun.uid);
    if (remembered !== undefined) return remembered;
    if (gitToken === null) return 'none';
    const secret = await secrets.get(secretName(codeRun));
    if (secret === null || secret.metadata.labels?.[UID_LABEL] !== codeRun.uid) return 'none';
    const stated = secret.metadata.annotations?.[EXPIRY_ANNOTATION];
    const at = stated === undefined ? null : Date.parse(stated);
    known.set(codeRun.uid, at);
    return at;
  };

  const put = async (codeRun: CodeRun): Promise<void> => {
    const token = (await gitToken?.(codeRun)) ?? null;
    if (token === null) return;
    const manifest = secretManifest(codeRun, token, deps.namespace);
    mayWrite();
    const { object, existed } = await secrets.create(manifest);
    if (existed) {
      if (object.metadata.labels?.[UID_LABEL] !== codeRun.uid) {
        throw new RetryableError(`The Secret ${secretName(codeRun)} of an earlier CodeRun is still being removed.`);
      }
      mayWrite();
      const { metadata, data } = manifest;
      const answer = await secrets.patch(secretName(codeRun), {
        metadata: { annotations: { [EXPIRY_ANNOTATION]: null, ...metadata.annotations } },
        data,
      });
      if (typeof answer === 'string') throw new RetryableError(`The Secret ${secretName(codeRun)} was removed.`);
    }
    known.set(codeRun.uid, token.expiresAt);
  };

  return {
    expiry,
    refresh: put,
    async ensure(codeRun) {
      const at = await expiry(codeRun);
      if (at === null || (at !== 'none' && at > clock() + USABLE_MS)) return;
      await put(codeRun);
    },
    async remove(codeRun) {
      known.delete(codeRun.uid);
      if (gitToken === null) return;
      const secret = await secrets.get(secretName(codeRun));
      if (secret === null || secret.metadata.labels?.[UID_LABEL] !== codeRun.uid) return;
      mayWrite();
      await secrets.remove(secretName(codeRun), { uid: secret.metadata.uid });
    },
  };
}

export function secretManifest(codeRun: CodeRun, { token, expiresAt }: GitToken, namespace: string): NewObject {
  const expires = expiresAt === null ? {} : { [EXPIRY_ANNOTATION]: new Date(expiresAt).toISOString() };
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: {
      name: secretName(codeRun),
      namespace,
      labels: childLabels(codeRun),
      annotations: { [NAME_ANNOTATION]: codeRun.name, ...expires },
      ownerReferences: [ownerOf(codeRun)],
    },
    type: 'Opaque',
    data: { token: Buffer.from(token).toString('base64') },
  };
}
