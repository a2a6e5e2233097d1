import { chmodSync, chownSync, lstatSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { FolderFile, Owner } from './atomic-folder.ts';
import type { Pod } from './kube-types.ts';

const SETGID = 0o2000;

/** What fsGroup does to a folder that a Pod may write: its group everywhere, and new files inherit it. */
export function giveToGroup(folder: string, group: number): void {
  if (process.getuid?.() !== 0) return;
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
export function ownFiles(
  pod: Pod,
  files: readonly FolderFile[],
  hasToken: boolean,
): { files: FolderFile[]; owner: Owner } {
  const group = pod.spec.securityContext?.fsGroup;
  if (group !== undefined) {
    return { files: files.map((file) => ({ ...file, mode: file.mode | 0o440 })), owner: { uid: 0, gid: group } };
  }
  const owner = { uid: 0, gid: 0 };
  if (!hasToken) return { files: [...files], owner };
  // Without fsGroup a token belongs to the user of the containers, or everybody may read it when they differ.
  const users = new Set(
    pod.spec.containers.map((c) => c.securityContext?.runAsUser ?? pod.spec.securityContext?.runAsUser),
  );
  const [user] = users;
  if (users.size === 1 && user !== undefined) return { files: [...files], owner: { uid: user, gid: 0 } };
  return { files: files.map((file) => ({ ...file, mode: file.mode | 0o044 })), owner };
}
