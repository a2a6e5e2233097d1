import { describe, expect, it } from 'vitest';
import { classify } from '../../../src/decide/classify/index.ts';
import { cleanLine } from '../../../src/decide/classify/line.ts';
import { classifyText, fixtures, readFixture, rules } from '../fixtures.ts';

const strip = (log: string): string =>
  log
    .split('\n')
    .map((line) => line.slice(29))
    .join('\n');
const colour = (log: string): string => log.replace(/\b(error|failed|FAIL|ERR!)/g, '\x1b[31m$1\x1b[0m');

describe('what real tools print', () => {
  it.each(fixtures)('$log goes to $agent as $failure_type', ({ log, agent, failure_type }) => {
    expect(classifyText(readFixture(log))).toMatchObject({ agent, failureType: failure_type });
  });

  it.each(fixtures)('$log is read the same without time stamps, in colour, from GitLab and from gh', (fixture) => {
    const plain = strip(readFixture(fixture.log));
    const body = plain.slice(plain.indexOf('##[endgroup]') + 13, plain.indexOf('##[error]Process'));
    const command = /Run (.*)/.exec(plain)?.[1] ?? '';
    const shapes = [
      plain,
      colour(plain),
      `section_start:1:step_script\r\x1b[0K$ ${command}\n${body}\nsection_end:2:step_script\r\nERROR: Job failed: exit code 1\n`,
      readFixture(fixture.log)
        .split('\n')
        .map((line) => `check\tRun checks\t${line}`)
        .join('\n'),
    ];
    const answers = shapes.map((log) => classify({ log, failedSteps: [command] }, rules).failureType);
    expect(answers).toEqual(shapes.map(() => fixture.failure_type));
  });

  it.each(fixtures)('$log has evidence that stands where it says', ({ log }) => {
    const text = readFixture(log);
    const lines = text.split('\n');
    const { evidence } = classifyText(text);
    expect(evidence.length).toBeGreaterThan(0);
    const weights = evidence.map(({ weight }) => weight);
    expect(weights).toEqual([...weights].sort((a, b) => b - a));
    for (const entry of evidence) expect(cleanLine(lines[entry.line - 1]!).text).toBe(entry.text);
  });

  it('is sure of nearly all of them', () => {
    const unsure = fixtures.filter(({ log }) => classifyText(readFixture(log)).confidence < 0.6);
    expect(unsure.length).toBeLessThanOrEqual(2);
  });
});
