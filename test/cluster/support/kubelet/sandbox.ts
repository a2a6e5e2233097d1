import { realpathSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { type Host, NAMESPACES } from './host.ts';

/** Where something of the machine appears in a container. */
export interface Mount {
  readonly source: string;
  readonly target: string;
  readonly isReadOnly: boolean;
  readonly isFile: boolean;
}

export interface SandboxSpec {
  /** Folder of this container; the script mounts its root file system below it. */
  readonly folder: string;
  readonly hostname: string;
  readonly mounts: readonly Mount[];
  readonly isReadOnlyRoot: boolean;
  readonly workingDir: string;
  readonly argv: readonly string[];
  readonly variables: ReadonlyMap<string, string>;
  readonly user: number;
  readonly group: number;
  readonly groups: readonly number[];
  /** allowPrivilegeEscalation: false. */
  readonly noNewPrivileges: boolean;
  readonly dropsCapabilities: boolean;
}

/** Device files that every container has. */
const DEVICES = ['null', 'zero', 'full', 'random', 'urandom', 'tty'];
/** What the script writes to its own standard output just before it becomes the container's process. */
export const STARTED = 'started';
export const STDOUT = 'stdout.pipe';
export const STDERR = 'stderr.pipe';

/** The command that runs `script` in new namespaces and dies with the kubelet. */
export function sandboxCommand(script: string): readonly string[] {
  return ['setpriv', '--pdeathsig', 'KILL', 'unshare', ...NAMESPACES, 'sh', script];
}

/**
 * A shell script that becomes the container's first process. Its root is this machine's, seen through an overlay: every file
 * can be read, what is written stays in the container, and volumes are bound where the Pod wants them.
 */
export function sandboxScript(host: Host, spec: SandboxSpec): string {
  const layer = join(spec.folder, 'layer');
  const root = join(layer, 'root');
  const lines = [
    'set -eu',
    `mkdir -p ${quote(layer)}`,
    `mount -t tmpfs -o mode=755 tmpfs ${quote(layer)}`,
    `cd ${quote(layer)}`,
    'mkdir upper work root',
    'mount -t overlay overlay -o lowerdir=/,upperdir=upper,workdir=work root',
    ...host.mounts
      .filter((point) => !spec.folder.startsWith(`${point}/`))
      .flatMap((point) => hostMountLines(root, point)),
    ...kernelLines(root),
    ...withRepository(spec.mounts)
      .sort((a, b) => depth(a.target) - depth(b.target))
      .flatMap((mount) => mountLines(root, mount)),
    `mkdir -p ${quote(inRoot(root, spec.workingDir))}`,
    ...(spec.isReadOnlyRoot ? [`mount -o remount,ro ${quote(root)}`] : []),
    `hostname ${quote(spec.hostname)} 2>/dev/null || true`,
    // From here on the process speaks for itself; until now errors go to the kubelet, which is told when it begins.
    `exec 3>&1 >${quote(join(spec.folder, STDOUT))} 2>${quote(join(spec.folder, STDERR))}`,
    `exec chroot ${quote(root)} /bin/sh -c ${quote(`cd "$1" && shift && echo ${STARTED} >&3 && exec 3>&- "$@"`)} sh ${command(spec)}`,
  ];
  return `${lines.join('\n')}\n`;
}

/** Runs a further program in the container whose first process is `pid`: for probes and hooks. */
export function execCommand(pid: number, argv: readonly string[]): readonly string[] {
  return ['nsenter', `--target=${pid}`, '--mount', '--pid', '--ipc', '--uts', '--root', '--wd', '--', ...argv];
}

/** The clone that these tests run in: images of ours consist of it. */
const REPOSITORY = resolve(import.meta.dirname, '../../../..');

/** A clone below a folder that the Pod has a volume for (/tmp, say) would be hidden by it; it is mounted over that. */
function withRepository(mounts: readonly Mount[]): Mount[] {
  const isHidden = mounts.some(({ target }) => REPOSITORY.startsWith(`${followed(target)}/`));
  const own = { source: REPOSITORY, target: REPOSITORY, isReadOnly: true, isFile: false };
  return isHidden ? [...mounts, own] : [...mounts];
}

function kernelLines(root: string): string[] {
  const dev = join(root, 'dev');
  return [
    `mount -t proc proc ${quote(join(root, 'proc'))}`,
    `mount --rbind /sys ${quote(join(root, 'sys'))}`,
    `mount -t tmpfs -o mode=755 tmpfs ${quote(dev)}`,
    ...DEVICES.flatMap((name) => [
      `: >${quote(join(dev, name))}`,
      `mount --bind /dev/${name} ${quote(join(dev, name))}`,
    ]),
    ...['fd:/proc/self/fd', 'stdin:/proc/self/fd/0', 'stdout:/proc/self/fd/1', 'stderr:/proc/self/fd/2'].map((link) => {
      const [name = '', target = ''] = link.split(':');
      return `ln -s ${target} ${quote(join(dev, name))}`;
    }),
    `mkdir -m 1777 ${quote(join(dev, 'shm'))}`,
  ];
}

/** Part of the image: to be read only, and no harm when this machine does not let it be bound. */
function hostMountLines(root: string, point: string): string[] {
  const target = quote(join(root, point));
  return [`{ mount --bind ${quote(point)} ${target} && mount -o remount,bind,ro ${target}; } 2>/dev/null || true`];
}

function mountLines(root: string, mount: Mount): string[] {
  const target = quote(inRoot(root, mount.target));
  const parent = quote(dirname(inRoot(root, mount.target)));
  return [
    mount.isFile ? `mkdir -p ${parent} && { [ -e ${target} ] || : >${target}; }` : `mkdir -p ${target}`,
    `mount --bind ${quote(mount.source)} ${target}`,
    ...(mount.isReadOnly ? [`mount -o remount,bind,ro ${target}`] : []),
  ];
}

function command(spec: SandboxSpec): string {
  const identity = [
    `--reuid=${spec.user}`,
    `--regid=${spec.group}`,
    spec.groups.length === 0 ? '--clear-groups' : `--groups=${spec.groups.join(',')}`,
    ...(spec.dropsCapabilities ? ['--inh-caps=-all', '--bounding-set=-all'] : []),
  ];
  const privileges = spec.noNewPrivileges ? ['--no-new-privs'] : [];
  const variables = [...spec.variables].map(([name, value]) => `${name}=${value}`);
  const argv = [spec.workingDir, 'setpriv', ...identity, ...privileges, 'env', '-i', ...variables, ...spec.argv];
  return argv.map(quote).join(' ');
}

/**
 * The place of a container's path below its root. Links on the way (/var/run on many systems) are followed here, on the
 * machine whose files the container sees: followed from outside the container they would lead out of it.
 */
function inRoot(root: string, path: string): string {
  return join(root, followed(path));
}

function followed(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path === '/' ? path : join(followed(dirname(path)), basename(path));
  }
}

function depth(path: string): number {
  return path.split('/').filter((part) => part !== '').length;
}

export function quote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
