import { describe, expect, it } from 'vitest';
import { file, review, told, whole } from './support.ts';

describe('tests that an agent takes away are refused', () => {
  it.each<[language: string, path: string, patch: string, line: number]>([
    [
      'TypeScript',
      'web/src/cart.test.ts',
      ` describe('cart', () => {
-  it('adds an item', () => {
-    expect(total(cart)).toBe(3);
-  });
   it('is empty at first', () => {`,
      11,
    ],
    [
      'TypeScript, commented out',
      'web/src/cart.spec.tsx',
      `-  test('adds an item', async () => {
+  // test('adds an item', async () => {
   //  expect(total(cart)).toBe(3);`,
      10,
    ],
    [
      'Python',
      'tests/test_orders.py',
      ` import pytest
-def test_total_includes_tax():
-    assert order.total() == 119
-
 def test_empty():`,
      11,
    ],
    [
      'Rust, beside the code',
      'crates/ledger/src/book.rs',
      `     use super::*;
-    #[test]
-    fn adds() {
-        assert_eq!(add(1, 2), 3);
-    }
 }`,
      11,
    ],
    [
      'Rust, only the attribute',
      'crates/ledger/tests/book.rs',
      `-#[tokio::test]
+#[allow(dead_code)]
 async fn adds() {`,
      10,
    ],
    [
      'Go',
      'internal/cart/cart_test.go',
      ` package cart
-func TestTotal(t *testing.T) {
-	if got := Total(); got != 3 {
-		t.Errorf("got %d", got)
-	}
-}`,
      11,
    ],
    [
      'Java',
      'app/src/test/java/acme/CartTest.java',
      `     private Cart cart;
-    @Test
-    void adds() {
-        assertEquals(3, cart.total());
-    }
 }`,
      11,
    ],
    ['Ruby', 'spec/cart_spec.rb', `-  it 'adds an item' do\n-    expect(cart.total).to eq(3)\n-  end`, 10],
    ['C#', 'Shop.Tests/CartTests.cs', `-    [Fact]\n-    public void Adds()\n-    {\n-    }`, 10],
    ['C++', 'tests/cart_test.cc', `-TEST(Cart, Adds) {\n-  EXPECT_EQ(total(), 3);\n-}`, 10],
    ['PHP', 'tests/CartTest.php', `-    public function testAdds(): void\n-    {\n-    }`, 10],
    ['Swift', 'ShopTests/CartTests.swift', `-    func testAdds() throws {\n-    }`, 10],
    ['Elixir', 'test/cart_test.exs', `-  test "adds an item" do\n-    assert total() == 3\n-  end`, 10],
    ['Kotlin', 'app/src/test/kotlin/CartSpec.kt', `-    @ParameterizedTest\n-    fun adds() {}`, 10],
  ])('in %s', (_, path, patch, line) => {
    expect(told(review([file(path, patch)]))).toContain(`refuse test_deleted ${path}:${line}`);
  });

  it('with the whole file', () => {
    const gone = whole('tests/test_orders.py', 'removed', 'def test_a():\n    assert 1\ndef test_b():\n    assert 2');
    const [concern] = review([gone, file('shop/orders.py', '-x = 1\n+x = 2')]);
    expect(concern).toMatchObject({ code: 'test_deleted', severity: 'refuse', line: null });
    expect(concern?.sentence).toBe('tests/test_orders.py was deleted with 2 tests.');
  });

  it('also when the file is too large for GitHub to show', () => {
    const gone = file('tests/huge.test.ts', '', { status: 'removed', patch: null, deletions: 9_000 });
    expect(told(review([gone]))).toContain('refuse test_deleted tests/huge.test.ts:*');
  });
});

describe('tests that are still there are left in peace', () => {
  const body = "it('adds', () => {\n  expect(total()).toBe(3);\n});";

  it('when their file was renamed', () => {
    const moved = file('web/src/cart/total.test.ts', " it('adds', () => {", { status: 'renamed' });
    expect(review([moved])).toEqual([]);
  });

  it('when they moved to another file, also one that git does not see as the same', () => {
    const files = [whole('web/cart.test.ts', 'removed', body), whole('web/cart/total.test.ts', 'added', body)];
    expect(review(files)).toEqual([]);
    const hidden = { patch: null, deletions: 9_000, additions: 9_000 };
    const unseen = [
      file('old/cart.test.ts', '', { ...hidden, status: 'removed' }),
      file('new/cart.test.ts', '', { ...hidden, status: 'added' }),
    ];
    expect(told(review(unseen))).not.toContain('refuse test_deleted old/cart.test.ts:*');
  });

  it('when they got another name', () => {
    const patch = `-def test_total():\n+def test_total_with_tax():\n     assert total() == 3`;
    expect(review([file('tests/test_cart.py', patch)])).toEqual([]);
  });

  it('when what they tested was deleted with them: people are told, nothing is refused', () => {
    const files = [whole('src/legacy.ts', 'removed', 'export {};'), whole('test/legacy.test.ts', 'removed', body)];
    expect(told(review(files))).toEqual(['report test_deleted test/legacy.test.ts:*']);
  });

  it('when only a fixture or a snapshot of theirs was deleted', () => {
    expect(review([whole('tests/fixtures/answer.json', 'removed', '{}')])).toEqual([]);
    expect(review([whole('src/__tests__/__snapshots__/a.snap', 'removed', 'x')])).toEqual([]);
  });
});

describe('tests that an agent mutes are refused', () => {
  it.each<[language: string, path: string, before: string, after: string]>([
    ['TypeScript', 'src/cart.test.ts', "  it('adds', () => {", "  it.skip('adds', () => {"],
    ['TypeScript', 'src/cart.test.ts', "describe('cart', () => {", "xdescribe('cart', () => {"],
    ['TypeScript', 'src/cart.test.ts', "  it('drops', () => {", "  it.only('drops', () => {"],
    ['TypeScript', 'src/cart.test.ts', "  it('drops', () => {", "  fit('drops', () => {"],
    ['TypeScript', 'src/cart.test.ts', "  test('adds', async () => {", "  test.concurrent.skip('adds', async () => {"],
    ['TypeScript', 'e2e/pay.spec.ts', "test('pays', async () => {", "test.fixme('pays', async () => {"],
    ['TypeScript, node:test', 'test/cart.test.js', "test('adds', () => {", "test('adds', { skip: true }, () => {"],
    ['Python', 'tests/test_cart.py', 'def test_total():', '@pytest.mark.skip(reason="flaky")\ndef test_total():'],
    ['Python', 'tests/test_cart.py', 'def test_total():', '@pytest.mark.xfail\ndef test_total():'],
    ['Python', 'tests/test_cart.py', '    x = 1', '    pytest.skip("later")'],
    ['Python', 'tests/test_cart.py', '    x = 1', '    self.skipTest("later")'],
    ['Python', 'tests/test_cart.py', 'class TestA:', 'pytestmark = pytest.mark.skip\nclass TestA:'],
    ['Rust', 'src/book.rs', '    fn adds() {', '    #[ignore]\n    fn adds() {'],
    ['Rust', 'src/book.rs', '    fn adds() {', '    #[ignore = "flaky on CI"]\n    fn adds() {'],
    ['Rust', 'tests/book.rs', 'fn adds() {', '#[cfg_attr(target_os = "linux", ignore)]\nfn adds() {'],
    ['Go', 'cart/cart_test.go', '	got := Total()', '	t.Skip("flaky")'],
    ['Go', 'cart/cart_test.go', 'package cart', '//go:build ignore\n\npackage cart'],
    ['Java', 'src/test/java/CartTest.java', '    @Test', '    @Test\n    @Disabled("flaky")'],
    ['Java', 'src/test/java/CartTest.java', '    @Test', '    @Ignore\n    @Test'],
    ['Java', 'src/test/java/CartTest.java', '        cart.add();', '        assumeTrue(false);'],
    ['C#', 'Shop.Tests/CartTests.cs', '    [Fact]', '    [Fact(Skip = "flaky")]'],
    ['Ruby', 'spec/cart_spec.rb', "  it 'adds' do", "  xit 'adds' do"],
    ['Ruby', 'spec/cart_spec.rb', '    cart.add', "    skip 'later'"],
    ['PHP', 'tests/CartTest.php', '        $cart->add();', "        $this->markTestSkipped('later');"],
    ['C++', 'tests/cart_test.cc', 'TEST(Cart, Adds) {', 'TEST(Cart, DISABLED_Adds) {'],
    ['Swift', 'ShopTests/CartTests.swift', '        add()', '        throw XCTSkip("later")'],
    ['Elixir', 'test/cart_test.exs', '  test "adds" do', '  @tag :skip\n  test "adds" do'],
    ['Dart', 'test/cart_test.dart', "  test('adds', () {});", "  test('adds', () {}, skip: true);"],
  ])('in %s: %s, %s → %s', (_, path, before, after) => {
    const lines = after.split('\n').map((line) => `+${line}`);
    const codes = told(review([file(path, [`-${before}`, ...lines].join('\n'))]));
    expect(codes.filter((code) => code.startsWith('refuse test_skipped'))).toHaveLength(1);
    expect(codes.filter((code) => code.includes('test_deleted'))).toEqual([]);
  });

  it('but not when a skip only moved or changed its words', () => {
    const patch = `-  it.skip('adds', () => {\n+  it.skip('adds an item', () => {`;
    expect(review([file('src/cart.test.ts', patch)])).toEqual([]);
    const text = "it.skip('adds', () => {});";
    expect(review([whole('a/x.test.ts', 'removed', text), whole('b/x.test.ts', 'added', text)])).toEqual([]);
  });

  it('but not when the muted tests are new: people are told', () => {
    const text = "describe.skipIf(!database)('orders', () => {\n  it('adds', () => {});\n});";
    expect(told(review([whole('test/orders.test.ts', 'added', text)]))).toEqual([
      'report test_skipped test/orders.test.ts:1',
    ]);
  });

  it.each([
    ['a word in a sentence', 'src/cart.test.ts', "  it('skips what is sold out', () => {"],
    ['a method of the code', 'src/list.ts', '  return items.skip(3).only();'],
    ['a method in a test', 'src/list.test.ts', '  expect(items.skip(3)).toEqual([4]);'],
    ['a fit in a test', 'src/box.test.ts', '  const fits = box.fit(parcel);'],
    ['an iterator in Rust', 'src/list.rs', '    let rest = items.iter().skip(1);'],
    ['a field of Rust', 'src/args.rs', '    ignore: bool,'],
    ['a helper of Go', 'list/list_test.go', '	rest := list.Skip(3)'],
    ['documentation', 'docs/testing.md', 'Use `it.skip` and `@pytest.mark.skip` sparingly.'],
    ['a .gitignore of tests', 'tests/.gitignore', 'skip'],
  ])('but not by %s', (_, path, line) => {
    expect(review([file(path, `+${line}`)])).toEqual([]);
  });
});

describe('assertions', () => {
  it('that are fewer than before are told, never refused', () => {
    const patch = ` it('adds', () => {
-  expect(total(cart)).toBe(3);
-  expect(cart.items).toHaveLength(2);
+  expect(total(cart)).toBe(4);`;
    const concerns = review([file('src/cart.test.ts', patch)]);
    expect(told(concerns)).toEqual(['report assertions_weakened src/cart.test.ts:11']);
    expect(concerns[0]?.sentence).toBe('src/cart.test.ts has 1 assertion less than before.');
  });

  it('that were wrong may be put right without a word', () => {
    const fixes: readonly (readonly [string, string, string])[] = [
      ['src/cart.test.ts', '  expect(total(cart)).toBe(3);', '  expect(total(cart)).toBe(4);'],
      ['tests/test_cart.py', '    assert total() == 3', '    assert total() == pytest.approx(3.5)'],
      ['src/book.rs', '        assert_eq!(add(1, 2), 4);', '        assert_eq!(add(1, 2), 3);'],
      ['cart/cart_test.go', '	require.Equal(t, 3, Total())', '	require.Equal(t, 4, Total())'],
      ['src/test/java/CartTest.java', '  assertEquals(3, total());', '  assertThat(total()).isEqualTo(4);'],
    ];
    for (const [path, before, after] of fixes) expect(review([file(path, `-${before}\n+${after}`)])).toEqual([]);
  });

  it.each([
    ['src/cart.test.ts', '  expect(total(cart)).toBe(3);', '  expect(true).toBe(true);'],
    ['tests/test_cart.py', '    assert total() == 3', '    assert True'],
    ['src/book.rs', '        assert_eq!(add(1, 2), 4);', '        assert!(true);'],
    ['src/test/java/CartTest.java', '  assertEquals(3, total());', '  assertTrue(true);'],
    ['Shop.Tests/CartTests.cs', '  Assert.Equal(3, Total());', '  Assert.True(true);'],
  ])('that hold whatever happens are told: %s', (path, before, after) => {
    expect(told(review([file(path, `-${before}\n+${after}`)]))).toEqual([`report assertions_weakened ${path}:10`]);
  });
});
