import { describe, expect, it } from 'vitest';
import { cleanLine, plainLine } from '../../../src/decide/classify/line.ts';

describe('a line without what was put around it', () => {
  it.each([
    ['Actions', '2026-01-15T10:00:00.1234567Z error: boom', 'error: boom'],
    ['Actions, first line', '\ufeff2026-01-15T10:00:00.1234567Z error: boom', 'error: boom'],
    ['colours', '\x1b[1m\x1b[31merror\x1b[0m\x1b[1m: boom\x1b[0m', 'error: boom'],
    ['colours that lost the escape character', 'npm [0m[91mERR! code 1', 'npm ERR! code 1'],
    ['gh run view --log-failed', 'build\tRun tests\t2026-01-15T10:00:00.1Z error: boom', 'error: boom'],
    ['buildkit', '#12 41.20 error: boom', 'error: boom'],
    ['docker compose', 'web_1  | error: boom', 'error: boom'],
    ['Jenkins', '[2026-01-15T10:00:00.123Z] error: boom', 'error: boom'],
    ['GitLab', '2026-01-15T10:00:00.123456Z 01E error: boom', 'error: boom'],
    ['Taskcluster', '[task 2026-01-15T10:00:00.123Z] error: boom', 'error: boom'],
    ['turbo', 'web:build: error: boom', 'error: boom'],
    ['Azure', '2026-01-15T10:00:00.1234567Z ##[error]boom', 'boom'],
    ['Maven keeps its own marks', '[ERROR] Failed to execute goal', '[ERROR] Failed to execute goal'],
    ['code frames keep their numbers', '  10 | const a = 1', '  10 | const a = 1'],
  ])('%s', (_, raw, clean) => {
    expect(cleanLine(raw).text).toBe(clean);
  });

  it('tells the marker and the step', () => {
    expect(cleanLine('2026-01-15T10:00:00.1Z ##[error]boom').marker).toBe('error');
    expect(cleanLine('build\tRun tests\t2026-01-15T10:00:00.1Z boom').stepName).toBe('Run tests');
  });

  it('is cut when it is very long', () => {
    expect(cleanLine('x'.repeat(100_000)).text.length).toBe(2048);
  });

  it('for readers keeps who printed it', () => {
    expect(plainLine('2026-01-15T10:00:00.1Z \x1b[31mweb_1 | boom\x1b[0m')).toBe('web_1 | boom');
  });
});
