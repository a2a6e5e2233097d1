import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { scripted } from '../support/drafts.ts';
import { type Bench, openBench } from '../support/local.ts';

const COMMIT = 'echo repaired >broken.txt; git commit --quiet --all --message "repair it"';
const say = (status: string, summary: string) =>
  `printf '%s' '{"status":"${status}","summary":"${summary}"}' >"$HEALER_RESULT"`;

let bench: Bench;
beforeEach(async () => {
  bench = await openBench();
});
afterEach(() => bench.close());

const agent = (script: string, change: Parameters<typeof scripted>[1] = {}) =>
  scripted(script, { repositoryUrl: bench.remote.url, ...change });

/** A script line with which the agent lets somebody else push, from a second clone. */
const meanwhile = (file: string, text: string) =>
  `git clone --quiet "${bench.remote.url}" ../other && (cd ../other && echo '${text}' >${file} && git add . &&` +
  ` git -c user.name=Bob -c user.email=bob@example.com commit --quiet --message "meanwhile" && git push --quiet origin HEAD)`;

describe('delivering the agent’s work', () => {
  it('pushes what the agent committed and keeps its words', async () => {
    const { codeRun, ended, output } = await bench.finish(agent(`${COMMIT}; ${say('fixed', 'it was broken')}`));
    const commitSha = bench.remote.head('main');
    expect(output).toContain('starting bash');
    expect(ended).toEqual({
      how: 'succeeded',
      detail: 'it was broken',
      report: { status: 'fixed', summary: 'it was broken', commitSha, pullRequestUrl: null, usage: null },
    });
    expect(bench.remote.read('main', 'broken.txt')).toBe('repaired');
    expect(codeRun.status).toMatchObject({ phase: 'Succeeded', workCompleted: true, commitSha });
  });

  it('commits what the agent left uncommitted and says so', async () => {
    const { ended } = await bench.finish(agent('echo repaired >broken.txt; echo new >added.txt'));
    expect(ended.report).toMatchObject({ status: 'fixed', commitSha: bench.remote.head('main') });
    expect(bench.remote.subjects('main')[0]).toBe('Changes the agent left uncommitted');
    expect(bench.remote.read('main', 'added.txt')).toBe('new');
  });

  it('drops uncommitted attempts of an agent that says it is blocked', async () => {
    const before = bench.remote.head('main');
    const { ended } = await bench.finish(agent(`echo tried >broken.txt; ${say('blocked', 'needs a decision')}`));
    expect(ended).toMatchObject({ how: 'succeeded', report: { status: 'blocked', commitSha: null } });
    expect(bench.remote.head('main')).toBe(before);
  });

  it('creates the target branch from its base', async () => {
    const { ended } = await bench.finish(agent(COMMIT, { branch: 'fix/clippy-12345678', baseBranch: 'main' }));
    expect(ended.how).toBe('succeeded');
    expect(bench.remote.read('fix/clippy-12345678', 'broken.txt')).toBe('repaired');
    expect(bench.remote.read('main', 'broken.txt')).toBe('broken');
  });

  it('reports neither commit nor statement when nothing was changed', async () => {
    const before = bench.remote.head('main');
    const { codeRun, ended } = await bench.finish(agent('cat >/dev/null'));
    expect(ended).toMatchObject({ how: 'succeeded', report: null });
    expect(codeRun.status.workCompleted).toBe(false);
    expect(bench.remote.head('main')).toBe(before);
  });

  it('does not create a branch on the remote when nothing was changed', async () => {
    await bench.finish(agent('true', { branch: 'fix/nothing', baseBranch: 'main' }));
    expect(bench.remote.head('fix/nothing')).toBeNull();
  });

  it('puts the agent’s commits on top of what was pushed meanwhile', async () => {
    const { ended } = await bench.finish(agent(`${COMMIT}; ${meanwhile('theirs.txt', 'theirs')}`));
    expect(ended.report?.commitSha).toBe(bench.remote.head('main'));
    expect(bench.remote.subjects('main').slice(0, 2)).toEqual(['repair it', 'meanwhile']);
    expect(bench.remote.read('main', 'theirs.txt')).toBe('theirs');
  });

  it('gives way when its commits do not apply on top of what was pushed meanwhile', async () => {
    const { ended } = await bench.finish(agent(`${COMMIT}; ${meanwhile('broken.txt', 'theirs')}`));
    expect(ended).toMatchObject({ how: 'failed', report: { status: 'blocked', commitSha: null } });
    expect(ended.detail).toContain('moved meanwhile');
    expect(bench.remote.subjects('main')[0]).toBe('meanwhile');
  });

  it('never pushes a rewritten history', async () => {
    const before = bench.remote.head('main');
    const { ended } = await bench.finish(agent('git commit --quiet --amend --message "mine"'));
    expect(ended).toMatchObject({ how: 'failed', report: { status: 'blocked' } });
    expect(ended.detail).toContain('rewrote commits');
    expect(bench.remote.head('main')).toBe(before);
  });

  it('refuses the agent’s own forced push and its push to another branch', async () => {
    bench.remote.commit('main', { 'second.txt': '2' });
    const before = bench.remote.head('main');
    const { output } = await bench.finish(
      agent(
        'git reset --quiet --hard HEAD~1; echo x >x; git add x; git commit --quiet --message x;' +
          ' git push --force origin HEAD:main; git push origin HEAD:refs/heads/other; true',
      ),
    );
    expect(output).toContain('would drop');
    expect(output).toContain('this run may push to main only');
    expect(bench.remote.head('main')).toBe(before);
    expect(bench.remote.head('other')).toBeNull();
  });

  it('says what the remote said when it refuses the push', async () => {
    bench.remote.hook('pre-receive', 'echo "this branch is protected" >&2; exit 1');
    const { ended } = await bench.finish(agent(COMMIT));
    expect(ended).toMatchObject({ how: 'failed', report: { status: 'blocked', commitSha: null } });
    expect(ended.detail).toContain('refused the push to main');
  });

  it('does not push a merge that was left with conflicts', async () => {
    bench.remote.commit('side', { 'broken.txt': 'side\n' });
    const before = bench.remote.head('main');
    const { ended } = await bench.finish(agent(`${COMMIT}; git merge --quiet origin/side; true`));
    expect(ended.detail).toContain('conflicts');
    expect(bench.remote.head('main')).toBe(before);
  });
});

describe('what the agent is given', () => {
  it('passes the prompt as it is, on standard input and as a file', async () => {
    const prompt = 'Do `touch /tmp/x`; $(id) "quoted" \'single\' ${HOME} {{handlebars}}';
    const { output } = await bench.finish(agent('cat; echo; cat "$HEALER_PROMPT"', { prompt }));
    expect(output.split(prompt)).toHaveLength(3);
  });

  it('passes only what it is meant to have in its environment', async () => {
    await bench.close();
    bench = await openBench({
      baseEnv: {
        PATH: process.env['PATH'],
        GITHUB_PRIVATE_KEY: 'k',
        DATABASE_URL: 'd',
        EXTRA: 'e',
        ANTHROPIC_API_KEY: 'a',
      },
      passEnv: ['EXTRA'],
    });
    const { output } = await bench.finish(agent('env', { ordinal: 3 }));
    expect(output).toContain('HEALER_ATTEMPT=3');
    expect(output).toContain('HEALER_TASK_ID=ci-4711');
    expect(output).toContain('EXTRA=e');
    expect(output).not.toMatch(/GITHUB_PRIVATE_KEY|DATABASE_URL|ANTHROPIC_API_KEY/);
  });

  it('gives the token through a file that is gone afterwards and redacts what is shown', async () => {
    await bench.close();
    bench = await openBench({
      gitToken: async () => ({ token: 'ghs_secret', expiresAt: null }),
      redact: (text) => text.replaceAll('ghs_secret', '«redacted»'),
    });
    const { output, codeRun } = await bench.finish(
      agent('cat "$HEALER_TOKEN_FILE"; git config --list; git remote --verbose'),
    );
    expect(output).toContain('«redacted»');
    expect(output).not.toContain('ghs_secret');
    expect(readdirSync(join(bench.folder, 'runs', codeRun.uid))).not.toContain('secrets');
  });

  it('leaves nothing of Healer in the work tree', async () => {
    const { output } = await bench.finish(agent('git status --porcelain --ignored; ls -a'));
    expect(output).not.toMatch(/CLAUDE|\?\?/);
  });
});

describe('telling an agent’s failure from everything else', () => {
  const ended = async (draft: ReturnType<typeof agent>) => (await bench.finish(draft)).ended;

  it('calls an agent that ends with a code failed, and pushes nothing of it', async () => {
    const before = bench.remote.head('main');
    expect(await ended(agent(`${COMMIT}; exit 3`))).toMatchObject({
      how: 'failed',
      detail: 'The agent ended with code 3.',
    });
    expect(bench.remote.head('main')).toBe(before);
  });

  it('calls an agent that was killed by a signal failed', async () => {
    expect(await ended(agent('kill -KILL $$'))).toMatchObject({
      how: 'failed',
      detail: 'The agent ended with code 137.',
    });
  });

  it('names the signal when the run itself was killed', async () => {
    expect(await ended(agent('kill -KILL $PPID; sleep 5'))).toMatchObject({
      how: 'failed',
      detail: 'The run was ended by SIGKILL.',
    });
  });

  it('calls a CLI that is not installed infrastructure', async () => {
    const missing = scripted('', { repositoryUrl: bench.remote.url });
    missing.spec.cliConfig = { cliType: 'command', settings: { command: ['no-such-agent-cli'] } };
    expect(await ended(missing)).toMatchObject({
      how: 'infrastructure',
      detail: expect.stringContaining('not installed'),
    });
  });

  it('calls a repository that cannot be cloned infrastructure', async () => {
    const draft = scripted('true', { repositoryUrl: `file://${bench.folder}/nowhere.git` });
    draft.spec.env['HEALER_RETRY_PAUSE'] = '0';
    expect(await ended(draft)).toMatchObject({ how: 'infrastructure', detail: expect.stringContaining('cloned') });
  });

  it('calls a branch that does not exist infrastructure', async () => {
    expect(await ended(agent('true', { branch: 'gone' }))).toMatchObject({
      how: 'infrastructure',
      detail: expect.stringContaining('gone'),
    });
  });

  it('calls a provider’s outage infrastructure', async () => {
    expect(await ended(agent('echo "API Error: 529 overloaded_error"; exit 1'))).toMatchObject({
      how: 'infrastructure',
      detail: expect.stringContaining('overloaded_error'),
    });
  });

  it('calls a shell that is missing infrastructure', async () => {
    await bench.close();
    bench = await openBench({ shell: '/no/such/shell' });
    expect(await ended(agent('true'))).toMatchObject({
      how: 'infrastructure',
      detail: expect.stringContaining('/no/such/shell'),
    });
  });

  it('calls an unknown CLI infrastructure at once and names those that are known', async () => {
    const draft = scripted('', { repositoryUrl: bench.remote.url });
    draft.spec.cliConfig = { cliType: 'teletype', settings: {} };
    expect(await ended(draft)).toMatchObject({ how: 'infrastructure', detail: expect.stringContaining('claude') });
  });

  it('gives up on a supervisor that cannot be started', async () => {
    await bench.close();
    bench = await openBench({ nodePath: '/no/such/node', policy: { maxStartFailures: 2 } });
    const { codeRun, ended: how } = await bench.finish(agent('true'));
    expect(how).toMatchObject({ how: 'infrastructure', detail: expect.stringContaining('/no/such/node') });
    expect(codeRun.status.retryCount).toBe(1);
  });
});

describe('keeping output within bounds', () => {
  it('keeps the beginning and the end of a flood', async () => {
    await bench.close();
    bench = await openBench({ outputLimits: { headBytes: 1000, tailBytes: 5000 } });
    const { codeRun } = await bench.finish(agent('echo FIRST; yes flood | head -c 3000000; echo LAST'));
    const output = (await bench.engine.output(codeRun.name, 1_000_000)) ?? '';
    expect(output.length).toBeLessThan(6200);
    expect(output).toContain('FIRST');
    expect(output).toContain('LAST');
    expect(output).toMatch(/\[healer: 29\d{5} bytes of output left out\]/);
    expect(await bench.engine.output(codeRun.name, 100)).toHaveLength(100);
  });
});

describe('cleaning up', () => {
  it('removes an ended run’s folder after its time, read-only folders included', async () => {
    const { codeRun } = await bench.finish({
      ...agent('mkdir -p cache/deep; touch cache/deep/file; chmod 500 cache/deep cache'),
      annotations: { ...agent('').annotations, 'cleanup.cto.dev/ttl-seconds': '0' },
    });
    await bench.reconciler.reconcile(codeRun.name);
    expect(readdirSync(join(bench.folder, 'runs'))).toEqual([]);
    expect(await bench.engine.output(codeRun.name, 100)).toBeNull();
    expect(await bench.engine.listExpired(Date.now())).toEqual([]);
  });

  it('keeps it until then, and for ever when asked to', async () => {
    const kept = await bench.finish(agent('true'));
    const preserved = await bench.finish({
      ...agent('true', { ordinal: 2 }),
      annotations: { ...agent('', { ordinal: 2 }).annotations, 'cleanup.cto.dev/preserve': 'true' },
    });
    expect(await bench.engine.listExpired(Date.now())).toEqual([]);
    expect(await bench.engine.listExpired(Date.now() + 25 * 3_600_000)).toEqual([kept.codeRun.name]);
    expect(preserved.codeRun.status.expireAt).toBeUndefined();
  });

  it('leaves folders alone that belong to nobody', async () => {
    mkdirSync(join(bench.folder, 'runs', 'stranger'), { recursive: true });
    writeFileSync(join(bench.folder, 'runs', 'stranger', 'file'), '');
    expect(await bench.engine.listExpired(Number.MAX_SAFE_INTEGER)).toEqual([]);
  });
});
