/** One file of a diff, as GitHub's comparison gives it. */
export interface ChangedFile {
  readonly path: string;
  readonly status: 'added' | 'removed' | 'modified' | 'renamed' | 'other';
  readonly additions: number;
  readonly deletions: number;
  /** Unified diff of the file; null when GitHub gives none (binary, too large). */
  readonly patch: string | null;
}

export interface PatchLine {
  /** Without the sign in front. */
  readonly text: string;
  /** Counts from 1: in the new file for an added line, in the old file for a removed one. */
  readonly line: number;
}

export interface Patch {
  readonly added: readonly PatchLine[];
  readonly removed: readonly PatchLine[];
}

const HUNK = /^@@ -(\d+)(?:,\d+)? \+(\d+)(?:,\d+)? @@/;

/** Reads the hunks of one file's unified diff. What is no hunk (headers, `\ No newline at end of file`) is passed over. */
export function parsePatch(patch: string): Patch {
  const added: PatchLine[] = [];
  const removed: PatchLine[] = [];
  let oldLine = 0;
  let newLine = 0;
  for (const raw of patch.split('\n')) {
    const hunk = HUNK.exec(raw);
    if (hunk !== null) {
      oldLine = Number(hunk[1]);
      newLine = Number(hunk[2]);
      continue;
    }
    const text = raw.slice(1).replace(/\r$/, '');
    switch (raw[0]) {
      case '+':
        added.push({ text, line: newLine });
        newLine += 1;
        break;
      case '-':
        removed.push({ text, line: oldLine });
        oldLine += 1;
        break;
      case '\\':
        break;
      default:
        oldLine += 1;
        newLine += 1;
    }
  }
  return { added, removed };
}
