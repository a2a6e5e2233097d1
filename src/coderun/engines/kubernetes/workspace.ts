import { RetryableError } from '../../../lib/errors.ts';
import type { KubernetesObject, NewObject } from '../../../lib/kubernetes/objects.ts';
import type { Resource } from '../../../lib/kubernetes/resource.ts';
import type { CodeRun } from '../../schema.ts';
import { childLabels, HOLDER_ANNOTATION, NAME_ANNOTATION, ownerOf, ownWorkspaceName, workspaceName } from './names.ts';
import type { WorkspaceSettings } from './options.ts';

/*
 * Who works where. The claim `workspace-<service>-<agent>` is lent to one run at a time; the loan stands on the claim
 * itself and is taken by a write over the version that was read, so that of two runs one gets it. The other does not wait:
 * it would wait for as long as an agent may take, and a clone of its own costs seconds. It gets a claim for itself, which
 * goes with it.
 *
 * The borrower is also the claim's owner: when it goes, and nobody borrowed the claim since, the claim goes, too. So a
 * workspace lives as long as the retention of the last run that used it.
 */

export interface WorkspaceDeps {
  readonly claims: Resource;
  readonly namespace: string;
  readonly settings: WorkspaceSettings;
  readonly mayWrite: () => void;
  /** Whether the CodeRun that holds a claim may still work in it. */
  readonly isAtWork: (name: string, uid: string) => Promise<boolean>;
}

const MAX_TRIES = 4;

/** The name of the claim that the run works in; the same for every look at the same attempt. */
export async function claimWorkspace(codeRun: CodeRun, deps: WorkspaceDeps): Promise<string> {
  // An earlier attempt of the same CodeRun may have had to take its own; its sessions are there.
  const isLater = codeRun.spec.contextVersion > 1;
  if (isLater && (await usable(deps.claims, ownWorkspaceName(codeRun))) !== null) return ownWorkspaceName(codeRun);
  for (let tries = 0; tries < MAX_TRIES; tries += 1) {
    const taken = await borrow(codeRun, workspaceName(codeRun), deps);
    if (taken === 'borrowed') return workspaceName(codeRun);
    if (taken === 'in use') return ownClaim(codeRun, deps);
  }
  throw new RetryableError(`The workspace ${workspaceName(codeRun)} changed hands too often to be taken.`);
}

async function usable(claims: Resource, name: string): Promise<KubernetesObject | null> {
  const claim = await claims.get(name);
  return claim === null || claim.metadata.deletionTimestamp !== undefined ? null : claim;
}

async function borrow(codeRun: CodeRun, name: string, deps: WorkspaceDeps): Promise<'borrowed' | 'in use' | 'changed'> {
  const { claims, mayWrite, isAtWork } = deps;
  const found = await claims.get(name);
  if (found === null) {
    mayWrite();
    const { object, existed } = await claims.create(claimManifest(codeRun, name, deps));
    return !existed || isHeldBy(object, codeRun) ? 'borrowed' : 'changed';
  }
  if (isHeldBy(found, codeRun)) return 'borrowed';
  // One that is going stays in use until its last Pod is gone.
  if (found.metadata.deletionTimestamp !== undefined) return 'in use';
  const [holder = '', uid = ''] = (found.metadata.annotations?.[HOLDER_ANNOTATION] ?? '').split('/');
  if (holder !== '' && (await isAtWork(holder, uid))) return 'in use';
  mayWrite();
  const answer = await claims.patch(name, {
    metadata: {
      resourceVersion: found.metadata.resourceVersion,
      labels: childLabels(codeRun),
      annotations: { [HOLDER_ANNOTATION]: holderOf(codeRun), [NAME_ANNOTATION]: codeRun.name },
      ownerReferences: [ownerOf(codeRun)],
    },
  });
  return typeof answer === 'string' ? 'changed' : 'borrowed';
}

async function ownClaim(codeRun: CodeRun, deps: WorkspaceDeps): Promise<string> {
  const name = ownWorkspaceName(codeRun);
  deps.mayWrite();
  const { object } = await deps.claims.create(claimManifest(codeRun, name, deps));
  if (isHeldBy(object, codeRun) && object.metadata.deletionTimestamp === undefined) return name;
  throw new RetryableError(`The workspace ${name} is being removed.`);
}

function holderOf({ name, uid }: CodeRun): string {
  return `${name}/${uid}`;
}

function isHeldBy({ metadata }: KubernetesObject, codeRun: CodeRun): boolean {
  return metadata.annotations?.[HOLDER_ANNOTATION] === holderOf(codeRun) && metadata.deletionTimestamp === undefined;
}

/** Removes what the run holds; a workspace that somebody borrowed since is theirs. Gives whether anything was removed. */
export async function removeWorkspaces(codeRun: CodeRun, { claims, mayWrite }: WorkspaceDeps): Promise<void> {
  for (const name of [workspaceName(codeRun), ownWorkspaceName(codeRun)]) {
    const found = await claims.get(name);
    if (found === null || !isHeldBy(found, codeRun)) continue;
    mayWrite();
    await claims.remove(name, { uid: found.metadata.uid, resourceVersion: found.metadata.resourceVersion });
  }
}

export function claimManifest(
  codeRun: CodeRun,
  name: string,
  { namespace, settings }: Pick<WorkspaceDeps, 'namespace' | 'settings'>,
): NewObject {
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: {
      name,
      namespace,
      labels: childLabels(codeRun),
      annotations: { [HOLDER_ANNOTATION]: holderOf(codeRun), [NAME_ANNOTATION]: codeRun.name },
      ownerReferences: [ownerOf(codeRun)],
    },
    spec: {
      accessModes: [settings.accessMode],
      ...(settings.storageClass === null ? {} : { storageClassName: settings.storageClass }),
      resources: { requests: { storage: settings.size } },
    },
  };
}
