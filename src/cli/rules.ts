import type { Command } from 'commander';
import { loadRules } from '../decide/route/load.ts';
import { type RuleExampleResult, testRules } from '../decide/route/rules.ts';
import { DEFAULT_RULES_DIR } from './classify.ts';
import type { CliContext } from './context.ts';
import { CommandFailed } from './failure.ts';

/** Adds `rules test [DIR]`; exit code 1 when an example comes out differently or a rule is not valid. */
export function registerRules(program: Command, { stdout }: CliContext): void {
  const rules = program.command('rules').description('work on the routing rules');
  rules
    .command('test')
    .description('run every example that the routing rules carry')
    .argument('[dir]', 'folder of routing rules', DEFAULT_RULES_DIR)
    .option('--json', 'one JSON document')
    .action((dir: string, flags: { json?: boolean }) => {
      const results = testRules(loadRules(dir));
      const failed = results.filter(({ passed }) => !passed);
      stdout.write(flags.json ? `${JSON.stringify(toJson(results))}\n` : toText(dir, results, failed));
      if (failed.length > 0) throw new CommandFailed(`${failed.length} of ${results.length} examples differ`);
    });
}

function toJson(results: readonly RuleExampleResult[]): unknown {
  return {
    examples: results.length,
    failed: results.filter(({ passed }) => !passed).length,
    results: results.map(({ file, rule, example, passed, expected, actual }) => ({
      file,
      rule,
      example,
      passed,
      expected: { agent: expected.agent, failure_type: expected.failureType, transient: expected.transient },
      actual: { agent: actual.agent, failure_type: actual.failureType, transient: actual.transient, rule: actual.rule },
    })),
  };
}

function toText(dir: string, results: readonly RuleExampleResult[], failed: readonly RuleExampleResult[]): string {
  const lines = failed.map(
    ({ file, rule, example, expected, actual }) =>
      `${file}: ${rule}, example ${example}: expected ${expected.agent}/${expected.failureType}` +
      `${expected.transient === null ? '' : ` (transient: ${expected.transient})`}, ` +
      `got ${actual.agent}/${actual.failureType} (transient: ${actual.transient}) by rule ${actual.rule}`,
  );
  const owners = new Set(results.map(({ rule }) => rule)).size;
  const verdict = failed.length === 0 ? 'all as expected' : `${failed.length} differ`;
  return [...lines, `${results.length} examples of ${owners} rules in ${dir}: ${verdict}`, ''].join('\n');
}
