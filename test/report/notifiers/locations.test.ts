import { describe, expect, it } from 'vitest';
import { locationsOf, repositoryPath } from '../../../src/report/notifiers/check-run/locations.ts';
import { aClassification } from '../../support/builders.ts';

function places(...lines: readonly string[]): readonly string[] {
  const classification = aClassification({
    reason: 'WHY',
    evidence: [],
    excerpt: { text: lines.join('\n'), ranges: [], lines: lines.length, totalLines: lines.length },
  });
  return locationsOf(classification, 50).map(({ path, line, message }) => `${path}:${line} ${message}`);
}

describe('places that a log names', () => {
  it.each<readonly [string, readonly string[], readonly string[]]>([
    [
      'rustc',
      ['error[E0308]: mismatched types', '  --> src/cart.rs:12:5', '   |', '12 |     "three"'],
      ['src/cart.rs:12 error[E0308]: mismatched types'],
    ],
    [
      'tsc',
      ["src/cart.ts(41,7): error TS2304: Cannot find name 'total'."],
      ["src/cart.ts:41 error TS2304: Cannot find name 'total'."],
    ],
    ['tsc --pretty', ['src/cart.ts:41:7 - error TS2304: No.'], ['src/cart.ts:41 error TS2304: No.']],
    [
      'ESLint',
      [
        '/home/runner/work/shop/shop/src/a.js',
        '  3:9   error  Unexpected var  no-var',
        '  7:1   warning  Too long  max-len',
        '',
        '✖ 2 problems',
      ],
      ['src/a.js:3 Unexpected var  no-var', 'src/a.js:7 Too long  max-len'],
    ],
    ['go', ['./pkg/cart.go:12:2: undefined: total'], ['pkg/cart.go:12 undefined: total']],
    ['mypy', ['shop/cart.py:12: error: Name "x" is not defined'], ['shop/cart.py:12 error: Name "x" is not defined']],
    ['Python', ['  File "shop/cart.py", line 12, in total'], ['shop/cart.py:12 WHY']],
    ['hadolint', ['Dockerfile:3 DL3008 warning: Pin versions'], ['Dockerfile:3 DL3008 warning: Pin versions']],
    [
      'helm',
      ['Error: parse error at (shop/templates/deploy.yaml:12): unexpected EOF'],
      ['shop/templates/deploy.yaml:12 unexpected EOF'],
    ],
    ['vitest', [' ❯ test/cart.test.ts:14:20'], ['test/cart.test.ts:14 WHY']],
  ])('by %s', (_tool, lines, found) => {
    expect(places(...lines)).toEqual(found);
  });

  it('are nobody else’s code, no addresses, no times and nothing outside of the repository', () => {
    expect(
      places(
        'node_modules/chalk/index.js:12:5: broken',
        '/usr/lib/python3/site.py:3: error',
        '../other/a.ts(1,2): error',
        'https://example.com:443: refused',
        '10:42:13: started',
        'see src/a.ts for more',
        '   --> /rustc/abc/library/core/src/ops.rs:250:5',
        'file.ts:0: error zero',
      ),
    ).toEqual([]);
  });

  it('that are said twice are one, with the message that says more', () => {
    expect(places('  File "a/b.py", line 3, in f', 'a/b.py:3: error: wrong')).toEqual(['a/b.py:3 error: wrong']);
  });

  it('lose the runner’s folder', () => {
    expect(repositoryPath('D:\\a\\shop\\shop\\src\\a.cs')).toBe('src/a.cs');
    expect(repositoryPath('/github/workspace/src/a.py')).toBe('src/a.py');
    expect(repositoryPath('/etc/passwd')).toBeNull();
    expect(repositoryPath('src/../../a.ts')).toBeNull();
  });
});
