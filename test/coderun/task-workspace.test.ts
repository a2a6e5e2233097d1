import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import type { CodeRunDraft } from '../../src/coderun/schema.ts';
import { draftTaskRun } from '../../src/coderun/task.ts';
import { type Bench, newPlace, openBench } from './support/local.ts';

let bench: Bench | null = null;
afterEach(async () => {
  await bench?.close();
  bench = null;
});

/** A bench whose `claude` notes what it is called with, and prints a session. */
async function withClaude(): Promise<{
  bench: Bench;
  calls: () => string[];
  attempt: (n: number, taskId?: string) => CodeRunDraft;
}> {
  const place = newPlace();
  const bin = join(place.folder, 'bin');
  mkdirSync(bin);
  const claude = [
    '#!/usr/bin/env bash',
    `echo "$PWD $*" >>${place.folder}/calls`,
    'cat >/dev/null',
    `mkdir -p "$HOME/.claude/projects"; echo known >>"$HOME/.claude/projects/s"; wc -l <"$HOME/.claude/projects/s"`,
    `echo "$RANDOM" >out.txt; git add .; git commit -qm work`,
    `echo '{"type":"result","session_id":"s-1","usage":{"input_tokens":3,"output_tokens":2},"total_cost_usd":0.5}'`,
  ];
  writeFileSync(join(bin, 'claude'), `${claude.join('\n')}\n`);
  chmodSync(join(bin, 'claude'), 0o755);
  bench = await openBench({ place, baseEnv: { ...process.env, PATH: `${bin}:${process.env['PATH']}` } });
  const attempt = (n: number, taskId = '7'): CodeRunDraft =>
    draftTaskRun({
      runType: 'implementation',
      repository: 'acme/shop',
      service: 'shop',
      taskId,
      agent: 'rex',
      attempt: n,
      repositoryUrl: place.remote.url,
      branch: `healer/shop-${taskId}`,
      cliConfig: { cliType: 'claude', model: 'm', settings: {} },
      deadlineSeconds: 60,
      toolsUrl: null,
      spec: { githubApp: '5DLabs-Rex', prompt: 'Do it.', continueSession: n > 1 },
    });
  return { bench, attempt, calls: () => readFileSync(join(place.folder, 'calls'), 'utf8').trim().split('\n') };
}

describe('attempts of one task on this machine', () => {
  it('work in one place, where the second goes on with the session of the first', async () => {
    const { bench: open, attempt, calls } = await withClaude();
    const first = await open.finish(attempt(1));
    expect(first.codeRun.status).toMatchObject({
      phase: 'Succeeded',
      sessionId: 's-1',
      usage: { inputTokens: 3, outputTokens: 2, costUsd: 0.5 },
    });
    const second = await open.finish(attempt(2));
    expect(second.codeRun.status.phase).toBe('Succeeded');
    expect(second.output).toContain('going on with session s-1');
    expect(second.output).toMatch(/^\s*2$/m);
    const [one = '', two = ''] = calls();
    expect(two.split(' ')[0]).toBe(one.split(' ')[0]);
    expect(one).not.toContain('--resume');
    expect(two).toContain('--resume s-1');
  });

  it('share it with no other task', async () => {
    const { bench: open, attempt, calls } = await withClaude();
    await open.finish(attempt(1));
    await open.finish(attempt(1, '8'));
    expect(new Set(calls().map((call) => call.split(' ')[0])).size).toBe(2);
  });

  it('leave it to the last of them to be removed', async () => {
    const { bench: open, attempt } = await withClaude();
    const first = await open.finish(attempt(1));
    const second = await open.finish(attempt(2));
    const workspaces = join(open.folder, 'workspaces');
    await open.engine.cleanUp(first.codeRun);
    expect(readdirSync(workspaces)).toHaveLength(2);
    await open.engine.cleanUp(second.codeRun);
    expect(readdirSync(workspaces)).toEqual([]);
    expect(existsSync(join(open.folder, 'runs', second.codeRun.uid))).toBe(false);
  });
});
