/** How large a change is, where it reaches, and what of it could not be seen. */
import type { FailureType } from '../../model/failure-type.ts';
import { baseName, isCiFile, isLockFile, isTestFile, languageOf } from './paths.ts';
import { type Found, plural, type Read, type Reviewed } from './types.ts';

/** A repair of CI is small; people stop finding faults in reviews of more than a few hundred lines. */
const MAX_LINES = 1_000;
const MAX_FILES = 50;

export function enormous({ files }: Reviewed): readonly Found[] {
  const written = files.filter(({ path }) => !isLockFile(path));
  const lines = written.reduce((sum, file) => sum + file.additions + file.deletions, 0);
  if (lines <= MAX_LINES && written.length <= MAX_FILES) return [];
  const sentence = `The change has ${plural(lines, 'line')} in ${plural(written.length, 'file')}.`;
  return [{ code: 'enormous_diff', file: null, line: null, sentence }];
}

/** Types of failure that are repaired in a lock file. */
const OF_DEPENDENCIES: ReadonlySet<FailureType> = new Set([
  'rust_deps',
  'frontend_deps',
  'security_dependabot',
  'security_audit',
  'git_merge_conflict',
]);

export function lockFilesOnly({ files, failureType }: Reviewed): readonly Found[] {
  if (files.length === 0 || !files.every(({ path }) => isLockFile(path))) return [];
  if (failureType !== null && OF_DEPENDENCIES.has(failureType)) return [];
  const names = files.slice(0, 5).map(({ shown }) => shown);
  const sentence = `Only lock files changed (${names.join(', ')}): what was installed changed, not what is broken.`;
  return [{ code: 'lockfile_only', file: null, line: null, sentence }];
}

/** Folders that a repair may touch wherever the failure is. */
const COMMON = /^(?:tests?|__tests__|specs?|src|lib|app|docs?|\.changeset|scripts|include)$/i;

/**
 * Files in a top-level folder that nothing known of the failure mentions. Nothing known, nothing said; files at the
 * top, tests, lock files and the usual folders of a project are never strangers.
 */
export function unrelated({ files, evidence }: Reviewed): readonly Found[] {
  if (!/[\w-]+\/[\w.-]+/.test(evidence)) return [];
  const strangers = files.filter((file) => isStranger(file, evidence));
  const folders = Map.groupBy(strangers, ({ path }) => path.slice(0, path.indexOf('/')));
  return [...folders.values()].flatMap((group) => {
    const [first] = group;
    if (first === undefined) return [];
    const more = group.length === 1 ? '' : ` and ${plural(group.length - 1, 'more file')} beside it`;
    const sentence = `${first.shown}${more}: nothing known of the failure mentions this folder.`;
    return [{ code: 'unrelated_files' as const, file: first, line: null, sentence }];
  });
}

function isStranger({ path }: Read, evidence: string): boolean {
  const folder = path.slice(0, Math.max(0, path.indexOf('/')));
  if (folder === '' || COMMON.test(folder)) return false;
  if (isLockFile(path) || isTestFile(path) || isCiFile(path)) return false;
  return !evidence.includes(`${folder}/`) && !evidence.includes(baseName(path));
}

/** What GitHub did not show. A binary file has no lines to show. */
export function notReviewed({ files, complete }: Reviewed): readonly Found[] {
  const hidden = files.filter(
    (file) => file.patch === null && file.additions + file.deletions > 0 && languageOf(file.path) !== null,
  );
  return [
    ...(complete
      ? []
      : [
          {
            code: 'not_reviewed' as const,
            file: null,
            line: null,
            sentence: 'GitHub does not list every changed file.',
          },
        ]),
    ...hidden.map((file) => ({
      code: 'not_reviewed' as const,
      file,
      line: null,
      sentence: `GitHub shows no diff of ${file.shown}.`,
    })),
  ];
}
