/** Tools that were told to look away, and checks that cannot fail any more. */
import type { FailureType } from '../../model/failure-type.ts';
import { IGNORES, MUTED_CHECKS, STRICTNESS } from './markers.ts';
import { baseName, isCheckConfig, isCiFile, isLockFile, isProse } from './paths.ts';
import { newLine } from './tests.ts';
import type { Found, Read, Reviewed } from './types.ts';

type Marker = readonly [name: string, pattern: RegExp];

/** Comments that silence a linter, a type checker or a scanner, more of a kind than before. */
export function ignoresAdded({ files }: Reviewed): readonly Found[] {
  return files
    .filter(({ path }) => !isProse(path) && !isLockFile(path))
    .flatMap((file) => {
      const { names, line } = more(file, IGNORES);
      const sentence = `${file.shown} silences a tool: ${names.join(', ')}.`;
      return names.length === 0 ? [] : [{ code: 'ignore_added' as const, file, line, sentence }];
    });
}

const COMMANDS =
  /\.(?:ya?ml|sh|bash|zsh|ps1|toml|mk|gradle|kts|ini|cfg|xml)$|^(?:package\.json|composer\.json|Makefile|GNUmakefile|makefile|justfile|Justfile|Taskfile[\w.]*|Rakefile|Dockerfile[\w.-]*|Containerfile|Jenkinsfile[\w.-]*|tox\.ini|noxfile\.py)$/;

/** Commands whose failure has no consequence any more, in the files that hold commands. */
export function checksMuted({ files }: Reviewed): readonly Found[] {
  return files
    .filter(({ path }) => COMMANDS.test(baseName(path)) && !isLockFile(path))
    .flatMap((file) => {
      const { names, line } = more(file, MUTED_CHECKS);
      const sentence = `${file.shown} lets a command pass whatever it finds: ${names.join(', ')}.`;
      const lost = less(file);
      return [
        ...(names.length === 0 ? [] : [{ code: 'check_muted' as const, file, line, sentence }]),
        ...(lost.length === 0
          ? []
          : [
              {
                code: 'check_muted' as const,
                file,
                line: null,
                sentence: `${file.shown} runs a command less strictly: ${lost.join(', ')} is gone.`,
              },
            ]),
      ];
    });
}

/** What made a command strict and is there less often, in lines that are still there in another form. */
function less(file: Read): readonly string[] {
  if (file.status === 'removed') return [];
  return STRICTNESS.filter(([, pattern]) => {
    const count = (lines: Read['added']) => lines.filter(({ text }) => pattern.test(text)).length;
    return count(file.removed) > count(file.added) && file.added.length > 0;
  }).map(([name]) => name);
}

/** Markers that a file has more of than before, with the first new place. */
function more(
  file: Read,
  markers: readonly Marker[],
): { readonly names: readonly string[]; readonly line: number | null } {
  const grown = markers.filter(([, pattern]) => {
    const count = (lines: Read['added']) => lines.filter(({ text }) => pattern.test(text)).length;
    return count(file.added) > count(file.removed);
  });
  const lines = grown.flatMap(([, pattern]) => newLine(file, pattern)?.line ?? []);
  return { names: grown.map(([name]) => name), line: lines.length === 0 ? null : Math.min(...lines) };
}

export function checkConfigEdited({ files, evidence }: Reviewed): readonly Found[] {
  return files
    .filter(({ path }) => isCheckConfig(path) && !evidence.includes(path))
    .map((file) => ({
      code: 'check_config_edited',
      file,
      line: null,
      sentence: `${file.shown} sets what a check looks for, and the failure does not name it.`,
    }));
}

/** Types of failure whose repair is an edit of CI. */
const OF_CI: ReadonlySet<FailureType> = new Set(['github_workflow', 'git_permission', 'release']);

export function ciEdited({ files, evidence, failureType }: Reviewed): readonly Found[] {
  if (failureType !== null && OF_CI.has(failureType)) return [];
  return files
    .filter(({ path }) => isCiFile(path) && !evidence.includes(path))
    .map((file) => ({
      code: 'ci_edited',
      file,
      line: null,
      sentence: `${file.shown} is part of CI, and CI is not what is broken.`,
    }));
}
