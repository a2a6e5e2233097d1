import type { ChangedFile } from './evidence.ts';

interface FileAnswer {
  readonly filename: string;
  readonly status: string;
  readonly additions: number;
  readonly deletions: number;
  readonly patch?: string;
}

/** A file as GitHub lists it, in commits, comparisons and pull requests alike. */
export function changedFile(file: FileAnswer): ChangedFile {
  const known = ['added', 'removed', 'modified', 'renamed'] as const;
  return {
    path: file.filename,
    status: known.find((status) => status === file.status) ?? 'other',
    additions: file.additions,
    deletions: file.deletions,
    patch: file.patch ?? null,
  };
}
