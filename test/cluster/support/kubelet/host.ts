import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { UserError } from '../../../../src/lib/errors.ts';

/** File systems that carry files of this machine, as against views into the kernel. */
const REAL = /^(ext[234]|xfs|btrfs|zfs|f2fs|overlay|9p|virtiofs|nfs4?|fuse.*|tmpfs|vboxsf|erofs|squashfs)$/;
const KERNEL = /^\/(proc|sys|dev|run)(\/|$)/;

/** What this machine lets a container be made of. */
export interface Host {
  /** Mount points under `/` that an overlay of `/` alone would not show. */
  readonly mounts: readonly string[];
  /** Pods get addresses of their own, which all lead to this machine. */
  readonly hasAddresses: boolean;
}

/** Addresses for Pods: 198.18.0.0/15 is set aside for tests of networks (RFC 2544) and never routed. */
export const POD_NETWORK = '198.18.0.0/15';
/** Options of unshare: the namespaces that every container gets. */
export const NAMESPACES = ['--mount', '--pid', '--ipc', '--uts', '--fork', '--kill-child'];

/** What every container needs, tried out: a root of its own over this machine's. */
const PROBE = `mount -t tmpfs tmpfs "$1" && cd "$1" && mkdir upper work root &&
mount -t overlay overlay -o lowerdir=/,upperdir=upper,workdir=work root && mount -t proc proc root/proc`;

/** Throws with advice when containers cannot be made here. */
export function inspectHost(): Host {
  const what = 'The stand-in kubelet runs containers as processes with namespaces of their own.';
  if (process.platform !== 'linux') throw new UserError(`${what} Run these tests on Linux.`);
  if (process.getuid?.() !== 0)
    throw new UserError(`${what} Run these tests as root, for instance in a virtual machine.`);
  const folder = mkdtempSync(join(tmpdir(), 'healer-probe-'));
  try {
    execFileSync('unshare', [...NAMESPACES, 'sh', '-c', PROBE, 'sh', folder], { stdio: 'pipe' });
  } catch (cause) {
    const said = cause instanceof Error ? cause.message : String(cause);
    throw new UserError(
      `${what} This machine does not let root do so: ${said.trim()} ` +
        'In a container, give it --privileged (namespaces, overlay and tmpfs mounts); util-linux has to be installed.',
    );
  } finally {
    rmSync(folder, { recursive: true });
  }
  return { mounts: hostMounts(), hasAddresses: addRoute() };
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
