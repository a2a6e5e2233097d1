import type { ChangedFile } from './evidence.ts';

/**
 * Files with their counts, then as many patches as fit into `maxBytes`, smallest first: small patches are more often
 * written by hand than large ones.
 */
export function diffText(
  files: readonly ChangedFile[],
  maxBytes: number,
): { readonly text: string; readonly cut: boolean } {
  const list = files
    .slice(0, MAX_LISTED)
    .map((file) => `${file.status} ${file.path} (+${file.additions} -${file.deletions})`);
  const unlisted = files.length - list.length;
  if (unlisted > 0) list.push(`… and ${unlisted} more files`);
  const patches = files.flatMap((file) => (file.patch === null ? [] : [`--- ${file.path}\n${file.patch}`]));
  const kept: string[] = [];
  let room = maxBytes - Buffer.byteLength(list.join('\n'));
  for (const patch of patches.toSorted((a, b) => a.length - b.length)) {
    room -= Buffer.byteLength(patch) + 1;
    if (room < 0) break;
    kept.push(patch);
  }
  const left = patches.length - kept.length;
  const note = left === 0 ? [] : [`(${left} patches left out for length)`];
  return { text: [list.join('\n'), ...kept, ...note].join('\n\n'), cut: left > 0 || unlisted > 0 };
}

const MAX_LISTED = 200;
