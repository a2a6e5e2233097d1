/** Tests that are gone, do not run any more, or check less. */
import { ASSERTION, EMPTY_ASSERTION, LOOSE_ASSERTION, SKIP_MARKERS, TEST_DECLARATIONS } from './markers.ts';
import type { PatchLine } from './patch.ts';
import { baseName, isTestFile, languageOf, mayHoldTests } from './paths.ts';
import { type Found, plural, type Read, type Reviewed } from './types.ts';

/** Fewer tests than before, counted over the whole change: one that moved or was renamed is not gone. */
export function testsTaken({ files }: Reviewed): readonly Found[] {
  const held = files.filter((file) => mayHoldTests(file.path));
  const unread = held.filter((file) => file.status === 'removed' && file.patch === null && isTestFile(file.path));
  const vanished = unread.filter((file) => !isElsewhere(file, files));
  const balance = held.reduce((sum, file) => sum + declared(file.added, file) - declared(file.removed, file), 0);
  const losers = balance < 0 ? held.filter((file) => declared(file.removed, file) > declared(file.added, file)) : [];
  return [...vanished, ...losers].map((file) => taken(file, files));
}

function taken(file: Read, files: readonly Read[]): Found {
  const count = declared(file.removed, file) - declared(file.added, file);
  const what = count > 0 ? plural(count, 'test') : 'its tests';
  const line = file.status === 'removed' ? null : (firstMatch(file.removed, declarationOf(file))?.line ?? null);
  const harmless = file.status === 'removed' && subjectIsGone(file, files);
  const sentence =
    file.status === 'removed'
      ? `${file.shown} was deleted with ${what}.`
      : `${file.shown} has ${plural(count, 'test')} less than before.`;
  return { code: 'test_deleted', file, line, sentence, harmless };
}

function declared(lines: readonly PatchLine[], file: Read): number {
  const pattern = declarationOf(file);
  return pattern === null ? 0 : lines.filter(({ text }) => pattern.test(text)).length;
}

function declarationOf({ path }: Read): RegExp | null {
  const language = languageOf(path);
  return language === null ? null : TEST_DECLARATIONS[language];
}

function isElsewhere(file: Read, files: readonly Read[]): boolean {
  return files.some((other) => other.status !== 'removed' && baseName(other.path) === baseName(file.path));
}

/** The code that the tests were about was deleted in the same change. */
function subjectIsGone(file: Read, files: readonly Read[]): boolean {
  const subject = stem(file.path);
  const namesake = files.filter((other) => !isTestFile(other.path) && stem(other.path) === subject);
  return namesake.length > 0 && namesake.every(({ status }) => status === 'removed');
}

/** `tests/test_cart.py`, `cart.test.ts` and `CartTest.java` are about `cart`. */
function stem(path: string): string {
  const name = baseName(path).replace(/\.\w+$/, '');
  return name.replace(/^test[_-]|[._-](?:tests?|spec|cy|e2e)$|(?:Tests?|IT|Spec|TestCase)$/g, '').toLowerCase();
}

/** More skips than before. Tests that are new and skipped take nothing away. */
export function testsSkipped({ files }: Reviewed): readonly Found[] {
  const held = files.filter((file) => mayHoldTests(file.path));
  const balance = held.reduce((sum, file) => sum + skips(file.added, file) - skips(file.removed, file), 0);
  if (balance <= 0) return [];
  const grown = held.reduce((sum, file) => sum + declared(file.added, file) - declared(file.removed, file), 0);
  const inNewFiles = held.filter(isNew).reduce((sum, file) => sum + skips(file.added, file), 0);
  return held
    .filter((file) => skips(file.added, file) > skips(file.removed, file))
    .map((file) => {
      const place = newLine(file, skipOf(file));
      return {
        code: 'test_skipped',
        file,
        line: place?.line ?? null,
        sentence: `${file.shown} skips tests that it did not skip before, or runs only some of them${at(place)}.`,
        harmless: isNew(file) && grown >= inNewFiles,
      };
    });
}

const isNew = (file: Read): boolean => file.status === 'added';

function skips(lines: readonly PatchLine[], file: Read): number {
  const pattern = skipOf(file);
  return pattern === null ? 0 : lines.filter(({ text }) => pattern.test(text)).length;
}

function skipOf({ path }: Read): RegExp | null {
  const language = languageOf(path);
  return language === null ? null : SKIP_MARKERS[language];
}

/** Fewer assertions than before, or some that hold whatever happens. A test may have been wrong: people have to judge. */
export function assertionsWeakened({ files }: Reviewed): readonly Found[] {
  return files
    .filter((file) => mayHoldTests(file.path) && file.status !== 'removed')
    .flatMap((file): readonly Found[] => {
      const lost = matches(file.removed, ASSERTION) - matches(file.added, ASSERTION);
      const empty = newLine(file, EMPTY_ASSERTION);
      const code = 'assertions_weakened' as const;
      return [
        ...(empty === null
          ? []
          : [{ code, file, line: empty.line, sentence: `${file.shown} asserts what is always true${at(empty)}.` }]),
        ...(lost <= 0 ? loosened(file) : []).map((place) => ({
          code,
          file,
          line: place.line,
          sentence: `${file.shown} asserts less than before${at(place)}: nearly every value passes.`,
        })),
        ...(lost <= 0
          ? []
          : [
              {
                code,
                file,
                line: firstMatch(file.removed, ASSERTION)?.line ?? null,
                sentence: `${file.shown} has ${plural(lost, 'assertion')} less than before.`,
              },
            ]),
      ];
    });
}

/** A loose assertion that is new, where an exact one went: as many assertions as before, which say less. */
function loosened(file: Read): readonly PatchLine[] {
  const exact = (lines: readonly PatchLine[]): number =>
    lines.filter(({ text }) => ASSERTION.test(text) && !LOOSE_ASSERTION.test(text)).length;
  if (exact(file.removed) <= exact(file.added)) return [];
  const place = newLine(file, LOOSE_ASSERTION);
  return place === null || EMPTY_ASSERTION.test(place.text) ? [] : [place];
}

/** So many lines of expected output rewritten at once are accepted, not looked at. */
const MANY_SNAPSHOT_LINES = 60;
const MANY_SNAPSHOTS = 3;

/** Expected output that was written anew by the tool instead of being decided. */
export function snapshotsRewritten({ files }: Reviewed): readonly Found[] {
  const rewritten = files.filter(({ path, status }) => isSnapshot(path) && status === 'modified');
  const lines = rewritten.reduce((sum, { additions, deletions }) => sum + additions + deletions, 0);
  const [first] = rewritten;
  if (first === undefined || (rewritten.length < MANY_SNAPSHOTS && lines < MANY_SNAPSHOT_LINES)) return [];
  const sentence = `Expected output was written anew in ${plural(rewritten.length, 'file')} (${plural(lines, 'line')}), beginning with ${first.shown}.`;
  return [{ code: 'assertions_weakened', file: first, line: null, sentence }];
}

function isSnapshot(path: string): boolean {
  return /\.(?:snap|snapshot|ambr|approved\.\w+|golden|snap\.new)$|(?:^|\/)(?:__snapshots__|snapshots|golden|testdata\/golden)\//.test(
    path,
  );
}

function matches(lines: readonly PatchLine[], pattern: RegExp): number {
  return lines.filter(({ text }) => pattern.test(text)).length;
}

function firstMatch(lines: readonly PatchLine[], pattern: RegExp | null): PatchLine | null {
  return lines.find(({ text }) => pattern?.test(text)) ?? null;
}

/** The first added line with the pattern that does not only stand somewhere else now. */
export function newLine(file: Read, pattern: RegExp | null): PatchLine | null {
  const before = new Set(file.removed.map(({ text }) => text.trim()));
  return file.added.find(({ text }) => pattern?.test(text) && !before.has(text.trim())) ?? null;
}

function at(place: PatchLine | null): string {
  return place === null ? '' : ` (line ${place.line})`;
}
