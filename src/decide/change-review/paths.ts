/** What a path tells about a file. All of it is by name: nothing is read. */

const EXTENSIONS = {
  javascript: ['js', 'jsx', 'mjs', 'cjs', 'ts', 'tsx', 'mts', 'cts', 'vue', 'svelte'],
  python: ['py', 'pyi'],
  rust: ['rs'],
  go: ['go'],
  jvm: ['java', 'kt', 'kts', 'scala', 'groovy'],
  dotnet: ['cs', 'fs', 'vb'],
  ruby: ['rb'],
  php: ['php'],
  native: ['c', 'cc', 'cpp', 'cxx', 'h', 'hh', 'hpp', 'm', 'mm'],
  swift: ['swift'],
  elixir: ['ex', 'exs'],
  dart: ['dart'],
} as const;

export type Language = keyof typeof EXTENSIONS;

const BY_EXTENSION = new Map<string, Language>(
  Object.entries(EXTENSIONS).flatMap(([language, list]) => list.map((name) => [name, language as Language] as const)),
);

export function languageOf(path: string): Language | null {
  return BY_EXTENSION.get(extensionOf(path)) ?? null;
}

export function baseName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

function extensionOf(path: string): string {
  const name = baseName(path);
  const dot = name.lastIndexOf('.');
  return dot <= 0 ? '' : name.slice(dot + 1).toLowerCase();
}

const TEST_FOLDER = /(?:^|\/)(?:tests?|__tests__|specs?|e2e|integration[-_]tests?|cypress|[\w.]+\.Tests?)\//;
const TEST_NAME =
  /(?:[._-](?:test|tests|spec|cy|e2e)\.\w+|^test_[\w-]+\.py|^conftest\.py|_test\.(?:go|py|rb|exs|dart|cc|cpp|c)|(?:Tests?|IT|Spec|TestCase)\.(?:java|kt|kts|scala|groovy|cs|fs|vb|swift|php)|^test-[\w-]+\.\w+)$/;

/** A file of tests, or of helpers for them, in a language that we know. Fixtures and snapshots are none. */
export function isTestFile(path: string): boolean {
  return languageOf(path) !== null && (TEST_FOLDER.test(path) || TEST_NAME.test(baseName(path)));
}

/** A file whose lines may be tests: Rust keeps them beside the code. */
export function mayHoldTests(path: string): boolean {
  return isTestFile(path) || languageOf(path) === 'rust';
}

const CI_FILE =
  /^(?:\.github\/(?:workflows|actions)\/|\.circleci\/|\.buildkite\/|\.tekton\/|\.woodpecker\/|\.gitlab\/ci\/|ci\/pipelines?\/)|(?:^|\/)(?:\.gitlab-ci\.ya?ml|\.travis\.ya?ml|\.drone\.ya?ml|\.woodpecker\.ya?ml|appveyor\.ya?ml|azure-pipelines[\w.-]*\.ya?ml|bitbucket-pipelines\.ya?ml|Jenkinsfile[\w.-]*|action\.ya?ml)$/;

export function isCiFile(path: string): boolean {
  return CI_FILE.test(path);
}

const LOCK_FILE =
  /^(?:package-lock\.json|npm-shrinkwrap\.json|yarn\.lock|pnpm-lock\.yaml|bun\.lockb?|Cargo\.lock|poetry\.lock|uv\.lock|pdm\.lock|Pipfile\.lock|Gemfile\.lock|composer\.lock|go\.sum|go\.work\.sum|mix\.lock|pubspec\.lock|Podfile\.lock|Package\.resolved|packages\.lock\.json|gradle\.lockfile|flake\.lock|Chart\.lock|\.terraform\.lock\.hcl|MODULE\.bazel\.lock|deno\.lock)$/;

export function isLockFile(path: string): boolean {
  return LOCK_FILE.test(baseName(path));
}

const CHECK_CONFIG =
  /^(?:\.eslintrc[\w.]*|eslint\.config\.\w+|\.eslintignore|biome\.jsonc?|\.prettierrc[\w.]*|\.prettierignore|tsconfig[\w.-]*\.json|jest\.config\.\w+|vitest\.(?:config|workspace)\.\w+|playwright\.config\.\w+|karma\.conf\.\w+|\.mocharc[\w.]*|\.nycrc[\w.]*|codecov\.ya?ml|\.codecov\.ya?ml|\.flake8|\.pylintrc|pylintrc|mypy\.ini|\.mypy\.ini|pytest\.ini|tox\.ini|ruff\.toml|\.ruff\.toml|pyrightconfig\.json|\.coveragerc|\.bandit|clippy\.toml|\.clippy\.toml|rustfmt\.toml|deny\.toml|\.cargo-audit\.toml|audit\.toml|nextest\.toml|\.golangci\.\w+|\.rubocop[\w.]*\.yml|\.rspec|phpunit\.xml[\w.]*|phpstan[\w.-]*\.neon[\w.]*|psalm\.xml|\.editorconfig|checkstyle[\w.-]*\.xml|detekt\.ya?ml|\.swiftlint\.yml|\.yamllint[\w.]*|\.hadolint\.ya?ml|\.tflint\.hcl|\.trivyignore[\w.]*|\.snyk|\.gitleaks\.toml|\.gitleaksignore|\.semgrepignore|\.nsprc|\.audit-ci\.\w+|\.credo\.exs|\.clang-tidy|\.clang-format|\.shellcheckrc|\.markdownlint[\w.-]*|\.kube-linter\.ya?ml)$/;

/** Settings of something that judges the code. */
export function isCheckConfig(path: string): boolean {
  return CHECK_CONFIG.test(baseName(path));
}

const PROSE = /\.(?:md|mdx|rst|adoc|txt)$|^(?:LICENSE|CHANGELOG|NOTICE)/i;

/** Text for people: what it quotes does nothing. */
export function isProse(path: string): boolean {
  return PROSE.test(baseName(path));
}
