import { chmodSync, chownSync, lstatSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { FolderFile, Owner } from './atomic-folder.ts';
import type { Pod } from './kube-types.ts';

const SETGID = 0o2000;

/** What fsGroup does to a folder that a Pod may write: its group everywhere, and new files inherit it. */
export function giveToGroup(folder: string, group: number): void {
  const stat = lstatSync(folder);
  if (stat.isSymbolicLink()) return;
  chownSync(folder, stat.uid, group);
  if (!stat.isDirectory()) {
    chmodSync(folder, (stat.mode & 0o7777) | 0o660);
    return;
  }
  chmodSync(folder, (stat.mode & 0o7777) | 0o770 | SETGID);
  for (const name of readdirSync(folder)) giveToGroup(join(folder, name), group);
}

/** Owner and modes of files that the kubelet itself writes (Secret, ConfigMap, token). */
export function ownFiles(pod: Pod, files: readonly FolderFile[]): { files: readonly FolderFile[]; owner: Owner } {
  const group = pod.spec.securityContext?.fsGroup;
  if (group === undefined) return { files, owner: { uid: 0, gid: 0 } };
  return { files: files.map((file) => ({ ...file, mode: file.mode | 0o440 })), owner: { uid: 0, gid: group } };
}

/** The user whom all containers of a Pod run as by its own word; null when they differ or the image decides. */
export function sharedUser(pod: Pod): number | null {
  const all = [...(pod.spec.initContainers ?? []), ...pod.spec.containers];
  const users = new Set(all.map((c) => c.securityContext?.runAsUser ?? pod.spec.securityContext?.runAsUser ?? null));
  const [user = null] = users;
  return users.size === 1 ? user : null;
}
