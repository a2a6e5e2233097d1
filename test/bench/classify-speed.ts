import type { RuleSet } from '../../src/decide/route/rule-set.ts';
export async function measureSpeed(_rules: RuleSet, _corpus: string): Promise<void> {}
