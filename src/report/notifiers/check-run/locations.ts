import type { Classification } from '../../../model/evidence.ts';
import { cut } from '../cut.ts';

/** A remark beside a line of the code. */
export interface Annotation {
  /** Relative to the root of the repository. */
  readonly path: string;
  /** Counts from 1. */
  readonly line: number;
  readonly message: string;
}

/** Characters that stand in paths people use; a blank would take in the words before it. */
const PATH = String.raw`(?<path>(?:[A-Z]:)?[\w@.+$()[\]/\\~-]*[\w+\])])`;

/** How tools write where something is, each with the message behind it where there is one. */
const PLACES: readonly RegExp[] = [
  // rustc, clippy: the message stands in a line above
  new RegExp(String.raw`^\s*-->\s+${PATH}:(?<line>\d+):\d+\s*$`),
  // tsc, MSBuild: src/a.ts(12,5): error TS2304: …
  new RegExp(String.raw`^\s*(?:##\[error\])?${PATH}\((?<line>\d+),\d+\): (?<message>.+)$`),
  // tsc --pretty, vitest, biome: src/a.ts:12:5 - error …
  new RegExp(String.raw`^\s*(?:❯ |⎯* ?)?${PATH}:(?<line>\d+):\d+(?: (?:-|–|lint) (?<message>.+)| [\w/]+ ━*)?\s*$`),
  // gcc, go, mypy, ruff, flake8, hadolint: file.go:12:5: …  file.py:12: …  Dockerfile:3 DL3008 …
  new RegExp(String.raw`^\s*(?:##\[error\])?${PATH}:(?<line>\d+)(?::\d+)?:? (?<message>\S.*)$`),
  // Python: File "shop/cart.py", line 12, in total
  /^\s*File "(?<path>[^"]+)", line (?<line>\d+)/,
  // helm: parse error at (shop/templates/deploy.yaml:12): …
  /\((?<path>[\w./-]+\.\w+):(?<line>\d+)\): (?<message>.+)$/,
];

/** ESLint and its like name the file once, and the lines below it. */
const FILE_LINE = /^\s*(?<path>[\w@.+$()[\]/\\:~-]+\.\w{1,8})\s*$/;
const UNDER_FILE = /^\s+(?<line>\d+):\d+\s+(?:error|✖|warning)\s+(?<message>.+)$/;

/** Where GitHub's runners put a repository. */
const WORKSPACE =
  /^(?:file:\/\/)?(?:\/home\/runner\/work\/[^/]+\/[^/]+|\/__w\/[^/]+\/[^/]+|\/github\/workspace|\/Users\/runner\/work\/[^/]+\/[^/]+|[A-Z]:\/a\/[^/]+\/[^/]+)\//;
/** Other people's code, and what builds make. */
const FOREIGN =
  /(?:^|\/)(?:node_modules|site-packages|dist-packages|\.cargo|rustc|\.rustup|vendor|target|\.venv|go\/pkg)\//;
/** A file has an ending, or one of the names that have none. */
const IS_FILE = /(?:\.[A-Za-z]\w{0,9}|\/?(?:Dockerfile|Makefile|Jenkinsfile|Gemfile|Rakefile|Justfile))$/;

const MAX_MESSAGE = 1_000;

/** The places in the repository that the evidence names, the strongest first; at most `max`. */
export function locationsOf(classification: Classification, max: number): readonly Annotation[] {
  const evidence = classification.evidence.map(({ text }) => text);
  const found = [...evidence.flatMap((text) => inLines([text])), ...inLines(classification.excerpt.text.split('\n'))];
  const known = new Map<string, Annotation>();
  for (const place of found) {
    const key = `${place.path}:${place.line}`;
    const before = known.get(key);
    // The same place said twice is one; the one with a message of its own is kept.
    if (before === undefined || before.message.length < place.message.length) known.set(key, place);
  }
  const why = cut(classification.reason, MAX_MESSAGE);
  return [...known.values()].slice(0, max).map((place) => (place.message === '' ? { ...place, message: why } : place));
}

function inLines(lines: readonly string[]): Annotation[] {
  const found: Annotation[] = [];
  let file: string | null = null;
  let said = '';
  for (const line of lines) {
    const under = file === null ? null : UNDER_FILE.exec(line);
    if (under?.groups !== undefined && file !== null) {
      add(found, file, under.groups['line'], under.groups['message']);
      continue;
    }
    const place = PLACES.map((pattern) => pattern.exec(line)?.groups).find((groups) => groups !== undefined);
    if (place !== undefined) add(found, place['path'], place['line'], place['message'] ?? said);
    else {
      file = FILE_LINE.exec(line)?.groups?.['path'] ?? (line.trim() === '' ? file : null);
      if (/^\s*(?:error|warning)(?:\[\w+\])?: /.test(line)) said = line.trim();
    }
  }
  return found;
}

function add(
  found: Annotation[],
  path: string | undefined,
  line: string | undefined,
  message: string | undefined,
): void {
  const inRepository = repositoryPath(path ?? '');
  const number = Number(line);
  if (inRepository === null || !Number.isSafeInteger(number) || number < 1 || number > 1_000_000) return;
  found.push({ path: inRepository, line: number, message: cut((message ?? '').trim(), MAX_MESSAGE) });
}

/** A path within the repository; null for anything else. */
export function repositoryPath(path: string): string | null {
  const plain = path
    .replaceAll('\\', '/')
    .replace(WORKSPACE, '')
    .replace(/^(?:\.\/)+/, '');
  if (plain.startsWith('/') || /^[A-Za-z][\w+.-]*:/.test(plain) || plain.includes('//')) return null;
  if (plain.split('/').some((part) => part === '..' || part === '' || part === '~')) return null;
  if (plain.length > 400 || FOREIGN.test(plain) || !IS_FILE.test(plain)) return null;
  return plain;
}
