import { describe, expect, it } from 'vitest';
import { failingSteps } from '../../../src/decide/classify/judge.ts';
import { LogReader } from '../../../src/decide/classify/reading.ts';
import { actionsLog, classifyText, rules } from '../fixtures.ts';

function stepsOf(log: string) {
  const reader = new LogReader(rules);
  reader.readWhole(Buffer.from(log));
  return failingSteps(reader.finish().steps).map(({ title, exitCode }) => ({ title, exitCode }));
}

const RUST_ERROR = 'error[E0308]: mismatched types\nerror: could not compile `ledger` (lib) due to 1 previous error';

describe('which step failed', () => {
  it('Actions: the one with the exit code, not the setup and not the clean-up', () => {
    const log = actionsLog(
      { run: 'actions/checkout@v4', output: 'Fetching the repository' },
      { run: 'cargo build', output: RUST_ERROR, exit: 101 },
    );
    expect(stepsOf(log)).toEqual([{ title: 'cargo build', exitCode: 101 }]);
  });

  it('Travis: every command that says so', () => {
    const log = [
      'travis_time:start:1',
      '$ make lint',
      'ok',
      'The command "make lint" exited with 0.',
      'travis_time:start:2',
      '$ make test',
      'FAIL: test_total',
      'The command "make test" exited with 2.',
      'travis_fold:start:after_failure',
      'error: nobody cares',
      'Done. Your build exited with 1.',
    ].join('\n');
    expect(stepsOf(log)).toEqual([{ title: 'make test', exitCode: 2 }]);
  });

  it('GitLab: the script, not what runs after it', () => {
    const log = [
      'section_start:1:get_sources\r\x1b[0KGetting source',
      'section_start:2:step_script\r\x1b[0KExecuting "step_script"',
      '$ cargo build',
      RUST_ERROR,
      'section_end:3:step_script',
      'section_start:4:after_script',
      'npm ERR! code ERESOLVE',
      'section_end:5:after_script',
      'ERROR: Job failed: exit code 101',
    ].join('\n');
    expect(stepsOf(log)).toMatchObject([{ title: 'step_script', exitCode: 101 }]);
    expect(classifyText(log).agent).toBe('rex');
  });

  it('Jenkins: the stage before those that are skipped', () => {
    const log = [
      '[Pipeline] { (Build)',
      '+ cargo build',
      RUST_ERROR,
      '[Pipeline] { (Deploy)',
      'Stage "Deploy" skipped due to earlier failure(s)',
      '[Pipeline] { (Declarative: Post Actions)',
      'npm ERR! code ERESOLVE',
      'ERROR: script returned exit code 101',
      'Finished: FAILURE',
    ].join('\n');
    expect(classifyText(log).failureType).toBe('rust_build');
  });

  it('Azure: the section that is open', () => {
    const log = [
      '##[section]Starting: Install',
      'npm WARN deprecated',
      '##[section]Finishing: Install',
      '##[section]Starting: Test',
      RUST_ERROR,
      "##[error]Bash exited with code '101'.",
      '##[section]Finishing: Test',
    ].join('\n');
    expect(stepsOf(log)).toEqual([{ title: 'Test', exitCode: 101 }]);
  });
});

describe('what stands around the failing step', () => {
  it('an echoed script speaks of other tools and decides nothing', () => {
    const script = ['npm ci', 'helm upgrade shop', 'npm ERR! code ERESOLVE', 'Error: UPGRADE FAILED'].join('\n');
    const log = `##[group]Run ./release.sh\n${script}\nenv:\n  NOTE: CONFLICT (content): Merge conflict in a\n##[endgroup]\n${RUST_ERROR}\n##[error]Process completed with exit code 101.`;
    expect(classifyText(log)).toMatchObject({ agent: 'rex', failureType: 'rust_build' });
  });

  it('an error that an earlier step tolerated weighs less than the failure', () => {
    const log = actionsLog(
      { run: 'npm audit', output: '# npm audit report\nSeverity: high\n##[error]tolerated', exit: 1 },
      { run: 'cargo build', output: RUST_ERROR, exit: 101 },
    );
    expect(classifyText(log).agent).toBe('rex');
  });

  it('clean-up behind the failure is not the failure', () => {
    const log = `${actionsLog({ run: 'cargo build', output: RUST_ERROR, exit: 101 })}\nfatal: unable to access 'x': Could not resolve host: github.com\n`;
    expect(classifyText(log)).toMatchObject({ agent: 'rex', transient: false });
  });
});
