import type { ChangeConcernCode } from '../../model/change-concern.ts';
import type { FailureType } from '../../model/failure-type.ts';
import type { Redactor } from '../../safety/index.ts';
import type { ChangedFile, Patch } from './patch.ts';

/** A changed file with its lines, and its path as it may be shown. */
export interface Read extends ChangedFile, Patch {
  readonly shown: string;
}

/** What every look gets. */
export interface Reviewed {
  readonly files: readonly Read[];
  readonly failureType: FailureType | null;
  readonly evidence: string;
  readonly complete: boolean;
  readonly redactor: Redactor;
}

export interface Found {
  readonly code: ChangeConcernCode;
  /** Null for the change as a whole. */
  readonly file: Read | null;
  readonly line: number | null;
  readonly sentence: string;
  /** People should know, but it takes nothing away: never refused. */
  readonly harmless?: boolean;
}

export function plural(count: number, word: string): string {
  return count === 1 ? `1 ${word}` : `${count} ${word}s`;
}
