import { describe, expect, it } from 'vitest';
import { loadRules } from '../../../src/decide/route/load.ts';
import { parseRules, testRules } from '../../../src/decide/route/rules.ts';
import { UserError } from '../../../src/lib/errors.ts';
import { FAILURE_TYPE_NAMES } from '../../../src/model/failure-type.ts';
import { RULES_DIR } from '../fixtures.ts';

const rules = loadRules(RULES_DIR);
const RULE = `
rules:
  - id: shop
    agent: rex
    failure_type: rust_build
    lines: ['^shop broke: ']
    examples: [{ log: 'shop broke: twice' }]
`;

describe('the rules that come with Healer', () => {
  it('pass every example they carry', () => {
    expect(testRules(rules).filter(({ passed }) => !passed)).toEqual([]);
  });

  it('reach every failure type with an example', () => {
    const reached = new Set(testRules(rules).map(({ actual }) => actual.failureType));
    expect(FAILURE_TYPE_NAMES.filter((type) => !reached.has(type))).toEqual([]);
  });

  it('carry the eight rows of the routing matrix in their order', () => {
    expect(rules.routes.map(({ row }) => row)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
  });
});

describe('reading rules', () => {
  const problem = (text: string): string => {
    try {
      parseRules([{ name: '10-shop.yaml', text }]);
    } catch (error) {
      expect(error).toBeInstanceOf(UserError);
      return (error as Error).message;
    }
    return 'accepted';
  };

  it('accepts a rule with an example', () => {
    const own = parseRules([{ name: '10-shop.yaml', text: RULE }]);
    expect(testRules(own)).toMatchObject([{ passed: true, rule: 'shop', example: 1 }]);
  });

  it('names file, path and the nearest known word for an unknown key', () => {
    const message = problem(RULE.replace('lines:', 'line:'));
    expect(message).toContain('10-shop.yaml');
    expect(message).toContain('rules[0]');
    expect(message).toContain('did you mean "lines"');
  });

  it('suggests the nearest failure type', () => {
    expect(problem(RULE.replace('rust_build', 'rust_bild'))).toContain('did you mean "rust_build"');
  });

  it('says where a pattern has no fixed piece', () => {
    const message = problem(RULE.replace('^shop broke: ', '\\d+ .*'));
    expect(message).toContain('rules[0].lines[0]');
    expect(message).toContain('fixed piece');
  });

  it('refuses back-references and look-around with the reason', () => {
    expect(problem(RULE.replace('^shop broke: ', '(shop) broke \\1'))).toContain('back-references');
    expect(problem(RULE.replace('^shop broke: ', '(?=shop) broke'))).toContain('look-around');
  });

  it('refuses the same id twice', () => {
    const second = RULE.replace(/[\s\S]*rules:/, '');
    expect(problem(`${RULE}${second}`)).toContain('"shop" is used');
  });

  it('points at the place of a YAML mistake', () => {
    expect(problem('rules:\n  - id: [')).toContain('not valid YAML');
  });

  it('refuses an empty folder', () => {
    expect(problem('')).toContain('No routing rules');
  });

  it('reports an example that comes out differently', () => {
    const own = parseRules([{ name: 'a.yaml', text: RULE.replace("log: 'shop broke: twice'", "log: 'all is well'") }]);
    expect(testRules(own)[0]?.passed).toBe(false);
  });
});
