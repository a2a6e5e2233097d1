import type { ImageDefinition } from '../cluster-types.ts';
import { fieldOf, resourceOf } from './downward.ts';
import type { Container, Contents, EnvFrom, EnvVar, KeyRef, Pod } from './kube-types.ts';

/** Why a container cannot be configured; the message is the real kubelet's. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}

/** Reads a Secret or ConfigMap of the Pod's namespace; null when there is none. */
export type ReadContents = (kind: Contents['kind'], name: string) => Promise<Contents | null>;

export type Variables = ReadonlyMap<string, string>;

/** Everything a container's process finds in its environment, in the order in which later ones win. */
export async function environmentOf(
  pod: Pod,
  container: Container,
  image: ImageDefinition,
  address: { readonly podIP: string; readonly hostname: string; readonly server: string },
  read: ReadContents,
): Promise<Variables> {
  const server = new URL(address.server);
  const variables = new Map(
    Object.entries({
      PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
      HOSTNAME: address.hostname,
      ...image.env,
      KUBERNETES_SERVICE_HOST: server.hostname,
      KUBERNETES_SERVICE_PORT: server.port,
      KUBERNETES_SERVICE_PORT_HTTPS: server.port,
    }),
  );
  for (const from of container.envFrom ?? []) await addAll(variables, from, read);
  for (const variable of container.env ?? []) {
    const value = await variableValue(pod, container, variable, variables, address.podIP, read);
    if (value !== null) variables.set(variable.name, value);
  }
  const known = new Map([...variables, ['POD_IP', address.podIP]]);
  for (const [name, value] of Object.entries(image.overrideEnv ?? {})) variables.set(name, expand(value, known));
  return variables;
}

/** `$(NAME)` becomes the variable's value; `$$(NAME)` is the text `$(NAME)`; unknown names stay as they are. */
export function expand(text: string, variables: Variables): string {
  return text.replaceAll(/\$\$|\$\(([^)]*)\)/g, (whole, name: string | undefined) =>
    name === undefined ? '$' : (variables.get(name) ?? whole),
  );
}

async function addAll(variables: Map<string, string>, from: EnvFrom, read: ReadContents): Promise<void> {
  const [kind, source] =
    from.secretRef === undefined ? (['configmap', from.configMapRef] as const) : (['secret', from.secretRef] as const);
  if (source === undefined) return;
  const contents = await read(kind, source.name);
  if (contents === null) {
    if (source.optional === true) return;
    throw new ConfigError(`${kind} "${source.name}" not found`);
  }
  for (const [key, value] of contents.data) variables.set(`${from.prefix ?? ''}${key}`, value.toString('utf8'));
}

async function variableValue(
  pod: Pod,
  container: Container,
  variable: EnvVar,
  before: Variables,
  podIP: string,
  read: ReadContents,
): Promise<string | null> {
  const from = variable.valueFrom;
  if (from === undefined) return expand(variable.value ?? '', before);
  if (from.fieldRef !== undefined) return fieldOf(pod, from.fieldRef.fieldPath, podIP);
  if (from.resourceFieldRef !== undefined) return resourceOf(pod, container, from.resourceFieldRef);
  if (from.secretKeyRef !== undefined) return keyOf(pod, 'secret', from.secretKeyRef, read);
  if (from.configMapKeyRef !== undefined) return keyOf(pod, 'configmap', from.configMapKeyRef, read);
  throw new ConfigError(`environment variable ${variable.name}: this source is not known to the stand-in kubelet`);
}

async function keyOf(pod: Pod, kind: Contents['kind'], ref: KeyRef, read: ReadContents): Promise<string | null> {
  const contents = await read(kind, ref.name);
  const value = contents?.data.get(ref.key);
  if (value !== undefined) return value.toString('utf8');
  if (ref.optional === true) return null;
  if (contents === null) throw new ConfigError(`${kind} "${ref.name}" not found`);
  const title = kind === 'secret' ? 'Secret' : 'ConfigMap';
  throw new ConfigError(`couldn't find key ${ref.key} in ${title} ${pod.metadata.namespace}/${ref.name}`);
}
