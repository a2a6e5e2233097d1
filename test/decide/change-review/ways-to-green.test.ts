import { describe, expect, it } from 'vitest';
import type { ChangeConcernCode } from '../../../src/model/change-concern.ts';
import { file, review } from './support.ts';

const codesOf = (path: string, patch: string): readonly ChangeConcernCode[] =>
  review([file(path, patch)]).map(({ code }) => code);

describe('ways to get green without a repair, one by one', () => {
  it.each<[code: ChangeConcernCode, path: string, patch: string]>([
    ['test_skipped', 'a.test.ts', '-it("a", () => {\n+it.skip("a", () => {'],
    ['test_skipped', 'a.test.ts', '-it("a", () => {\n+xit("a", () => {'],
    ['test_skipped', 'a.test.ts', '-describe("a", () => {\n+describe.skip("a", () => {'],
    ['test_skipped', 'a.test.ts', '-it("a", () => {\n+it.only("a", () => {'],
    ['test_skipped', 'a.test.ts', '-it("a", () => {\n+it.todo("a");'],
    ['test_skipped', 'a.test.ts', '+  if (process.env.CI) return;'],
    ['test_skipped', 'tests/test_a.py', '+@pytest.mark.skip(reason="later")'],
    ['test_skipped', 'tests/test_a.py', '+@pytest.mark.xfail'],
    ['test_skipped', 'tests/test_a.py', '+pytestmark = pytest.mark.skip'],
    ['test_skipped', 'tests/test_a.py', '+@unittest.skip("later")'],
    ['test_skipped', 'tests/test_a.py', '+    if os.environ.get("CI"): return'],
    ['test_skipped', 'conftest.py', '+collect_ignore = ["test_a.py"]'],
    ['test_deleted', 'tests/test_a.py', '-def test_total():\n+def _test_total():'],
    ['test_skipped', 'a_test.go', '+\tt.Skip("flaky")'],
    ['test_skipped', 'a_test.go', '+//go:build ignore'],
    ['test_skipped', 'src/test/java/ATest.java', '+    @Disabled("later")'],
    ['test_skipped', 'src/lib.rs', '+    #[ignore = "flaky"]'],
    ['test_skipped', 'tests/a.rs', '+#[cfg_attr(ci, ignore)]'],
    ['test_skipped', 'src/lib.rs', '-    #[cfg(test)]\n+    #[cfg(any())]'],
    ['ignore_added', 'src/lib.rs', '+#![allow(clippy::all)]'],
    ['ignore_added', 'src/lib.rs', '+#[rustfmt::skip]'],
    ['ignore_added', 'src/a.ts', '+/* eslint-disable */'],
    ['ignore_added', 'src/a.ts', '+// @ts-nocheck'],
    ['ignore_added', 'src/a.ts', '+  const total = sum(lines) as any;'],
    ['ignore_added', 'src/a.ts', '+  return lines as unknown as Total;'],
    ['ignore_added', 'src/a.ts', '+  // prettier-ignore'],
    ['ignore_added', 'a.py', '+import os  # noqa'],
    ['ignore_added', 'a.py', '+total = 1  # type: ignore'],
    ['ignore_added', 'a.py', '+# fmt: off'],
    ['ignore_added', 'a.go', '+\tclose() //nolint'],
    ['ignore_added', 'a.kt', '+@Suppress("UNUSED")'],
    ['check_muted', '.github/workflows/ci.yml', '+        continue-on-error: true'],
    ['check_muted', '.github/workflows/ci.yml', '+        run: npm test || true'],
    ['check_muted', '.github/workflows/ci.yml', '-        run: cargo build --locked\n+        run: cargo build'],
    ['check_muted', 'package.json', '-    "test": "jest",\n+    "test": "echo ok",'],
    ['check_muted', 'package.json', '-    "lint": "eslint .",\n+    "lint": "true",'],
    ['check_muted', 'package.json', '-    "lint": "eslint --max-warnings 0 .",\n+    "lint": "eslint .",'],
    ['check_muted', 'Makefile', '-\tcargo test\n+\t-cargo test'],
    ['check_muted', 'Makefile', '-\tcargo clippy -- -D warnings\n+\tcargo clippy'],
    ['check_muted', 'scripts/test.sh', '-set -euo pipefail\n+set -uo pipefail'],
    ['check_muted', 'pyproject.toml', '+addopts = "--deselect tests/test_a.py"'],
    ['check_muted', 'Cargo.toml', '+[lints.clippy]\n+all = "allow"'],
    ['check_config_edited', 'vitest.config.ts', '+  exclude: ["cart.test.ts"],'],
    ['check_config_edited', '.eslintignore', '+src/'],
    ['check_config_edited', 'tsconfig.json', '-  "strict": true\n+  "strict": false'],
    ['ci_edited', '.circleci/config.yml', '-a\n+b'],
    ['ci_edited', 'Jenkinsfile', '-a\n+b'],
    ['assertions_weakened', 'a.test.ts', '-  expect(total()).toBe(3);'],
    ['assertions_weakened', 'a.test.ts', '-  expect(total()).toBe(3);\n+  expect(total()).toBeDefined();'],
    ['assertions_weakened', 'a.test.ts', '-  expect(a).toEqual({ a: 1 });\n+  expect(a).toBeTruthy();'],
    ['assertions_weakened', 'a.test.ts', '+  expect(true).toBe(true);'],
    ['assertions_weakened', 'tests/test_a.py', '-    assert total() == 3\n+    assert total()'],
    ['assertions_weakened', 'tests/test_a.py', '-    assert total() == 3\n+    assert total() is not None'],
    ['assertions_weakened', 'src/lib.rs', '-        assert_eq!(add(1, 2), 3);\n+        assert!(add(1, 2) > 0);'],
    ['assertions_weakened', 'a_test.go', '-\tif got != 3 { t.Fatal(got) }\n+\t_ = got'],
  ])('%s: %s %j', (code, path, patch) => {
    expect(codesOf(path, patch)).toContain(code);
  });

  it('assertions_weakened: expected output that the tool wrote anew, in many files or many lines', () => {
    const snaps = [1, 2, 3].map((n) => file(`src/__snapshots__/a${n}.test.ts.snap`, '-a\n+b'));
    expect(review(snaps).map(({ code }) => code)).toEqual(['assertions_weakened']);
    const long = file('tests/golden/report.txt', '-a\n+b', { additions: 90, deletions: 80 });
    expect(review([long])[0]?.sentence).toContain('1 file (170 lines)');
  });
});

describe('what a plain repair does is no news', () => {
  it.each<[what: string, path: string, patch: string]>([
    ['a cast that keeps its type', 'src/a.ts', '+  const total = sum(lines) as number;'],
    ['prose that says “as any”', 'src/a.ts', '+// As good as any other way to add.'],
    ['a word with ignore in it', 'src/lib.rs', '+    let ignored = lines.iter().filter(|l| l.ignored());'],
    ['a variable named skip', 'a.test.ts', '+  const skip = 2;'],
    ['a test of skipping', 'a.test.ts', '+  expect(list.skip(1)).toEqual([2]);'],
    ['a skip that was there', 'a.test.ts', '-it.skip("a", () => {\n+it.skip("a, renamed", () => {'],
    ['a skip that is gone', 'a.test.ts', '-it.skip("a", () => {\n+it("a", () => {'],
    ['another expected value', 'a.test.ts', '-  expect(total()).toBe(3);\n+  expect(total()).toBe(4);'],
    ['one more loose assertion', 'a.test.ts', '+  expect(total()).toBeDefined();'],
    ['a stricter assertion', 'a.test.ts', '-  expect(total()).toBeTruthy();\n+  expect(total()).toBe(4);'],
    ['an assertion in another form', 'tests/test_a.py', '-    assert total() == 3\n+    assert 3 == total()'],
    ['one updated snapshot', 'src/__snapshots__/a.test.ts.snap', '-a\n+b'],
    ['a script with another tool', 'package.json', '-    "test": "jest",\n+    "test": "vitest run",'],
    ['a script that prints and goes on', 'package.json', '+    "test": "echo begin && vitest run",'],
    ['a recipe', 'Makefile', '+\tcargo build --release'],
    ['a lint that is denied', 'Cargo.toml', '+unused = "deny"'],
    ['a dependency', 'Cargo.toml', '-serde = "1.0.1"\n+serde = "1.0.2"'],
    ['a stricter command', 'scripts/test.sh', '-set -e\n+set -euo pipefail'],
    ['a type hint', 'a.py', '+def total(lines: list[int]) -> int:'],
    ['a logical or in code', 'src/a.ts', '+const on = flag || true;'],
    ['an environment in code', 'src/a.ts', '+if (process.env.CI) console.log("ci");'],
    ['a derive', 'src/lib.rs', '+#[derive(Debug, Clone)]'],
    ['a configuration of a feature', 'src/lib.rs', '+#[cfg(feature = "cart")]'],
  ])('%s', (_, path, patch) => {
    expect(codesOf(path, patch)).toEqual([]);
  });
});
