import type { ChangeConcern, ChangeConcernCode } from '../../model/change-concern.ts';
import type { FailureType } from '../../model/failure-type.ts';
import { type Redactor, safeLine } from '../../safety/index.ts';
import { checkConfigEdited, checksMuted, ciEdited, ignoresAdded } from './muting.ts';
import { type ChangedFile, parsePatch } from './patch.ts';
import { secretsAdded } from './secrets.ts';
import { enormous, lockFilesOnly, notReviewed, unrelated } from './size.ts';
import { assertionsWeakened, snapshotsRewritten, testsSkipped, testsTaken } from './tests.ts';
import type { Found, Read, Reviewed } from './types.ts';

export type { ChangedFile } from './patch.ts';

export interface ReviewContext {
  readonly failureType: FailureType | null;
  /** What is known of the failure and of the change that caused it: log lines, diffs, names. Empty when nothing is. */
  readonly evidence: string;
  /** False when the list of files is known to be cut. */
  readonly complete: boolean;
  /** One that has seen nothing yet; paths are put through it as well. */
  readonly redactor: Redactor;
  /** Concerns with which an attempt does not count as fixed. */
  readonly refuse: readonly ChangeConcernCode[];
}

/** So many places of one kind tell what happened; the rest is left out. */
const MAX_OF_A_CODE = 10;

const LOOKS: readonly ((reviewed: Reviewed) => readonly Found[])[] = [
  secretsAdded,
  testsTaken,
  testsSkipped,
  assertionsWeakened,
  snapshotsRewritten,
  ignoresAdded,
  checksMuted,
  checkConfigEdited,
  ciEdited,
  unrelated,
  enormous,
  lockFilesOnly,
  notReviewed,
];

/**
 * What people should know about an agent's change before it is called a fix, the refused first. Judges by line and by
 * name, so a concern is a reason to look, not a proof; whether one refuses is the policy's word.
 */
export function reviewChange(diff: readonly ChangedFile[], context: ReviewContext): readonly ChangeConcern[] {
  const files = diff.map(
    (file): Read => ({ ...file, ...parsePatch(file.patch ?? ''), shown: safeLine(file.path, context.redactor) }),
  );
  const reviewed: Reviewed = { ...context, files };
  const concerns = LOOKS.flatMap((look) => capped(look(reviewed))).map((found) => toConcern(found, context));
  return concerns.toSorted((a, b) => Number(b.severity === 'refuse') - Number(a.severity === 'refuse'));
}

function capped(found: readonly Found[]): readonly Found[] {
  const seen = new Map<string, number>();
  return found.filter(({ code }) => {
    const count = (seen.get(code) ?? 0) + 1;
    seen.set(code, count);
    return count <= MAX_OF_A_CODE;
  });
}

function toConcern({ code, file, line, sentence, harmless }: Found, { refuse }: ReviewContext): ChangeConcern {
  return {
    code,
    severity: refuse.includes(code) && harmless !== true ? 'refuse' : 'report',
    path: file?.shown ?? null,
    line,
    sentence,
  };
}

/** Concerns that two ways of comparing agree on; used where one of them shows other people's work as well. */
export function inBoth(concerns: readonly ChangeConcern[], others: readonly ChangeConcern[]): readonly ChangeConcern[] {
  const known = new Set(others.map(({ code, path }) => `${code} ${path}`));
  return concerns.filter(({ code, path }) => known.has(`${code} ${path}`));
}

/** Why an attempt does not count as fixed, for people and for the next attempt; null when nothing is refused. */
export function refusalOf(concerns: readonly ChangeConcern[], sha: string): string | null {
  const refused = concerns.filter(({ severity }) => severity === 'refuse');
  if (refused.length === 0) return null;
  const told = refused.slice(0, MAX_TOLD).map(({ sentence }) => sentence);
  const more = refused.length > told.length ? ` And ${refused.length - told.length} more of the kind.` : '';
  return `Green on ${sha.slice(0, 8)}, but the change is refused: ${told.join(' ')}${more} Take that back and repair the cause.`;
}

/** A prompt tells about 500 characters of why an attempt ended. */
const MAX_TOLD = 3;
