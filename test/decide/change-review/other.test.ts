import { describe, expect, it } from 'vitest';
import { inBoth, refusalOf } from '../../../src/decide/change-review/index.ts';
import { parsePatch } from '../../../src/decide/change-review/patch.ts';
import { processorTime } from '../../support/processor-time.ts';
import { file, review, told, whole } from './support.ts';

describe('tools that were told to look away', () => {
  it.each([
    ['src/a.ts', 'export const x = y; // eslint-disable-line no-undef', 'eslint-disable'],
    ['src/a.ts', '// @ts-ignore', '@ts-ignore'],
    ['src/a.tsx', '  {/* @ts-expect-error wrong types */}', '@ts-ignore'],
    ['src/a.ts', '// biome-ignore lint/suspicious/noExplicitAny: later', 'biome-ignore'],
    ['app/a.py', 'import os  # noqa: F401', 'noqa'],
    ['app/a.py', 'x: int = "a"  # type: ignore[assignment]', 'type: ignore'],
    ['app/a.py', '# pylint: disable=too-many-lines', 'pylint: disable'],
    ['app/a.py', 'subprocess.run(cmd, shell=True)  # nosec', 'nosec'],
    ['src/a.rs', '#[allow(clippy::needless_borrow)]', '#[allow]'],
    ['src/lib.rs', '#![allow(warnings)]', '#[allow]'],
    ['a.go', '	defer f.Close() //nolint:errcheck', 'nolint'],
    ['A.java', '    @SuppressWarnings("unchecked")', '@SuppressWarnings'],
    ['A.cs', '#pragma warning disable CS0168', '#pragma warning disable'],
    ['a.cc', 'int x; // NOLINT(runtime/int)', 'NOLINT'],
    ['a.rb', '  x = 1 # rubocop:disable Lint/UselessAssignment', 'rubocop:disable'],
    ['a.php', '/** @phpstan-ignore-next-line */', 'phpcs:ignore'],
    ['run.sh', '# shellcheck disable=SC2086', 'shellcheck disable'],
    ['Dockerfile', '# hadolint ignore=DL3008', 'yamllint disable'],
    ['app/a.py', 'def f():  # pragma: no cover', 'no cover'],
  ])('are told: %s, %s', (path, line, name) => {
    const concerns = review([file(path, ` context\n+${line}`)]);
    expect(told(concerns)).toEqual([`report ignore_added ${path}:11`]);
    expect(concerns[0]?.sentence).toContain(name);
  });

  it('are no news when the comment was there, was moved, or stands in prose', () => {
    expect(review([file('src/a.ts', '-  // @ts-ignore old\n+    // @ts-ignore old')])).toEqual([]);
    expect(review([file('docs/lint.md', '+Use `// eslint-disable` and # noqa: E501.')])).toEqual([]);
    expect(review([file('src/a.ts', '-// @ts-ignore')])).toEqual([]);
    expect(review([file('src/a.py', '+quinoa = "noqa?"')])).toEqual([]);
  });
});

describe('checks that cannot fail any more', () => {
  it.each([
    ['.github/workflows/ci.yml', '        continue-on-error: true'],
    ['.github/workflows/ci.yml', '      - run: npm test || true'],
    ['.github/workflows/ci.yml', '    if: ${{ false }}'],
    ['.gitlab-ci.yml', '  allow_failure: true'],
    ['package.json', '    "test": "vitest run --passWithNoTests",'],
    ['package.json', '    "test": "jest || exit 0",'],
    ['Makefile', '	cargo test || true'],
    ['scripts/test.sh', 'set +e'],
    ['pom.xml', '    <skipTests>true</skipTests>'],
    ['ci/run.sh', 'mvn -B package -DskipTests'],
    ['Makefile', '	flake8 --exit-zero src'],
    ['scripts/test.sh', 'pytest --deselect tests/test_cart.py::test_total'],
  ])('are told: %s, %s', (path, line) => {
    expect(told(review([file(path, `+${line}`)]))).toContain(`report check_muted ${path}:10`);
  });

  it('are no news in code and when there are no more of them', () => {
    expect(review([file('src/a.ts', '+const on = flag || true;')])).toEqual([]);
    expect(review([file('scripts/a.sh', '-rm x || true\n+rm -f x || true')])).toEqual([]);
  });
});

describe('CI and the settings of checks', () => {
  it('are told when CI is not what is broken', () => {
    const edits = [file('.github/workflows/ci.yml', '-  node: 20\n+  node: 24'), file('.eslintrc.json', '+  "x": 1')];
    expect(told(review(edits, { failureType: 'frontend_lint' }))).toEqual([
      'report check_config_edited .eslintrc.json:*',
      'report ci_edited .github/workflows/ci.yml:*',
    ]);
  });

  it('may be edited when they are what is broken, or what the failure names', () => {
    const workflow = file('.github/workflows/ci.yml', '-  node: 20\n+  node: 24');
    expect(review([workflow], { failureType: 'github_workflow' })).toEqual([]);
    expect(review([workflow], { evidence: 'modified .github/workflows/ci.yml (+1 -1)' })).toEqual([]);
    const config = file('tsconfig.json', '+  "strict": true');
    expect(review([config], { evidence: 'error TS5023: tsconfig.json: Unknown option' })).toEqual([]);
  });
});

describe('where a change reaches', () => {
  const evidence = '  --> crates/ledger/src/book.rs:41:23\nmodified crates/ledger/src/book.rs (+3 -1)';

  it('is told when it is a folder that nothing mentions, once a folder', () => {
    const files = [
      file('crates/ledger/src/book.rs', '-a\n+b'),
      file('billing/pay.py', '-a\n+b'),
      file('billing/invoice.py', '-a\n+b'),
    ];
    const concerns = review(files, { evidence });
    expect(told(concerns)).toEqual(['report unrelated_files billing/pay.py:*']);
    expect(concerns[0]?.sentence).toContain('and 1 more file beside it');
  });

  it.each([
    ['the same folder', 'crates/bank/src/lib.rs'],
    ['the top of the project', 'README.md'],
    ['a lock file', 'vendor/Cargo.lock'],
    ['tests', 'ledger/tests/book_test.py'],
    ['a usual folder', 'src/main.rs'],
    ['a file that the failure names', 'other/book.rs'],
  ])('is no news for %s', (_, path) => {
    expect(review([file(path, '-a\n+b')], { evidence, failureType: 'rust_deps' })).toEqual([]);
  });

  it('is no news when nothing is known of the failure', () => {
    expect(review([file('billing/pay.py', '-a\n+b')], { evidence: 'Process completed with exit code 1' })).toEqual([]);
  });
});

describe('how large a change is', () => {
  it('is told when nobody can review it; lock files do not count', () => {
    const large = file('src/a.ts', '+x', { additions: 800, deletions: 400 });
    expect(told(review([large]))).toEqual(['report enormous_diff *:*']);
    expect(review([file('package-lock.json', '+x', { additions: 9_000 }), file('src/a.ts', '+x')])).toEqual([]);
    const many = Array.from({ length: 51 }, (_, n) => file(`src/f${n}.ts`, '+x'));
    expect(told(review(many))).toEqual(['report enormous_diff *:*']);
  });

  it('is told when only lock files changed, unless dependencies are what is broken', () => {
    const lock = file('web/package-lock.json', '-a\n+b');
    expect(told(review([lock], { failureType: 'frontend_test' }))).toEqual(['report lockfile_only *:*']);
    expect(review([lock], { failureType: 'frontend_deps' })).toEqual([]);
    expect(review([lock, file('web/package.json', '-a\n+b')], { failureType: 'frontend_test' })).toEqual([]);
  });

  it('is told when a part of it cannot be seen; binary files have nothing to see', () => {
    const hidden = file('src/a.ts', '', { patch: null, additions: 20_000 });
    expect(told(review([hidden], { complete: false }))).toEqual([
      'report enormous_diff *:*',
      'report not_reviewed *:*',
      'report not_reviewed src/a.ts:*',
    ]);
    expect(review([file('logo.png', '', { patch: null })])).toEqual([]);
  });
});

describe('secrets that a change adds', () => {
  const TOKEN = `ghp_${'a1B2'.repeat(9)}`;
  const KEY = ['-----BEGIN RSA PRIVATE KEY-----', 'MIIEowIBAAKCAQEA'.repeat(4), '-----END RSA PRIVATE KEY-----'];

  it('are refused and never quoted', () => {
    const concerns = review([file('deploy.sh', ` set -e\n+curl -H "Authorization: token ${TOKEN}" x`)]);
    expect(told(concerns)).toEqual(['refuse secret_in_diff deploy.sh:11']);
    expect(concerns[0]?.sentence).toContain('github-token');
    expect(JSON.stringify(concerns)).not.toContain(TOKEN);
  });

  it('are found over several lines', () => {
    const patch = KEY.map((line) => `+${line}`).join('\n');
    expect(told(review([file('certs/dev.pem', patch)]))).toEqual(['refuse secret_in_diff certs/dev.pem:10']);
  });

  it('are only told when nothing but a name speaks for them', () => {
    const concerns = review([file('src/config.ts', "+const password = 'correct-horse-7';")]);
    expect(told(concerns)).toEqual(['report possible_secret src/config.ts:10']);
  });

  it.each([
    ['an Authorization header', "+  headers: { authorization: 'Bearer abcdef0123456789abcdef' },"],
    ['the password of a URL', '+  const url = "https://ada:hunter2hunter2@example.test/x";'],
    ['a JWT', `+  const jwt = 'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJlc2lnbmF0dXJl';`],
  ])('are only told when they may be examples: %s', (_, line) => {
    expect(told(review([file('src/http.ts', line)]))).toEqual(['report possible_secret src/http.ts:10']);
  });

  it('are not hidden, nor made up, by a placeholder in the file', () => {
    expect(review([file('a.md', '+«redacted:github-token:1»')])).toEqual([]);
    const hidden = file('a.sh', ` x\n-# «redacted:github-token:1»\n+T=${TOKEN}`);
    expect(told(review([hidden]))).toEqual(['refuse secret_in_diff a.sh:11']);
  });

  it('are no news when they were there, when they are gone, and in the checksums of a lock file', () => {
    expect(review([file('a.sh', `-T=${TOKEN}\n+export T=${TOKEN}`)])).toEqual([]);
    expect(review([file('a.sh', `-T=${TOKEN}`)])).toEqual([]);
    expect(
      review([
        file('package-lock.json', '+"integrity": "sha512-Zm9vYmFyYmF6cXV4Zm9vYmFyYmF6cXV4=="'),
        file('package.json', '+x'),
      ]),
    ).toEqual([]);
  });

  it('in a path are not shown either', () => {
    const concerns = review([whole(`tests/${TOKEN}/test_a.py`, 'removed', 'def test_a():\n    pass')]);
    expect(JSON.stringify(concerns)).not.toContain(TOKEN);
    expect(concerns[0]?.code).toBe('test_deleted');
  });
});

describe('the review as a whole', () => {
  it('says nothing of a plain repair', () => {
    const repair = file('crates/ledger/src/book.rs', ' fn a() {\n-    take(&&x);\n+    take(&x);');
    expect(review([repair])).toEqual([]);
    expect(review([])).toEqual([]);
  });

  it('puts what is refused first and follows the policy', () => {
    const files = [
      file('src/a.ts', '+// @ts-ignore'),
      file('src/a.test.ts', "-it('a', () => {\n+it.skip('a', () => {"),
    ];
    expect(told(review(files))).toEqual(['refuse test_skipped src/a.test.ts:10', 'report ignore_added src/a.ts:10']);
    expect(told(review(files, { refuse: ['ignore_added'] }))).toEqual([
      'refuse ignore_added src/a.ts:10',
      'report test_skipped src/a.test.ts:10',
    ]);
  });

  it('tells of ten places of a kind at most', () => {
    expect(review(Array.from({ length: 30 }, (_, n) => file(`src/f${n}.ts`, '+// @ts-ignore')))).toHaveLength(10);
  });

  it('gives the next attempt a reason that fits into a prompt', () => {
    const files = Array.from({ length: 6 }, (_, n) =>
      file(`src/f${n}.test.ts`, "-it('a', () => {\n+it.skip('a', () => {"),
    );
    const refusal = refusalOf(review(files), 'abcdef0123456789');
    expect(refusal).toMatch(/^Green on abcdef01, but the change is refused: src\/f0\.test\.ts skips tests/);
    expect(refusal).toMatch(/And 3 more of the kind\. Take that back and repair the cause\.$/);
    expect(refusal?.length).toBeLessThan(500);
    expect(refusalOf(review([file('src/a.ts', '+// @ts-ignore')]), 'abc')).toBeNull();
  });

  it('keeps of two comparisons what both show', () => {
    const skipped = file('src/a.test.ts', "-it('a', () => {\n+it.skip('a', () => {");
    const others = file('src/b.test.ts', "-it('b', () => {\n+it.skip('b', () => {");
    expect(inBoth(review([skipped, others]), review([skipped]))).toEqual(review([skipped]));
  });

  it('stays linear in what it reads', () => {
    const long = `+${'it.'.repeat(80_000)}\n+${' '.repeat(200_000)}x\n+#[cfg_attr(${'a'.repeat(200_000)}`;
    const paths = ['src/a.test.ts', 'src/a.rs', 'a_test.go', 'run.sh'];
    expect(processorTime(() => review(paths.map((path) => file(path, long))), 1)).toBeLessThan(10_000);
  });
});

describe('a patch', () => {
  it('is read with the line numbers of both sides', () => {
    const patch = '@@ -1,3 +1,4 @@ fn a\n a\n-b\n+c\n+d\n e\n\\ No newline at end of file\n@@ -20 +21,2 @@\n-x\r\n+y';
    expect(parsePatch(patch)).toEqual({
      removed: [
        { text: 'b', line: 2 },
        { text: 'x', line: 20 },
      ],
      added: [
        { text: 'c', line: 2 },
        { text: 'd', line: 3 },
        { text: 'y', line: 21 },
      ],
    });
  });
});
