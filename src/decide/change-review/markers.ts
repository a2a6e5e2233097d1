import type { Language } from './paths.ts';

/**
 * What tests, their muting and silenced tools look like, language by language. A line is looked at by itself, so every
 * pattern has to tell from one line; all are linear in its length.
 */

/** The line on which a test is declared; each match is one test. */
export const TEST_DECLARATIONS: Readonly<Record<Language, RegExp>> = {
  javascript: /^\s*(?:x|f)?(?:it|test|specify)(?:\.\w+)*(?:\s*\(|\s*`|<)/,
  python: /^\s*(?:async\s+)?def\s+test\w*\s*\(/,
  rust: /^\s*#\[(?:[\w:]+::)?(?:test|rstest|test_case|quickcheck|wasm_bindgen_test)\b/,
  go: /^\s*func\s+(?:\([^)]{0,200}\)\s*)?(?:Test|Fuzz|Example)\w*\s*\(|\b[tb]\.Run\s*\(/,
  jvm: /^\s*@(?:Test|ParameterizedTest|RepeatedTest|TestFactory|Property)\b|^\s*(?:it|should|test)\s*\(\s*"/,
  dotnet: /^\s*(?:\[|<)(?:Fact|Theory|Test|TestMethod|TestCase|DataTestMethod)\b/,
  ruby: /^\s*[xf]?(?:it|specify|scenario|example)\s+['"]|^\s*def\s+test_|^\s*test\s+['"]/,
  php: /^\s*(?:public\s+)?function\s+test\w*\s*\(|^\s*#\[(?:Test|DataProvider)\b|^\s*(?:it|test)\s*\(\s*['"]/,
  native: /^\s*(?:TEST|TEST_F|TEST_P|TYPED_TEST|TEST_CASE|SCENARIO|BOOST_AUTO_TEST_CASE|DOCTEST_TEST_CASE)\s*\(/,
  swift: /^\s*(?:@Test\b|(?:(?:public|internal|override)\s+)*func\s+test\w*\s*\()/,
  elixir: /^\s*(?:test|property)\s+"/,
  dart: /^\s*(?:test|testWidgets)\s*\(/,
};

/** What keeps a declared test from running, or from counting. */
export const SKIP_MARKERS: Readonly<Record<Language, RegExp>> = {
  javascript:
    /(?:^|[^\w.])(?:it|test|describe|context|suite|specify)(?:\.\w+)*\.(?:skip|skipIf|runIf|todo|fixme|fails|failing|only)\b|^\s*(?:x(?:it|test|describe|context|specify)|f(?:it|describe|context))\s*[(.]|\b(?:this|ctx|context|t)\.skip\s*\(|\{\s*(?:skip|todo|only)\s*:\s*(?:true|['"`])|^\s*if\s*\(\s*!?\s*process\.env\b.{0,60}\)\s*\{?\s*return\b/,
  python:
    /@(?:pytest\.mark\.|mark\.)?(?:skip|skipif|xfail)\b|\bpytest\.(?:skip|xfail|importorskip)\s*\(|\bmark\.(?:skip|skipif|xfail)\b|@(?:unittest\.)?(?:skip|skipIf|skipUnless|expectedFailure)\b|\b(?:self\.skipTest|raise\s+(?:unittest\.)?SkipTest)\b|^\s*collect_ignore|^\s*if\s+(?:not\s+)?os\.(?:environ|getenv)\b.{0,60}:\s*return\b/,
  rust: /#!?\[ignore\b|#!?\[cfg_attr\(.{0,200}\bignore\b|#!?\[cfg\((?:any\(\s*\)|not\(test\)|FALSE|false)\)\]/,
  go: /\b[tb]\.Skip(?:f|Now)?\s*\(|^\/\/go:build\s+(?:ignore|never)\b/,
  jvm: /@(?:Ignore|Disabled(?:On\w+|If\w*)?|EnabledIf\w*)\b|\b(?:Assumptions\.|Assume\.)?assum(?:e|ing)(?:True|False|That|NotNull)?\s*\(|\bTestAbortedException\b|\bSkipException\b/,
  dotnet: /\[Ignore\b|\bSkip\s*=\s*"|\bAssert\.(?:Ignore|Inconclusive)\s*\(|\[Explicit\b/,
  ruby: /^\s*(?:xit|xdescribe|xcontext|xspecify|xscenario|fit|fdescribe|fcontext|pending)\b|^\s*skip(?:\s|\(|$)|,\s*(?:skip|pending)\s*(?::|=>)|,\s*:(?:skip|pending)\b/,
  php: /->markTest(?:Skipped|Incomplete)\s*\(|::markTest(?:Skipped|Incomplete)\s*\(|->(?:skip|todo)\s*\(|#\[(?:RequiresPhp|Ignore)\b/,
  native: /\bGTEST_SKIP\s*\(|\bTEST(?:_[FP])?\s*\([^)]{0,200}\bDISABLED_|\bSKIP\s*\(|\[\.\w*\]|\bXCTSkip/,
  swift: /\bXCTSkip(?:If|Unless)?\b|\.disabled\s*\(/,
  elixir: /@(?:module|describe)?tag\s+(?::skip|skip:)|^\s*@tag\s+:pending/,
  dart: /\bskip\s*:\s*(?:true|['"])|@Skip\b/,
};

/** A line that checks something. */
export const ASSERTION =
  /\bexpect\w*\s*(?:\(|\{)|\b(?:debug_)?assert\w*!?\s*[(.]|^\s*assert\b|\b(?:self|cls)\.assert\w+|\bAssert\.|\bpytest\.raises\s*\(|\bpanic!\s*\(|\bshould_panic\b|\bt\.(?:Error|Errorf|Fatal|Fatalf|Fail|FailNow)\s*\(|\b(?:require|is|must)\.\w+\s*\(\s*t\b|\.(?:should|must)\b|\.Should\s*\(|\bverify\s*\(|->assert\w+|::assert\w+|\b(?:EXPECT|ASSERT|REQUIRE|CHECK)(?:_\w+)?\s*\(|\bXCTAssert\w*|\b(?:assert|refute)_\w+|\.toMatch|\.toBe|\.toEqual|\bdeepEqual\b|\bstrictEqual\b/;

/** An assertion that holds whatever the code does. */
export const EMPTY_ASSERTION =
  /\bexpect\s*\(\s*(?:true|1)\s*\)\s*\.\s*(?:to(?:Be|Equal|StrictEqual)\s*\(\s*(?:true|1)|toBeTruthy|toBeDefined|to\.be\.true|to\.equal\(\s*(?:true|1))|\bassert\w*!?\s*\(\s*(?:true|True|1\s*==?=?\s*1)\s*[,)]|^\s*assert\s+(?:True|1\s*==\s*1|1)\s*(?:,|$|#)|\bAssert\.(?:True|IsTrue)\s*\(\s*true\s*\)|\bassertTrue\s*\(\s*true\s*\)|->assertTrue\s*\(\s*true\s*\)|\bassert\s+true\s*$|\b(?:EXPECT|ASSERT)_TRUE\s*\(\s*true\s*\)/;

/** An assertion that says little: nearly every value passes it. */
export const LOOSE_ASSERTION =
  /\.(?:not\.)?(?:toBeDefined|toBeUndefined|toBeTruthy|toBeFalsy|toBeNull|toBeInstanceOf|toMatchObject|toContain|toBeGreaterThan\w*|toBeLessThan\w*)\s*\(|\bexpect\.any(?:thing)?\s*\(|^\s*assert\s+[^=<>!]{1,200}?(?:\s+is\s+not\s+None)?\s*(?:,|$|#)|\bassert!\s*\((?![^;]{0,200}==)|\bassert(?:True|IsNotNone|NotNull|NotNil)\s*\(|\b(?:assert|require)\.(?:NotNil|True|NotEmpty|ok)\s*\(|\b(?:EXPECT|ASSERT)_TRUE\s*\(/;

/** What tells a tool to look away. Each with the word that people know it by. */
export const IGNORES: readonly (readonly [name: string, pattern: RegExp])[] = [
  ['eslint-disable', /\beslint-disable(?:-next-line|-line)?\b/],
  ['@ts-ignore', /@ts-(?:ignore|nocheck|expect-error)\b/],
  ['biome-ignore', /\bbiome-ignore(?:-all|-start)?\b/],
  ['tslint:disable', /\b(?:tslint|oxlint|jshint|stylelint|standard)[:-](?:disable|ignore)/],
  ['as any', /[\w)\]}"'`]\s+as\s+(?:any\s*[;,)\]}.]|unknown\s+as\s+\w)/],
  ['formatter off', /\bprettier-ignore\b|#\s*fmt:\s*(?:off|skip)\b|#!?\[rustfmt::skip\]|\bclang-format\s+off\b/],
  ['@noflow', /@noflow\b|\$Flow(?:FixMe|Ignore)\b/],
  ['noqa', /#\s*(?:ruff:\s*|flake8[:=]\s*)?noqa\b/i],
  ['type: ignore', /#\s*(?:type|pyright|mypy|ty|pyre)\s*:\s*ignore/],
  ['pylint: disable', /#\s*pylint\s*:\s*(?:disable|skip-file)/],
  [
    'nosec',
    /#\s*(?:nosec|nosemgrep|checkov:skip)\b|\b(?:trivy|tfsec):ignore\b|\bgitleaks:allow\b|\bpragma:\s*allowlist\b/,
  ],
  ['#[allow]', /#!?\[(?:allow|expect)\s*\(|#!?\[cfg_attr\(.{0,200}\ballow\s*\(/],
  ['nolint', /\/\/\s*nolint\b|\/\/\s*lint:ignore\b|#nosec\b/],
  [
    '@SuppressWarnings',
    /@(?:SuppressWarnings|Suppress|SuppressLint|SuppressFBWarnings)\b|\bNOPMD\b|\bCHECKSTYLE[: ]OFF/,
  ],
  [
    '#pragma warning disable',
    /#pragma\s+(?:warning\s*\(?\s*disable|GCC\s+diagnostic\s+ignored|clang\s+diagnostic\s+ignored)|\[SuppressMessage\b/,
  ],
  ['NOLINT', /\bNOLINT(?:NEXTLINE|BEGIN)?\b/],
  ['rubocop:disable', /#\s*rubocop\s*:\s*(?:disable|todo)/],
  ['phpcs:ignore', /\bphpcs:(?:ignore|disable)|@phpstan-ignore|@psalm-suppress|@codingStandardsIgnore/],
  ['swiftlint:disable', /\b(?:swiftlint|ktlint|detekt|credo)[:-]\s*(?:disable|ignore)/],
  ['shellcheck disable', /#\s*shellcheck\s+disable\b/],
  [
    'yamllint disable',
    /#\s*(?:yamllint\s+disable|hadolint\s+ignore|kics-scan\s+ignore|tflint-ignore|zizmor:\s*ignore|actionlint)/,
  ],
  ['no cover', /\bpragma:\s*no\s*cover|\b(?:istanbul|c8|v8)\s+ignore\b|\bLCOV_EXCL|\bcoverage\(off\)/],
];

/** What lets a command or a job fail without consequence, or leaves checks out. */
export const MUTED_CHECKS: readonly (readonly [name: string, pattern: RegExp])[] = [
  ['|| true', /\|\|\s*(?:true|:|exit\s+0|echo\b)/],
  ['continue-on-error', /\bcontinue-on-error\s*:\s*['"]?(?:true|\$\{\{)/],
  ['allow_failure', /\ballow_failure\s*:\s*true/],
  ['if: false', /^\s*(?:-\s*)?if\s*:\s*['"]?(?:\$\{\{\s*)?false\b/],
  ['set +e', /^\s*(?:-\s+)?set\s+\+e\b/],
  ['--passWithNoTests', /--pass-?[wW]ith-?[nN]o-?[tT]ests\b|\bpassWithNoTests\s*:\s*true/],
  ['--exit-zero', /--exit-zero\b|--no-fail\b|--exit-code[= ]0\b|--soft-fail\b/],
  [
    'skipped tests',
    /-D(?:skipTests|maven\.test\.skip)(?:=true|\b)|\s-x\s+(?:test|check|lint)\b|<skipTests>\s*true|[\s"']--(?:skip|deselect|ignore)[= ]\S*test|--testPathIgnorePatterns\b/,
  ],
  [
    'empty script',
    /^\s*"(?:test|lint|check|build|types?|type-?check|verify|ci)[\w:.-]*"\s*:\s*"(?:true|:|exit\s+0|echo\b[^"&|;]*)"/,
  ],
  ['ignored errors', /^\t-\s*\w/],
  ['allowed lints', /^\s*[\w-]+\s*=\s*(?:"allow"|\{\s*level\s*=\s*"allow")/],
  ['--no-verify', /--no-verify\b/],
  ['cap-lints', /--cap-lints[= ]\s*(?:allow|warn)|\bRUSTFLAGS\b.{0,80}-A\s*\w/],
  [
    'ignored findings',
    /\b(?:npm|pnpm|yarn)\s+audit\b.{0,80}--audit-level[= ](?:critical|none)|\bcargo\s+audit\b.{0,200}--ignore\b/,
  ],
];

/** What makes a command stricter than it is by itself; fewer of them let more pass. */
export const STRICTNESS: readonly (readonly [name: string, pattern: RegExp])[] = [
  ['-D warnings', /-D\s*warnings\b|\bRUSTFLAGS\b.{0,80}-D\b|#!?\[deny\(/],
  ['--max-warnings', /--max-warnings[= ]\d/],
  ['-Werror', /-Werror\b|\bwarningsAsErrors\b|\bTreatWarningsAsErrors\b/],
  ['--strict', /--strict\b|--locked\b|--frozen-lockfile\b|--exit-code\b|--error-exitcode\b/],
  ['set -e', /^\s*set\s+-\w*e/],
];
