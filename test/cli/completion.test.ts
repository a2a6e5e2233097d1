import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runCli } from '../../src/cli/program.ts';
import { makeContext } from './terminal.ts';

async function scriptFor(shell: string): Promise<string> {
  const { context, stdout } = makeContext();
  expect(await runCli(['node', 'healer', 'completion', shell], context)).toBe(0);
  return stdout.text;
}

describe('completion in a shell', () => {
  let folder: string;
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'healer-completion-'));
    for (const shell of ['bash', 'zsh', 'fish']) writeFileSync(join(folder, shell), await scriptFor(shell));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  /** What bash offers behind these words; the last one is what is being typed. */
  function offers(...words: string[]): readonly string[] {
    const line = words.map((word) => `"${word}"`).join(' ');
    const script = `source "${join(folder, 'bash')}"; COMP_WORDS=(${line}); COMP_CWORD=${words.length - 1}; _healer; printf '%s\\n' "\${COMPREPLY[@]}"`;
    return execFileSync('bash', ['-c', script], { encoding: 'utf8' }).trim().split('\n');
  }

  it('offers commands, their commands, options, and the values of an option', () => {
    expect(offers('healer', 'rem')).toEqual(['remediations']);
    expect(offers('healer', 'remediations', '')).toEqual(expect.arrayContaining(['list', 'show', 'retry', '--help']));
    expect(offers('healer', 'remediations', 'list', '--fail')).toEqual(['--failure-type']);
    expect(offers('healer', 'remediations', 'retry', 'ci-1', '--mode', '')).toEqual(['append', 'replace']);
    expect(offers('healer', 'completion', 'z')).toEqual(['zsh']);
  });

  it('offers every command that help lists', async () => {
    const { context, stdout } = makeContext();
    await runCli(['node', 'healer', '--help'], context);
    const listed = [...stdout.text.matchAll(/^ {2}([a-z]+) /gm)].map(([, name]) => name);
    expect(listed.length).toBeGreaterThan(12);
    expect(offers('healer', '')).toEqual(expect.arrayContaining(listed));
  });

  it.each(['zsh', 'fish'])('is sound for %s, where that is installed', (shell) => {
    try {
      execFileSync(shell, ['--version'], { stdio: 'ignore' });
    } catch {
      return;
    }
    execFileSync(shell, ['-n', join(folder, shell)], { stdio: 'pipe' });
  });

  it('refuses a shell that it does not know', async () => {
    const { context, stderr } = makeContext();
    expect(await runCli(['node', 'healer', 'completion', 'tcsh'], context)).toBe(2);
    expect(stderr.text).toContain('bash, zsh, fish');
  });
});
