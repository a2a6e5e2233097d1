import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ImageDefinition } from '../cluster-types.ts';
import { ConfigError, environmentOf, expand, type ReadContents, type Variables } from './environment.ts';
import type { Container, Pod } from './kube-types.ts';
import type { Mount, SandboxSpec } from './sandbox.ts';

export interface ContainerContext {
  readonly pod: Pod;
  readonly container: Container;
  readonly image: ImageDefinition;
  /** Of this start of the container; does not exist yet. */
  readonly folder: string;
  readonly podIP: string;
  readonly hostname: string;
  readonly server: string;
  readonly volumes: ReadonlyMap<string, string>;
  readonly shared: Iterable<string>;
  readonly hostsFile: string;
  readonly read: ReadContents;
}

/** A refusal of the container runtime, reported as CreateContainerError. */
export class CreateError extends Error {
  override readonly name = 'CreateError';
}

/** Everything the container's process is started with. Throws ConfigError and CreateError as the kubelet reports them. */
export async function sandboxSpecOf(context: ContainerContext): Promise<SandboxSpec> {
  const { pod, container, image, folder } = context;
  const address = { podIP: context.podIP, hostname: context.hostname, server: context.server };
  const variables = new Map(await environmentOf(pod, container, image, address, context.read));
  const user = userOf(context);
  if (!variables.has('HOME')) variables.set('HOME', homeOf(user));
  const argv = [
    ...(container.command?.map((text) => expand(text, variables)) ?? image.entrypoint ?? []),
    ...(container.args?.map((text) => expand(text, variables)) ??
      (container.command === undefined ? (image.cmd ?? []) : [])),
  ];
  if (argv.length === 0) throw new CreateError('failed to create containerd container: no command specified');
  mkdirSync(folder, { recursive: true });
  const { securityContext } = container;
  const podSecurity = pod.spec.securityContext;
  const fsGroup = podSecurity?.fsGroup;
  return {
    folder,
    hostname: context.hostname,
    mounts: mountsOf(context, variables),
    isReadOnlyRoot: securityContext?.readOnlyRootFilesystem === true,
    workingDir: container.workingDir || image.workingDir || '/',
    argv,
    variables,
    user,
    group: securityContext?.runAsGroup ?? podSecurity?.runAsGroup ?? 0,
    groups: [...(podSecurity?.supplementalGroups ?? []), ...(fsGroup === undefined ? [] : [fsGroup])],
    noNewPrivileges: securityContext?.allowPrivilegeEscalation === false,
    dropsCapabilities: securityContext?.capabilities?.drop?.includes('ALL') === true,
  };
}

export function terminationFile(folder: string): string {
  return join(folder, 'termination-log');
}

function userOf({ pod, container, image }: ContainerContext): number {
  const own = container.securityContext;
  const shared = pod.spec.securityContext;
  const user = own?.runAsUser ?? shared?.runAsUser ?? image.user ?? 0;
  if ((own?.runAsNonRoot ?? shared?.runAsNonRoot) === true && user === 0) {
    const why =
      own?.runAsUser === 0 || shared?.runAsUser === 0
        ? "container's runAsUser breaks non-root policy"
        : 'container has runAsNonRoot and image will run as root';
    throw new ConfigError(
      `${why} (pod: "${pod.metadata.name}_${pod.metadata.namespace}", container: ${container.name})`,
    );
  }
  return user;
}

/** As container runtimes do: from the password file, otherwise the root folder. */
function homeOf(user: number): string {
  const entries = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .map((line) => line.split(':'));
  return entries.find((entry) => entry[2] === String(user))?.[5] ?? '/';
}

function mountsOf(context: ContainerContext, variables: Variables): Mount[] {
  const { container, folder } = context;
  const message = terminationFile(folder);
  writeFileSync(message, '');
  chmodSync(message, 0o666);
  return [
    ...[...context.shared].map((path) => ({ source: path, target: path, isReadOnly: false, isFile: isFile(path) })),
    { source: context.hostsFile, target: '/etc/hosts', isReadOnly: false, isFile: true },
    {
      source: message,
      target: container.terminationMessagePath || '/dev/termination-log',
      isReadOnly: false,
      isFile: true,
    },
    ...(container.volumeMounts ?? []).map((mount) => volumeMount(context, mount, variables)),
  ];
}

type VolumeMount = NonNullable<Container['volumeMounts']>[number];

function volumeMount({ pod, volumes }: ContainerContext, mount: VolumeMount, variables: Variables): Mount {
  const folder = volumes.get(mount.name);
  if (folder === undefined) throw new CreateError(`volume "${mount.name}" is not set up`);
  const subPath = mount.subPathExpr === undefined ? (mount.subPath ?? '') : expand(mount.subPathExpr, variables);
  const source = join(folder, subPath);
  if (subPath.split('/').includes('..'))
    throw new ConfigError(`failed to prepare subPath for volumeMount "${mount.name}"`);
  // A kubelet makes a missing subPath as a folder of root's.
  if (!existsSync(source)) mkdirSync(source, { recursive: true, mode: 0o750 });
  const volume = pod.spec.volumes?.find(({ name }) => name === mount.name);
  const isWritten = volume?.configMap ?? volume?.secret ?? volume?.projected ?? volume?.downwardAPI;
  return {
    source,
    target: mount.mountPath,
    isReadOnly: mount.readOnly === true || isWritten !== undefined || volume?.persistentVolumeClaim?.readOnly === true,
    isFile: isFile(source),
  };
}

function isFile(path: string): boolean {
  return statSync(path).isFile();
}

/** Removes what an earlier start of a container left. */
export function removeFolder(folder: string): void {
  rmSync(folder, { recursive: true, force: true });
}
