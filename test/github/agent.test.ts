import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { runGit } from '../../src/cli/demo/github/git.ts';
import { createDemoRemote } from '../../src/cli/demo/github/index.ts';
import { temporaryFolder } from './helpers.ts';

const AGENT = resolve(import.meta.dirname, '../../demo/agent.mjs');
const BOTH =
  '✖ ten percent off twenty euros leaves eighteen euros\n✖ a discounted cart is rounded once, not once a line\n';

async function clone(): Promise<string> {
  const dataDir = temporaryFolder();
  const { path } = await createDemoRemote(dataDir);
  const folder = mkdtempSync(join(dataDir, 'ws-'));
  await runGit(['clone', '--quiet', '--branch', 'feature/discount', path, folder]);
  return folder;
}

function work(folder: string, attempt: number, prompt: string | null) {
  const file = join(folder, '.git', 'prompt.md');
  const result = join(folder, '.git', 'result.json');
  if (prompt !== null) writeFileSync(file, prompt);
  const settings = {
    HEALER_PROMPT: prompt === null ? '' : file,
    HEALER_RESULT: result,
    HEALER_ATTEMPT: String(attempt),
  };
  const env = { ...process.env, HEALER_DEMO_PACE_MS: '0', HEALER_TASK_ID: 'ci-42', ...settings };
  execFileSync(process.execPath, [AGENT], { cwd: folder, env });
  return JSON.parse(readFileSync(result, 'utf8')) as { status: string; summary: string };
}

const commits = async (folder: string) =>
  (
    await runGit([
      '-C',
      folder,
      'log',
      '--format=%an|%s|%(trailers:key=Healer-Task,valueonly,separator=%x2C)',
      'origin/HEAD..',
    ])
  )
    .toString()
    .trim()
    .split('\n');

describe("the demo's agent script", () => {
  it('commits as itself and names the task and the attempt', async () => {
    const folder = await clone();
    expect(work(folder, 1, BOTH).status).toBe('fixed');
    const [last = ''] = await commits(folder);
    expect(last).toMatch(/^Blaze \(demo script\)\|discount: .*\|ci-42$/);
    expect((await runGit(['-C', folder, 'status', '--porcelain'])).toString()).toBe('');
  });

  it('is blocked without a prompt, and by a prompt that names no failing test', async () => {
    const folder = await clone();
    expect(work(folder, 1, null).status).toBe('blocked');
    expect(work(folder, 1, 'Please repair the build.').status).toBe('blocked');
    expect((await commits(folder)).length).toBe(1);
  });

  it('makes the same first repair again only once, so that a resumed attempt changes nothing twice', async () => {
    const folder = await clone();
    work(folder, 1, BOTH);
    const before = await commits(folder);
    expect(work(folder, 1, BOTH).summary).toContain('already on the branch');
    expect(await commits(folder)).toEqual(before);
  });

  it('needs to be told which test stayed red before it makes the second repair', async () => {
    const folder = await clone();
    work(folder, 1, BOTH);
    expect(work(folder, 2, 'It is still red.').status).toBe('blocked');
    expect(work(folder, 2, BOTH).summary).toContain('cart: take the discount off the sum');
    const text = readFileSync(join(folder, 'src/cart.js'), 'utf8');
    expect(text).toContain('return percentOff(sum, cart.percent ?? 0);');
  });
});

describe("the demo's repository", () => {
  it('has the same commits every time it is made', async () => {
    const heads = async () => {
      const { path } = await createDemoRemote(temporaryFolder());
      return (await runGit(['--git-dir', path, 'for-each-ref', '--format=%(refname) %(objectname)'])).toString();
    };
    expect(await heads()).toBe(await heads());
  });
});
