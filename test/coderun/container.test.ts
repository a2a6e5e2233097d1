import { execFile, execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { renderFiles } from '../../src/coderun/files.ts';
import { parseResult } from '../../src/coderun/result.ts';
import type { CodeRunSpec } from '../../src/coderun/schema.ts';
import { codeRun, scripted } from './support/drafts.ts';
import { git, Remote } from './support/git.ts';
import { TEMPLATES } from './support/templates.ts';

let folder: string;
let remote: Remote;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'healer-container-'));
  remote = new Remote(folder);
  for (const name of ['files', 'work', 'home']) mkdirSync(join(folder, name));
});
afterEach(() => rmSync(folder, { recursive: true, force: true, maxRetries: 10 }));

/** Runs the script as an engine would, always in the same workspace. */
function run(script: string, change: Partial<CodeRunSpec> = {}, env: Record<string, string> = {}) {
  const draft = scripted(script, { repositoryUrl: remote.url });
  const files = renderFiles(codeRun({}, { ...draft, spec: { ...draft.spec, ...change } }), TEMPLATES);
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, 'files', name), text);
  const place = (name: string) => join(folder, name);
  rmSync(place('result.json'), { force: true });
  const whole = {
    PATH: process.env['PATH'],
    HOME: place('home'),
    TMPDIR: folder,
    HEALER_FILES: place('files'),
    HEALER_WORKSPACE: place('work'),
    HEALER_RESULT: place('result.json'),
    HEALER_RETRY_PAUSE: '0',
    ...env,
  };
  return new Promise<{ code: number; output: string; result: ReturnType<typeof parseResult> }>((resolve) => {
    execFile('bash', [place('files/container.sh')], { env: whole, encoding: 'utf8' }, (error, stdout, stderr) => {
      const text = existsSync(place('result.json')) ? readFileSync(place('result.json'), 'utf8') : null;
      resolve({ code: Number(error?.code ?? 0), output: stdout + stderr, result: parseResult(text) });
    });
  });
}

describe('a workspace that an earlier run left behind', () => {
  it('is refreshed, whatever state it was left in', async () => {
    await run('echo left >untracked; echo edited >broken.txt; git stash list; exit 1');
    writeFileSync(join(folder, 'work/repository/.git/index.lock'), '');
    remote.commit('main', { 'news.txt': 'news\n' });
    const { code, output } = await run('git status --porcelain; cat news.txt broken.txt');
    expect(output).toContain('refreshing the workspace');
    expect(output).toContain('news\nbroken\n');
    expect(output).not.toContain('??');
    expect(code).toBe(0);
  });

  it('is made anew for another repository, or when a fresh one is asked for', async () => {
    await run('true');
    writeFileSync(join(folder, 'work/repository/.git/mark'), '');
    const other = join(folder, 'other');
    mkdirSync(other);
    const { output } = await run('git remote get-url origin', { repositoryUrl: new Remote(other).url });
    expect(output).toContain('other/remote.git');
    await run('true');
    writeFileSync(join(folder, 'work/repository/.git/mark'), '');
    await run('true', { freshWorkspace: true });
    expect(existsSync(join(folder, 'work/repository/.git/mark'))).toBe(false);
  });
});

describe('the branch', () => {
  it('is the default one when none is named', async () => {
    const draft = scripted('');
    const { branch: _, ...spec } = draft.spec;
    const { result } = await run('echo x >x', {
      ...spec,
      repositoryUrl: remote.url,
      branch: undefined,
      cliConfig: command('echo x >x'),
    } as never);
    expect(result?.report?.commitSha).toBe(remote.head('main'));
  });

  it('is worked on in the working directory that was asked for', async () => {
    remote.commit('main', { 'sub/dir/file.txt': '' });
    expect((await run('pwd', { workingDirectory: 'sub/dir' })).output).toContain('/repository/sub/dir');
    const missing = await run('pwd', { workingDirectory: 'no/such' });
    expect(missing).toMatchObject({ code: 75, result: { summary: expect.stringContaining('no/such') } });
  });

  it('is pushed past hooks that the project’s tools have set up', async () => {
    const { result, output } = await run(
      'mkdir hooks; printf "#!/bin/sh\\nexit 1\\n" >hooks/pre-push; chmod 755 hooks/pre-push;' +
        ' git config core.hooksPath hooks; echo x >x',
    );
    expect(output).not.toContain('refused');
    expect(result?.report?.commitSha).toBe(remote.head('main'));
  });
});

const command = (script: string) => ({ cliType: 'command', settings: { command: ['bash', '-c', script] } });

describe('what the agent states', () => {
  it.each([
    ['no JSON at all', 'fixed it'],
    ['an empty object', '{}'],
    ['a list', '["fixed"]'],
    ['nothing', ''],
  ])('does no harm when it is %s', async (_title, text) => {
    const { code, result } = await run(`echo x >x; printf '%s' '${text}' >"$HEALER_RESULT"`);
    expect(code).toBe(0);
    expect(result?.report).toMatchObject({ status: 'fixed', commitSha: remote.head('main') });
  });

  it('cannot pass off another commit as the one that was pushed', async () => {
    const { result } = await run(
      `echo x >x; echo '{"status":"fixed","summary":"s","pushed_sha":"${'f'.repeat(40)}","commit_sha":"${'f'.repeat(40)}"}' >"$HEALER_RESULT"`,
    );
    expect(result?.report?.commitSha).toBe(remote.head('main'));
  });

  it('cannot claim a push that did not happen', async () => {
    const { result } = await run(`echo '{"status":"fixed","pushed_sha":"${'f'.repeat(40)}"}' >"$HEALER_RESULT"`);
    expect(result?.report?.commitSha).toBeNull();
  });

  it('keeps a pull request and usage it names', async () => {
    const { result } = await run(
      'echo \'{"status":"no_change_needed","summary":"s","pull_request_url":"https://github.com/acme/shop/pull/9","usage":{"input_tokens":3}}\' >"$HEALER_RESULT"',
    );
    expect(result?.report).toEqual({
      status: 'no_change_needed',
      summary: 's',
      commitSha: null,
      pullRequestUrl: 'https://github.com/acme/shop/pull/9',
      usage: { inputTokens: 3, outputTokens: 0, costUsd: 0 },
    });
  });
});

/** Serves the remote's files over git's plain HTTP protocol to whoever has the token; remembers what it was shown. */
async function serve(shown: (string | undefined)[]): Promise<Server> {
  git(remote.path, 'update-server-info');
  const server = createServer((request, response) => {
    shown.push(request.headers.authorization);
    if (request.headers.authorization === undefined) {
      response.writeHead(401, { 'www-authenticate': 'Basic realm="git"' }).end();
      return;
    }
    const path = join(folder, (request.url ?? '').split('?')[0] ?? '');
    if (existsSync(path)) response.end(readFileSync(path));
    else response.writeHead(404).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server;
}

const hostOf = (server: Server) => `127.0.0.1:${(server.address() as AddressInfo).port}`;

describe('the token', () => {
  it('reaches the repository’s own host only, and neither URL, command line nor configuration', async () => {
    const shown: (string | undefined)[] = [];
    const shownElsewhere: (string | undefined)[] = [];
    const servers = [await serve(shown), await serve(shownElsewhere)] as const;
    writeFileSync(join(folder, 'token'), 'ghs_secret');
    const elsewhere = `http://${hostOf(servers[1])}/remote.git`;
    const { output, code } = await run(
      `git config --list --show-origin; git remote --verbose; git ls-remote ${elsewhere}; env | grep -v ^GH_; true`,
      {},
      { HEALER_TOKEN_FILE: join(folder, 'token') },
    );
    expect(code).toBe(0);
    const over = await run(
      `git config --list --show-origin; git remote --verbose; git ls-remote ${elsewhere}; env | grep -v ^GH_; true`,
      { repositoryUrl: `http://${hostOf(servers[0])}/remote.git` },
      { HEALER_TOKEN_FILE: join(folder, 'token') },
    );
    for (const server of servers) {
      server.closeAllConnections();
      server.close();
    }
    expect(over.code).toBe(0);
    expect(shown.filter((header) => header !== undefined)[0]).toBe(
      `Basic ${Buffer.from('x-access-token:ghs_secret').toString('base64')}`,
    );
    expect(shownElsewhere.length).toBeGreaterThan(0);
    expect(shownElsewhere.filter((header) => header !== undefined)).toEqual([]);
    expect(output + over.output).not.toContain('ghs_secret');
  });
});

describe('the script', () => {
  it('leaves nothing behind outside its workspace', async () => {
    await run('true');
    expect(execFileSync('ls', [folder], { encoding: 'utf8' }).trim().split('\n')).toEqual([
      'files',
      'home',
      'remote.git',
      'result.json',
      'seed',
      'work',
    ]);
  });
});
