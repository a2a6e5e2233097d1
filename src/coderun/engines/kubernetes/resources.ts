import type { KubernetesClient } from '../../../lib/kubernetes/client.ts';
import { type Resource, resource } from '../../../lib/kubernetes/resource.ts';
import { PLURAL } from '../../crd.ts';
import { API_VERSION } from '../../schema.ts';

/** The kinds that the engine reads and writes, in one namespace. */
export interface Resources {
  readonly codeRuns: Resource;
  readonly jobs: Resource;
  readonly pods: Resource;
  readonly configMaps: Resource;
  readonly secrets: Resource;
  readonly claims: Resource;
  /** What the platform tells, to be read. */
  readonly coreEvents: Resource;
  /** What Healer tells, to be written. */
  readonly events: Resource;
}

export function resourcesOf(client: KubernetesClient, namespace: string): Resources {
  const of = (apiVersion: string, plural: string): Resource => resource(client, { apiVersion, plural }, namespace);
  return {
    codeRuns: of(API_VERSION, PLURAL),
    jobs: of('batch/v1', 'jobs'),
    pods: of('v1', 'pods'),
    configMaps: of('v1', 'configmaps'),
    secrets: of('v1', 'secrets'),
    claims: of('v1', 'persistentvolumeclaims'),
    coreEvents: of('v1', 'events'),
    events: of('events.k8s.io/v1', 'events'),
  };
}

const MAX_TRIES = 5;

/** Takes a finalizer off an object, whoever else writes it meanwhile; gone or without it is fine. */
export async function takeFinalizerOff(
  kind: Resource,
  name: string,
  uid: string,
  finalizer: string,
  mayWrite: () => void,
): Promise<void> {
  for (let tries = 0; tries < MAX_TRIES; tries += 1) {
    const object = await kind.get(name);
    if (object === null || object.metadata.uid !== uid) return;
    const { finalizers = [], resourceVersion } = object.metadata;
    if (!finalizers.includes(finalizer)) return;
    mayWrite();
    const rest = finalizers.filter((other) => other !== finalizer);
    const answer = await kind.patch(name, { metadata: { resourceVersion, finalizers: rest } });
    if (answer !== 'conflict') return;
  }
}
