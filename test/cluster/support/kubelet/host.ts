import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** File systems that carry files of this machine, as against views into the kernel. */
const REAL = /^(ext[234]|xfs|btrfs|zfs|f2fs|overlay|9p|virtiofs|nfs4?|fuse.*|tmpfs|vboxsf|erofs|squashfs)$/;
const KERNEL = /^\/(proc|sys|dev|run)(\/|$)/;

/** What this machine lets a container be made of. */
export interface Host {
  readonly isRoot: boolean;
  /** Mount points under `/` that an overlay of `/` alone would not show. */
  readonly mounts: readonly string[];
  /** Pods get addresses of their own, which all lead to this machine. */
  readonly hasAddresses: boolean;
}

/** Addresses for Pods: 198.18.0.0/15 is set aside for tests of networks (RFC 2544) and never routed. */
export const POD_NETWORK = '198.18.0.0/15';
/** Namespaces that every container gets. `--user` stands in for root where there is none. */
const NAMESPACES = ['--mount', '--pid', '--ipc', '--uts', '--fork', '--kill-child'];

/** Throws with advice when containers cannot be made here. */
export function inspectHost(): Host {
  if (process.platform !== 'linux')
    throw new Error('The stand-in kubelet runs containers with Linux namespaces: it needs Linux.');
  const isRoot = process.getuid?.() === 0;
  try {
    execFileSync('unshare', [...namespaceFlags(isRoot), 'true'], { stdio: 'pipe' });
  } catch (cause) {
    const advice = isRoot
      ? 'Run the tests where root may use namespaces (in a container: --privileged, or --cap-add SYS_ADMIN with seccomp unconfined).'
      : 'Run the tests as root, or allow user namespaces (sysctl kernel.unprivileged_userns_clone=1).';
    throw new Error(`The stand-in kubelet cannot make namespaces (unshare of util-linux). ${advice}`, { cause });
  }
  return { isRoot, mounts: hostMounts(), hasAddresses: isRoot && addRoute() };
}

export function namespaceFlags(isRoot: boolean): readonly string[] {
  return isRoot ? NAMESPACES : ['--user', '--map-root-user', ...NAMESPACES];
}

/** One route makes every address of the network one of this machine's; adding it again changes nothing. */
function addRoute(): boolean {
  try {
    execFileSync('ip', ['route', 'replace', 'local', POD_NETWORK, 'dev', 'lo'], { stdio: 'pipe' });
    return true;
  } catch {
    return false;
  }
}

function hostMounts(): string[] {
  const lines = readFileSync('/proc/self/mountinfo', 'utf8').trim().split('\n');
  const points = lines.flatMap((line) => {
    const [before = '', after = ''] = line.split(' - ');
    const point = (before.split(' ')[4] ?? '').replaceAll('\\040', ' ');
    const type = after.split(' ')[0] ?? '';
    return REAL.test(type) && point !== '/' && !KERNEL.test(point) ? [point] : [];
  });
  return [...new Set(points)];
}
