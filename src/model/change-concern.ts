/**
 * What can be wrong with a change that CI found green: the ways in which checks become green without a repair, and what
 * must not be in a repair. Codes are stable: the setting `changeReview.refuse` lists them.
 */
export const CHANGE_CONCERNS = {
  secret_in_diff: 'The change adds a secret.',
  test_deleted: 'The change takes tests away.',
  test_skipped: 'The change mutes tests.',
  possible_secret: 'The change adds what may be a secret.',
  assertions_weakened: 'The change takes assertions away or makes them say nothing.',
  ignore_added: 'The change silences a linter, a type checker or a scanner.',
  check_muted: 'The change lets a check pass whatever it finds.',
  check_config_edited: 'The change edits the settings of a linter, a type checker or a test runner.',
  ci_edited: 'The change edits CI.',
  unrelated_files: 'The change touches files that have nothing to do with the failure.',
  enormous_diff: 'The change is larger than anybody can review.',
  lockfile_only: 'The change touches lock files only.',
  not_reviewed: 'The change, or a part of it, could not be looked at.',
} as const;

export type ChangeConcernCode = keyof typeof CHANGE_CONCERNS;

export const CHANGE_CONCERN_CODES = Object.keys(CHANGE_CONCERNS) as ChangeConcernCode[];

/** What no attempt may get green with unless the settings say otherwise. */
export const REFUSED_CONCERNS: readonly ChangeConcernCode[] = ['secret_in_diff', 'test_deleted', 'test_skipped'];

/** One thing that people should know about an agent's change, or that makes it count for nothing. */
export interface ChangeConcern {
  readonly code: ChangeConcernCode;
  /** `refuse`: the attempt does not count as fixed, however green CI is. */
  readonly severity: 'report' | 'refuse';
  /** Null when it is about the change as a whole. Went through the safety gate. */
  readonly path: string | null;
  /** In the new file, or in the old one for what was taken away; null when it is about the file as a whole. */
  readonly line: number | null;
  /** For people and for the next attempt; never quotes the change itself. */
  readonly sentence: string;
}
