/** Secrets that a change adds, by the same gate that keeps them out of prompts. */
import { PLACEHOLDER, type Redactor } from '../../safety/index.ts';
import { TOKEN_PATTERNS } from '../../safety/patterns.ts';
import { isLockFile } from './paths.ts';
import type { Found, Read, Reviewed } from './types.ts';

/**
 * Types that carry their issuer in their shape, keys, and values of our own settings. What only stands behind a name or
 * in a place where secrets stand (`password = …`, an Authorization header, a URL) is right to hide from a prompt, but too
 * often a variable or an example to refuse a change for it; so is a JWT, which may be of no use to anybody.
 */
const SURE: ReadonlySet<string> = new Set(
  [...TOKEN_PATTERNS.map(([type]) => type), 'private-key', 'healer-setting'].filter((type) => type !== 'jwt'),
);
const isSure = (type: string): boolean => SURE.has(type) || type.endsWith('-secret');

export function secretsAdded({ files, redactor }: Reviewed): readonly Found[] {
  // Checksums in lock files are random by nature, and nobody writes them by hand.
  return files
    .filter(({ path, added }) => !isLockFile(path) && added.length > 0)
    .flatMap((file) => inFile(file, redactor));
}

function inFile(file: Read, redactor: Redactor): readonly Found[] {
  // One scope of numbering: a placeholder that the old text has as well stands for a secret that only moved.
  const before = new Set(placeholders(redactor, file.removed));
  const fresh = placeholders(redactor, file.added).filter((placeholder) => !before.has(placeholder));
  const types = [...new Set(fresh.map(typeOf))];
  const sure = types.filter(isSure);
  const unsure = types.filter((type) => !isSure(type));
  const line = lineOf(file, redactor, before);
  return [
    ...sure.map((type) => ({
      code: 'secret_in_diff' as const,
      file,
      line,
      sentence: `${file.shown} now holds a secret (${type}); it is in the branch’s history and has to be revoked.`,
    })),
    ...unsure.map((type) => ({
      code: 'possible_secret' as const,
      file,
      line,
      sentence: `${file.shown} now holds what may be a secret (${type}).`,
    })),
  ];
}

function placeholders(redactor: Redactor, lines: Read['added']): readonly string[] {
  // A placeholder that somebody wrote into the file is no secret, and must not pass for one that was seen before.
  const text = lines.map((line) => line.text.replaceAll('«redacted:', '«redacted-')).join('\n');
  return [...redactor.redact(text).text.matchAll(PLACEHOLDER)].map(([placeholder]) => placeholder);
}

function typeOf(placeholder: string): string {
  return placeholder.split(':')[1] ?? 'secret';
}

/** The first line that holds a new one by itself; null when it takes several lines to make one, as a key does. */
function lineOf(file: Read, redactor: Redactor, before: ReadonlySet<string>): number | null {
  const found = file.added.find((line) => placeholders(redactor, [line]).some((one) => !before.has(one)));
  return found?.line ?? null;
}
