import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { loadRules, watchRules } from '../../../src/decide/route/load.ts';
import type { RuleSet } from '../../../src/decide/route/rule-set.ts';

const rule = (id: string, agent = 'rex'): string =>
  `rules:\n  - id: ${id}\n    agent: ${agent}\n    failure_type: rust_build\n    lines: ['^${id} broke']\n    examples: [{ log: '${id} broke' }]\n`;

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'rules-'));
  writeFileSync(join(dir, '20-till.yaml'), rule('till'));
  writeFileSync(join(dir, '10-shop.yaml'), rule('shop'));
  writeFileSync(join(dir, 'notes.md'), 'not a rule');
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

/** What the watcher says next, whichever of its two voices it uses. */
function nextWord(write: () => void): Promise<RuleSet | unknown> {
  return new Promise((done) => {
    const stop = watchRules(
      dir,
      (rules) => {
        stop();
        done(rules);
      },
      (error) => {
        stop();
        done(error);
      },
    );
    write();
  });
}

describe('a folder of rules', () => {
  it('is read in the order of its file names', () => {
    expect(loadRules(dir).rules.map(({ id }) => id)).toEqual(['shop', 'till']);
  });

  it('that is not there is named', () => {
    expect(() => loadRules(join(dir, 'nowhere'))).toThrow(/nowhere cannot be read/);
  });

  it('is read again when a file is added', async () => {
    const rules = (await nextWord(() => writeFileSync(join(dir, '30-cart.yaml'), rule('cart')))) as RuleSet;
    expect(rules.rules.map(({ id }) => id)).toContain('cart');
  });

  it('reports a mistake instead of using it', async () => {
    const error = await nextWord(() => writeFileSync(join(dir, '30-cart.yaml'), 'rules: [{ id: cart }]'));
    expect(String(error)).toContain('30-cart.yaml');
  });
});

describe('the example of the documentation', () => {
  it('is valid and passes', async () => {
    const { readFileSync } = await import('node:fs');
    const { parseRules, testRules } = await import('../../../src/decide/route/rules.ts');
    const { RULES_DIR } = await import('../fixtures.ts');
    const text = /```yaml\n([\s\S]*?)```/.exec(readFileSync(join(RULES_DIR, '../docs/rules.md'), 'utf8'))![1]!;
    const files = ['10-rust.yaml', '99-general.yaml'].map((name) => ({
      name,
      text: readFileSync(join(RULES_DIR, name), 'utf8'),
    }));
    const rules = parseRules([...files, { name: '15-zig.yaml', text }]);
    const own = testRules(rules).filter(({ file }) => file === '15-zig.yaml');
    expect(own).toHaveLength(3);
    expect(own.filter(({ passed }) => !passed)).toEqual([]);
  });
});
